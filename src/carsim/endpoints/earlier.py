"""What treatment before the product did: response to bridging and to blinatumomab, and cycles of bridging.

The response is read on the day on which the next treatment of another name begins (after blinatumomab that may be
bridging, after bridging it is lymphodepletion or the product). Those who entered below all limits are not evaluable.
"""

from __future__ import annotations

import math

import numpy as np

from carsim.endpoints.disease import DISEASE, ELSEWHERE, evaluable
from carsim.endpoints.outcome import Answer, Curves, Endpoint, Missing, Rule
from carsim.endpoints.response import COUNTS, NOT_EVALUABLE, word

RECORDS = ("treatment_day", "treatment_given")


def _response_to(treatment: str) -> Rule:
    def rule(curves: Curves) -> Answer:
        begun = _begun(curves)
        first = begun.get(treatment, math.inf)
        if not math.isfinite(first) or first >= 0.0:
            return Missing(f"{treatment} was not given before the infusion")
        following = [day for name, day in begun.items() if name != treatment and day > first]
        if not following:
            return Missing(f"nothing was given after {treatment}")
        return word(curves, min(following)) if evaluable(curves) else NOT_EVALUABLE

    return rule


def _begun(curves: Curves) -> dict[str, float]:
    """First day of each treatment that the patient was given."""
    names = curves.labels.get("treatment", ())
    days = curves.levels["treatment_day"].tolist() if "treatment_day" in curves.levels else []
    return {name: day for name, day in zip(names, days, strict=True) if math.isfinite(day)} if days else {}


def _cycles(curves: Curves) -> Answer:
    """Cycles are counted as their beginnings in the marks of treatment."""
    names = curves.labels.get("treatment", ())
    if "bridging" not in names:
        return 0
    begun = (curves["treatment_given"].astype(np.int64) >> names.index("bridging")) & 1
    return int(begun[curves.days <= 0.0].sum())


_RULE = "state of the disease when the next treatment of another name begins; CR, CRi and NR as for response_day28"

ENDPOINTS = (
    Endpoint("bridging_response", _response_to("bridging"), (*DISEASE, *COUNTS), _RULE, (*ELSEWHERE, *RECORDS)),
    Endpoint("blinatumomab_response", _response_to("blinatumomab"), (*DISEASE, *COUNTS), _RULE, (*ELSEWHERE, *RECORDS)),
    Endpoint("bridging_cycles", _cycles, ("treatment_given",), "cycles begun up to the day of the infusion"),
)
