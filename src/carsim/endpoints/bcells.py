"""B-cell aplasia and recovery: the sign, in blood, that CAR T cells are still at work.

Aplasia: fewer than 50 B cells/uL. Recovery: the first of two successive visits (day 28, then monthly) at or above that
limit, after aplasia. Days of aplasia count from the infusion to recovery, or to the end while it lasts.
"""

from __future__ import annotations

import numpy as np

from carsim.endpoints.outcome import (
    Answer,
    Curves,
    Endpoint,
    Missing,
    days_below,
    level_at,
    since_infusion,
    visit_days,
)

APLASIA_LIMIT = 50.0


def recovery_day(days: np.ndarray, level: np.ndarray) -> float | Missing:
    """Day of the first of two successive visits without aplasia, after aplasia began."""
    low = np.flatnonzero(level < APLASIA_LIMIT)
    if low.size == 0:
        return Missing("no aplasia")
    onset, end = float(days[low[0]]), float(days[-1])
    recovered = [level_at(days, level, day) >= APLASIA_LIMIT for day in visit_days(end)]
    for index, day in enumerate(visit_days(end)[:-1]):
        if day > onset and recovered[index] and recovered[index + 1]:
            return day
    if level[-1] >= APLASIA_LIMIT:
        return Missing("B cells back above the limit at the end, but not yet at two visits")
    return Missing(f"still in aplasia at day {end:g}")


def _aplasia_days(curves: Curves) -> Answer:
    days, level = since_infusion(curves, "bcells")
    recovery = recovery_day(days, level)
    if not isinstance(recovery, Missing):
        before = days < recovery
        level = np.append(level[before], level_at(days, level, recovery))
        days = np.append(days[before], recovery)
    return days_below(days, level, APLASIA_LIMIT)


def _ongoing(curves: Curves) -> Answer:
    return int(curves["bcells"][-1] < APLASIA_LIMIT)


def _recovery(curves: Curves) -> Answer:
    return recovery_day(*since_infusion(curves, "bcells"))


_LIMIT = f"fewer than {APLASIA_LIMIT:g} B cells/uL in blood"

ENDPOINTS = (
    Endpoint("bcell_aplasia_days", _aplasia_days, ("bcells",), f"{_LIMIT}, from the infusion to recovery or the end"),
    Endpoint("bcell_aplasia_ongoing", _ongoing, ("bcells",), f"{_LIMIT} on the last simulated day"),
    Endpoint(
        "bcell_recovery_day",
        _recovery,
        ("bcells",),
        f"first of two successive visits (day 28, then monthly) at or above {APLASIA_LIMIT:g} cells/uL, after aplasia",
    ),
)
