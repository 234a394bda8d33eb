"""Observations as counting-process rows: who is at risk from when to when, in which of two groups, and with an event.

A patient who changes groups (is transplanted) has a row for the time in each, so that the time before the change counts
for the group that the patient was in: nobody is immortal. Row: at risk for start < t <= stop, event at stop.
Sources: Mantel and Byar, J Am Stat Assoc 69:81 (1974); Andersen and Gill, Ann Stat 10:1100 (1982).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
MOMENT = 1e-6  # d; what an event at the very start is given of time at risk, since a row of no length has none


def late_entry(start: Array) -> Array | None:
    """What statsmodels is told of the starts: None where all are at risk from 0.

    It counts who enters at the time of an event as at risk there; a row is at risk only after its start.
    """
    return np.nextafter(start, np.inf) if (start > 0.0).any() else None


@dataclass(frozen=True)
class Rows:
    """Rows (m,): start and stop in days, whether an event ended it, and whether it is in the first of two groups."""

    start: Array
    stop: Array
    event: NDArray[np.bool_]
    first: NDArray[np.bool_]

    @classmethod
    def of(cls, start: Array, stop: Array, event: NDArray[np.bool_], first: NDArray[np.bool_]) -> Rows:
        """Rows without those of no time at risk; an event at time 0 is moved by a moment."""
        moved = np.where(event & (stop == 0.0), MOMENT, stop)
        kept = start < moved
        return cls(start[kept], moved[kept], event[kept], first[kept])

    def problem(self) -> str:
        """Why the groups cannot be compared, or "": one of them has nobody, or none or only one has an event."""
        for name, group in (("the first", self.first), ("the second", ~self.first)):
            if not group.any():
                return f"nobody is under observation in {name} group"
        if not self.event.any():
            return "no event in either group"
        return ""
