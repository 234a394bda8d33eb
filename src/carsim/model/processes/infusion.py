"""Infusion and engraftment: what of an infused dose enters the blood.

D viable CAR-positive cells:  engraftment * memory_share * D -> memory,  engraftment * (1 - memory_share) * D -> infused
the rest, (1 - engraftment) * D, is lost within hours (lung, liver, death) and is not followed further
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from carsim.model.body import Body

Array = NDArray[np.float64]


def add(body: Body) -> None:
    """State the parameters by which a dose enters; treatment applies them at the moment of infusion."""
    for product in body.products:
        body.kinetic(product, "engraftment")
        body.state(
            f"memory_share.{product.name}",
            product.memory_share,
            meaning=f"share of infused {product.name} cells with memory phenotype",
        )


def entering(product: str, costimulation: str, dose: Array, parameters: Mapping[str, Array]) -> dict[str, Array]:
    """Cells that a dose (cells, one per patient) adds to each row."""
    own = f"engraftment.{costimulation}"
    engrafted = dose * parameters[own if own in parameters else "engraftment"]
    memory = parameters[f"memory_share.{product}"]
    return {
        f"cart.{product}.infused.blood": engrafted * (1.0 - memory),
        f"cart.{product}.memory.blood": engrafted * memory,
    }
