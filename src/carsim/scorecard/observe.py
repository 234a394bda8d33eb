"""From a fact to what is observed of it in a simulated trial: the patients it speaks of, as columns, and its statistic.

A column is an array (n,) with one entry for each patient, so that patients can be drawn again and the statistic taken
of them anew; `patient` is the patient's number in its arm. Where no value is reached, such as a median
survival beyond the follow-up, it is infinity.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carsim.catalog.readings import OF_TWO_SIDES, STATISTICS
from carsim.dataset.variables import VARIABLES
from carsim.endpoints.outcome import MONTH
from carsim.scorecard.conditions import all_met, course, value
from carsim.trials.columns import Array, number
from carsim.trials.counted import Patients, counted, everyone, within_group
from carsim.trials.estimators.hazard_ratio import hazard_ratio
from carsim.trials.estimators.incidence import cumulative_incidence
from carsim.trials.estimators.kaplan_meier import kaplan_meier
from carsim.trials.estimators.log_rank import log_rank
from carsim.trials.estimators.rows import Rows
from carsim.trials.members import HINDSIGHT, membership
from carsim.trials.store import arms_in, part_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog.readings import Reading, Side
    from carsim.spec.trial import Trial

Columns = dict[str, Array]
PERCENT = 100.0
STATED = "stated_sizes"  # attribute of a stored trial: patients of each arm as its scenario states them, as JSON
CANDIDATES = 19  # cut-points tried, at equal steps of the quantiles from 5 to 95 %


@dataclass(frozen=True)
class Observation:
    """The columns of each side's patients, and the statistic of such columns (one value a side; `joint`: one of two).

    `unit` is that of the statistic: percent, months, ratio, or that of its variable. `expected`: how many patients of
    each side a trial as large as the scenario states would have.
    """

    sides: tuple[Columns, ...]
    statistic: Callable[[Columns], float]
    joint: bool
    unit: str
    expected: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many patients each side has."""
        return tuple(next(iter(side.values())).size for side in self.sides)

    def values(self, sides: tuple[Columns, ...] | None = None) -> tuple[float, ...]:
        """The statistic of each side, or of both together; NaN where nobody is there."""
        sides = self.sides if sides is None else sides
        if self.joint:
            return (self.statistic(_joined(*sides)),)
        return tuple(self.statistic(side) if next(iter(side.values())).size else np.nan for side in sides)


def observe(reading: Reading, trials: Mapping[str, xr.DataTree]) -> Observation:
    """The observation that a fact's reading asks for, off the trials of its systems by name."""
    sides, expected = zip(*(_columns(reading, side, trials[side.of]) for side in reading.sides), strict=True)
    unit = STATISTICS[reading.statistic].unit or VARIABLES[reading.variable].unit
    return Observation(sides, _statistic(reading), reading.statistic in OF_TWO_SIDES, unit, expected)


def _joined(first: Columns, second: Columns) -> Columns:
    sizes = [next(iter(side.values())).size for side in (first, second)]
    joined = {name: np.concatenate([first[name], second[name]]) for name in first}
    return joined | {"first": np.repeat([1.0, 0.0], sizes)}


def _columns(reading: Reading, side: Side, tree: xr.DataTree) -> tuple[Columns, int]:
    """The columns of one side, of all its arms and groups one after the other; how many patients of a real trial.

    Arms are simulated with as many patients each; of each as many are taken as keep the proportions that the scenario
    states. Left out are patients without a value, who are not of the published number either.
    """
    trial, arms = part_of(tree), arms_in(tree)
    stated: dict[str, int] = json.loads(tree.attrs[STATED])
    names = side.arms or tuple(arms)
    most = max(stated[name] for name in names)
    parts, expected = [], 0.0
    for name in names:
        whole = arms[name].sizes["patient"]
        taken = math.ceil(whole * stated[name] / most)
        data = arms[name].isel(patient=slice(taken))
        numbers = np.flatnonzero(counted(data, trial))
        picked = data.isel(patient=numbers)
        patients = everyone(picked, trial, np.ones(picked.sizes["patient"], dtype=bool))
        meets = all_met(picked, side.among)
        for patient_set, who in _of_groups(picked, patients, side, trial):
            columns = _of_patients(reading, side, picked.isel(patient=who), patient_set) | {"patient": numbers[who]}
            known = [columns[key] for key in ("start", "stop") if key in columns] or [columns["value"]]
            kept = np.flatnonzero(meets[who] & np.isfinite(known).all(axis=0))
            parts.append({key: column[kept] for key, column in columns.items()})
            expected += kept.size * stated[name] / taken
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}, max(1, round(expected))


