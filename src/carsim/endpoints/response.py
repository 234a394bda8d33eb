"""Response: morphological remission and measurable residual disease (MRD).

Remission: less than 5 % blasts in marrow and less than 1 % blasts among the nucleated cells of blood (the rule of the
tisagenlecleucel trials for "no circulating blasts"). Complete remission with and without recovered counts (CR, CRi)
differ by more than 1,000 neutrophils and 100,000 platelets/uL at the visit.
Disease of the nervous system and outside marrow must be gone too (see disease).
A patient who enters below all limits is not evaluable for remission; for such a patient MRD is what counts.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from carsim import catalog
from carsim.endpoints.disease import (
    DISEASE,
    ELSEWHERE,
    evaluable,
    first_remission,
    in_remission,
    visits_in_remission,
)
from carsim.endpoints.levels import first_of, levels_at
from carsim.endpoints.outcome import (
    FIRST_VISIT,
    Answers,
    Curves,
    Endpoint,
    Floats,
    Mask,
    Rule,
    Words,
    answered,
    not_followed,
)
from carsim.model.remission import BLOOD_LIMIT, MARROW_LIMIT, NEUTROPHIL_LIMIT, PLATELET_LIMIT

FLOW_LIMIT = catalog.assays()["mrd_flow"].limit.value
SEQUENCING_LIMIT = catalog.assays()["mrd_sequencing"].limit.value

COMPLETE, INCOMPLETE, NO_RESPONSE, NOT_EVALUABLE = "CR", "CRi", "NR", "not evaluable"
COUNTS = ("neutrophils", "platelets")


def words_on(curves: Curves, days: Floats) -> Words:
    """Response on days (k,) or (patient, k): complete remission with or without recovered counts, or none."""
    neutrophils, platelets = (levels_at(curves.days, curves[name], days) for name in COUNTS)
    recovered = (neutrophils > NEUTROPHIL_LIMIT) & (platelets > PLATELET_LIMIT)
    kept = np.where(recovered, np.array(COMPLETE, dtype=object), INCOMPLETE)
    found: Words = np.where(in_remission(curves, days), kept, NO_RESPONSE)
    return found


def words_at_visits(curves: Curves) -> Words:
    """Response at each visit, (patient, visit)."""
    return words_on(curves, curves.visits)


def _first_visit_day(curves: Curves) -> Floats:
    """The day on which the first response counts, (1,); the first simulated one where it is not covered."""
    missing, _ = not_followed(curves, FIRST_VISIT)
    return np.array([curves.days[0] if missing else FIRST_VISIT])


def _response_day28(curves: Curves) -> Answers:
    words = words_on(curves, _first_visit_day(curves))[:, 0]
    return answered(np.where(curves.once(evaluable), words, NOT_EVALUABLE), not_followed(curves, FIRST_VISIT))


def _best_response(curves: Curves) -> Answers:
    last = curves.observed.get("response_by")
    counts = curves.visits <= (np.inf if last is None else last)
    words, can = curves.once(words_at_visits)[:, counts], curves.once(evaluable)
    best = np.full(curves.n, NO_RESPONSE, dtype=object)
    for word in (INCOMPLETE, COMPLETE):
        best[(words == word).any(axis=1)] = word
    best[~can] = NOT_EVALUABLE
    return answered(
        best,
        not_followed(curves, FIRST_VISIT),
        (can & (not counts.any()), "no visit at which a response counts"),
    )


def _first_visit(condition: Callable[[Curves], Mask], meaning: str) -> Rule:
    def rule(curves: Curves) -> Answers:
        seen, visit = first_of(condition(curves))
        days = curves.visits[visit] if curves.visits.size else np.full(curves.n, np.nan)
        return answered(days, (~seen, f"no visit finds {meaning}"))

    return rule


def _remission_day(curves: Curves) -> Answers:
    day = curves.once(first_remission)
    return answered(day, (np.isinf(day), "no visit finds a remission"))


def _complete(curves: Curves) -> Mask:
    found: Mask = curves.once(words_at_visits) == COMPLETE
    return found


def _without_mrd(curves: Curves) -> Mask:
    below: Mask = levels_at(curves.days, curves["mrd"], curves.visits) < FLOW_LIMIT
    return curves.once(visits_in_remission) & below


def _mrd_seen(curves: Curves) -> Floats:
    """MRD on the day of the first visit."""
    return levels_at(curves.days, curves["mrd"], _first_visit_day(curves))[:, 0]


def _mrd(limit: float) -> Rule:
    def rule(curves: Curves) -> Answers:
        seen = curves.once(_mrd_seen)
        return answered(np.where(seen >= limit, seen, 0.0), not_followed(curves, FIRST_VISIT))

    return rule


def _below_limit(curves: Curves) -> Answers:
    return answered((curves.once(_mrd_seen) < FLOW_LIMIT).astype(int), not_followed(curves, FIRST_VISIT))


_RULE = (
    f"CRi: blasts below {MARROW_LIMIT:.0%} in marrow and below {BLOOD_LIMIT:.0%} of nucleated blood cells, none "
    f"elsewhere; CR: with more than {NEUTROPHIL_LIMIT:,g} neutrophils and {PLATELET_LIMIT:,g} platelets per µL; "
    "not evaluable: entered below all limits; else NR"
)

ENDPOINTS = (
    Endpoint("response_day28", _response_day28, (*DISEASE, *COUNTS), _RULE, ELSEWHERE),
    Endpoint("mrd_day28", _mrd(FLOW_LIMIT), ("mrd",), f"flow cytometry, limit {FLOW_LIMIT:g}; 0 below it"),
    Endpoint("mrd_day28_below_limit", _below_limit, ("mrd",), f"below the flow limit {FLOW_LIMIT:g}"),
    Endpoint(
        "mrd_day28_sequencing", _mrd(SEQUENCING_LIMIT), ("mrd",), f"sequencing, limit {SEQUENCING_LIMIT:g}; 0 below"
    ),
    Endpoint(
        "best_response",
        _best_response,
        (*DISEASE, *COUNTS),
        _RULE + "; at any visit up to the trial's last day of a response",
        ELSEWHERE,
    ),
    Endpoint("remission_day", _remission_day, DISEASE, f"first visit; {_RULE}", ELSEWHERE),
    Endpoint(
        "complete_remission_day",
        _first_visit(_complete, "a remission with recovered counts"),
        (*DISEASE, *COUNTS),
        f"first visit with CR; {_RULE}",
        ELSEWHERE,
    ),
    Endpoint(
        "mrd_negative_remission_day",
        _first_visit(_without_mrd, "a remission without MRD"),
        (*DISEASE, "mrd"),
        f"first visit in remission with MRD below the flow limit {FLOW_LIMIT:g}",
        ELSEWHERE,
    ),
)
