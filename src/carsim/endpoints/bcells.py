"""B-cell aplasia and recovery: the sign, in blood, that CAR T cells are still at work.

Aplasia: fewer than 50 B cells/uL. Recovery: the first of two successive visits (the trial's, or day 28 and then
monthly) at or above that limit, after aplasia. Days of aplasia count from the infusion to recovery, or to the end
while it lasts.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from carsim.endpoints.outcome import (
    Answer,
    Curves,
    Endpoint,
    Missing,
    days_below,
    level_at,
    since_infusion,
)

APLASIA_LIMIT = 50.0


def recovery_day(curves: Curves) -> float | Missing:
    """Day of the first of two successive visits without aplasia, after aplasia began."""
    days, level = since_infusion(curves, "bcells")
    low = np.flatnonzero(level < APLASIA_LIMIT)
    if low.size == 0:
        return Missing("no aplasia")
    onset = float(days[low[0]])
    recovered = [(day, level_at(days, level, day) >= APLASIA_LIMIT) for day in curves.visits]
    for (day, now), (_, then) in pairwise(recovered):
        if day > onset and now and then:
            return day
    if level[-1] >= APLASIA_LIMIT:
        return Missing("B cells back above the limit at the end, but not yet at two visits")
    return Missing(f"still in aplasia at day {curves.end:g}")


def _aplasia_days(curves: Curves) -> Answer:
    days, level = since_infusion(curves, "bcells")
    recovery = curves.once(recovery_day)
    if not isinstance(recovery, Missing):
        before = days < recovery
        level = np.append(level[before], level_at(days, level, recovery))
        days = np.append(days[before], recovery)
    return days_below(days, level, APLASIA_LIMIT)


def _ongoing(curves: Curves) -> Answer:
    return int(curves["bcells"][-1] < APLASIA_LIMIT)


def _recovery(curves: Curves) -> Answer:
    return curves.once(recovery_day)


_LIMIT = f"fewer than {APLASIA_LIMIT:g} B cells/uL in blood"

ENDPOINTS = (
    Endpoint("bcell_aplasia_days", _aplasia_days, ("bcells",), f"{_LIMIT}, from the infusion to recovery or the end"),
    Endpoint("bcell_aplasia_ongoing", _ongoing, ("bcells",), f"{_LIMIT} on the last simulated day"),
    Endpoint(
        "bcell_recovery_day",
        _recovery,
        ("bcells",),
        "first of two successive visits (the trial's, or day 28 and then monthly) at or above "
        f"{APLASIA_LIMIT:g} cells/uL, after aplasia",
    ),
)
