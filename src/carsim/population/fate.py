"""What decides the chance events of a patient: a threshold for each cumulative hazard.

threshold  -ln(u), u uniform: an exponential of mean one, one draw per patient and cause
           ln 2 for one patient of explicit values: the median, so that no draw decides a single course
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.model.processes.hazards import CAUSES
from carsim.population.parts import Cohort, Patient

Array = NDArray[np.float64]


def thresholds(who: Patient | Cohort, seed: int, n: int) -> dict[str, Array]:
    """Threshold of each cause, one per patient."""
    if isinstance(who, Patient):
        return {cause: np.full(n, math.log(2.0)) for cause in CAUSES}
    return {cause: -np.log1p(-rng.uniforms(seed, f"fate.{cause}", np.arange(n))) for cause in CAUSES}
