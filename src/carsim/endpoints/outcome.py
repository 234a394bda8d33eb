"""What an endpoint answers: a value per patient, or a reason why there is none; and how curves are read for it.

Every endpoint is stated for one patient, as a function of its curves, and applied to each by `each_patient`. Levels are
read between output times along straight lines of their logarithm (exact for exponential growth and decline); where a
level is zero, along straight lines.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

from carsim.engines.protocol import Status
from carsim.treatment.visits import FIRST_VISIT as FIRST_VISIT
from carsim.treatment.visits import MONTH as MONTH
from carsim.treatment.visits import visit_days as visit_days

if TYPE_CHECKING:
    import xarray as xr

T = TypeVar("T")

NO_PRODUCT = "no CAR T product was given"
NOT_SIMULATED = "not simulated: the run was interrupted before"
FROM_PRODUCTS = ("cart_", "crs_", "icans_", "il6")  # courses that only CAR T cells make


@dataclass(frozen=True)
class Missing:
    """No value, and why; `code` is what a whole-number endpoint holds instead of NaN."""

    reason: str
    code: int = -1


@dataclass(frozen=True)
class Curves:
    """The curves of one patient: `days` (time,) ascending, and levels by variable name, (time, ...)."""

    days: np.ndarray
    levels: dict[str, np.ndarray]
    labels: dict[str, tuple[str, ...]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    known: dict[Callable[[Curves], object], object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.levels[name]

    def once(self, work: Callable[[Curves], T]) -> T:
        """What `work` finds in these curves, computed when first asked for; several endpoints share it."""
        if work not in self.known:
            self.known[work] = work(self)
        return cast("T", self.known[work])

    @property
    def observed(self) -> Mapping[str, Any]:
        """How the patient is observed, as the scenario's `trial` says: visits, last day of a response, clocks."""
        return self.once(_observed)

    @property
    def visits(self) -> list[float]:
        """Days after the infusion on which the patient is seen: the trial's, else day 28 and then each month."""
        stated = self.observed.get("visits")
        return [day for day in stated if 0.0 < day <= self.end] if stated else visit_days(self.end)

    @property
    def end(self) -> float:
        """Last day of the simulation."""
        return float(self.days[-1])


def _observed(curves: Curves) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(str(curves.attributes.get("observed", "{}")))
    return found


Answer = float | int | str | Missing
Rule = Callable[[Curves], Answer]


@dataclass(frozen=True)
class Endpoint:
    """An endpoint: the declared variable it fills, the rule for one patient, what it reads, and its definition.

    Without all that it `needs` it has no value; what it `uses` it reads where the result has it.
    """

    name: str
    rule: Rule
    needs: tuple[str, ...]
    definition: str
    uses: tuple[str, ...] = ()


def each_patient(data: xr.Dataset, endpoints: Sequence[Endpoint]) -> dict[str, list[Answer]]:
    """Answers by endpoint, one per patient; a failed patient or an absent variable is a reason, never an exception."""
    count = data.sizes["patient"]
    needed = dict.fromkeys(name for endpoint in endpoints for name in (*endpoint.needs, *endpoint.uses))
    days = np.asarray(data["time"].values, dtype=float)
    arrays = {name: data[name].values for name in needed if name in data}
    whole = {name: np.isfinite(values.reshape(count, -1)).all(axis=1) for name, values in arrays.items()}
    labels = {
        str(name): tuple(str(item) for item in data[name].values)
        for name in data.coords
        if name not in ("patient", "time") and data[name].ndim == 1
    }
    status = data["status"].values if "status" in data else np.zeros(count, dtype=np.int8)
    answers: dict[str, list[Answer]] = {endpoint.name: [] for endpoint in endpoints}
    for patient in range(count):
        curves = Curves(days, {name: values[patient] for name, values in arrays.items()}, labels, data.attrs)
        for endpoint in endpoints:
            answers[endpoint.name].append(_answer(endpoint, curves, patient, whole, int(status[patient])))
    return answers


def _answer(endpoint: Endpoint, curves: Curves, patient: int, whole: Mapping[str, np.ndarray], status: int) -> Answer:
    absent = [name for name in endpoint.needs if name not in curves.levels]
    if absent and absent[0].startswith(FROM_PRODUCTS) and "product" not in curves.labels:
        return Missing(NO_PRODUCT)
    if absent:
        return Missing(f"needs {', '.join(absent)}, which this result does not have")
    if status:
        return Missing(NOT_SIMULATED if is_interrupted(status) else "the simulation of this patient failed")
    if not all(whole[name][patient] for name in endpoint.needs):
        return Missing("values are missing")
    return endpoint.rule(curves)


def is_interrupted(status: int) -> bool:
    """Whether a course was not simulated because the run was interrupted before."""
    return status == Status.INTERRUPTED


def summed(level: np.ndarray) -> np.ndarray:
    """A course summed over all its dimensions but time."""
    total: np.ndarray = level.reshape(level.shape[0], -1).sum(axis=1)
    return total


def level_at(days: np.ndarray, level: np.ndarray, day: float) -> float:
    """Level at a day inside the simulated time, interpolated in its logarithm."""
    right = int(np.searchsorted(days, day))
    if right < days.size and days[right] == day:
        return float(level[right])
    left = right - 1
    share = float((day - days[left]) / (days[right] - days[left]))
    before, after = float(level[left]), float(level[right])
    if before > 0.0 and after > 0.0:
        return before * math.exp(share * math.log(after / before))
    return before + share * (after - before)


def crossing(day_before: float, day_after: float, before: float, after: float, limit: float) -> float:
    """Day between two output times at which a level passes `limit`."""
    if before > 0.0 and after > 0.0:
        before, after, limit = math.log(before), math.log(after), math.log(limit)
    return day_before + (day_after - day_before) * (limit - before) / (after - before)


def days_below(days: np.ndarray, level: np.ndarray, limit: float) -> float:
    """Time that a level spends below `limit`."""
    below = level < limit
    total = 0.0
    for index in range(days.size - 1):
        start, stop = float(days[index]), float(days[index + 1])
        if below[index] and below[index + 1]:
            total += stop - start
        elif below[index] != below[index + 1]:
            day = crossing(start, stop, float(level[index]), float(level[index + 1]), limit)
            total += day - start if below[index] else stop - day
    return total


def not_followed(curves: Curves, day: float) -> Missing | None:
    """The reason when the simulation does not cover day 0 to `day`; None when it does."""
    if curves.days[0] > 0.0:
        return Missing(f"the simulation starts after the infusion, at day {curves.days[0]:g}")
    return Missing(f"followed for {curves.end:g} days, needs {day:g}") if curves.end < day else None


def since_infusion(curves: Curves, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Days from 0 on, and the summed level at them; the level at day 0 is that after the infusion."""
    after = curves.days >= 0.0
    return curves.days[after], summed(curves[name])[after]


def to_column(answers: list[Answer], kind: str) -> tuple[Any, list[str]]:
    """Values of a declared kind, and reasons (empty text where there is a value)."""
    reasons = [answer.reason if isinstance(answer, Missing) else "" for answer in answers]
    if kind == "text":
        return np.array(["" if isinstance(a, Missing) else str(a) for a in answers], dtype=str), reasons
    if kind == "float64":
        return np.array([math.nan if isinstance(a, Missing) else float(a) for a in answers]), reasons
    return np.array([a.code if isinstance(a, Missing) else int(a) for a in answers], dtype=kind), reasons
