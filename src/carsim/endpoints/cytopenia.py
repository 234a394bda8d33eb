"""Cytopenias and infections: days with counts below the limits of grade 3, and how many infections are expected.

Both are counted in the first 90 days after the infusion: later falls are those of a marrow that relapse fills. Nobody
is transfused in the model. Expected infections are the integral of an empirical rate.
"""

from __future__ import annotations

import numpy as np

from carsim.endpoints.levels import days_below
from carsim.endpoints.outcome import Answers, Curves, Endpoint, Rule, answered, since_infusion

WINDOW = 90.0  # days
LIMITS = {  # endpoint -> course, limit, unit as written
    "neutropenia_days": ("neutrophils", 1000.0, "cells/µL"),
    "severe_neutropenia_days": ("neutrophils", 500.0, "cells/µL"),
    "thrombocytopenia_days": ("platelets", 50_000.0, "cells/µL"),
    "anaemia_days": ("haemoglobin", 8.0, "g/dL"),
}
NOT_INFUSED = "the simulation ends before the infusion"


def _days(course: str, limit: float) -> Rule:
    def rule(curves: Curves) -> Answers:
        days, level = since_infusion(curves, course)
        early = days <= WINDOW
        return answered(days_below(days[early], level[:, early], limit), (days.size == 0, NOT_INFUSED))

    return rule


def _infections(curves: Curves) -> Answers:
    days, rate = since_infusion(curves, "infection_rate")
    early = days <= WINDOW
    rates = np.ascontiguousarray(rate[:, early])  # one order of adding, whoever else is there
    return answered(np.trapezoid(rates, days[early], axis=1), (days.size == 0, NOT_INFUSED))


ENDPOINTS = (
    *(
        Endpoint(name, _days(course, limit), (course,), f"days of the first {WINDOW:g} below {limit:,g} {unit}")
        for name, (course, limit, unit) in LIMITS.items()
    ),
    Endpoint(
        "infections_expected",
        _infections,
        ("infection_rate",),
        f"integral of the empirical rate over the first {WINDOW:g} days",
    ),
)
