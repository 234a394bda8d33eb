"""Cumulative incidence of one of several competing events, by Aalen and Johansen, for late entry too.

    F_k(t) = sum over event times u <= t of S(u-) d_k(u) / n(u),  S the survival without any event
    V(t)   = sum [F_k(t) - F_k(u)]^2 d / (n (n - d)) + sum S(u-)^2 d_k (n - d_k) / n^3
             - 2 sum [F_k(t) - F_k(u)] S(u-) d_k / n^2                                   (delta method)
    interval   F ^ exp(+- z sqrt(V) / (F log F))

Where F is 0 or 1 its interval is not defined. statsmodels.duration.survfunc.CumIncidenceRight gives the same numbers,
but knows no late entry, and no interval from where nobody is left.
Sources: Aalen and Johansen, Scand J Stat 5:141 (1978); Marubini and Valsecchi, Analysing Survival Data (1995), section
10.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carsim.trials.estimators.estimate import Estimate, Z

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Incidence:
    """Steps of a curve: at each event time (k,) the incidence with both ends of its interval, NaN where not defined.

    `n` is the number of patients, `last` the last day on which it is known: infinity where nobody is left.
    """

    times: Array
    incidence: Array
    low: Array
    high: Array
    n: int
    last: float

    def at(self, time: float) -> Estimate:
        """Incidence at a time (d)."""
        if self.n == 0:
            return Estimate.none("no patient")
        if time > self.last:
            return Estimate.none(f"followed for {self.last:.0f} d at most", n=self.n)
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        if step < 0:
            return Estimate(0.0, np.nan, np.nan, "1", self.n)
        return Estimate(float(self.incidence[step]), float(self.low[step]), float(self.high[step]), "1", self.n)


def cumulative_incidence(
    stop: ArrayLike, cause: ArrayLike, count: int, start: ArrayLike | None = None
) -> list[Incidence]:
    """The curves of causes 1 to `count`, of observations (n,): from `start` (default 0) to `stop`, days, and the cause
    of the event there, or 0 for an end of observation.

    Who is not under observation for any time is left out, save an event at 0 itself.
    """
    ends, causes = np.asarray(stop, dtype=float), np.asarray(cause, dtype=int)
    begins = np.zeros_like(ends) if start is None else np.asarray(start, dtype=float)
    kept = (begins < ends) | ((begins == 0.0) & (ends == 0.0))
    begins, ends, causes = begins[kept], ends[kept], causes[kept]
    times = np.unique(ends[causes > 0])
    at_risk = np.array([_at_risk(begins, ends, time) for time in times.tolist()], dtype=float)
    events = np.array([np.count_nonzero((ends == time) & (causes > 0)) for time in times.tolist()], dtype=float)
    before = np.concatenate([[1.0], np.cumprod(1.0 - events / at_risk)[:-1]])[: times.size]  # S(u-)
    last = float(ends.max(initial=0.0))
    gone = times.size > 0 and events[-1] == at_risk[-1] and times[-1] == last
    curves = []
    for k in range(1, count + 1):
        own = np.array([np.count_nonzero((ends == time) & (causes == k)) for time in times.tolist()], dtype=float)
        level = np.cumsum(before * own / at_risk)
        low, high = _interval(level, np.sqrt(_variance(level, before, events, own, at_risk)))
        curves.append(Incidence(times, level, low, high, int(ends.size), np.inf if gone else last))
    return curves


def _at_risk(start: Array, stop: Array, time: float) -> int:
    return int(np.count_nonzero(((start < time) | (time == 0.0)) & (stop >= time)))


def _variance(level: Array, before: Array, events: Array, own: Array, at_risk: Array) -> Array:
    """Variance at each event time; where all at risk have the event F rises no more, and the first term is 0."""
    left = at_risk - events
    first = np.divide(events, at_risk * left, out=np.zeros_like(events), where=left > 0.0)
    second = before**2 * own * (at_risk - own) / at_risk**3
    third = before * own / at_risk**2
    rise = np.tril(level[:, None] - level[None, :])  # F(t) - F(u), t along rows, u <= t along columns
    found: Array = rise**2 @ first + np.cumsum(second) - 2.0 * (rise @ third)
    return np.maximum(found, 0.0)  # a rounding below zero where there is no spread


def _interval(level: Array, error: Array) -> tuple[Array, Array]:
    inside = (level > 0.0) & (level < 1.0)
    safe = np.where(inside, level, 0.5)
    width = Z * error / (safe * np.log(safe))
    with np.errstate(over="ignore"):  # at a level of nearly 0 or 1 the limit is 0: the power of infinity
        return (
            np.where(inside, safe ** np.exp(-width), np.nan),
            np.where(inside, safe ** np.exp(width), np.nan),
        )