def _of_groups(data: xr.Dataset, patients: Patients, side: Side, trial: Trial) -> list[tuple[Patients, np.ndarray]]:
    """The patients of each group of a side with their numbers, each patient once; all without a group.

    Of a group by what is given those are taken who were given it, from then on; one that is told apart by the relapse
    is known from the relapse on.
    """
    everybody = np.arange(patients.n)
    if not side.groups:
        return [(patients, everybody)]
    found, free = [], np.ones(patients.n, dtype=bool)
    for group in (group for group in trial.groups if group.name in side.groups):
        of = membership(data, group, trial)
        ever = ~np.isnan(of.until)
        who = np.flatnonzero(ever & free)
        members = within_group(patients, of)
        place = np.flatnonzero((free & ever)[ever])
        since = number(members.data, "relapse_day") if group.variable in HINDSIGHT else members.since
        chosen = Patients(
            members.data.isel(patient=place), trial, members.member[place], since[place], members.until[place]
        )
        found.append((chosen, who))
        free[who] = False
    return found


def _of_patients(reading: Reading, side: Side, data: xr.Dataset, patients: Patients) -> Columns:
    """What the statistic needs of each patient, NaN where it does not count."""
    months = side.time or 0.0
    if reading.clock:
        return _clock(reading, patients, data) | {"at": np.full(data.sizes["patient"], months * MONTH)}
    if reading.statistic == "share":
        return {"value": np.where(patients.member, all_met(data, side.counts).astype(float), np.nan)}
    if reading.statistic == "clone_share":
        return {"value": _clone_share(data, reading.clone, months)}
    if reading.statistic == "course_median":
        return {"value": course(data, reading.variable, months)}
    if reading.statistic == "expected_share":
        return {"value": _expected(data, reading.variable, side)}
    return {"value": np.where(patients.member, value(data, reading.variable), np.nan)}


def _clock(reading: Reading, patients: Patients, data: xr.Dataset) -> Columns:
    """Start, stop (d on the clock) and what ended it: 1 for the events asked for, 2 for others, 0 for none."""
    clock = patients.clock(reading.clock)
    start = np.maximum(patients.since - clock.zero, 0.0)
    stop = np.minimum(clock.day, patients.until - clock.zero)
    wanted = np.isin(clock.cause, reading.events) if reading.events else clock.event
    code = np.where(clock.event & (clock.day <= stop), np.where(wanted, 1.0, 2.0), 0.0)
    columns = {"start": start, "stop": stop, "code": code}
    return columns | ({"value": number(data, reading.variable)} if reading.variable else {})


def _clone_share(data: xr.Dataset, clone: str, months: float) -> Array:
    cells = data["blasts"].sel(time=months * MONTH, method="nearest").sum("site")
    names = data["clone"].values.astype(str).tolist()
    if clone not in names:
        return np.zeros(data.sizes["patient"])
    whole = cells.sum("clone").values.astype(float)
    own = cells.isel(clone=names.index(clone)).values.astype(float)
    found: Array = np.divide(own, whole, out=np.full_like(whole, np.nan), where=whole > 0.0)
    return found


def _expected(data: xr.Dataset, name: str, side: Side) -> Array:
    """Chance of an event by a cumulative hazard, or by the integral of a rate, from `since` to `time`, (n,)."""
    if name not in data:
        return np.full(data.sizes["patient"], np.nan)
    since, until = (side.since or 0.0) * MONTH, (side.time or 0.0) * MONTH
    if name.startswith("hazard_"):
        rise = course(data, name, side.time or 0.0) - course(data, name, side.since or 0.0)
    else:
        inside = data[name].sel(time=slice(since, until))
        rise = np.trapezoid(inside.values.astype(float), inside["time"].values, axis=inside.dims.index("time"))
    found: Array = -np.expm1(-rise)
    return found


