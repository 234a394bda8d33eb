"""A result as one tidy table: a row for each patient, arm, replicate and point, a column for each value of a patient.

    run               patient[, replicate]
    trial, comparison arm, patient
    sweep             the axes, patient[, replicate]; read from its store piece by piece

Values along entries, clones and the like have a column for each (`entry_day.car`). Courses in time and the reasons of
missing values are left out. A missing value is empty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim.errors import CarsimError

if TYPE_CHECKING:
    import xarray as xr

KEYS: Final = ("patient", "replicate")
ROWS: Final = 50_000  # of a piece of a sweep, about: 20 MB with 50 columns
TEXT: Final = "text"


class NoTable(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """What was named is no result that has a table."""

    exit_status = 2


@dataclass(frozen=True)
class Column:
    """Name, unit ("" for text and pure numbers), meaning, and kind: float64, int64 or text."""

    name: str
    unit: str
    meaning: str
    kind: str


@dataclass(frozen=True)
class Values:
    """The values of a column in some rows, and which of them are missing."""

    values: NDArray[Any]
    missing: NDArray[np.bool_]


@dataclass(frozen=True)
class Tidy:
    """The columns of a table, its rows in pieces, and the attributes of the run that it comes from."""

    columns: tuple[Column, ...]
    pieces: Iterator[list[Values]]
    run: Mapping[str, Any]
    rows: str


def table_of(path: Path) -> Tidy:
    """The table of a stored run, trial, comparison or sweep; raises NoTable for anything else."""
    from carsim.sweeps.store import is_store

    if path.is_dir() and is_store(path):
        return _of_sweep(path)
    if not path.is_file():
        what = "is not there" if not path.exists() else "is no result"
        raise NoTable(
            f"{path} {what}; expected what `carsim run`, `trial` or `compare` wrote (.nc) or the store of a sweep"
        )
    import xarray as xr

    try:
        with xr.open_datatree(path, engine="netcdf4", decode_timedelta=False) as opened:
            tree = opened.load()
    except OSError as error:
        raise NoTable(f"{path} is no NetCDF file; expected a result of carsim, or the store of a sweep") from error
    if "carsim_version" not in tree.attrs:
        raise NoTable(f"{path} was not written by carsim; expected a result of it, or the store of a sweep")
    if "arms" in tree.children:
        arms = {str(name): node.to_dataset() for name, node in tree["arms"].children.items()}
        return _of_arms(arms, {str(key): value for key, value in tree.attrs.items()})
    data = tree.to_dataset()
    if "patient" not in data.dims:
        raise NoTable(f"{path} holds no patients; expected a result of `carsim run`, `trial` or `compare`")
    found = _columns(data)
    keys = [name for name in KEYS if name in data.dims]
    return Tidy(tuple(found), iter([_rows(data, found)]), data.attrs, f"one row for each {' and '.join(keys)}")


def _of_arms(arms: Mapping[str, xr.Dataset], run: Mapping[str, Any]) -> Tidy:
    merged: dict[str, Column] = {}
    for data in arms.values():
        for column in _columns(data):
            merged.setdefault(column.name, column)
    columns = tuple(merged.values())

    def pieces() -> Iterator[list[Values]]:
        for name, data in arms.items():
            n = data.sizes["patient"]
            yield [Values(np.full(n, name), np.zeros(n, dtype=bool)), *_rows(data, columns)]

    arm = Column("arm", "", "arm of the trial, or strategy of the comparison", TEXT)
    return Tidy((arm, *columns), pieces(), run, "one row for each arm and patient")


def _of_sweep(path: Path) -> Tidy:
    from carsim.sweeps.read import open_sweep

    data = open_sweep(path)
    order = list(json.loads(data.attrs["axes"]))  # a folder has no order of its own; what moves with an axis comes last
    axes = [str(name) for name, array in data.coords.items() if array.dims == ("point",)]
    axes.sort(key=lambda name: (order.index(name) if name in order else len(order), name))
    point = Column("point", "", "number of the point, from 0", "int64")
    along = [_column(name, data.coords[name]) for name in axes]
    columns = sorted(_columns(data.drop_vars(axes)), key=lambda column: (column.name not in KEYS, column.name))
    step = max(1, ROWS // max(1, data.sizes["patient"] * data.sizes.get("replicate", 1)))

    def pieces() -> Iterator[list[Values]]:
        for first in range(0, data.sizes["point"], step):
            part = data.isel(point=slice(first, first + step)).load()
            shape = tuple(part.sizes[name] for name in ("point", *KEYS) if name in part.sizes)
            here = np.arange(first, first + part.sizes["point"])
            keys = [Values(here, np.zeros(here.size, dtype=bool)), *(_values(part.coords[name]) for name in axes)]
            each = int(np.prod(shape[1:]))
            found = [Values(np.repeat(one.values, each), np.repeat(one.missing, each)) for one in keys]
            yield [*found, *_rows(part, columns)]

    keys = [name for name in KEYS if name in data.dims]
    rows = f"one row for each point and {' and '.join(keys)}"
    return Tidy((point, *along, *columns), pieces(), data.attrs, rows)


def _columns(data: xr.Dataset) -> list[Column]:
    """The keys, then every value of a patient in the order of the result."""
    keys = [Column(name, "", f"{name} of the row", _kind(_key(data, name))) for name in KEYS if name in data.dims]
    found = []
    for name, array in data.data_vars.items():
        rest = [dim for dim in array.dims if dim not in (*KEYS, "point")]
        if "patient" not in array.dims or str(name).endswith("_reason") or "time" in rest:
            continue
        if any(dim not in data.coords for dim in rest) or len(rest) > 1:
            continue
        column = _column(str(name), array)
        labels = [data.coords[dim].values.astype(str).tolist() for dim in rest]
        found += [
            Column(".".join([column.name, *label]), column.unit, column.meaning, column.kind)
            for label in product(*labels)
        ]
    return [*keys, *found]


def _column(name: str, array: xr.DataArray) -> Column:
    kind = TEXT if "words" in array.attrs else _kind(array.values if array.dtype == object else array)
    unit = str(array.attrs.get("units", ""))
    return Column(name, "" if unit == "1" or kind == TEXT else unit, str(array.attrs.get("long_name", "")), kind)


def _kind(array: Any) -> str:
    return {"f": "float64", "i": "int64", "u": "int64", "b": "int64"}.get(array.dtype.kind, TEXT)


def _key(data: xr.Dataset, name: str) -> NDArray[Any]:
    if name in data.coords:
        return np.asarray(data.coords[name].values)
    return np.arange(1, data.sizes[name] + 1)


def _rows(data: xr.Dataset, columns: list[Column] | tuple[Column, ...]) -> list[Values]:
    """The values of every column, in the order point, patient, replicate."""
    dims = [name for name in ("point", *KEYS) if name in data.dims]
    shape = tuple(data.sizes[name] for name in dims)
    found = []
    for column in columns:
        if column.name in KEYS:
            along = [1] * len(shape)
            along[dims.index(column.name)] = -1
            key = np.broadcast_to(_key(data, column.name).reshape(along), shape).ravel()
            found.append(Values(key, np.zeros(key.size, dtype=bool)))
            continue
        array = _array(data, column.name)
        if array is None:
            size = int(np.prod(shape))
            found.append(Values(np.full(size, "" if column.kind == TEXT else 0.0), np.ones(size, dtype=bool)))
            continue
        one = _values(array)
        order = [dim for dim in dims if dim in array.dims]
        position = [array.dims.index(dim) for dim in order]
        shaped = [part.reshape(array.shape).transpose(position) for part in (one.values, one.missing)]
        index = tuple(slice(None) if dim in order else None for dim in dims)
        found.append(Values(*(np.broadcast_to(part[index], shape).ravel() for part in shaped)))
    return found


def _array(data: xr.Dataset, name: str) -> xr.DataArray | None:
    if name in data:
        return data[name]
    head, _, label = name.partition(".")
    if head not in data or not label:
        return None
    dim = next((dim for dim in data[head].dims if dim not in (*KEYS, "point")), None)
    words = data.coords[dim].values.astype(str).tolist() if dim in data.coords else []
    return data[head].isel({dim: words.index(label)}) if label in words else None


def _values(array: xr.DataArray) -> Values:
    """What an array holds, and what is missing: NaN, an empty text, a negative whole number save in a status."""
    if "words" in array.attrs:
        from carsim.sweeps.read import words

        array = words(array)
    values = np.asarray(array.values).ravel()
    if values.dtype.kind == "f":
        return Values(values.astype(float), np.isnan(values))
    if values.dtype.kind in "iub":
        return Values(values.astype(np.int64), (values < 0) & (array.name != "status"))
    texts = values.astype(str)
    return Values(texts, texts == "")
