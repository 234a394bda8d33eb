"""Response: morphological remission and measurable residual disease (MRD).

Remission: less than 5 % blasts in marrow and less than 1 % blasts among the nucleated cells of blood (the rule of the
tisagenlecleucel trials for "no circulating blasts"). Complete remission with and without recovered counts (CR, CRi)
differ by more than 1,000 neutrophils and 100,000 platelets/uL at the visit.
Disease of the nervous system and outside marrow must be gone too (see disease).
A patient who enters below all limits is not evaluable for remission; for such a patient MRD is what counts.
"""

from __future__ import annotations

from collections.abc import Callable

from carsim import catalog
from carsim.endpoints.disease import DISEASE, ELSEWHERE, evaluable, in_remission
from carsim.endpoints.outcome import (
    FIRST_VISIT,
    Answer,
    Curves,
    Endpoint,
    Missing,
    Rule,
    level_at,
    not_followed,
)
from carsim.model.remission import BLOOD_LIMIT, MARROW_LIMIT, NEUTROPHIL_LIMIT, PLATELET_LIMIT

FLOW_LIMIT = catalog.assays()["mrd_flow"].limit.value
SEQUENCING_LIMIT = catalog.assays()["mrd_sequencing"].limit.value

COMPLETE, INCOMPLETE, NO_RESPONSE, NOT_EVALUABLE = "CR", "CRi", "NR", "not evaluable"
COUNTS = ("neutrophils", "platelets")


def word(curves: Curves, day: float) -> str:
    """Response at a day: complete remission with or without recovered counts, or none."""
    if not in_remission(curves, day):
        return NO_RESPONSE
    neutrophils, platelets = (level_at(curves.days, curves[name], day) for name in COUNTS)
    return COMPLETE if neutrophils > NEUTROPHIL_LIMIT and platelets > PLATELET_LIMIT else INCOMPLETE


def _response_day28(curves: Curves) -> Answer:
    missing = not_followed(curves, FIRST_VISIT)
    if missing or not evaluable(curves):
        return missing or NOT_EVALUABLE
    return word(curves, FIRST_VISIT)


def _best_response(curves: Curves) -> Answer:
    missing = not_followed(curves, FIRST_VISIT)
    if missing or not evaluable(curves):
        return missing or NOT_EVALUABLE
    last = curves.observed.get("response_by")
    words = {word(curves, day) for day in curves.visits if last is None or day <= last}
    if not words:
        return Missing("no visit at which a response counts")
    return next(best for best in (COMPLETE, INCOMPLETE, NO_RESPONSE) if best in words)


def _first_visit(condition: Callable[[Curves, float], bool], meaning: str) -> Rule:
    def rule(curves: Curves) -> Answer:
        day = next((day for day in curves.visits if condition(curves, day)), None)
        return Missing(f"no visit finds {meaning}") if day is None else day

    return rule


def _without_mrd(curves: Curves, day: float) -> bool:
    return in_remission(curves, day) and level_at(curves.days, curves["mrd"], day) < FLOW_LIMIT


def _mrd(limit: float) -> Rule:
    def rule(curves: Curves) -> Answer:
        missing = not_followed(curves, FIRST_VISIT)
        if missing:
            return missing
        seen = level_at(curves.days, curves["mrd"], FIRST_VISIT)
        return seen if seen >= limit else 0.0

    return rule


def _below_limit(curves: Curves) -> Answer:
    missing = not_followed(curves, FIRST_VISIT)
    return missing or int(level_at(curves.days, curves["mrd"], FIRST_VISIT) < FLOW_LIMIT)


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
    Endpoint("remission_day", _first_visit(in_remission, "a remission"), DISEASE, f"first visit; {_RULE}", ELSEWHERE),
    Endpoint(
        "complete_remission_day",
        _first_visit(lambda curves, day: word(curves, day) == COMPLETE, "a remission with recovered counts"),
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
