"""Hand-made results: a dataset with the courses that a test states, and quiet values for the rest."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carsim.dataset.variables import VARIABLES, attributes
from carsim.endpoints import compute

DAYS = np.arange(-6.0, 366.0)


def result(days: np.ndarray = DAYS, **courses: np.ndarray) -> xr.Dataset:
    """One patient; a course (time,) is given the single product `car`, `blasts` is (time, clone)."""
    data = xr.Dataset(coords={"patient": ["1"], "time": days, "product": ["car"], "site": ["marrow"]})
    for name, values in courses.items():
        variable = VARIABLES[name]
        shape = [data.sizes[dim] if dim in data.sizes else values.shape[-1] for dim in variable.dims]
        data[name] = (variable.dims, np.asarray(values, dtype=float).reshape(shape), attributes(variable))
    return data


def disease(days: np.ndarray, marrow: np.ndarray, blood: np.ndarray | float = 0.0) -> xr.Dataset:
    """Courses that response and relapse read: marrow fraction, and blasts among 5,000 leucocytes/uL."""
    return result(
        days,
        marrow_blast_fraction=marrow,
        mrd=marrow,
        leucocytes=np.full(days.size, 5000.0),
        blasts_blood=np.broadcast_to(blood, days.shape) * 5000.0,
        neutrophils=np.full(days.size, 3000.0),
        platelets=np.full(days.size, 2e5),
    )


def value(data: xr.Dataset, name: str) -> float | str:
    """The endpoint of the only patient."""
    return compute(data, [name])[name].values[0].item()


def reason(data: xr.Dataset, name: str) -> str:
    """Why the only patient has no value; fails when there is one."""
    return str(compute(data, [name])[f"{name}_reason"].values[0])
