"""Exhaustion: effectors under lasting stimulation lose function and die.

exhaustion  E -> X   exhaustion * S * E              (x dwell of the binders, see domains)
recovery    X -> E   exhaustion_recovery (1 - S) X   at rest from antigen; off where the rate is 0
death       X -> 0   exhausted_death * X
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.activation import stimulated
from carsim.model.processes.domains import dwelling
from carsim.model.processes.kinetics import first_order
from carsim.model.processes.memory import rested


def add(body: Body) -> None:
    """State exhaustion, recovery from it, and the death of exhausted cells."""
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
        if body.value("exhaustion_recovery") > 0.0:
            body.net.reaction(
                f"recovery.{product.name}.{site}",
                consumes={exhausted: 1},
                produces={effector: 1},
                process="exhaustion",
                rate=rested(
                    rate_constant=body.p("exhaustion_recovery"),
                    stimulation=body.stimulation[product.name, site],
                    cells=exhausted,
                ),
            )
        body.net.reaction(
            f"death.{product.name}.exhausted.{site}",
            consumes={exhausted: 1},
            process="exhaustion",
            rate=first_order(rate_constant=body.kinetic(product, "exhausted_death"), amount=exhausted),
        )
