"""Survival by Kaplan and Meier, with intervals on the scale of log(-log S), for late entry too.

    S(t) = product over event times u <= t of (1 - d(u) / n(u)),  n(u) patients with start < u <= stop
    V(t) = sum over u <= t of d / (n (n - d))                     (Greenwood)
    interval   S ^ exp(-+ z sqrt(V) / log S)
    median     first time with S <= 1/2; its interval from where the ends of the interval of S pass 1/2

Where S is 1 (no event has told anything yet) or 0 its interval is not defined.
Beyond the longest observation S is not known, unless it is 0.
Sources: Kaplan and Meier, J Am Stat Assoc 53:457 (1958); Brookmeyer and Crowley, Biometrics 38:29 (1982); the numbers
are those of statsmodels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carsim.trials.estimators.estimate import Estimate, Z
from carsim.trials.estimators.rows import late_entry

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Survival:
    """Steps of a curve: at each event time (k,) survival with both ends of its interval; the observations (n,)."""

    times: Array
    survival: Array
    low: Array
    high: Array
    start: Array
    stop: Array
    event: NDArray[np.bool_]

    @property
    def n(self) -> int:
        """Number of patients."""
        return int(self.stop.size)

    def at_risk(self, time: float) -> int:
        """Patients under observation just before a time; at 0 those who are from the start."""
        if time <= 0.0:
            return int(np.count_nonzero(self.start <= 0.0))
        return int(np.count_nonzero((self.start < time) & (self.stop >= time)))

    def at(self, time: float) -> Estimate:
        """Survival at a time (d)."""
        if self.n == 0:
            return Estimate.none("no patient")
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        level = 1.0 if step < 0 else float(self.survival[step])
        if time > self.stop.max() and level > 0.0:
            return Estimate.none(f"followed for {self.stop.max():.0f} d at most", n=self.n)
        if step < 0:
            return Estimate(1.0, math.nan, math.nan, "1", self.n)
        return Estimate(level, float(self.low[step]), float(self.high[step]), "1", self.n)

    def median(self) -> Estimate:
        """Time (d) at which half have had the event; NaN where fewer than half do within the time observed."""
        if self.n == 0:
            return Estimate.none("no patient", "d")
        middle, first, last = (self._passes(curve) for curve in (self.survival, self.low, self.high))
        return Estimate(middle, first, last, "d", self.n, "" if math.isfinite(middle) else "not reached")

    def _passes(self, curve: Array) -> float:
        below = np.flatnonzero(curve <= 0.5)
        return float(self.times[below[0]]) if below.size else math.nan


def kaplan_meier(stop: ArrayLike, event: ArrayLike, start: ArrayLike | None = None) -> Survival:
    """The curve of observations (n,): from `start` (default 0) to `stop`, days, with 1 for an event or 0 for none.

    Who is not under observation for any time (start at or after stop) is left out, save an event at 0 itself.
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    ends, happened = np.asarray(stop, dtype=float), np.asarray(event, dtype=bool)
    begins = np.zeros_like(ends) if start is None else np.asarray(start, dtype=float)
    kept = (begins < ends) | ((begins == 0.0) & (ends == 0.0))
    ends, happened, begins = ends[kept], happened[kept], begins[kept]
    if not happened.any():
        none = np.zeros(0)
        return Survival(none, none, none, none, begins, ends, happened)
    found = SurvfuncRight(ends, happened.astype(int), entry=late_entry(begins))
    times, survival = np.asarray(found.surv_times, dtype=float), np.asarray(found.surv_prob, dtype=float)
    low, high = _interval(survival, np.asarray(found.surv_prob_se, dtype=float))
    return Survival(times, survival, low, high, begins, ends, happened)


def _interval(survival: Array, error: Array) -> tuple[Array, Array]:
    with np.errstate(divide="ignore", invalid="ignore"):
        width = Z * error / (survival * np.log(survival))  # negative, since log S is
        low, high = survival ** np.exp(-width), survival ** np.exp(width)
    inside = (survival > 0.0) & (survival < 1.0)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)
