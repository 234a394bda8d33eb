"""From doses and infusions to one schedule: the arithmetic that every intervention shares.

A dose changes a row at one moment; an infusion adds a rate to an input row between two moments. Infusions of one row
are summed piecewise, so that each start and stop SETS the row to the exact total at that time (adding and subtracting
rates would leave rounding behind, and an input that never quite returns to zero).

Order of changes at the same time: days between which a trigger may begin, stops and starts of infusions, then doses,
each in the order of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carsim.treatment.schedule import Schedule

Array = NDArray[np.float64]
ADD, SET = 0, 1


@dataclass(frozen=True)
class Dose:
    """`amounts` (one per patient) added to a row at `times` (d, one per patient); NaN: this patient does not get it."""

    row: str
    times: Array
    amounts: Array
    label: str

    def only(self, given: NDArray[np.bool_]) -> Dose:
        """The same dose for the patients who are given it."""
        return replace(self, times=np.where(given, self.times, np.nan))


@dataclass(frozen=True)
class Infusion:
    """`rates` (row unit per d, one per patient) from `starts` for `duration` (d)."""

    row: str
    starts: Array
    duration: float
    rates: Array
    label: str

    @property
    def stops(self) -> Array:
        """End of the infusion, d, one per patient."""
        return self.starts + self.duration

    def only(self, given: NDArray[np.bool_]) -> Infusion:
        """The same infusion for the patients who are given it."""
        return replace(self, starts=np.where(given, self.starts, np.nan))


@dataclass(frozen=True)
class Window:
    """A parameter row set to `values` at `times` (d), one per patient; no treatment of its own."""

    row: str
    times: Array
    values: Array


def schedule(changes: Sequence[Dose | Infusion | Window], n: int) -> Schedule:
    """The changes of n patients, each patient's in ascending time."""
    infusions = [change for change in changes if isinstance(change, Infusion)]
    doses = [change for change in changes if isinstance(change, Dose)]
    columns = [(item.row, SET, item.times, item.values, "") for item in changes if isinstance(item, Window)]
    columns += [column for infusion in infusions for column in _edges(infusion, infusions)]
    columns += [(dose.row, ADD, dose.times, dose.amounts, dose.label) for dose in doses]
    if not columns:
        return Schedule.none(n)
    rows = tuple(dict.fromkeys(row for row, *_ in columns))
    times = np.stack([column[2] for column in columns], axis=1)
    order = np.argsort(times, axis=1, kind="stable")  # stable: equal times keep the order above; NaN goes last
    targets = np.array([rows.index(column[0]) for column in columns], dtype=np.int64)
    operations = np.array([column[1] for column in columns], dtype=np.int8)
    amounts = np.stack([column[3] for column in columns], axis=1)
    labels = np.array([column[4] for column in columns])
    return Schedule(
        times=np.take_along_axis(times, order, axis=1),
        targets=targets[order],
        rows=rows,
        operations=operations[order],
        amounts=np.take_along_axis(amounts, order, axis=1),
        labels=labels[order],
    )


def _edges(infusion: Infusion, infusions: Sequence[Infusion]) -> list[tuple[str, int, Array, Array, str]]:
    """Start and stop of one infusion, each setting its row to the sum of what runs from then on."""
    same_row = [other for other in infusions if other.row == infusion.row]
    return [
        (infusion.row, SET, edge, sum((_running(other, edge) for other in same_row), np.zeros_like(edge)), label)
        for edge, label in ((infusion.starts, infusion.label), (infusion.stops, ""))
    ]


def _running(infusion: Infusion, at: Array) -> Array:
    return np.where((infusion.starts <= at) & (at < infusion.stops), infusion.rates, 0.0)
