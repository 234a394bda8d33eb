"""What is left of single cells, in a dataset: what they sum to in each course, each cell, and who descends from whom.

    summed   (patient, clone) and (patient, product): added while courses stand in a row along `patient`
    listed   (cell) and (lineage): added when patients and replicates have dimensions of their own

Cells of a course that failed or was not finished are left out, and its sums are not-a-number. A clone that follows
equations at the end has no single cells then. Who founded it is known all the same where lineages are kept: its last
single cells are those whose records ended together, when the clone became too many (`last_cells`).

A cell may pass from a clone to another (a dim cell whose CD19 returns): its record says what it was at birth, and what
is left says what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.catalog import antigens
from carsim.dataset.variables import VARIABLES, attributes
from carsim.dataset.variables_of_cells import PLACES

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from carsim.engines.protocol import Individuals
    from carsim.model.network import Network
    from carsim.population.patients import Patients

LOW, HIGH = 5.0, 95.0  # percentiles
CLONE_ROW, CART_ROW = "blasts", "cart"  # first words of the rows of leukaemic and of CAR T cells


@dataclass(frozen=True)
class Last:
    """Last single cells of a clone in a course: their identities, the day, and the founder of each in the clone."""

    cells: NDArray[np.int64]
    day: float
    founders: NDArray[np.int64]


def summed(
    found: Individuals, data: xr.Dataset, network: Network, patients: Patients, weight: float = 1.0
) -> xr.Dataset:
    """What the single cells of each course sum to; `data` has its courses in a row along `patient`."""
    import xarray as xr

    made = xr.Dataset(coords={"patient": data["patient"]})
    finished = data["status"].values == 0
    places = _places(found.species, data)
    clone, product = places["clone"][found.kind], places["product"][found.kind]
    for name, values in _of_clones(found, data, clone, weight).items():
        _put(made, name, np.where(finished[:, None], values, np.nan))
    for name, values in _starts(data, network, patients).items():
        _put(made, name, values)
    if found.lineage_identity.size and "clone" in data.dims:
        for name, values in _founders(found, data, places["clone"]).items():
            _put(made, name, np.where(finished[:, None], values, np.nan))
    if "product" in data.dims:
        for name, values in _clonotypes(found, data, product, weight).items():
            _put(made, name, np.where(finished[:, None], values, np.nan))
    for name in ("clone_single_cells", "cart_single_cells"):
        if name in made:
            made[name].attrs["weight"] = weight
    return made


def listed(found: Individuals, data: xr.Dataset, status: NDArray[np.int8], replicates: int = 1) -> xr.Dataset:
    """Every cell that is left, and where lineages are kept every cell that ever was; `status`: of each course."""
    import xarray as xr

    made = xr.Dataset()
    kept = status[found.course] == 0
    of: dict[str, NDArray[Any]] = {
        "identity": found.identity,
        "generation": found.generation,
        "kills": found.kills,
        "clonotype": found.clonotype,
        **{name.lower(): found.values[:, k] for k, name in enumerate(found.traits) if name in antigens()},
    }
    _list(made, "cell", found, data, (found.course, found.kind, of), kept, replicates)
    if found.lineage_identity.size:
        born, died = found.lineage_born, np.where(np.isfinite(found.lineage_died), found.lineage_died, np.nan)
        of = {
            "identity": found.lineage_identity,
            "parent": found.lineage_parent,
            "clonotype": found.lineage_clonotype,
            **{"born": born, "died": died},
        }
        kept = status[found.lineage_course] == 0
        _list(made, "lineage", found, data, (found.lineage_course, found.lineage_kind, of), kept, replicates)
    return made


def last_cells(
    identity: NDArray[np.int64],
    parent: NDArray[np.int64],
    died: NDArray[np.float64],
    clone: NDArray[np.int64],
    which: int,
    left: NDArray[np.int64],
    end: float,
) -> Last | None:
    """The last single cells of clone number `which` in one course, from its lineage; None where it died out.

    Records are in order of birth, `clone` is that of their birth, and `left` the identities of the clone's cells at the
    end. Where there are none, those that ended at one moment with the others of their clone were handed over to
    equations: a death by chance takes one alone. Their founder is the first of their line that was of the clone.
    """
    own, day = clone == which, end
    last = np.isin(identity, left)
    if not last.any():
        days, counts = np.unique(died[own & np.isfinite(died)], return_counts=True)
        if not counts.size or counts.max() < 2:
            return None
        day = float(days[len(counts) - 1 - np.argmax(counts[::-1])])
        last = own & (died == day)
    row = np.full(int(identity.max(initial=-1)) + 1, -1)
    row[identity] = np.arange(identity.size)
    mother = np.where(parent >= 0, row[parent], -1)
    founder = np.where(own & (mother >= 0) & (clone[mother] == which), mother, np.arange(identity.size))
    while (founder != founder[founder]).any():  # twice as far back each time
        founder = founder[founder]
    return Last(identity[last], day, identity[founder[last]])


def courses_of(who: NDArray[np.int64]) -> Iterator[tuple[int, slice]]:
    """Each course that has records and where they stand, of records in the order of their courses."""
    numbers, starts = np.unique(who, return_index=True)
    ends = [*starts[1:].tolist(), who.size]
    for number, first, last in zip(numbers.tolist(), starts.tolist(), ends, strict=True):
        yield number, slice(first, last)


def _put(made: xr.Dataset, name: str, values: NDArray[Any]) -> None:
    made[name] = (VARIABLES[name].dims, values, attributes(VARIABLES[name]))


def _places(species: tuple[str, ...], data: xr.Dataset) -> dict[str, NDArray[np.int64]]:
    """Place of each species along each dimension, -1 where it has none: `blasts.<clone>.<site>` and their like."""
    labels = {dim: data[dim].values.tolist() if dim in data.dims else [] for dim in PLACES}
    parts = {CLONE_ROW: ("clone", "site"), CART_ROW: ("product", "phenotype", "site")}
    found = {dim: np.full(len(species), -1) for dim in PLACES}
    for k, name in enumerate(species):
        first, *rest = name.split(".")
        dims = parts.get(first, ("site",))
        for dim, label in zip(dims, rest, strict=False):
            if len(rest) == len(dims) and label in labels[dim]:
                found[dim][k] = labels[dim].index(label)
    return found


def _of_clones(
    found: Individuals, data: xr.Dataset, clone: NDArray[np.int64], weight: float
) -> dict[str, NDArray[np.float64]]:
    """Cells of each clone in each course, and percentiles of what they show."""
    if "clone" not in data.dims:
        return {}
    shape = data.sizes["patient"], data.sizes["clone"]
    own = clone >= 0
    counts = np.zeros(shape)
    np.add.at(counts, (found.course[own], clone[own]), weight)
    made = {"clone_single_cells": counts}
    for k, antigen in enumerate(found.traits):
        if antigen not in antigens():
            continue
        percentiles = np.full((3, *shape), np.nan)
        for course, rows in courses_of(found.course):
            for number in np.unique(clone[rows][clone[rows] >= 0]):
                values = found.values[rows, k][clone[rows] == number]
                if np.isfinite(values).all():
                    percentiles[:, course, number] = np.percentile(values, (LOW, 50.0, HIGH))
        for suffix, values in zip(("_left_low", "_left", "_left_high"), percentiles, strict=True):
            made[f"clone_{antigen.lower()}{suffix}"] = values
    return made


def _starts(data: xr.Dataset, network: Network, patients: Patients) -> dict[str, NDArray[np.float64]]:
    """Median and log standard deviation of each antigen on each clone, before anything is selected."""
    made: dict[str, NDArray[np.float64]] = {}
    names = data["clone"].values.tolist() if "clone" in data.dims else []
    for trait in network.traits:
        first, *rest = trait.species[0].name.split(".")
        if first != CLONE_ROW or rest[0] not in names or trait.name not in antigens():
            continue
        for suffix, ref in (("start", trait.median), ("start_log_sd", trait.log_sd)):
            key = f"clone_{trait.name.lower()}_{suffix}"
            made.setdefault(key, np.full((data.sizes["patient"], len(names)), np.nan))
            made[key][:, names.index(rest[0])] = patients.parameters[ref.name]
    return made


def _clonotypes(
    found: Individuals, data: xr.Dataset, product: NDArray[np.int64], weight: float
) -> dict[str, NDArray[np.float64]]:
    """CAR T cells of each product in each course, how many founders they have, and the share of the largest one."""
    shape = data.sizes["patient"], data.sizes["product"]
    cells, kinds, largest = np.zeros(shape), np.zeros(shape), np.full(shape, np.nan)
    for course, rows in courses_of(found.course):
        for number in np.unique(product[rows][product[rows] >= 0]):
            _, sizes = np.unique(found.clonotype[rows][product[rows] == number], return_counts=True)
            place = course, number
            cells[place], kinds[place] = weight * sizes.sum(), sizes.size
            largest[place] = sizes.max() / sizes.sum()
    return {"cart_single_cells": cells, "cart_clonotypes": kinds, "cart_clonotype_largest": largest}


def _founders(found: Individuals, data: xr.Dataset, clone_of: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """Day of birth and share of the founder of most last single cells of each clone, and the day of those cells."""
    shape = data.sizes["patient"], data.sizes["clone"]
    days, shares, ends = (np.full(shape, np.nan) for _ in range(3))
    end = float(data["time"].values[-1])
    left = data["blasts"].values[:, -1].sum(axis=2) > 0.0 if "blasts" in data else np.ones(shape, dtype=bool)
    cells = dict(courses_of(found.course))
    for course, rows in courses_of(found.lineage_course):
        alive = cells.get(course, slice(0, 0))
        now = clone_of[found.kind[alive]]
        identity, born = found.lineage_identity[rows], found.lineage_born[rows]
        died, clone = found.lineage_died[rows], clone_of[found.lineage_kind[rows]]
        for number in np.flatnonzero(left[course]).tolist():
            remaining = found.identity[alive][now == number]
            last = last_cells(identity, found.lineage_parent[rows], died, clone, number, remaining, end)
            if last is None:
                continue
            names, counts = np.unique(last.founders, return_counts=True)
            place, most = (course, number), int(np.argmax(counts))
            days[place] = born[np.searchsorted(identity, names[most])]
            shares[place], ends[place] = counts[most] / counts.sum(), last.day
    return {"clone_founder_day": days, "clone_founder_share": shares, "clone_lineage_day": ends}


def _list(
    made: xr.Dataset,
    dim: str,
    found: Individuals,
    data: xr.Dataset,
    given: tuple[NDArray[np.int64], NDArray[np.int32], dict[str, NDArray[Any]]],
    kept: NDArray[np.bool_],
    replicates: int,
) -> None:
    """Put records along `cell` or `lineage`: where each belongs, and what is known `of` it."""
    course, kind, of = given
    places = _places(found.species, data)
    present = np.unique(kind[kept])
    who, turn = np.divmod(course[kept], replicates)
    columns = {"patient": who, "replicate": turn, "population": np.searchsorted(present, kind[kept])}
    columns |= {name: places[name][kind[kept]] for name in PLACES} | {name: value[kept] for name, value in of.items()}
    for name, values in columns.items():
        variable = VARIABLES[f"{dim}_{name}"]
        _put(made, variable.name, values.astype(variable.kind))
    if present.size:
        made[f"{dim}_population"].attrs |= {
            "flag_values": np.arange(present.size, dtype=np.int64),
            "flag_meanings": " ".join(found.species[k] for k in present),
        }