def _statistic(reading: Reading) -> Callable[[Columns], float]:
    """The statistic of a reading as a function of columns; in percent, months, or the unit of its variable."""
    return {
        "share": _mean_percent,
        "expected_share": _mean_percent,
        "clone_share": lambda columns: PERCENT * _median(columns["value"]),
        "median": lambda columns: _median(columns["value"]),
        "course_median": lambda columns: _median(columns["value"]),
        "geometric_mean": _geometric_mean,
        "survival": _survival,
        "survival_median": _survival_median,
        "incidence": _incidence,
        "hazard_ratio": _hazard_ratio,
        "cut_point": _cut_point,
    }[reading.statistic]


def at_time(statistic: str) -> Callable[[Columns], float]:
    """The share in percent at the time `at` of columns on a clock: of events for `incidence`, else without any."""
    return _incidence if statistic == "incidence" else _survival


def _known(values: Array) -> Array:
    found: Array = values[np.isfinite(values)]
    return found


def _mean_percent(columns: Columns) -> float:
    known = _known(columns["value"])
    return PERCENT * float(known.mean()) if known.size else np.nan


def _median(values: Array) -> float:
    known = _known(values)
    return float(np.median(known)) if known.size else np.nan


def _geometric_mean(columns: Columns) -> float:
    known = _known(columns["value"])
    positive = known[known > 0.0]
    return float(np.exp(np.log(positive).mean())) if positive.size else np.nan


def at_risk(columns: Columns) -> NDArray[np.bool_]:
    """Who is under observation for any time, (n,)."""
    start, stop = columns["start"], columns["stop"]
    for_a_time = (start < stop) | ((start == 0.0) & (stop == 0.0))
    kept: NDArray[np.bool_] = np.isfinite(start) & np.isfinite(stop) & for_a_time
    return kept


def _observed(columns: Columns) -> tuple[Array, Array, Array]:
    """Start, stop and code of those who are under observation for any time."""
    kept = at_risk(columns)
    return columns["start"][kept], columns["stop"][kept], columns["code"][kept]


def _survival(columns: Columns) -> float:
    start, stop, code = _observed(columns)
    return PERCENT * kaplan_meier(stop, code > 0.0, start).at(float(columns["at"][0])).estimate if stop.size else np.nan


def _survival_median(columns: Columns) -> float:
    start, stop, code = _observed(columns)
    if not stop.size:
        return np.nan
    found = kaplan_meier(stop, code > 0.0, start).median().estimate / MONTH
    return np.inf if np.isnan(found) else found


def _incidence(columns: Columns) -> float:
    start, stop, code = _observed(columns)
    if not stop.size:
        return np.nan
    return PERCENT * cumulative_incidence(stop, code.astype(int), 1, start)[0].at(float(columns["at"][0])).estimate


def _rows(columns: Columns, first: np.ndarray) -> Rows:
    start, stop, code = columns["start"], columns["stop"], columns["code"]
    kept = np.isfinite(start) & np.isfinite(stop)
    return Rows.of(start[kept], stop[kept], (code == 1.0)[kept], first[kept])


def _hazard_ratio(columns: Columns) -> float:
    return hazard_ratio(_rows(columns, columns["first"] > 0.5)).estimate


def _cut_point(columns: Columns) -> float:
    """The value that parts the patients so that the log-rank test of both is largest."""
    known = _known(columns["value"])
    if known.size < CANDIDATES:
        return np.nan
    cuts = np.unique(np.quantile(known, np.linspace(0.05, 0.95, CANDIDATES)))
    sizes = [abs(log_rank(_rows(columns, columns["value"] >= cut))[0]) for cut in cuts]
    return float(cuts[int(np.nanargmax(sizes))]) if np.isfinite(sizes).any() else np.nan
