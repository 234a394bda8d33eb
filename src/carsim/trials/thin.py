"""What of an arm is kept: the courses that endpoints read, once per output step, in single precision.

Endpoints of a trial are computed from what is kept, never from more, so that a stored trial gives the same ones again.
Hours of lymphodepletion, phenotypes of CAR T cells, drug levels and counters of the engine are left out.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.variables import COVARIATES, RECORDS
from carsim.endpoints import REGISTRY

if TYPE_CHECKING:
    import xarray as xr

READ = frozenset(name for endpoint in REGISTRY.values() for name in (*endpoint.needs, *endpoint.uses))
KEPT = READ | {variable.name for variable in (*RECORDS, *COVARIATES)}


def thinned(data: xr.Dataset, every: float, also: Collection[str] = ()) -> xr.Dataset:
    """The courses (patient, time, ...) of a run with one output in `every` days, the first and last of all among them.

    What was given between two kept outputs is marked at the later one. `also` names courses to keep that no endpoint
    reads.
    """
    days = data["time"].values
    steps = days / every
    whole = np.abs(steps - np.round(steps)) < 1e-9
    whole[[0, -1]] = True
    kept = data[[name for name in data.data_vars if name in KEPT or name in also]].isel(time=np.flatnonzero(whole))
    if "treatment_given" in data:
        starts = np.concatenate([[0], np.flatnonzero(whole)[:-1] + 1])
        marks = np.bitwise_or.reduceat(data["treatment_given"].values, starts, axis=1)
        kept["treatment_given"] = kept["treatment_given"].copy(data=marks)
    courses = [name for name, array in kept.data_vars.items() if "time" in array.dims and array.dtype.kind == "f"]
    return kept.assign({name: kept[name].astype(np.float32) for name in courses}).assign_attrs(data.attrs)
