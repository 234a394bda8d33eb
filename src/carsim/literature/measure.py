"""What is read off a course: peaks between output times, moments of crossing, areas, slopes.

Between two outputs levels lie on straight lines of the logarithm, exact for exponentials, where both are above zero. A
peak or minimum is the vertex of the parabola through the highest output and its neighbours, unless it is an end or a
moment at which something was changed: there the course has a corner.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def measured(
    what: str, times: Floats, values: Floats, days: Sequence[float], level: float, corners: Sequence[float] = ()
) -> float:
    """The number of `what` (see `records.What`) of a course, on a day or over the window `days`; NaN where none."""
    if what == "value":
        return float(values[np.argmin(np.abs(times - days[0]))])
    first, last = (days[0], days[-1]) if len(days) > 1 else (times[0], times[-1])
    inside = (times >= first - 1e-9) & (times <= last + 1e-9)
    times, values = times[inside], values[inside]
    if what in ("peak", "day of peak"):
        day, height = extreme(times, values, corners)
        return day if what == "day of peak" else height
    if what in ("minimum", "day of minimum"):
        day, height = extreme(times, -values, corners)
        return day if what == "day of minimum" else -height
    if what == "area":
        return float(np.sum(np.diff(times) * _means(values)))
    if what == "slope":
        return float(np.log(values[0] / values[-1]) / (times[-1] - times[0]))
    if what == "day first above":
        return float(times[0]) + crossing(times, values, level)
    return crossing(times, values if what == "first above" else -values, level if what == "first above" else -level)


def extreme(times: Floats, values: Floats, corners: Sequence[float] = ()) -> tuple[float, float]:
    """Day and height of the highest value."""
    k = int(np.argmax(values))
    at_corner = any(abs(times[k] - corner) < 1e-9 for corner in corners)
    if k in (0, len(times) - 1) or at_corner:
        return float(times[k]), float(values[k])
    (t0, t1, t2), (y0, y1, y2) = times[k - 1 : k + 2], values[k - 1 : k + 2]
    left, right = (y1 - y0) / (t1 - t0), (y2 - y1) / (t2 - t1)
    bend = (right - left) / (t2 - t0)
    if bend >= 0.0:
        return float(t1), float(y1)
    day = 0.5 * (t0 + t1) - 0.5 * left / bend
    return float(day), float(y1 + (day - t1) * left + bend * (day - t1) * (day - t0))


def crossing(times: Floats, values: Floats, level: float) -> float:
    """Days from the first time to the first moment at or above `level`; NaN where it is never reached."""
    above = np.flatnonzero(values >= level)
    if above.size == 0:
        return float("nan")
    k = int(above[0])
    if k == 0:
        return 0.0
    share = (level - values[k - 1]) / (values[k] - values[k - 1])
    return float(times[k - 1] + share * (times[k] - times[k - 1]) - times[0])


def _means(values: Floats) -> Floats:
    """Mean of each piece on its straight line of the logarithm; of its ends where one is not above zero."""
    low, high = values[:-1], values[1:]
    with np.errstate(all="ignore"):
        logarithm = np.log(high / low)
        mean: Floats = np.where(np.abs(logarithm) > 1e-6, (high - low) / logarithm, 0.5 * (low + high))
    return np.where((low > 0.0) & (high > 0.0), mean, 0.5 * (low + high))
