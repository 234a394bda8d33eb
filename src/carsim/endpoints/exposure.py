"""Exposure to CAR T cells: peak, area under the curve, and the two half-lives of the decline.

Peak: the highest level of the first 90 days (the first expansion; a second wave at relapse is not the peak), refined
between output times by the parabola through the logarithms of the highest point and its neighbours.
Area: sum over output intervals of (b - a) dt / log(b/a), exact for exponential pieces; straight lines at zero.
Half-lives: log level = log(A exp(-alpha t) + B exp(-beta t)) by least squares on one point a day from the peak to 180
days after it, while the level stays at or above the detection limit and does not rise again (Stein 2019, eq. 1).
A simulation that ends earlier has no slow half-life: what its last weeks show would depend on when it was stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from carsim.endpoints.levels import exponential, levels_at, logarithm, pick
from carsim.endpoints.outcome import (
    Answers,
    Curves,
    Endpoint,
    Floats,
    Mask,
    Rule,
    Words,
    answered,
    not_followed,
    since_infusion,
)
from carsim.endpoints.persistence import QPCR_LIMIT

PEAK_WINDOW = 90.0
AUC_END = 28.0
FIT_WINDOW = 180.0
FIT_MINIMUM = 8  # daily points; two per parameter of the curve
SLOW_MINIMUM = 30  # daily points: the fast phase (half-life 4 days) is over by then
FASTEST = 3.0  # 1/d: a faster phase is over before the second daily level, which the fit then takes for a jump
SLOW_RATIO = 3.0  # fast over slow rate: below this the two phases cannot be told apart
LOW = np.array([-np.inf, math.log(1e-6), math.log(1e-6), -30.0])  # log level, log rates in 1/d, logit share
HIGH = np.array([np.inf, math.log(50.0), math.log(50.0), 30.0])
RISES_AGAIN = 1.5  # times the lowest level so far: a second expansion, which is no decline


class Decline(NamedTuple):
    """Rates (1/d) of the two phases after the peak; `slow` is None where one phase describes the decline."""

    fast: float
    slow: float | None


def peak(days: Floats, level: Floats) -> tuple[Floats, Floats]:
    """(day, level) of the highest point of levels (..., time), each (...); refined by a parabola in the logarithm where
    it has two neighbours.
    """
    index = np.argmax(level, axis=-1)
    day, top = np.array(days[index], dtype=np.float64), np.array(pick(level, index), dtype=np.float64)
    inner = (index > 0) & (index < days.size - 1)
    at = np.where(inner, index, min(1, days.size - 1))
    before, after = np.asarray(pick(level, at - 1)), np.asarray(pick(level, np.minimum(at + 1, days.size - 1)))
    inner &= np.minimum(before, after) > 0.0
    at, before, after, highest = at[inner], before[inner], after[inner], top[inner]
    left, right = days[at - 1] - days[at], days[at + 1] - days[at]
    fall_left, fall_right = logarithm(before / highest), logarithm(after / highest)
    bend = (fall_right / right - fall_left / left) / (right - left)
    falls = bend < 0.0
    bend, slope = bend[falls], (fall_left / left - bend * left)[falls]
    refined = np.array(inner)
    refined[inner] = falls
    day[refined] = day[refined] + -slope / (2.0 * bend)
    top[refined] = top[refined] * exponential(-slope * slope / (4.0 * bend))
    return day, top


def area(days: Floats, level: Floats, start: float, stop: float) -> Floats:
    """Areas under levels (..., time) from `start` to `stop`, both inside the simulated time, (...)."""
    inside = (days > start) & (days < stop)
    at = np.concatenate(([start], days[inside], [stop]))
    ends = levels_at(days, level, [start, stop])
    values = np.concatenate((ends[..., :1], level[..., inside], ends[..., 1:]), axis=-1)
    before, after, width = values[..., :-1], values[..., 1:], np.diff(at)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(after / before)
        curved = (after - before) / ratio
    straight = 0.5 * (before + after)
    parts = width * np.where(np.isfinite(ratio) & (np.abs(ratio) > 1e-6), curved, straight)
    found: Floats = np.sum(np.ascontiguousarray(parts), axis=-1)  # one order of adding, whoever else is there
    return found


def decline(days: Floats, level: Floats) -> Decline | str:
    """Rates of the decline of one course (time,) after its peak, in copies/ug, from the infusion on; or why none."""
    first = days <= PEAK_WINDOW
    top = float(peak(days[first], level[first])[0])
    last = min(float(days[-1]), top + FIT_WINDOW)
    since = np.arange(0.0, math.floor(last - top) + 1.0)
    points = levels_at(days, level, top + since)
    points = points[: _usable(points)]
    if points.size < FIT_MINIMUM:
        found = f"daily levels between the peak and the detection limit: {points.size}"
        return f"too few {found}; needs {FIT_MINIMUM}"
    logs, since = np.log(points), since[: points.size]
    if points.size >= SLOW_MINIMUM:
        fast, slow, share = biexponential(since, logs)
        seen = share * math.exp(-slow * since[-1]) > (1.0 - share) * math.exp(-fast * since[-1])
        if seen and SLOW_RATIO * slow < fast < FASTEST:
            return Decline(fast, slow)
    rate = -float(np.polyfit(since[4:], logs[4:], 1)[0])  # the first days are the rounded top, not the decline
    return Decline(rate, None) if rate > 0.0 else "no decline after the peak"


def _usable(points: np.ndarray) -> int:
    """How many points from the peak on are detectable and belong to the first decline."""
    low = np.flatnonzero(points < QPCR_LIMIT)
    count = int(low[0]) if low.size else points.size
    floor = np.minimum.accumulate(points[:count])
    risen = np.flatnonzero(points[:count] > RISES_AGAIN * floor)
    return int(np.argmin(points[: risen[0]])) + 1 if risen.size else count


def biexponential(since: np.ndarray, logs: np.ndarray) -> tuple[float, float, float]:
    """(fast rate, slow rate, share of the slow phase at time 0) of the least-squares fit to logarithms.

    In (log level, log fast, log slow, logit share) and from three starts, since the valley is narrow. Rates and share
    are kept within `LOW` and `HIGH` by the model itself: MINPACK, which knows no bounds, is four times as fast as a
    method that does, and this fit is most of what endpoints cost.
    """
    from scipy.optimize import least_squares

    third = max(4, since.size // 3)
    early = max(1e-3, -float(np.polyfit(since[:third], logs[:third], 1)[0]))
    late = max(1e-4, -float(np.polyfit(since[-third:], logs[-third:], 1)[0]))
    share = min(0.5, max(1e-6, math.exp(logs[-1] + late * since[-1] - logs[0])))
    starts = ((early, min(late, early / 2)), (2 * early, min(late, early) / 3), (early, early / 30))
    fits = [
        least_squares(
            _residual,
            [logs[0], math.log(fast), math.log(slow), math.log(share / (1.0 - share))],
            _slopes,
            method="lm",
            xtol=1e-10,
            ftol=1e-12,
            gtol=1e-12,
            args=(since, logs),
        )
        for fast, slow in starts
    ]
    best = np.clip(min(fits, key=lambda fit: fit.cost).x, LOW, HIGH)
    rates = math.exp(best[1]), math.exp(best[2])
    slow_share = 1.0 / (1.0 + math.exp(-best[3]))
    return (*rates, slow_share) if rates[0] >= rates[1] else (rates[1], rates[0], 1.0 - slow_share)


def _phases(at: np.ndarray, since: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Logarithms of both phases together and of the slow one, relative to the level at time 0; the slow share."""
    at = np.clip(at, LOW, HIGH)
    share = 1.0 / (1.0 + math.exp(-at[3]))
    slow = math.log(share) - math.exp(at[2]) * since
    return np.logaddexp(math.log1p(-share) - math.exp(at[1]) * since, slow), slow, share


