"""An estimate: its value, the ends of its 95 % interval, its unit, and how many patients it rests on."""

from __future__ import annotations

import math
from dataclasses import dataclass

LEVEL = 0.95
Z = 1.959963984540054  # standard normal quantile of 97.5 %


@dataclass(frozen=True)
class Estimate:
    """`n` is the number of patients that it rests on; without a value, `reason` says why there is none.

    NaN at an end of the interval: not reached within the time observed.
    """

    estimate: float
    low: float
    high: float
    unit: str = "1"
    n: int = 0
    reason: str = ""

    @classmethod
    def none(cls, reason: str, unit: str = "1", n: int = 0) -> Estimate:
        """No value, and why."""
        return cls(math.nan, math.nan, math.nan, unit, n, reason)
