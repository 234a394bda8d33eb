"""What differs between the products made for patients: the CD4:CD8 ratio of their cells.

Log-normal around the median of the product, one draw per patient; a product of defined composition has no spread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carsim.model.body import Product
from carsim.population.leukaemia import log_normal


def composition_factors(products: Sequence[Product], seed: int, n: int) -> Mapping[str, NDArray[np.float64]]:
    """Factor on the row of each product's CD4:CD8 ratio, one per patient."""
    return {
        row: log_normal(log_sd, seed, purpose, n) for row, (purpose, log_sd) in composition_spreads(products).items()
    }


def composition_spreads(products: Sequence[Product]) -> Mapping[str, tuple[str, float]]:
    """Stream and spread by row of the ratio of each product whose composition differs."""
    return {
        f"cd4_to_cd8.{product.name}": (f"composition.{product.name}", product.cd4_to_cd8.log_sd)
        for product in products
        if product.cd4_to_cd8.log_sd > 0.0
    }