def _residual(at: np.ndarray, since: np.ndarray, logs: np.ndarray) -> np.ndarray:
    residual: np.ndarray = at[0] + _phases(at, since)[0] - logs
    return residual


def _slopes(at: np.ndarray, since: np.ndarray, logs: np.ndarray) -> np.ndarray:
    """Slopes of the residuals in each parameter."""
    both, slow, share = _phases(at, since)
    at = np.clip(at, LOW, HIGH)
    weight = np.exp(slow - both)  # of the slow phase, at each time
    fast_slope, slow_slope = -(1.0 - weight) * math.exp(at[1]) * since, -weight * math.exp(at[2]) * since
    return np.stack([np.ones_like(since), fast_slope, slow_slope, weight - share], axis=1)


NO_CELLS = "no CAR T cells in blood"


def _without_cells(days: Floats, level: Floats) -> Mask:
    """Who has none in the time of the first expansion."""
    early = level[:, days <= PEAK_WINDOW]
    found: Mask = early.max(axis=1, initial=0.0) <= 0.0
    return found


def _peaks(curves: Curves, name: str) -> tuple[Mask, Floats, Floats]:
    """Who has no cells, and of the others day and height of the peak of the first expansion."""
    days, level = since_infusion(curves, name)
    none, early = _without_cells(days, level), days <= PEAK_WINDOW
    if not early.any():
        return none, np.full(curves.n, np.nan), np.full(curves.n, np.nan)
    return none, *peak(days[early], level[:, early])


