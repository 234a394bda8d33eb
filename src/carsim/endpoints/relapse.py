"""Relapse: when the disease is back after a remission, when a visit sees it, and what it looks like.

A remission is one that a visit sees (day 28, then monthly). Relapse is the first moment after that visit at which the
disease of any site is at its limit (see disease); it is detected at the first visit from then on. The phenotype names
each kind of clone that makes up at least 20 % of all blasts at the relapse, from those that show most to those that
show least. The site is the one that reached its limit first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from carsim.catalog import antigens
from carsim.endpoints.disease import (
    DISEASE,
    ELSEWHERE,
    RELAPSE,
    first_remission,
    sites,
    visits_in_relapse,
)
from carsim.endpoints.levels import crossing, first_of, in_order, pick
from carsim.endpoints.outcome import Answers, Curves, Endpoint, Floats, Mask, Rule, Words, answered
from carsim.model.remission import NAMING_SHARE

WORDS = {"positive": "positive", "dim": "dim", "absent": "negative"}  # antigen of a clone -> word of a relapse
LEAST = ("positive", "dim", "negative", "switch")  # ends of a phenotype's words, in order of naming


@dataclass(frozen=True)
class Rises:
    """First days at or above a limit after a visit in remission: (site, patient), infinity where none; why none."""

    days: Floats
    reasons: Words


def rises(curves: Curves) -> Rises:
    """When the disease of each site is back."""
    remission = curves.once(first_remission)
    days = np.array(
        [_first_rise(curves.days, site.level, site.relapse, remission) for site in curves.once(sites).values()]
    )
    none = answered(
        np.nan,
        (np.isinf(remission), "no remission"),
        (np.isinf(days).all(axis=0), f"in remission at day {curves.end:g}"),
        n=curves.n,
    )
    return Rises(days, none.reasons)


def _ongoing(curves: Curves) -> Answers:
    """Whether a visit saw a remission that has not ended in a relapse."""
    seen = np.isfinite(curves.once(first_remission))
    return answered(
        (seen & (curves.once(rises).reasons != "")).astype(int),
        (curves.visits.size == 0, "no visit within the time simulated"),
    )


def relapse_day(curves: Curves) -> Answers:
    """First day at or above a limit after the first visit in remission; infinity where none."""
    found = curves.once(rises)
    return Answers(found.days.min(axis=0), found.reasons)


def _first_rise(days: Floats, level: Floats, limit: float, since: Floats) -> Floats:
    back, index = first_of((days > since[:, None]) & (level >= limit))
    found = np.where(back, since, np.inf)
    crossed = back & ~(pick(level, index - 1) >= limit)  # else between the visit and the first output time after it
    own, after = level[crossed], index[crossed]
    day = crossing(days[after - 1], days[after], pick(own, after - 1), pick(own, after), limit)
    found[crossed] = np.maximum(since[crossed], day)
    return found


def detected_day(curves: Curves) -> Answers:
    """First visit that sees the relapse; infinity where none."""
    day = curves.once(relapse_day)
    seen, visit = first_of(curves.once(visits_in_relapse) & (curves.visits >= day.values[:, None]))
    found = np.where(seen, curves.visits[visit], np.inf) if curves.visits.size else np.full(curves.n, np.inf)
    return answered(found, (day.reasons != "", day.reasons), (~seen, "relapse after the last visit"))


def _named(coordinate: str) -> Rule:
    """Words of a coordinate of the clones that hold at least the naming share of the blasts at relapse."""

    def rule(curves: Curves) -> Answers:
        day = curves.once(relapse_day)
        named = np.full(curves.n, "", dtype=object)
        relapsed = day.reasons == ""
        if coordinate not in curves.labels:
            targeted = "clone_cd19" in curves.labels  # what is told of clones at all leaves out what nothing targets
            why = "not targeted" if targeted else "the antigens of the clones are not known"
            return answered(named, (~relapsed, day.reasons), (True, why))
        index = np.minimum(np.searchsorted(curves.days, day.values[relapsed]), curves.days.size - 1)
        cells = curves["blasts"][relapsed, index].sum(axis=-1)
        words = tuple(dict.fromkeys(curves.labels[coordinate]))
        many = _holding(cells, [words.index(word) for word in curves.labels[coordinate]], len(words))
        kinds, which = np.unique(many, axis=0, return_inverse=True)
        texts = [_joined(word for word, holds in zip(words, kind, strict=True) if holds) for kind in kinds]
        named[relapsed] = np.array(texts, dtype=object)[which.ravel()] if texts else ""
        return answered(named, (~relapsed, day.reasons))

    return rule


def _holding(cells: Floats, word_of: list[int], words: int) -> Mask:
    """Which words hold the naming share, (patient, word), of cells (patient, clone)."""
    totals = np.zeros((len(cells), words))
    for clone, word in enumerate(word_of):
        totals[:, word] += cells[:, clone]
    whole = in_order(totals)
    holding: Mask = totals >= NAMING_SHARE * whole[:, None]
    return holding


def _joined(words: Iterable[str]) -> str:
    return "+".join(sorted((WORDS.get(word, word) for word in words), key=_rank))


def _rank(word: str) -> tuple[int, str]:
    """What shows most comes first; of the same kind in order of the alphabet."""
    kind = word.rpartition("-")[2]
    return LEAST.index(kind) if kind in LEAST else len(LEAST), word


def _site(curves: Curves) -> Answers:
    found = curves.once(rises)
    names = np.array(list(curves.once(sites)), dtype=object)
    return Answers(names[found.days.argmin(axis=0)], found.reasons)


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
