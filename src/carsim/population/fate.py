"""What decides the chance events of a patient: a threshold for each cumulative hazard.

threshold  -ln(u), u uniform: an exponential of mean one, one draw per course (patient and replicate) and cause
           ln 2 for one patient of explicit values in a run without chance: the median, so that no draw decides its
           single course
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.model.processes.hazards import CAUSES

Array = NDArray[np.float64]


def thresholds(patients: NDArray[np.int64], replicates: NDArray[np.int64], seed: int) -> dict[str, Array]:
    """Drawn threshold of each cause, one per course; a course is a patient's index and the number of its replicate."""
    return {cause: -np.log1p(-rng.uniforms(seed, f"fate.{cause}", patients, replicate=replicates)) for cause in CAUSES}


def medians(n: int) -> dict[str, Array]:
    """Threshold of each cause without chance, one per course."""
    return {cause: np.full(n, math.log(2.0)) for cause in CAUSES}
