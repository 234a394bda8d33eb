"""How a level is read between output times: its value at a day, the day on which it passes a limit, its time below one.

Between two output times the logarithm is a straight line, or the level itself where it is zero. Levels are (..., time)
on ascending days. Logarithms and exponentials are those of the C library, one number at a time and only where they are
needed: those of NumPy depend on the processor in the last bit.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from carsim.endpoints.outcome import Floats, Mask

_LOG: Final = np.frompyfunc(math.log, 1, 1)
_EXP: Final = np.frompyfunc(math.exp, 1, 1)


def logarithm(values: Any) -> Floats:
    """Natural logarithms, the same on every processor; ValueError for what has none."""
    return np.asarray(_LOG(values), dtype=np.float64)


def exponential(values: Any) -> Floats:
    """Exponentials, the same on every processor."""
    return np.asarray(_EXP(values), dtype=np.float64)


def pick(levels: Any, index: Any) -> Any:
    """Of levels (..., time) those at an index (...): one of each course."""
    return np.take_along_axis(levels, np.asarray(index)[..., None], axis=-1)[..., 0]


def first_of(mask: Mask) -> tuple[Mask, Any]:
    """Of a mask (..., time): whether it holds at any time, and the index of the first; 0 where at none."""
    if mask.shape[-1] == 0:
        return np.zeros(mask.shape[:-1], dtype=np.bool_), np.zeros(mask.shape[:-1], dtype=np.intp)
    return np.asarray(mask.any(axis=-1)), mask.argmax(axis=-1)


def levels_at(days: Floats, levels: Any, at: Any) -> Floats:
    """Levels (..., time) at days (k,), the same for all, or (..., k), inside the simulated time: (..., k)."""
    at = np.asarray(at, dtype=np.float64)
    right = np.searchsorted(days, at)
    shape = np.broadcast_shapes((*levels.shape[:-1], 1), at.shape)
    right, at = np.broadcast_to(right, shape), np.broadcast_to(at, shape)
    found = np.array(np.take_along_axis(levels, right, axis=-1), dtype=np.float64)
    between = days[right] != at
    if between.any():
        left = right - 1
        before, after = np.take_along_axis(levels, left, axis=-1)[between], found[between]
        left, right, at = left[between], right[between], at[between]
        share = (at - days[left]) / (days[right] - days[left])
        level = before + share * (after - before)
        curved = (before > 0.0) & (after > 0.0)
        level[curved] = before[curved] * exponential(share[curved] * logarithm(after[curved] / before[curved]))
        found[between] = level
    return found


def level_at(days: Floats, level: Floats, day: float) -> float:
    """One course (time,) at one day inside the simulated time."""
    return float(levels_at(days, level, np.array([day]))[0])


def crossing(day_before: Any, day_after: Any, before: Any, after: Any, limit: float) -> Floats:
    """Days between two output times at which levels pass `limit`, element by element."""
    day_before, day_after, before, after = (
        np.array(part, dtype=np.float64) for part in np.broadcast_arrays(day_before, day_after, before, after)
    )
    limits = np.full(before.shape, limit)
    curved = (before > 0.0) & (after > 0.0)
    before[curved], after[curved] = logarithm(before[curved]), logarithm(after[curved])
    limits[curved] = math.log(limit)
    found: Floats = day_before + (day_after - day_before) * (limits - before) / (after - before)
    return found


def spans_below(start: Any, stop: Any, before: Any, after: Any, limit: float) -> Floats:
    """Time that levels spend below `limit` between two output times, element by element."""
    start, stop, before, after = np.broadcast_arrays(start, stop, before, after)
    first, last = before < limit, after < limit
    found = np.where(first & last, stop - start, 0.0)
    across = first != last
    day = crossing(start[across], stop[across], before[across], after[across], limit)
    found[across] = np.where(first[across], day - start[across], stop[across] - day)
    return found


def in_order(parts: Floats) -> Floats:
    """Sums over the last dimension, added one after the other."""
    if parts.shape[-1] == 0:
        return np.zeros(parts.shape[:-1])
    found: Floats = np.cumsum(parts, axis=-1)[..., -1]
    return found


def days_below(days: Floats, levels: Any, limit: float) -> Floats:
    """Time that levels (..., time) spend below `limit`."""
    return in_order(spans_below(days[:-1], days[1:], levels[..., :-1], levels[..., 1:], limit))
