"""Response: morphological remission and measurable residual disease (MRD).

Remission: less than 5 % blasts in marrow and less than 1 % blasts among the nucleated cells of blood (the rule of the
tisagenlecleucel trials for "no circulating blasts"). Complete remission with and without recovered counts (CR, CRi)
differ by neutrophils and platelets; this version has no platelets, so both are reported as `CR/CRi`.
Disease of the nervous system and outside marrow must be gone too (see disease).
A patient who enters below all limits is not evaluable for remission; for such a patient MRD is what counts.
"""

from __future__ import annotations

from carsim import catalog
from carsim.endpoints.disease import BLOOD_LIMIT, DISEASE, ELSEWHERE, MARROW_LIMIT, evaluable, in_remission
from carsim.endpoints.outcome import (
    FIRST_VISIT,
    Answer,
    Curves,
    Endpoint,
    Rule,
    level_at,
    not_followed,
    visit_days,
)

FLOW_LIMIT = catalog.assays()["mrd_flow"].limit.value
SEQUENCING_LIMIT = catalog.assays()["mrd_sequencing"].limit.value

REMISSION, NO_RESPONSE, NOT_EVALUABLE = "CR/CRi", "NR", "not evaluable"


def _response_day28(curves: Curves) -> Answer:
    missing = not_followed(curves, FIRST_VISIT)
    if missing or not evaluable(curves):
        return missing or NOT_EVALUABLE
    return REMISSION if in_remission(curves, FIRST_VISIT) else NO_RESPONSE


def _best_response(curves: Curves) -> Answer:
    missing = not_followed(curves, FIRST_VISIT)
    if missing or not evaluable(curves):
        return missing or NOT_EVALUABLE
    return REMISSION if any(in_remission(curves, day) for day in visit_days(curves.end)) else NO_RESPONSE


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
    f"CR/CRi: blasts below {MARROW_LIMIT:.0%} in marrow and below {BLOOD_LIMIT:.0%} of nucleated blood cells, none "
    "elsewhere, counts not judged (no platelets in this version); not evaluable: entered below all limits; else NR"
)

ENDPOINTS = (
    Endpoint("response_day28", _response_day28, DISEASE, _RULE, ELSEWHERE),
    Endpoint("mrd_day28", _mrd(FLOW_LIMIT), ("mrd",), f"flow cytometry, limit {FLOW_LIMIT:g}; 0 below it"),
    Endpoint("mrd_day28_below_limit", _below_limit, ("mrd",), f"below the flow limit {FLOW_LIMIT:g}"),
    Endpoint(
        "mrd_day28_sequencing", _mrd(SEQUENCING_LIMIT), ("mrd",), f"sequencing, limit {SEQUENCING_LIMIT:g}; 0 below"
    ),
    Endpoint("best_response", _best_response, DISEASE, _RULE + "; at day 28 or any monthly visit", ELSEWHERE),
)
