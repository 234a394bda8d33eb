"""How the make of a product acts on its kinetics, beside what it sees: costimulation, composition, dwell.

    costimulation   a parameter has a value per domain; two domains in one product give their geometric mean
    composition     division x (CD4:CD8)^-composition_exponent        CD8 cells divide more; 1 at a ratio of 1
    dwell           exhaustion, cytokine release x mean dwell of the binders    1 for FMC63, below for a fast off-rate

More CD8 among CAR T cells went with more expansion in Mueller-Schoell 2021. A binder that lets go sooner gives a
shorter signal per engagement, and its cells exhaust less and release less (obecabtagene autoleucel, by direction).
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body, Product
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order


@law
def composed(ratio: Any, exponent: Any) -> Any:
    """Division relative to that of a 1:1 product."""
    return ratio ** (-exponent)


def add(body: Body) -> None:
    """State the factors of each product that are not 1 in every patient."""
    for product in body.products:
        ratio, dwells = product.cd4_to_cd8, [arm.dwell for arm in product.arms]
        if ratio.median != 1.0 or ratio.log_sd > 0.0:
            row = body.state(f"cd4_to_cd8.{product.name}", ratio.median, meaning=f"CD4:CD8 ratio of {product.name}")
            body.division_factor[product.name] = body.net.quantity(
                f"composition_factor.{product.name}",
                composed(ratio=row, exponent=body.p("composition_exponent")),
                meaning=f"division of {product.name} relative to a 1:1 product",
            )
        if any(dwell != 1.0 for dwell in dwells):
            body.dwell[product.name] = _mean_dwell(body, product)


def division(body: Body, product: Product, name: str) -> Ref:
    """Rate constant of a division of the product's cells, with the factors of composition and age where they act."""
    return _scaled(body, product, name, body.division_factor.get(product.name))


def dwelling(body: Body, product: Product, name: str) -> Ref:
    """Rate constant of what goes with the duration of engagements."""
    return _scaled(body, product, name, body.dwell.get(product.name))


def _scaled(body: Body, product: Product, name: str, factor: Ref | None) -> Ref:
    rate = body.kinetic(product, name)
    if factor is None:
        return rate
    path = f"{name}_rate.{product.name}"
    if path not in body.net.rows:
        scaled = first_order(rate_constant=rate, amount=factor)
        body.net.quantity(path, scaled, unit=body.net.unit_of(rate), meaning=f"{name} of {product.name}")
    return body.row(path)


def _mean_dwell(body: Body, product: Product) -> Ref:
    share = 1.0 / len(product.arms)
    rows = [
        body.state(f"dwell.{product.name}.{arm.antigen}", arm.dwell, meaning="engagement relative to that of FMC63")
        for arm in product.arms
    ]
    return body.net.total(
        f"dwell.{product.name}", [(share, row) for row in rows], meaning=f"mean dwell of the binders of {product.name}"
    )
