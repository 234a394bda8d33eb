"""What differs between the leukaemias of patients: the clones' shares and the antigens' median densities.

Both are log-normal around the scenario's value, one draw per patient and clone (and antigen); the main clone is what
the other clones leave.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.model.body import Cast
from carsim.model.lineage import main_name
from carsim.model.parts import Leukaemia

Array = NDArray[np.float64]


def shares(members: Cast, leukaemia: Leukaemia, seed: int, n: int) -> dict[str, Array]:
    """Each clone's share of all blasts, one per patient; drawn shares that sum to more than 1 are scaled to 1."""
    spreads = {clone.name: clone.fraction_log_sd for clone in leukaemia.clones}
    others = {
        clone.name: np.full(n, members.fractions[clone.name])
        * log_normal(spreads.get(clone.name, 0.0), seed, f"fraction.{clone.name}", n)
        for clone in members.clones
        if clone.name != main_name(leukaemia)
    }
    total = sum(others.values(), np.zeros(n))
    others = {name: share / np.maximum(1.0, total) for name, share in others.items()}
    return {main_name(leukaemia): 1.0 - np.minimum(total, 1.0), **others}


def density_factors(leukaemia: Leukaemia, seed: int, n: int) -> Mapping[str, Array]:
    """Factor on the row of each median density that differs between patients."""
    clones = {main_name(leukaemia): leukaemia.main} | {clone.name: clone for clone in leukaemia.clones}
    return {
        row: log_normal(spread, seed, row, n)
        for name, clone in clones.items()
        for antigen, density in clone.antigens.items()
        for row, spread in [(f"density.{name}.{antigen}", density.patient_log_sd)]
        if spread > 0.0
    }


def log_normal(log_sd: float, seed: int, purpose: str, n: int) -> Array:
    """Factors around 1, one per patient; exactly 1 without spread."""
    if log_sd == 0.0:
        return np.ones(n)
    return np.exp(log_sd * rng.normals(seed, purpose, np.arange(n)))
