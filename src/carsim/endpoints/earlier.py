"""What treatment before the product did: response to bridging and to blinatumomab, and cycles of bridging.

The response is read on the day on which the next treatment of another name begins (after blinatumomab that may be
bridging, after bridging it is lymphodepletion or the product). Those who entered below all limits are not evaluable.
"""

from __future__ import annotations

import numpy as np

from carsim.endpoints.disease import DISEASE, ELSEWHERE, evaluable
from carsim.endpoints.outcome import Answers, Curves, Endpoint, Floats, Rule, answered
from carsim.endpoints.response import COUNTS, NOT_EVALUABLE, words_on

RECORDS = ("treatment_day", "treatment_given")


def _response_to(treatment: str) -> Rule:
    def rule(curves: Curves) -> Answers:
        begun = _begun(curves)
        first = begun.pop(treatment, np.full(curves.n, np.inf))
        following = [np.where(days > first, days, np.inf) for days in begun.values()]
        day = np.minimum.reduce([np.full(curves.n, np.inf), *following])
        seen = np.where(np.isfinite(day), day, curves.days[0])
        return answered(
            np.where(curves.once(evaluable), words_on(curves, seen[:, None])[:, 0], NOT_EVALUABLE),
            (~(first < 0.0), f"{treatment} was not given before the infusion"),
            (~np.isfinite(day), f"nothing was given after {treatment}"),
        )

    return rule


def _begun(curves: Curves) -> dict[str, Floats]:
    """First day of each treatment, (patient,), by its name; infinity where it was not given."""
    if "treatment_day" not in curves.levels:
        return {}
    days = np.where(np.isfinite(curves["treatment_day"]), curves["treatment_day"], np.inf)
    return dict(zip(curves.labels.get("treatment", ()), days.T, strict=False))


def _cycles(curves: Curves) -> Answers:
    """Cycles are counted as their beginnings in the marks of treatment."""
    names = curves.labels.get("treatment", ())
    if "bridging" not in names:
        return answered(np.zeros(curves.n, dtype=int))
    begun = (curves["treatment_given"].astype(np.int64) >> names.index("bridging")) & 1
    return answered(begun[:, curves.days <= 0.0].sum(axis=1))


_RULE = "state of the disease when the next treatment of another name begins; CR, CRi and NR as for response_day28"

ENDPOINTS = (
    Endpoint("bridging_response", _response_to("bridging"), (*DISEASE, *COUNTS), _RULE, (*ELSEWHERE, *RECORDS)),
    Endpoint("blinatumomab_response", _response_to("blinatumomab"), (*DISEASE, *COUNTS), _RULE, (*ELSEWHERE, *RECORDS)),
    Endpoint("bridging_cycles", _cycles, ("treatment_given",), "cycles begun up to the day of the infusion"),
)
