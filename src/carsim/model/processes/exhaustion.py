"""Exhaustion: effectors under lasting stimulation lose function and die.

exhaustion  E -> X   exhaustion * S * E              (x dwell of the binders, see domains)
death       X -> 0   exhausted_death * X
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.activation import stimulated
from carsim.model.processes.domains import dwelling
from carsim.model.processes.kinetics import first_order


def add(body: Body) -> None:
    """State exhaustion and the death of exhausted cells."""
    for product, site in body.product_sites():
        effector, exhausted = (body.cart[product.name, phenotype, site] for phenotype in ("effector", "exhausted"))
        body.net.reaction(
            f"exhaustion.{product.name}.{site}",
            consumes={effector: 1},
            produces={exhausted: 1},
            process="exhaustion",
            rate=stimulated(
                rate_constant=dwelling(body, product, "exhaustion"),
                cells=effector,
                stimulation=body.stimulation[product.name, site],
            ),
        )
        body.net.reaction(
            f"death.{product.name}.exhausted.{site}",
            consumes={exhausted: 1},
            process="exhaustion",
            rate=first_order(rate_constant=body.kinetic(product, "exhausted_death"), amount=exhausted),
        )
