"""Expansion and contraction of effectors.

division     E -> 2E   effector_division * Phi * S * E      antigen signal x homeostatic cytokines (x factors of
                                                            composition and age, see domains and ageing)
contraction  E -> 0    effector_death * E
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.domains import division
from carsim.model.processes.kinetics import first_order


@law
def driven_division(division: Any, drive: Any, stimulation: Any, cells: Any) -> Any:
    """Division that needs antigen and cytokine."""
    return division * drive * stimulation * cells


def add(body: Body) -> None:
    """State division and death of effectors."""
    for product, site in body.product_sites():
        cells, key = body.cart[product.name, "effector", site], f"{product.name}.{site}"
        body.net.reaction(
            f"division.{key}",
            produces={cells: 1},
            process="expansion",
            rate=driven_division(
                division=division(body, product, "effector_division"),
                drive=body.drive[product.name],
                stimulation=body.stimulation[product.name, site],
                cells=cells,
            ),
        )
        body.net.reaction(
            f"contraction.{key}",
            consumes={cells: 1},
            process="contraction",
            rate=first_order(rate_constant=body.kinetic(product, "effector_death"), amount=cells),
        )
