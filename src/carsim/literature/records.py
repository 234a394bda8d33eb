"""The records of a published model: its rows with their numbers, its changes in time, and its check values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Change = tuple[float, str, str, float, str]  # day, add or set, row, amount, label (empty: not a treatment)
Role = Literal["states", "parameters", "plan"]
What = Literal[
    "value",  # of a row on a day
    "peak",
    "day of peak",
    "minimum",
    "day of minimum",
    "first below",  # days from the beginning of the window to the first moment below a level
    "first above",
    "day first above",
    "area",  # under the course, over the window
    "slope",  # rate of decline of the logarithm over the window
    "closed form",  # a number that follows from the parameters alone
]
WHATS: tuple[str, ...] = get_args(What)


@dataclass(frozen=True)
class Row:
    """A number of the model: the start value of a state, a parameter, or a part of the treatment plan.

    `values` holds the value in each parameter set.
    """

    name: str
    role: Role
    unit: str
    meaning: str
    source: str
    values: Mapping[str, float]
    kind: Literal["count", "continuous"] = "count"
    tolerance: float = 0.0


@dataclass(frozen=True)
class Case:
    """What is simulated for a check: a parameter set, values over it, and changes in place of the usual plan."""

    parameter_set: str
    values: tuple[tuple[str, float], ...] = ()
    changes: tuple[Change, ...] | None = None


@dataclass(frozen=True)
class Check:
    """A number to be met. `days` is a day, or a window; `against` makes it a ratio to the same measure of that case.

    published: as the paper states it, met where the simulated number lies within `within` (`why` says how that was
    chosen). reference: what an independent integration of the printed equations and numbers gives, met to its digits.
    """

    text: str
    case: Case
    what: What
    row: str
    days: tuple[float, ...]
    level: float
    against: Case | None
    published: str
    within: tuple[float, float] | None
    tolerance: str
    reference: str
    source: str
    why: str

    def agrees(self, simulated: float) -> bool:
        """Whether the number is within what the paper allows, and equal to the reference to its digits."""
        is_published = self.within is None or self.within[0] <= simulated <= self.within[1]
        return is_published and (not self.reference or equal_to_digits(simulated, self.reference))


def is_number(text: str) -> bool:
    """Whether a published statement is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def equal_to_digits(value: float, text: str) -> bool:
    """Whether a value rounds to what is written: it is within half a unit (and rounding) of the last digit."""
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    last = 10.0 ** (int(exponent or 0) - decimals)
    return abs(value - float(text)) <= 0.5 * last * (1.0 + 1e-6)
