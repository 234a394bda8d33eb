"""What an endpoint answers: a value for each patient, or a reason why there is none; and how courses are read for it.

Every endpoint is a function of the courses of all patients at once, and what it answers for one of them depends on that
patient alone, to the bit. Levels are read between output times along straight lines of their logarithm (exact for
exponential growth and decline); where a level is zero, along straight lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from carsim.engines.protocol import Status
from carsim.treatment.visits import FIRST_VISIT as FIRST_VISIT
from carsim.treatment.visits import MONTH as MONTH
from carsim.treatment.visits import visit_days as visit_days

if TYPE_CHECKING:
    import xarray as xr

T = TypeVar("T")
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Words = NDArray[np.object_]

NO_PRODUCT = "no CAR T product was given"
NOT_SIMULATED = "not simulated: the run was interrupted before"
FROM_PRODUCTS = ("cart_", "crs_", "icans_", "il6")  # courses that only CAR T cells make


@dataclass(frozen=True)
class Answers:
    """A value for each patient, (patient,), and why there is none; the reason is "" where the value counts."""

    values: NDArray[Any]
    reasons: Words


def answered(values: Any, *missing: tuple[Any, Any], n: int | None = None) -> Answers:
    """Answers with the first of the reasons that holds, each (whom it holds for, its words); of `n` or len(values)."""
    n = len(values) if n is None else n
    reasons = np.full(n, "", dtype=object)
    for holds, words in reversed(missing):
        reasons = np.where(np.broadcast_to(holds, n), np.asarray(words, dtype=object), reasons)
    return Answers(np.broadcast_to(values, n), reasons)


@dataclass(frozen=True)
class Curves:
    """The courses of patients: `days` (time,) ascending, and levels by variable name, (patient, time, ...)."""

    n: int
    days: Floats
    levels: dict[str, NDArray[Any]]
    labels: dict[str, tuple[str, ...]]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    known: dict[object, object] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.levels[name]

    def once(self, work: Callable[[Curves], T]) -> T:
        """What `work` finds in these courses, computed when first asked for; several endpoints share it."""
        if work not in self.known:
            self.known[work] = work(self)
        return cast("T", self.known[work])

    def total(self, name: str) -> Floats:
        """A course summed over all its dimensions but patient and time."""
        if name not in self.known:
            level = self.levels[name]
            rows = level.shape[0] * level.shape[1]
            self.known[name] = level.reshape(rows, -1).sum(axis=1).reshape(level.shape[:2])
        return cast("Floats", self.known[name])

    @property
    def observed(self) -> Mapping[str, Any]:
        """How patients are observed, as the scenario's `trial` says: visits, last day of a response, clocks."""
        return self.once(_observed)

    @property
    def visits(self) -> Floats:
        """Days after the infusion on which patients are seen: the trial's, else day 28 and then each month."""
        return self.once(_visits)

    @property
    def end(self) -> float:
        """Last day of the simulation."""
        return float(self.days[-1])

    def of(self, chosen: Mask) -> Curves:
        """The courses of some of the patients."""
        levels = {name: values[chosen] for name, values in self.levels.items()}
        return Curves(int(chosen.sum()), self.days, levels, self.labels, self.attributes)


def _observed(curves: Curves) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(str(curves.attributes.get("observed", "{}")))
    return found


def _visits(curves: Curves) -> Floats:
    stated = curves.observed.get("visits")
    found = [day for day in stated if 0.0 < day <= curves.end] if stated else visit_days(curves.end)
    return np.array(found, dtype=np.float64)


Rule = Callable[[Curves], Answers]


@dataclass(frozen=True)
class Endpoint:
    """An endpoint: the declared variable it fills, the rule for patients, what it reads, and its definition.

    Without all that it `needs` it has no value; what it `uses` it reads where the result has it.
    """

    name: str
    rule: Rule
    needs: tuple[str, ...]
    definition: str
    uses: tuple[str, ...] = ()


def each_patient(data: xr.Dataset, endpoints: Sequence[Endpoint]) -> dict[str, Answers]:
    """Answers by endpoint; a failed patient or an absent variable is a reason, never an exception."""
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
    everyone = Curves(count, days, arrays, labels, data.attrs)
    some: dict[bytes, Curves] = {np.ones(count, dtype=np.bool_).tobytes(): everyone}
    return {endpoint.name: _answers(endpoint, everyone, some, whole, status) for endpoint in endpoints}


def _answers(
    endpoint: Endpoint, curves: Curves, some: dict[bytes, Curves], whole: Mapping[str, Mask], status: NDArray[Any]
) -> Answers:
    """Answers of an endpoint; its rule sees only patients who have all it needs (`some`: those seen already)."""
    absent = [name for name in endpoint.needs if name not in curves.levels]
    if absent:
        from_product = absent[0].startswith(FROM_PRODUCTS) and "product" not in curves.labels
        why = NO_PRODUCT if from_product else f"needs {', '.join(absent)}, which this result does not have"
        return answered(np.nan, (True, why), n=curves.n)
    well = status == 0
    has_all = well & np.logical_and.reduce([whole[name] for name in endpoint.needs])
    found = answered(
        np.nan,
        (status == Status.INTERRUPTED, NOT_SIMULATED),
        (~well, "the simulation of this patient failed"),
        (~has_all, "values are missing"),
        n=curves.n,
    )
    if not has_all.any():
        return found
    key = has_all.tobytes()
    if key not in some:
        some[key] = curves.of(has_all)
    own = endpoint.rule(some[key])
    values = np.zeros(curves.n, dtype=own.values.dtype)
    values[has_all] = own.values
    found.reasons[has_all] = own.reasons
    return Answers(values, found.reasons)


def is_interrupted(status: int) -> bool:
    """Whether a course was not simulated because the run was interrupted before."""
    return status == Status.INTERRUPTED


def not_followed(curves: Curves, day: float) -> tuple[bool, str]:
    """The reason when the simulation does not cover day 0 to `day`, and whether it holds."""
    if curves.days[0] > 0.0:
        return True, f"the simulation starts after the infusion, at day {curves.days[0]:g}"
    return curves.end < day, f"followed for {curves.end:g} days, needs {day:g}"


def since_infusion(curves: Curves, name: str) -> tuple[Floats, Floats]:
    """Days from 0 on, and the summed level at them; the level at day 0 is that after the infusion."""
    first = int(np.searchsorted(curves.days, 0.0))
    return curves.days[first:], curves.total(name)[:, first:]


def to_column(answers: Answers, kind: str) -> tuple[NDArray[Any], list[str]]:
    """Values of a declared kind, and reasons (empty text where there is a value)."""
    reasons, missing = answers.reasons.tolist(), answers.reasons != ""
    if kind == "text":
        return np.array(np.where(missing, "", answers.values).tolist(), dtype=str), reasons
    if kind == "float64":
        return np.where(missing, np.nan, answers.values).astype(np.float64), reasons
    return np.where(missing, -1, answers.values).astype(kind), reasons
