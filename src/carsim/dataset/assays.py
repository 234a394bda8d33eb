"""What laboratories report of the one state: values with log-normal noise, and nothing below a limit of detection.

    observed = state * exp(log_sd * z), z standard normal; 0 and flagged where below the limit

Noise belongs to the measurement: it is drawn from streams of its own, keyed by seed, patient, assay and time, so it
changes with neither the variability between patients nor the uncertainty of parameters, and a measurement keeps its
value when others are added. Endpoints read the state without noise; what a study would have seen stands beside it.

Assays, their limits and their noise are records of the catalogue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsim import catalog, rng
from carsim.dataset.variables import VARIABLES, attributes

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog import Assay

MINUTES_PER_DAY = 1440
EARLIEST = 3650  # days before the infusion at which the count of minutes begins


def observe(data: xr.Dataset, seed: int, *, noise: bool = True, replicates: int = 1) -> xr.Dataset:
    """Observations (patient, time) of every assay whose course the dataset has, and a flag where below the limit.

    With `replicates`, the courses of a patient stand that many times in a row, each with noise of its own.
    """
    import xarray as xr

    seen = xr.Dataset(coords={"patient": data["patient"], "time": data["time"]})
    for assay in catalog.assays().values():
        if assay.course not in data:
            continue
        state = data[assay.course].values
        value = state.reshape(*state.shape[:2], -1).sum(axis=2)
        if noise:
            value = value * np.exp(
                assay.log_sd.value * _scores(seed, assay, data["time"].values, value.shape[0], replicates)
            )
        below = np.where(np.isfinite(value), value < assay.limit.value, -1).astype(np.int8)
        for suffix, array in (("observed", np.where(below == 1, 0.0, value)), ("below_limit", below)):
            variable = VARIABLES[f"{assay.name}_{suffix}"]
            more = {"limit_of_detection": assay.limit.value, "log_sd": assay.log_sd.value if noise else 0.0}
            seen[variable.name] = (variable.dims, array, attributes(variable) | more)
    return seen


def _scores(seed: int, assay: Assay, days: np.ndarray, courses: int, replicates: int) -> np.ndarray:
    """Standard normals (course, time); the number of a measurement is its minute."""
    minutes = np.rint((days + EARLIEST) * MINUTES_PER_DAY).astype(int)
    who, turn = np.divmod(np.arange(courses), replicates)
    purpose = f"assay-noise.{assay.name}"
    return np.stack([rng.normals(seed, purpose, who, int(minute), replicate=turn) for minute in minutes], axis=1)
