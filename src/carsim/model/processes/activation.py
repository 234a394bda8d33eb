"""Activation: infused cells meet antigen, run through a programme, and become effectors.

infused -> activated   activation * S * U
activated -> effector  programme * A                  the delay before the first division, mean 1/programme
infused, activated -> 0  infused_death
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order


@law
def stimulated(rate_constant: Any, stimulation: Any, cells: Any) -> Any:
    """A fate in proportion to the antigen signal."""
    return rate_constant * stimulation * cells


def add(body: Body) -> None:
    """State activation, the programme, and the loss of cells that have not expanded."""
    for product, site in body.product_sites():
        infused, activated, effector = (
            body.cart[product.name, phenotype, site] for phenotype in ("infused", "activated", "effector")
        )
        key = f"{product.name}.{site}"
        body.net.reaction(
            f"activation.{key}",
            consumes={infused: 1},
            produces={activated: 1},
            process="activation",
            rate=stimulated(
                rate_constant=body.kinetic(product, "activation"),
                cells=infused,
                stimulation=body.stimulation[product.name, site],
            ),
        )
        body.net.reaction(
            f"programme.{key}",
            consumes={activated: 1},
            produces={effector: 1},
            process="activation",
            rate=first_order(rate_constant=body.kinetic(product, "programme"), amount=activated),
        )
        for phenotype, cells in (("infused", infused), ("activated", activated)):
            body.net.reaction(
                f"death.{product.name}.{phenotype}.{site}",
                consumes={cells: 1},
                process="activation",
                rate=first_order(rate_constant=body.kinetic(product, "infused_death"), amount=cells),
            )