def _of_copies(curves: Curves) -> tuple[Mask, Floats, Floats]:
    return _peaks(curves, "cart_copies")


def _of_cells(curves: Curves) -> tuple[Mask, Floats, Floats]:
    return _peaks(curves, "cart_cells")


def _peak_of(peaks: Callable[[Curves], tuple[Mask, Floats, Floats]], part: int) -> Rule:
    def rule(curves: Curves) -> Answers:
        none, *found = curves.once(peaks)
        return answered(found[part], (none, NO_CELLS))

    return rule


def _area_of(name: str) -> Rule:
    def rule(curves: Curves) -> Answers:
        if (missing := not_followed(curves, AUC_END))[0]:
            return answered(np.nan, missing, n=curves.n)
        return answered(area(*since_infusion(curves, name), 0.0, AUC_END))

    return rule


def _declines(curves: Curves) -> list[Decline | str]:
    """Of each patient the rates of the decline, or why there are none; each is a fit of its own."""
    days, level = since_infusion(curves, "cart_copies")
    none = _without_cells(days, level)
    return [NO_CELLS if without else decline(days, own) for without, own in zip(none, level, strict=True)]


def _half_lives(rates: list[float | None], found: list[Decline | str]) -> tuple[Floats, Words]:
    """Half-lives (d) of rates, NaN for none; and the reasons why a patient has no decline."""
    lives = np.array([np.nan if rate is None else math.log(2.0) / rate for rate in rates])
    return lives, np.array([each if isinstance(each, str) else "" for each in found], dtype=object)


def _half_life_fast(curves: Curves) -> Answers:
    found = curves.once(_declines)
    lives, none = _half_lives([None if isinstance(each, str) else each.fast for each in found], found)
    return answered(lives, (none != "", none))


def _half_life_slow(curves: Curves) -> Answers:
    found = curves.once(_declines)
    lives, none = _half_lives([None if isinstance(each, str) else each.slow for each in found], found)
    followed = curves.end - curves.once(_of_copies)[1]
    short = [f"followed for {days:.0f} days after the peak, needs {FIT_WINDOW:g}" for days in followed]
    return answered(
        lives,
        (none != "", none),
        (followed < FIT_WINDOW, short),
        (np.isnan(lives), "the detectable decline shows one phase only"),
    )


_PEAK = f"highest level of the first {PEAK_WINDOW:g} days, parabola through logarithms between output times"
_AREA = "logarithmic trapezoids over the output times of days 0 to 28"
_FIT = (
    f"biexponential least squares on log copies/ug, one point a day from the peak to {FIT_WINDOW:g} days after it, "
    f"while at or above {QPCR_LIMIT:g} copies/ug and not rising again"
)
_WHOLE_WINDOW = f"; none where the simulation ends earlier than {FIT_WINDOW:g} days after the peak"
_ONE_PHASE = "; where only one phase is seen, one exponential from 4 days after the peak"

ENDPOINTS = (
    Endpoint("cart_peak_cells", _peak_of(_of_cells, 1), ("cart_cells",), _PEAK),
    Endpoint("cart_peak_cells_day", _peak_of(_of_cells, 0), ("cart_cells",), _PEAK),
    Endpoint("cart_peak_copies", _peak_of(_of_copies, 1), ("cart_copies",), _PEAK),
    Endpoint("cart_peak_day", _peak_of(_of_copies, 0), ("cart_copies",), _PEAK),
    Endpoint("cart_auc_0_28_copies", _area_of("cart_copies"), ("cart_copies",), _AREA),
    Endpoint("cart_auc_0_28_cells", _area_of("cart_cells"), ("cart_cells",), _AREA),
    Endpoint("cart_half_life_fast", _half_life_fast, ("cart_copies",), _FIT + _ONE_PHASE),
    Endpoint("cart_half_life_slow", _half_life_slow, ("cart_copies",), _FIT + _WHOLE_WINDOW),
)
