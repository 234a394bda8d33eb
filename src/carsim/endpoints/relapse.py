"""Relapse: when the disease is back after a remission, when a visit sees it, and what it looks like.

A remission is one that a visit sees (day 28, then monthly). Relapse is the first moment after that visit at which the
disease of any site is at its limit (see disease); it is detected at the first visit from then on. The phenotype names
each kind of clone that makes up at least 20 % of all blasts at the relapse, from those that show most to those that
show least. The site is the one that reached its limit first.
"""

from __future__ import annotations

import numpy as np

from carsim.catalog import antigens
from carsim.endpoints.disease import DISEASE, ELSEWHERE, RELAPSE, in_relapse, in_remission, sites
from carsim.endpoints.outcome import Answer, Curves, Endpoint, Missing, Rule, crossing
from carsim.model.remission import NAMING_SHARE

WORDS = {"positive": "positive", "dim": "dim", "absent": "negative"}  # antigen of a clone -> word of a relapse
LEAST = ("positive", "dim", "negative", "switch")  # ends of a phenotype's words, in order of naming


def rises(curves: Curves) -> dict[str, float] | Missing:
    """First day at or above its limit, by site, after a visit in remission; without sites that stay below."""
    remission = next((day for day in curves.visits if in_remission(curves, day)), None)
    if remission is None:
        return Missing("no remission")
    days = {
        name: _first_rise(curves.days, site.level, site.relapse, remission) for name, site in curves.once(sites).items()
    }
    found = {site: day for site, day in days.items() if day is not None}
    return found or Missing(f"in remission at day {curves.end:g}")


def _ongoing(curves: Curves) -> Answer:
    """Whether a visit saw a remission that has not ended in a relapse."""
    if not curves.visits:
        return Missing("no visit within the time simulated")
    seen = any(in_remission(curves, day) for day in curves.visits)
    return int(seen and isinstance(curves.once(rises), Missing))


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
    seen = [visit for visit in curves.visits if visit >= day and in_relapse(curves, visit)]
    return seen[0] if seen else Missing("relapse after the last visit")


def at_relapse(curves: Curves, coordinate: str) -> tuple[str, ...] | Missing:
    """Words of a coordinate of the clones that hold at least the naming share of the blasts at relapse."""
    day = curves.once(relapse_day)
    if isinstance(day, Missing):
        return day
    if coordinate not in curves.labels:
        targeted = "clone_cd19" in curves.labels  # what is told of clones at all leaves out what nothing targets
        return Missing("not targeted" if targeted else "the antigens of the clones are not known")
    index = min(int(np.searchsorted(curves.days, day)), curves.days.size - 1)
    cells = curves["blasts"][index].sum(axis=-1)
    totals: dict[str, float] = {}
    for clone, word in enumerate(curves.labels[coordinate]):
        totals[word] = totals.get(word, 0.0) + float(cells[clone])
    whole = sum(totals.values())
    return tuple(word for word, total in totals.items() if total >= NAMING_SHARE * whole)


def _named(coordinate: str) -> Rule:
    def rule(curves: Curves) -> Answer:
        found = at_relapse(curves, coordinate)
        return found if isinstance(found, Missing) else "+".join(sorted((WORDS.get(w, w) for w in found), key=_rank))

    return rule


def _rank(word: str) -> tuple[int, str]:
    """What shows most comes first; of the same kind in order of the alphabet."""
    kind = word.rpartition("-")[2]
    return LEAST.index(kind) if kind in LEAST else len(LEAST), word


def _site(curves: Curves) -> Answer:
    found = curves.once(rises)
    if isinstance(found, Missing):
        return found
    return min(found, key=found.__getitem__)


_SHARE = f"each of at least {NAMING_SHARE:.0%} of all blasts at relapse_day"


def _words(name: str, coordinate: str) -> Endpoint:
    return Endpoint(name, _named(coordinate), (*DISEASE, "blasts"), _SHARE, ELSEWHERE)


ENDPOINTS = (
    Endpoint("relapse_day", relapse_day, DISEASE, RELAPSE, ELSEWHERE),
    Endpoint(
        "relapse_detected_day",
        detected_day,
        DISEASE,
        f"first visit (the trial's, or day 28 and then monthly) with {RELAPSE}",
        ELSEWHERE,
    ),
    _words("relapse_phenotype", "clone_phenotype"),
    *(_words(f"relapse_{name.lower()}", f"clone_{name.lower()}") for name in sorted(antigens())),
    _words("relapse_lineage", "clone_lineage"),
    Endpoint("relapse_site", _site, DISEASE, f"the site that first reached its limit; {RELAPSE}", ELSEWHERE),
    Endpoint(
        "remission_ongoing",
        _ongoing,
        DISEASE,
        f"a visit (the trial's, or day 28 and then monthly) in remission and by the end no relapse: {RELAPSE}",
        ELSEWHERE,
    ),
)
