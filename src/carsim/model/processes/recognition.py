"""Recognition: the share of a population's cells that a product sees, from its antigen density.

    per cell        D^n / (D^n + EC50^n)                         Hill curve in molecules per cell, one arm
    per population  its mean over the log-normal density D
    per product     1 - prod_arms (1 - efficiency * share seen)   any arm suffices (OR)

Engines of single cells give each cell a density of its own. At a division each daughter keeps density_heritability of
how far its mother lies from the median, in log; the rest is drawn anew, so that the density of the clone stays as it is
where nothing selects.

The half-density of the CD28 product lies near 2,000 molecules (Majzner 2018); 4-1BB needs more (Majzner 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carsim.model.body import BLOOD_AND_MARROW, HEALTHY, Body, Density, Product
from carsim.model.handle import Ref
from carsim.model.law import law


@law(trait="density")
def share_seen(density: Any, half_density: Any, steepness: Any) -> Any:
    """Share of cells of a log-normal antigen density that one arm sees."""
    return 1.0 / (1.0 + (half_density / density) ** steepness)


@law
def still_unseen(unseen: Any, efficiency: Any, seen: Any) -> Any:
    """Share that no arm has seen yet, after one more arm."""
    return unseen * (1.0 - efficiency * seen)


@law
def complement(share: Any) -> Any:
    """What remains of the whole."""
    return 1.0 - share


def add(body: Body) -> None:
    """State the recognition of each clone and of healthy B cells by each product: derived once per patient."""
    populations = {clone.name: clone.antigens for clone in body.clones} | {HEALTHY: body.cast.healthy}
    targeted = {arm.antigen for product in body.products for arm in product.arms}
    for name, antigens in populations.items():
        for antigen, density in antigens.items():
            if antigen not in targeted:
                continue
            density_rows(body, name, antigen, density)
    for product in body.products:
        for arm in product.arms:
            key = f"{product.name}.{arm.antigen}"
            meaning = f"{product.name} against {arm.antigen}"
            body.state(f"half_density.{key}", arm.half_density, unit="molecules", meaning=meaning)
            body.state(f"steepness.{key}", arm.steepness, meaning=meaning)
            body.state(f"efficiency.{key}", arm.efficiency, meaning=meaning)
        for name, antigens in populations.items():
            body.recognition[product.name, name] = _seen_by_any_arm(body, product, name, antigens)


def density_rows(body: Body, population: str, antigen: str, density: Density) -> None:
    """State the density of an antigen on a population, once."""
    if f"density.{population}.{antigen}" in body.net.rows:
        return
    key, meaning = f"{population}.{antigen}", f"{antigen} molecules per {population} cell"
    body.state(f"density.{key}", density.median, unit="molecules", meaning=f"median {meaning}")
    body.state(f"density_log_sd.{key}", density.log_sd, meaning=f"log standard deviation of {meaning}")
    body.net.trait(
        antigen,
        _cells_of(body, population),
        median=body.row(f"density.{key}"),
        log_sd=body.row(f"density_log_sd.{key}"),
        heritability=body.p("density_heritability"),
    )


def _cells_of(body: Body, population: str) -> list[Ref]:
    if population == HEALTHY:
        return [body.bcells[site] for site in BLOOD_AND_MARROW]
    return [cells for (name, _), cells in body.blasts.items() if name == population]


def _seen_by_any_arm(body: Body, product: Product, population: str, antigens: Mapping[str, Density]) -> Ref:
    net = body.net
    unseen: Ref | float = 1.0
    for arm in (arm for arm in product.arms if arm.antigen in antigens):
        key, target = f"{product.name}.{arm.antigen}", f"{population}.{arm.antigen}"
        seen = net.quantity(
            f"seen.{product.name}.{target}",
            share_seen(
                density_median=body.row(f"density.{target}"),
                density_log_sd=body.row(f"density_log_sd.{target}"),
                half_density=body.row(f"half_density.{key}"),
                steepness=body.row(f"steepness.{key}"),
            ),
            meaning=f"share of {population} cells that {product.name} sees by {arm.antigen}",
        )
        unseen = net.quantity(
            f"unseen.{product.name}.{target}",
            still_unseen(unseen=unseen, efficiency=body.row(f"efficiency.{key}"), seen=seen),
        )
    return net.quantity(
        f"recognition.{product.name}.{population}",
        complement(share=unseen),
        meaning=f"share of {population} cells that {product.name} recognises",
    )
