"""B-cell aplasia and recovery: the sign, in blood, that CAR T cells are still at work.

Aplasia: fewer than 50 B cells/uL. Recovery: the first of two successive visits (the trial's, or day 28 and then
monthly) at or above that limit, after aplasia. Days of aplasia count from the infusion to recovery, or to the end
while it lasts.
"""

from __future__ import annotations

import numpy as np

from carsim.endpoints.levels import days_below, first_of, in_order, levels_at, pick, spans_below
from carsim.endpoints.outcome import Answers, Curves, Endpoint, answered, since_infusion

APLASIA_LIMIT = 50.0


def recovery_day(curves: Curves) -> Answers:
    """Day of the first of two successive visits without aplasia, after aplasia began."""
    days, level = since_infusion(curves, "bcells")
    visits = curves.visits
    aplasia, first = first_of(level < APLASIA_LIMIT)
    if not aplasia.any():
        return answered(np.nan, (True, "no aplasia"), n=curves.n)
    above = levels_at(days, level, visits) >= APLASIA_LIMIT
    twice = above[:, :-1] & above[:, 1:] & (visits[None, :-1] > days[first][:, None])
    recovered, visit = first_of(twice)
    return answered(
        visits[visit] if visits.size else np.full(curves.n, np.nan),
        (~aplasia, "no aplasia"),
        (
            ~recovered & (level[:, -1] >= APLASIA_LIMIT),
            "B cells back above the limit at the end, but not yet at two visits",
        ),
        (~recovered, f"still in aplasia at day {curves.end:g}"),
    )


def _aplasia_days(curves: Curves) -> Answers:
    days, level = since_infusion(curves, "bcells")
    recovery = curves.once(recovery_day)
    back = recovery.reasons == ""
    found = days_below(days, level, APLASIA_LIMIT)
    if back.any():
        day, own = recovery.values[back], level[back]
        last = np.searchsorted(days, day) - 1  # the last output time before recovery
        whole = spans_below(days[:-1], days[1:], own[:, :-1], own[:, 1:], APLASIA_LIMIT)
        whole[np.arange(days.size - 1) >= last[:, None]] = 0.0
        then = levels_at(days, own, day[:, None])[:, 0]
        found[back] = in_order(whole) + spans_below(days[last], day, pick(own, last), then, APLASIA_LIMIT)
    return answered(found)


def _ongoing(curves: Curves) -> Answers:
    return answered((curves["bcells"][:, -1] < APLASIA_LIMIT).astype(int))


def _recovery(curves: Curves) -> Answers:
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
