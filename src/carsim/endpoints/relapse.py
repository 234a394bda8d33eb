"""Relapse: when the disease is back after a remission, when a visit sees it, and what it looks like.

A remission is one that a visit sees (day 28, then monthly). Relapse is the first moment after that visit with at least
5 % blasts in marrow or 1 % among nucleated blood cells; it is detected at the first visit from then on. The phenotype
names each CD19 state that makes up at least 20 % of all blasts at the relapse. The site is the one that reached its
limit first.
"""

from __future__ import annotations

import numpy as np

from carsim.endpoints.outcome import Answer, Curves, Endpoint, Missing, crossing, visit_days
from carsim.endpoints.response import BLOOD_LIMIT, DISEASE, MARROW_LIMIT, blood_share, in_remission

NAMING_SHARE = 0.2
CD19_WORDS = {"positive": "positive", "dim": "dim", "absent": "negative"}  # antigen of a clone -> word of a phenotype


def rises(curves: Curves) -> dict[str, float] | Missing:
    """First day at or above its limit, by site, after a visit in remission; without sites that stay below."""
    remission = next((day for day in visit_days(curves.end) if in_remission(curves, day)), None)
    if remission is None:
        return Missing("no remission")
    courses = {
        "marrow": (curves["marrow_blast_fraction"], MARROW_LIMIT),
        "blood": (curves.once(blood_share), BLOOD_LIMIT),
    }
    days = {site: _first_rise(curves.days, level, limit, remission) for site, (level, limit) in courses.items()}
    found = {site: day for site, day in days.items() if day is not None}
    return found or Missing(f"in remission at day {curves.end:g}")


def relapse_day(curves: Curves) -> float | Missing:
    """First day at or above a limit after the first visit in remission."""
    found = curves.once(rises)
    return found if isinstance(found, Missing) else min(found.values())


def _first_rise(days: np.ndarray, level: np.ndarray, limit: float, since: float) -> float | None:
    above = np.flatnonzero((days > since) & (level >= limit))
    if above.size == 0:
        return None
    index = int(above[0])
    if level[index - 1] >= limit:  # between the visit and the first output time after it
        return since
    before = index - 1
    day = crossing(float(days[before]), float(days[index]), float(level[before]), float(level[index]), limit)
    return max(since, day)


def detected_day(curves: Curves) -> float | Missing:
    """First visit that sees the relapse."""
    day = curves.once(relapse_day)
    if isinstance(day, Missing):
        return day
    seen = [visit for visit in visit_days(curves.end) if visit >= day and not in_remission(curves, visit)]
    return seen[0] if seen else Missing("relapse after the last visit")


def cd19_at_relapse(curves: Curves) -> tuple[str, ...] | Missing:
    """CD19 words (positive, dim, negative) of the blasts at relapse, each of at least the naming share."""
    day = curves.once(relapse_day)
    if isinstance(day, Missing):
        return day
    if "clone_cd19" not in curves.labels:
        return Missing("the antigens of the clones are not known")
    index = min(int(np.searchsorted(curves.days, day)), curves.days.size - 1)
    cells = curves["blasts"][index].sum(axis=-1)
    totals = dict.fromkeys(CD19_WORDS, 0.0)
    for clone, antigen in enumerate(curves.labels["clone_cd19"]):
        totals[antigen] += float(cells[clone])
    whole = sum(totals.values())
    return tuple(CD19_WORDS[antigen] for antigen, total in totals.items() if total >= NAMING_SHARE * whole)


def _phenotype(curves: Curves) -> Answer:
    found = curves.once(cd19_at_relapse)
    return found if isinstance(found, Missing) else "+".join(f"CD19-{word}" for word in found)


def _cd19(curves: Curves) -> Answer:
    found = curves.once(cd19_at_relapse)
    return found if isinstance(found, Missing) else "+".join(found)


def _site(curves: Curves) -> Answer:
    found = curves.once(rises)
    if isinstance(found, Missing):
        return found
    return min(found, key=found.__getitem__)


_RULE = (
    f"marrow blasts at least {MARROW_LIMIT:.0%} or blood blasts at least {BLOOD_LIMIT:.0%}, after a visit in remission"
)
_SHARE = f"each CD19 state of at least {NAMING_SHARE:.0%} of all blasts at relapse_day"

ENDPOINTS = (
    Endpoint("relapse_day", relapse_day, DISEASE, _RULE),
    Endpoint("relapse_detected_day", detected_day, DISEASE, f"first visit (day 28, then monthly) with {_RULE}"),
    Endpoint("relapse_phenotype", _phenotype, (*DISEASE, "blasts"), _SHARE),
    Endpoint("relapse_cd19", _cd19, (*DISEASE, "blasts"), _SHARE),
    Endpoint("relapse_site", _site, DISEASE, f"marrow or blood, whichever first reached its limit; {_RULE}"),
)
