"""The visual predictive check: measurements of patients beside what virtual patients would have been measured to have.

    levels       of every virtual patient who counts, on the days of the table, on straight lines of the logarithm;
                 nothing of the time after death
    replicate    each patient of the table is a virtual one, drawn with replacement, and measured on the same days with
                 the noise and the limits of the same assays
    bins         neighbouring days together, at most twelve
    percentiles  5th, 50th and 95th in each bin, of the table and of each replicate; what is below its limit counts as
                 less than anything, so that a percentile among it has no value
    interval     of each percentile, and of the share below the limit, 95 % of the replicates

With draws of the parameters, replicates are shared out among them (a posterior or prior predictive check), else all are
of the scenario's own. Percentiles of the table inside their intervals: nothing contradicts the model there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.errors import Place, Problem, ScenarioError
from carsim.trials.counted import counted
from carsim.trials.store import part_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.dataset.measured import Measured

Array = NDArray[np.float64]
NODE: Final = "predictive_check"
PERCENTILES: Final = (5.0, 50.0, 95.0)
INTERVAL: Final = (2.5, 50.0, 97.5)
ENDS: Final = ("simulated_low", "simulated_median", "simulated_high")
BELOW_ENDS: Final = ("below_low", "below_median", "below_high")
REPLICATES: Final = 500  # the ends of an interval then rest on twelve of them each
WIDEST: Final = 0.3  # of a bin, on the logarithm: days 6 to 8, 27 to 36, 89 to 120
MOST_BINS: Final = 12
LEAST: Final = 1e-300  # level that has a logarithm


def levels(tree: xr.DataTree, table: Measured) -> Array:
    """Levels (n, m) of the n who count in the first arm of a trial, on the days of m measurements; NaN after death.

    Raises ScenarioError for what that arm does not have.
    """
    data = next(iter(tree["arms"].children.values())).to_dataset()
    data = data.isel(patient=np.flatnonzero(counted(data, part_of(tree))))
    days = data["time"].values
    problems = [
        Problem(Place(table.name), "variable", f"`{course}`", f"a course of this model: {', '.join(_courses(data))}")
        for course in table.courses
        if course not in data
    ]
    first, last = float(days[0]), float(days[-1])
    outside = (table.day < first) | (table.day > last)
    if outside.any():
        got = f"{int(outside.sum())} measurements outside the simulation, the first on day {table.day[outside][0]:g}"
        problems.append(Problem(Place(table.name), "day", got, f"days from {first:g} to {last:g}"))
    if data.sizes["patient"] == 0:
        problems.append(Problem(Place(table.name), "", "no virtual patient who counts", "a cohort with some"))
    if problems:
        raise ScenarioError(problems)
    death = data["death_day"].values
    found = np.full((data.sizes["patient"], table.day.size), np.nan)
    for course in table.courses:
        at = table.of(course)
        level = data[course].values.astype(float)
        found[:, at] = _between(days, level.reshape(*level.shape[:2], -1).sum(axis=2), table.day[at])
    dead = table.day[None, :] > np.where(np.isnan(death), np.inf, death)[:, None]
    return np.where(dead, np.nan, found)


def _courses(data: xr.Dataset) -> list[str]:
    from carsim.dataset.measured import MEASURABLE

    return [name for name in MEASURABLE if name in data]


def _between(days: Array, level: Array, wanted: Array) -> Array:
    """Levels (n, m) on the wanted days, from those (n, time), on straight lines of the logarithm."""
    after = np.clip(np.searchsorted(days, wanted), 1, days.size - 1)
    share = (wanted - days[after - 1]) / (days[after] - days[after - 1])
    logs = np.log(np.maximum(level, LEAST))
    between: Array = np.exp((1.0 - share) * logs[:, after - 1] + share * logs[:, after])
    return between


def predictive_check(found: Sequence[Array], table: Measured, seed: int, replicates: int = REPLICATES) -> xr.Dataset:
    """The check of a table against levels (n, m), one array for each draw of the parameters.

    Dims: variable, bin, percentile. `observed` and `simulated_low`, `_median`, `_high` (variable, bin, percentile), in
    the unit of the variable, NaN where below the limit; `inside` (1, 0, or -1 of an empty bin) says whether an observed
    percentile lies in its interval; `below` and `below_low`, `_median`, `_high` (variable, bin); `day`, `first_day`,
    `last_day` and `n`, how many measurements, of each bin. Along `measurement` stands the table itself.
    """
    values, below = _replicated(found, table, seed, replicates)
    bins = {course: _bins(table.day[table.of(course)]) for course in table.courses}
    shape = len(bins), max(int(number.max()) + 1 for number in bins.values())
    of = {name: np.full((*shape, len(PERCENTILES)), np.nan) for name in ("observed", *ENDS)}
    of |= {name: np.full(shape, np.nan) for name in ("below", *BELOW_ENDS, "day", "first_day", "last_day")}
    count = np.zeros(shape, dtype=np.int64)
    for row, (course, number) in enumerate(bins.items()):
        for column in range(int(number.max()) + 1):
            at, place = table.of(course)[number == column], (row, column)
            count[place] = at.size
            days = table.day[at]
            of["day"][place], of["first_day"][place], of["last_day"][place] = np.median(days), days.min(), days.max()
            of["observed"][place] = _percentiles(table.value[None, at], table.below[None, at].astype(float))[0]
            of["below"][place] = table.below[at].mean()
            simulated = _percentiles(values[:, at], below[:, at])
            shares = np.array([[_share(one)] for one in below[:, at]])
            for end, of_below, percent in zip(ENDS, BELOW_ENDS, INTERVAL, strict=True):
                of[end][place], of[of_below][place] = _ranked(simulated, percent), _ranked(shares, percent)[0]
    return _dataset(of, count, list(bins), table).assign_attrs(
        simulated=int(found[0].shape[0]), replicates=replicates, draws=len(found)
    )


def _dataset(of: dict[str, Array], count: NDArray[np.int64], courses: list[str], table: Measured) -> xr.Dataset:
    import xarray as xr

    from carsim.dataset.variables import VARIABLES

    low, _, high = (of[end] for end in ENDS)
    known = ~np.isnan(of["observed"]) & ~np.isnan(low)
    inside = np.where(known, (of["observed"] >= low) & (of["observed"] <= high), -1).astype(np.int8)
    dims = ("variable", "bin", "percentile")
    data: dict[str, Any] = {
        name: (dims[: array.ndim], np.where(np.isneginf(array), np.nan, array)) for name, array in of.items()
    }
    data |= {"inside": (dims, inside), "n": (dims[:2], count)}
    data["unit"] = ("variable", np.array([VARIABLES[course].unit for course in courses]))
    rows = {"who": table.who, "day": table.day, "variable": table.course, "value": table.value}
    rows |= {"below": table.below.astype(np.int8), "limit": table.limit}
    data |= {f"measured_{name}": ("measurement", values) for name, values in rows.items()}
    about = {"table": table.name, "table_sha256": table.sha256, "patients": len(table.patients)}
    return xr.Dataset(data, {"variable": np.array(courses), "percentile": list(PERCENTILES)}, about)


def _replicated(found: Sequence[Array], table: Measured, seed: int, replicates: int) -> tuple[Array, Array]:
    """What virtual patients would have had measured (replicates, m); 1 where below the limit, 0, NaN after death."""
    who = {name: at for at, name in enumerate(table.patients)}
    patient = np.array([who[name] for name in table.who.tolist()])
    value = np.empty((replicates, table.day.size))
    people = np.arange(len(who))
    for number in range(replicates):
        simulated = found[number % len(found)]
        share = rng.uniforms(seed, "predictive-check.patient", people, replicate=number)
        chosen = np.minimum((share * simulated.shape[0]).astype(int), simulated.shape[0] - 1)
        noise = rng.normals(seed, "predictive-check.noise", np.arange(table.day.size), replicate=number)
        value[number] = simulated[chosen[patient], np.arange(table.day.size)] * np.exp(table.log_sd * noise)
    limit = np.where(np.isnan(table.limit), 0.0, table.limit)
    return value, np.where(np.isnan(value), np.nan, value < limit)


def _bins(days: Array) -> NDArray[np.int64]:
    """The bin of each measurement, from 0, in order of time.

    Neighbouring days are put together, those of the narrowest bin first, as long as none is wider than WIDEST on the
    logarithm of the day, and beyond that until there are at most MOST_BINS: visits keep their days of grace.
    """
    different = np.unique(days)
    scale = np.sign(different) * np.log1p(np.abs(different))
    first = list(range(different.size))  # of each bin: where it begins among the different days
    while len(first) > 1:
        ends = np.array([*first[1:], different.size]) - 1
        widths = scale[ends[1:]] - scale[np.array(first[:-1])]
        narrowest = int(np.argmin(widths))
        if widths[narrowest] > WIDEST and len(first) <= MOST_BINS:
            break
        del first[narrowest + 1]
    return np.searchsorted(different[first], days, side="right") - 1


def _percentiles(value: Array, below: Array) -> Array:
    """Percentiles (row, percentile) of rows of values; -inf where it lies below the limit, NaN of a row of nothing."""
    ranked = np.where(below == 1.0, -np.inf, value)
    return np.stack([_ranked(row[~np.isnan(row)][:, None], PERCENTILES)[:, 0] for row in ranked])


def _ranked(values: Array, percent: float | Sequence[float]) -> Array:
    """Percentiles along the first axis, by rank, since there is no mean of a value and one below the limit."""
    if values.shape[0] == 0 or np.isnan(values).all():
        return np.full((*np.shape(percent), *values.shape[1:]), np.nan)
    known = values[~np.isnan(values).any(axis=1)]
    return np.percentile(known, percent, axis=0, method="inverted_cdf")


def _share(below: Array) -> float:
    known = below[~np.isnan(below)]
    return float(known.mean()) if known.size else float("nan")
