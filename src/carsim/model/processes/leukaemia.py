"""Leukaemia: birth, death and crowding of each clone.

    birth     L -> 2L   (1 - loss) birth * L * present     the rest of the births lose an antigen (see antigen_loss)
    death     L -> 0    death * L
    crowding  L -> 0    (birth - death) * (blasts / limit) * L               logistic, kept as a loss

Blasts and limit are those of the site; blood, which marrow overflows into, goes by marrow.

Untreated, a clone with room grows at birth - death = 0.067 /d (childhood B-ALL: doubling in 10 d).
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order


@law
def faithful_birth(birth: Any, loss: Any, present: Any, cells: Any) -> Any:
    """Divisions whose two daughters keep the antigens."""
    return (1.0 - loss) * birth * present * cells


@law
def crowding_death(birth: Any, death: Any, occupants: Any, limit: Any, cells: Any) -> Any:
    """Deaths for want of room: the net growth stops when the marrow is full."""
    return (birth - death) * occupants / limit * cells


def add(body: Body) -> None:
    """State birth, death and crowding of each clone at each site."""
    for clone in body.clones:
        lost = _lost_births(body, clone.name)
        for site in body.sites:
            _turnover(body, clone.name, site, lost)


def _lost_births(body: Body, clone: str) -> Ref | float:
    """Share of a clone's births in which a daughter is of another clone."""
    shares = [body.p(*step.parameter) for step in body.cast.lineage.loss if step.source == clone]
    if len(shares) < 2:
        return shares[0] if shares else 0.0
    meaning = f"share of {clone} births in which a daughter has lost an antigen"
    return body.net.total(f"lost_births.{clone}", shares, meaning=meaning)


def _turnover(body: Body, clone: str, site: str, lost: Ref | float) -> None:
    cells, key = body.blasts[clone, site], f"{clone}.{site}"
    birth, death = body.p("blast_birth", clone), body.p("blast_death", clone)
    room = "marrow" if site == "blood" else site
    body.net.reaction(
        f"birth.{key}",
        produces={cells: 1},
        process="leukaemia growth",
        rate=faithful_birth(
            birth=birth,
            loss=lost,
            present=body.row(f"present.{clone}"),
            cells=cells,
        ),
    )
    body.net.reaction(
        f"death.{key}",
        consumes={cells: 1},
        process="leukaemia growth",
        rate=first_order(rate_constant=death, amount=cells),
    )
    body.net.reaction(
        f"crowding.{key}",
        consumes={cells: 1},
        process="leukaemia growth",
        rate=crowding_death(
            birth=birth,
            death=death,
            occupants=body.row(f"blasts_at.{room}"),
            limit=body.row(f"blast_limit.{room}"),
            cells=cells,
        ),
    )
