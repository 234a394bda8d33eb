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
from typing import NamedTuple

import numpy as np

from carsim.endpoints.outcome import Answer, Curves, Endpoint, Missing, Rule, level_at, not_followed, since_infusion
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


def peak(days: np.ndarray, level: np.ndarray) -> tuple[float, float]:
    """(day, level) of the highest point, refined by a parabola in the logarithm where it has two neighbours."""
    index = int(np.argmax(level))
    top = float(level[index])
    if index in (0, days.size - 1) or min(level[index - 1], level[index + 1]) <= 0.0:
        return float(days[index]), top
    left, right = days[index - 1] - days[index], days[index + 1] - days[index]
    fall_left, fall_right = math.log(level[index - 1] / top), math.log(level[index + 1] / top)
    bend = (fall_right / right - fall_left / left) / (right - left)
    if bend >= 0.0:
        return float(days[index]), top
    slope = fall_left / left - bend * left
    shift = -slope / (2.0 * bend)
    return float(days[index] + shift), top * math.exp(-slope * slope / (4.0 * bend))


def area(days: np.ndarray, level: np.ndarray, start: float, stop: float) -> float:
    """Area under a level from `start` to `stop`, both inside the simulated time."""
    inside = (days > start) & (days < stop)
    at = np.concatenate(([start], days[inside], [stop]))
    values = np.concatenate(([level_at(days, level, start)], level[inside], [level_at(days, level, stop)]))
    before, after, width = values[:-1], values[1:], np.diff(at)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(after / before)
        curved = (after - before) / ratio
    straight = 0.5 * (before + after)
    return float(np.sum(width * np.where(np.isfinite(ratio) & (np.abs(ratio) > 1e-6), curved, straight)))


def decline(days: np.ndarray, level: np.ndarray) -> Decline | Missing:
    """Rates of the decline after the peak; `level` in copies/ug, from the infusion on."""
    first = days <= PEAK_WINDOW
    top, _ = peak(days[first], level[first])
    last = min(float(days[-1]), top + FIT_WINDOW)
    since = np.arange(0.0, math.floor(last - top) + 1.0)
    points = np.array([level_at(days, level, top + day) for day in since])
    points = points[: _usable(points)]
    if points.size < FIT_MINIMUM:
        found = f"daily levels between the peak and the detection limit: {points.size}"
        return Missing(f"too few {found}; needs {FIT_MINIMUM}")
    logs, since = np.log(points), since[: points.size]
    if points.size >= SLOW_MINIMUM:
        fast, slow, share = biexponential(since, logs)
        seen = share * math.exp(-slow * since[-1]) > (1.0 - share) * math.exp(-fast * since[-1])
        if seen and SLOW_RATIO * slow < fast < FASTEST:
            return Decline(fast, slow)
    rate = -float(np.polyfit(since[4:], logs[4:], 1)[0])  # the first days are the rounded top, not the decline
    return Decline(rate, None) if rate > 0.0 else Missing("no decline after the peak")


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


def _first_expansion(curves: Curves, name: str) -> tuple[np.ndarray, np.ndarray] | Missing:
    days, level = since_infusion(curves, name)
    inside = days <= PEAK_WINDOW
    if not inside.any() or level[inside].max() <= 0.0:
        return Missing("no CAR T cells in blood")
    return days[inside], level[inside]


def _peak_of(name: str, part: int) -> Rule:
    def rule(curves: Curves) -> Answer:
        course = _first_expansion(curves, name)
        return course if isinstance(course, Missing) else peak(*course)[part]

    return rule


def _area_of(name: str) -> Rule:
    def rule(curves: Curves) -> Answer:
        return not_followed(curves, AUC_END) or area(*since_infusion(curves, name), 0.0, AUC_END)

    return rule


def _decline_of(curves: Curves) -> Decline | Missing:
    course = _first_expansion(curves, "cart_copies")
    return course if isinstance(course, Missing) else decline(*since_infusion(curves, "cart_copies"))


def _half_life_fast(curves: Curves) -> Answer:
    found = curves.once(_decline_of)
    return found if isinstance(found, Missing) else math.log(2.0) / found.fast


def _half_life_slow(curves: Curves) -> Answer:
    found = curves.once(_decline_of)
    if isinstance(found, Missing):
        return found
    if (since_peak := _days_from_peak_to_end(curves)) < FIT_WINDOW:
        return Missing(f"followed for {since_peak:.0f} days after the peak, needs {FIT_WINDOW:g}")
    return Missing("the detectable decline shows one phase only") if found.slow is None else math.log(2.0) / found.slow


def _days_from_peak_to_end(curves: Curves) -> float:
    """Days after the highest transgene level; of a course that has one."""
    days, level = since_infusion(curves, "cart_copies")
    first = days <= PEAK_WINDOW
    return curves.end - peak(days[first], level[first])[0]


_PEAK = f"highest level of the first {PEAK_WINDOW:g} days, parabola through logarithms between output times"
_AREA = "logarithmic trapezoids over the output times of days 0 to 28"
_FIT = (
    f"biexponential least squares on log copies/ug, one point a day from the peak to {FIT_WINDOW:g} days after it, "
    f"while at or above {QPCR_LIMIT:g} copies/ug and not rising again"
)
_WHOLE_WINDOW = f"; none where the simulation ends earlier than {FIT_WINDOW:g} days after the peak"
_ONE_PHASE = "; where only one phase is seen, one exponential from 4 days after the peak"

ENDPOINTS = (
    Endpoint("cart_peak_cells", _peak_of("cart_cells", 1), ("cart_cells",), _PEAK),
    Endpoint("cart_peak_cells_day", _peak_of("cart_cells", 0), ("cart_cells",), _PEAK),
    Endpoint("cart_peak_copies", _peak_of("cart_copies", 1), ("cart_copies",), _PEAK),
    Endpoint("cart_peak_day", _peak_of("cart_copies", 0), ("cart_copies",), _PEAK),
    Endpoint("cart_auc_0_28_copies", _area_of("cart_copies"), ("cart_copies",), _AREA),
    Endpoint("cart_auc_0_28_cells", _area_of("cart_cells"), ("cart_cells",), _AREA),
    Endpoint("cart_half_life_fast", _half_life_fast, ("cart_copies",), _FIT + _ONE_PHASE),
    Endpoint("cart_half_life_slow", _half_life_slow, ("cart_copies",), _FIT + _WHOLE_WINDOW),
)
