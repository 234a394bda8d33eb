"""Reading the store of a sweep: opened lazily, whatever its size; words of codes; points on their grid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carsim.sweeps.columns import decoded
from carsim.sweeps.store import attributes_of

if TYPE_CHECKING:
    import xarray as xr


def open_sweep(path: Path | str) -> xr.Dataset:
    """The store of a sweep as a dataset (point, patient[, replicate]) that is read from disk where it is used.

    The axes are in the order of the scenario, what is kept in that of its names.
    A value holds where `status` is 0; it is -1 where nothing was simulated yet. Raises SweepRefused for no store,
    StoreInconsistent for one whose metadata cannot be read.
    """
    import xarray as xr

    axes = str(attributes_of(Path(path))["coordinates"]).split()
    found: xr.Dataset = xr.open_zarr(path, consolidated=False, chunks=None, decode_timedelta=False)
    order = [*axes, *sorted(str(name) for name in found.variables if name not in axes)]  # a folder is read in any
    kept = {name: found.variables[name] for name in order}
    coords = {name: kept.pop(name) for name in order if name in found.coords}
    return xr.Dataset(kept, coords=coords, attrs=found.attrs)


def words(array: xr.DataArray) -> xr.DataArray:
    """The words of an array of codes, several joined by +, "" for none; of an axis of choices, their names."""
    known = json.loads(array.attrs["words"])
    if "flag_values" in array.attrs:
        return array.copy(data=np.array(known)[array.values])
    return array.copy(data=decoded(array.values, known))


def on_grid(data: xr.Dataset | xr.DataArray, of: xr.Dataset) -> Any:
    """Something along `point` with a dimension for each axis of the sweep `of` in its place, the first the slowest.

    An axis that moves several paths has the name of its first, with the others in its attribute `with`, and axes that
    are sampled together make up `sample`. Meant for what is small, as means over patients: it is read into memory.
    """
    shape = json.loads(of.attrs["axes"])
    names = list(shape)
    inner = [str(name) for name in of.coords if of.coords[name].dims == ("point",) and name not in names]
    places = np.unravel_index(np.arange(of.sizes["point"]), tuple(shape.values()))
    along = {}
    for name, place in zip(names, places, strict=True):
        first = np.unique(place, return_index=True)[1]
        known = of.coords[name].values[first] if name in of.coords else np.arange(shape[name])
        along[name] = words(of.coords[name][first]).values if _is_words(of, name) else known
    rest = [dim for dim in data.dims if dim != "point"]
    gone = [name for name in data.coords if "point" in data.coords[name].dims]
    stacked = data.drop_vars(gone).transpose("point", ..., missing_dims="ignore")

    def folded(array: xr.DataArray) -> Any:
        values = array.values.reshape(*shape.values(), *array.shape[1:])
        return ((*names, *array.dims[1:]), values, array.attrs)

    import xarray as xr

    units = {name: dict(of.coords[name].attrs) if name in of.coords else {} for name in names}
    for name, place in zip(names, places, strict=True):
        others = [other for other in inner if _follows(of.coords[other].values, place)]
        units[name] |= {"with": ", ".join(others)} if others else {}
    coords: dict[str, Any] = {name: (name, values, units[name]) for name, values in along.items()}
    coords |= {str(name): stacked.coords[name] for name in stacked.coords if name in rest}
    if isinstance(stacked, xr.DataArray):
        dims, values, attrs = folded(stacked)
        return xr.DataArray(values, dims=dims, coords=coords, attrs=attrs, name=stacked.name)
    return xr.Dataset({str(name): folded(array) for name, array in stacked.items()}, coords=coords, attrs=of.attrs)


def _follows(values: NDArray[Any], place: NDArray[np.intp]) -> bool:
    """Whether values (point,) differ, and only where the place along an axis does."""
    first = np.unique(place, return_index=True)[1]
    return bool((values == values[first][place]).all() and (values != values[0]).any())


def _is_words(of: xr.Dataset, name: str) -> bool:
    return name in of.coords and "words" in of.coords[name].attrs
