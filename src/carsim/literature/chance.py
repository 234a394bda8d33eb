"""The part of a published model that chance decides: who is drawn, how a course ends, and what its paper says of that.

    virtual patients   each varied number x (1 + spread z), z standard normal, never below zero; one that enters as its
                       inverse is divided by that
    cure               the first output at which no cell of the row is left: none can come back
    progression        the first moment at which the row reaches `progression` times its start

Both end a course, whichever comes first; what is simulated beyond is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.errors import CarsimError
from carsim.literature.measure import crossing
from carsim.literature.records import Case

Floats = NDArray[np.float64]
Share = Literal[
    "cured",  # of all courses
    "day of cure",  # share of the cured ones whose day lies in the window
    "day of progression",  # share of those that progressed whose day lies in the window
]
SHARES: tuple[str, ...] = get_args(Share)
CHECK_KEYS = {"text", "what", "days", "set", "values", "against", "published", "within", "why", "source"}


class ChanceError(CarsimError):
    """The statement of what chance decides in a published model is incomplete or wrong; the text names the record."""


@dataclass(frozen=True)
class ChanceCheck:
    """A share of courses that the paper speaks of, simulated in virtual patients of `case`.

    days: the window of `what`. against: the share is what `case` has more than this one. It is met where the whole 95 %
    interval of the simulated share lies in `within`.
    """

    text: str
    case: Case
    what: Share
    days: tuple[float, ...]
    against: Case | None
    published: str
    within: tuple[float, float]
    why: str
    source: str


@dataclass(frozen=True)
class Chance:
    """What chance decides: the row that is counted, its ends, and how the authors' virtual patients differ."""

    row: str
    progression: float
    until: float
    patients: int
    spread: float
    varied: tuple[str, ...]
    inverse: tuple[str, ...]
    sources: Mapping[str, str]
    checks: tuple[ChanceCheck, ...]


def read(place: str, table: Mapping[str, Any], sets: Mapping[str, str], rows: Mapping[str, Any]) -> Chance:
    """The record of a data file's table `chance`."""
    numbers = ("progression", "until", "patients", "spread")
    missing = [key for key in ("row", *numbers, "varied", "sources") if key not in table]
    missing += [f"sources.{key}" for key in numbers if key not in table.get("sources", {})]
    if missing:
        raise ChanceError(f"{place}: lacks {', '.join(missing)}")
    named = [table["row"], *table["varied"], *table.get("inverse", ())]
    unknown = [name for name in named if name not in rows]
    if unknown:
        raise ChanceError(f"{place}: got {', '.join(unknown)}; expected rows of the model")
    checks = tuple(_check(f"{place}: check {i + 1}", item, sets) for i, item in enumerate(table.get("checks", ())))
    return Chance(
        row=table["row"],
        progression=float(table["progression"]),
        until=float(table["until"]),
        patients=int(table["patients"]),
        spread=float(table["spread"]),
        varied=tuple(table["varied"]),
        inverse=tuple(table.get("inverse", ())),
        sources=MappingProxyType(dict(table["sources"])),
        checks=checks,
    )


def _check(place: str, item: Mapping[str, Any], sets: Mapping[str, str]) -> ChanceCheck:
    missing = [key for key in ("text", "what", "published", "within", "why", "source") if key not in item]
    extra = sorted(set(item) - CHECK_KEYS)
    if missing or extra or item["what"] not in SHARES:
        raise ChanceError(
            f"{place}: lacks {', '.join(missing) or 'nothing'}, has {', '.join(extra) or 'nothing'} that is not of a "
            f"check, and `what` is one of {', '.join(SHARES)}"
        )
    chosen = item.get("set", next(iter(sets)))

    def case(values: Mapping[str, Any]) -> Case:
        return Case(chosen, tuple((key, float(number)) for key, number in values.items()))

    low, high = (float(bound) for bound in item["within"])
    return ChanceCheck(
        text=item["text"],
        case=case(item.get("values", {})),
        what=item["what"],
        days=tuple(float(day) for day in item.get("days", ())),
        against=case(item["against"]) if "against" in item else None,
        published=item["published"],
        within=(low, high),
        why=item["why"],
        source=item["source"],
    )


def drawn(chance: Chance, values: Mapping[str, float], seed: int, n: int) -> dict[str, Floats]:
    """The varied numbers of n virtual patients around these values, by name; each patient has streams of its own."""
    found = {}
    for name in (*chance.varied, *chance.inverse):
        deviates = rng.normals(seed, f"literature.{name}", np.arange(n))
        factor = np.maximum(1.0 + chance.spread * deviates, 0.0)
        found[name] = values[name] / factor if name in chance.inverse else values[name] * factor
    return found


def ends(times: Floats, courses: Floats, progression: float) -> tuple[Floats, Floats]:
    """Day of cure and day of progression of each course (n, n_times); NaN where the other came first, or neither.

    Between outputs a course that is not near its last cell grows or falls exponentially, so the moment of progression
    is found on the straight line of the logarithm.
    """
    cure, progress = np.full(len(courses), np.nan), np.full(len(courses), np.nan)
    for k, course in enumerate(courses):
        gone = np.flatnonzero(course == 0.0)
        last = int(gone[0]) if gone.size else len(times)
        with np.errstate(divide="ignore"):
            progress[k] = crossing(times[:last], np.log(course[:last] / course[0]), np.log(progression))
        if gone.size and np.isnan(progress[k]):
            cure[k] = times[last]
    return cure, progress
