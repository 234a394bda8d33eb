"""What a check of the self-test is: a name, what it compares, the number that was found and the most it may be.

A group states its checks beside the function that measures them:

    @measures("events", Check("time of an event", "relative error against log(c / c0) / r", 1e-9))
    def one_event() -> list[float]: ...

A measure that raises fails each of its checks, with the error as the reason; the others go on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A check passes where its value is a number and at most `limit`; `unit` is that of both."""

    name: str
    compares: str
    limit: float
    unit: str = "1"


@dataclass(frozen=True)
class Result:
    """A check with its group and what was found; `problem` says why there is no value."""

    group: str
    check: Check
    value: float
    problem: str = ""

    @property
    def passed(self) -> bool:
        """Whether the value is a number within the limit."""
        return not self.problem and math.isfinite(self.value) and self.value <= self.check.limit


@dataclass(frozen=True)
class Measure:
    """Checks that one computation decides, and the computation: values in the order of the checks."""

    group: str
    checks: tuple[Check, ...]
    values: Callable[[], Sequence[float]]

    def conduct(self) -> list[Result]:
        """Measure; one result a check, whatever happens."""
        try:
            found = [float(value) for value in self.values()]
            if len(found) != len(self.checks):
                raise ValueError(f"got {len(found)} values; expected {len(self.checks)}")
        except Exception as error:  # noqa: BLE001  (a check that cannot be made has failed, and the next one is still made)
            problem = f"{type(error).__name__}: {error}".splitlines()[0]
            return [Result(self.group, check, math.nan, problem) for check in self.checks]
        return [Result(self.group, check, value) for check, value in zip(self.checks, found, strict=True)]


def measures(group: str, *checks: Check) -> Callable[[Callable[[], Sequence[float]]], Measure]:
    """Make a measure of a function that returns one value for each of the checks."""

    def made(values: Callable[[], Sequence[float]]) -> Measure:
        return Measure(group, checks, values)

    return made
