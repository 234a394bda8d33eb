"""Memory: effectors that rest become memory; antigen recalls it; cytokine renews it.

formation  E -> M    memory_formation * (1 - S) * E
recall     M -> E    memory_recall * S * M
renewal    M -> 2M   memory_renewal * Phi * (1 - S) * M
death      M -> 0    memory_death * M
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.activation import stimulated
from carsim.model.processes.domains import division
from carsim.model.processes.kinetics import first_order


@law
def rested(rate_constant: Any, stimulation: Any, cells: Any) -> Any:
    """A fate of cells in proportion to the signal they do not get."""
    return rate_constant * (1.0 - stimulation) * cells


@law
def rested_division(division: Any, drive: Any, stimulation: Any, cells: Any) -> Any:
    """Homeostatic division of cells at rest."""
    return division * drive * (1.0 - stimulation) * cells


def add(body: Body) -> None:
    """State formation, recall, renewal and death of memory cells."""
    for product, site in body.product_sites():
        effector, memory = (body.cart[product.name, phenotype, site] for phenotype in ("effector", "memory"))
        signal, key = body.stimulation[product.name, site], f"{product.name}.{site}"
        body.net.reaction(
            f"memory_formation.{key}",
            consumes={effector: 1},
            produces={memory: 1},
            process="memory",
            rate=rested(rate_constant=body.kinetic(product, "memory_formation"), stimulation=signal, cells=effector),
        )
        body.net.reaction(
            f"recall.{key}",
            consumes={memory: 1},
            produces={effector: 1},
            process="memory",
            rate=stimulated(rate_constant=body.kinetic(product, "memory_recall"), stimulation=signal, cells=memory),
        )
        body.net.reaction(
            f"renewal.{key}",
            produces={memory: 1},
            process="memory",
            rate=rested_division(
                division=division(body, product, "memory_renewal"),
                drive=body.drive[product.name],
                stimulation=signal,
                cells=memory,
            ),
        )
        body.net.reaction(
            f"death.{product.name}.memory.{site}",
            consumes={memory: 1},
            process="memory",
            rate=first_order(rate_constant=body.kinetic(product, "memory_death"), amount=memory),
        )
