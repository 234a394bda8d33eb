"""The patients of an arm as columns: one value for each, missing ones as NaN or empty text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carsim.dataset.variables import COVARIATES

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
_NAMES = {variable.rows[0]: variable.name for variable in COVARIATES} | {"dose": "cart_dose"}  # scenario -> result


def number(data: xr.Dataset, name: str) -> Array:
    """A number for each patient (n,), by its name in a scenario or in a result; NaN where it is missing."""
    name = _NAMES.get(name, name)
    if name not in data:
        return np.full(data.sizes["patient"], np.nan)
    values = data[name].values
    missing = (values < 0) & (values.dtype.kind == "i")  # what a whole number has instead of NaN
    found: Array = np.where(missing, np.nan, values.astype(float))
    return found


def text(data: xr.Dataset, name: str) -> NDArray[Any]:
    """A word for each patient (n,); empty where there is none."""
    if name not in data:
        return np.full(data.sizes["patient"], "")
    return np.asarray(data[name].values.astype(str))


def day_of(data: xr.Dataset, record: str, name: str) -> Array:
    """Day on which each patient was first given something, (n,), NaN for never.

    `record` is "entry" (by the name of an entry) or "treatment" (by what was given).
    """
    if f"{record}_day" not in data or name not in data[record].values.astype(str):
        return np.full(data.sizes["patient"], np.nan)
    found: Array = data[f"{record}_day"].sel({record: name}).values.astype(float)
    return found


def infused(data: xr.Dataset) -> Mask:
    """Who was given a CAR T product, (n,)."""
    products = set(data["product"].values.astype(str).tolist()) if "product" in data.coords else set()
    given: Mask = np.zeros(data.sizes["patient"], dtype=bool)
    for name in products:
        given |= np.isfinite(day_of(data, "treatment", name))
    return given
