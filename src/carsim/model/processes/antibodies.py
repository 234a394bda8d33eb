"""Antibody drugs: how long they stay, and what they do to cells by the antigen that they bind.

amount' = input - ln2 / half-life * amount;   c = amount / (volume * size);   occupancy = c / (c + c50)
seen    share of a population's cells that the drug acts on, by antigen density as for the arms of a product
killing cell -> 0   signal * seen * cells       at every site but the nervous system, which antibodies hardly enter
"""

from __future__ import annotations

from collections.abc import Iterator

from carsim.model.body import BLOOD_AND_MARROW, HEALTHY, Body, Density
from carsim.model.handle import Ref
from carsim.model.processes.dosing import fade
from carsim.model.processes.kinetics import constant, first_order, ratio, saturating, threefold
from carsim.model.processes.recognition import density_rows, share_seen


def occupancy(body: Body, drug: str, unit: str) -> Ref:
    """State the drug's kinetics in `unit` (of mass); the share of its targets that it occupies."""
    net = body.net
    central = net.species(f"{drug}.central", unit=unit, kind="continuous", tolerance=1e-9, meaning=drug)
    volume = net.quantity(f"{drug}.volume", constant(rate=body.p(f"{drug}_volume"), scale=body.row("size")), unit="L")
    fade(body, drug, central)
    concentration = net.quantity(
        f"{drug}_concentration", ratio(amount=central, volume=volume), unit=f"{unit}/L", meaning=f"{drug} in plasma"
    )
    return net.quantity(
        f"{drug}.occupancy",
        saturating(amount=concentration, half=body.p(f"{drug}_half_concentration")),
        meaning=f"share of the full effect of {drug}",
    )


def kill(body: Body, drug: str, antigen: str, signal: Ref) -> None:
    """State what the drug kills: every population that shows the antigen, at a hazard of `signal` where it is seen."""
    for population, density, cells in _showing(body, antigen):
        seen = _seen(body, drug, antigen, population, density)
        body.net.reaction(
            f"{drug}.{cells.name}",
            consumes={cells: 1},
            process=drug,
            rate=threefold(first=signal, second=seen, third=cells),
        )


def deplete(body: Body, drug: str, signal: Ref, victims: list[Ref]) -> None:
    """State what the drug kills whatever its antigen density."""
    for cells in victims:
        rate = first_order(rate_constant=signal, amount=cells)
        body.net.reaction(f"{drug}.{cells.name}", consumes={cells: 1}, process=drug, rate=rate)


def _showing(body: Body, antigen: str) -> Iterator[tuple[str, Density, Ref]]:
    for clone, site in body.clone_sites():
        if antigen in clone.antigens and site != "CNS":
            yield clone.name, clone.antigens[antigen], body.blasts[clone.name, site]
    if antigen in body.cast.healthy:
        for site in BLOOD_AND_MARROW:
            yield HEALTHY, body.cast.healthy[antigen], body.bcells[site]


def _seen(body: Body, drug: str, antigen: str, population: str, density: Density) -> Ref:
    name = f"seen.{drug}.{population}.{antigen}"
    if name not in body.net.rows:
        density_rows(body, population, antigen, density)
        body.net.quantity(
            name,
            share_seen(
                density_median=body.row(f"density.{population}.{antigen}"),
                density_log_sd=body.row(f"density_log_sd.{population}.{antigen}"),
                half_density=body.p(f"{drug}_half_density"),
                steepness=body.p(f"{drug}_steepness"),
            ),
            meaning=f"share of {population} cells that {drug} acts on",
        )
    return body.net.rows[name]
