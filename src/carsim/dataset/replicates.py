"""Replicates in a dataset: courses of the same patient under other chances, along a dimension of their own.

What is worked out course by course sees them in a row, every replicate of the first patient and then those of the next
(`flat`); a result has the dimensions patient and replicate (`folded`). What is the same in all replicates of a patient
(covariates, probabilities) has no replicate. A run without replicates has no such dimension.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.dataset.variables import VARIABLES, attributes

if TYPE_CHECKING:
    import xarray as xr


def folded(data: xr.Dataset, replicates: int) -> xr.Dataset:
    """The dataset of courses in a row along `patient` with the dimensions patient and replicate; itself for one each.

    Variables begin with the dimension patient where they have it.
    """
    if replicates == 1:
        return data
    made = _empty(data, data["patient"].values[::replicates])
    numbers = np.arange(replicates, dtype=np.int64)
    made.coords["replicate"] = ("replicate", numbers, attributes(VARIABLES["replicate"]))
    for name, array in _rest(data):
        dims, values = array.dims, array.values
        if "patient" in dims and _is_of_patient(name):
            values = values[::replicates]
        elif "patient" in dims:
            dims = ("patient", "replicate", *dims[1:])
            values = values.reshape(-1, replicates, *values.shape[1:])
        _put(made, name, (dims, values, array.attrs), is_coordinate=name in data.coords)
    return made


def flat(data: xr.Dataset) -> xr.Dataset:
    """The dataset with its courses in a row along `patient`; itself where it has no replicates."""
    if "replicate" not in data.dims:
        return data
    replicates = data.sizes["replicate"]
    made = _empty(data, np.repeat(data["patient"].values, replicates))
    for name, array in _rest(data):
        dims, values = array.dims, array.values
        if "replicate" in dims:
            others = tuple(dim for dim in dims if dim not in ("patient", "replicate"))
            values = array.transpose("patient", "replicate", *others).values
            dims, values = ("patient", *others), values.reshape(-1, *values.shape[2:])
        elif "patient" in dims:
            values = np.repeat(values, replicates, axis=dims.index("patient"))
        _put(made, name, (dims, values, array.attrs), is_coordinate=name in data.coords)
    return made


def replicates_of(data: xr.Dataset) -> int:
    """How many replicates each patient has; 1 without the dimension."""
    return int(data.sizes.get("replicate", 1))


def _is_of_patient(name: str) -> bool:
    return name in VARIABLES and VARIABLES[name].of_patient


def _empty(data: xr.Dataset, patients: np.ndarray) -> xr.Dataset:
    import xarray as xr

    return xr.Dataset(coords={"patient": ("patient", patients, data["patient"].attrs)}, attrs=data.attrs)


def _rest(data: xr.Dataset) -> Iterator[tuple[str, xr.Variable]]:
    """Every variable but the coordinates that say which course it is."""
    return ((str(name), array) for name, array in data.variables.items() if name not in ("patient", "replicate"))


def _put(made: xr.Dataset, name: str, variable: tuple[Any, ...], *, is_coordinate: bool) -> None:
    if is_coordinate:
        made.coords[name] = variable
    else:
        made[name] = variable
