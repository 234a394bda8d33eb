"""Leukaemia: birth, death and crowding of each clone.

    birth     L -> 2L   (1 - loss) birth * L * present     the rest of the births lose an antigen (see antigen_loss)
    death     L -> 0    death * L
    crowding  L -> 0    (birth - death) * (blasts in marrow / limit) * L     logistic, kept as a loss

Untreated, a clone with room grows at birth - death = 0.067 /d (childhood B-ALL: doubling in 10 d).
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
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
    losing = {source for source, _ in body.cast.lineage.loss}
    for clone, site in body.clone_sites():
        cells, key = body.blasts[clone.name, site], f"{clone.name}.{site}"
        birth, death = body.p("blast_birth", clone.name), body.p("blast_death", clone.name)
        body.net.reaction(
            f"birth.{key}",
            produces={cells: 1},
            process="leukaemia growth",
            rate=faithful_birth(
                birth=birth,
                loss=body.p("cd19_loss") if clone.name in losing else 0.0,
                present=body.row(f"present.{clone.name}"),
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
                occupants=body.row("blasts_at.marrow"),
                limit=body.row("blast_limit"),
                cells=cells,
            ),
        )
