"""Cumulative incidence of one of several competing events, by Aalen and Johansen.

    F_k(t) = sum over event times u <= t of S(u-) d_k(u) / n(u),  S the survival without any event
    interval   F ^ exp(+- z se / (F log F)), se by the delta method

Sources: Aalen and Johansen, Scand J Stat 5:141 (1978); Marubini and Valsecchi, Analysing Survival Data (1995), section
10.4; the numbers are those of statsmodels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carsim.trials.estimators.estimate import Z, Estimate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Incidence:
    """Steps of a curve: at each time (k,) the incidence with both ends of its interval; `last` is the last time seen."""

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
            return Estimate(0.0, 0.0, 0.0, "1", self.n)
        return Estimate(float(self.incidence[step]), float(self.low[step]), float(self.high[step]), "1", self.n)


def cumulative_incidence(day: ArrayLike, cause: ArrayLike) -> list[Incidence]:
    """A curve for each cause from 1 on, of observations (n,): days, and the cause of the event or 0 for none.

    An end of observation without event is no cause. Where nobody is left without event, the curves hold for ever.
    """
    from statsmodels.duration.survfunc import CumIncidenceRight

    days, causes = np.asarray(day, dtype=float), np.asarray(cause, dtype=int)
    count = int(causes.max(initial=0))
    if count == 0:
        return []
    found = CumIncidenceRight(days, causes)
    times = np.asarray(found.times, dtype=float)
    last = float("inf") if (causes[days == days.max()] > 0).all() else float(days.max())
    curves = []
    for level, error in zip(found.cinc, found.cinc_se, strict=True):
        low, high = _interval(np.asarray(level, dtype=float), np.asarray(error, dtype=float))
        curves.append(Incidence(times, np.asarray(level, dtype=float), low, high, days.size, last))
    return curves


def no_event(day: ArrayLike) -> Incidence:
    """The curve of an event that nobody had, of observations that last until these days (n,)."""
    days, none = np.asarray(day, dtype=float), np.zeros(0)
    return Incidence(none, none, none, none, days.size, float(days.max(initial=0.0)))


def _interval(level: Array, error: Array) -> tuple[Array, Array]:
    inside = (level > 0.0) & (level < 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        width = Z * error / (level * np.log(level))
        low, high = level ** np.exp(-width), level ** np.exp(width)
    return np.where(inside, low, level), np.where(inside, high, level)
