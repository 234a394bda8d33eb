"""Toxicity of the infusion: highest grades of release syndrome and neurotoxicity, their onset, the peak of IL-6.

Grades 0 to 4 are those of the scale that the run was graded on (attribute `scale` of the courses); grade 5 is a death
of that toxicity by its empirical hazard, which takes no simulated patient off the course (endpoints.survival). A grade
that holds between two output times only is in the highest grade, since the model keeps it; its onset is the first
output time that sees it.
"""

from __future__ import annotations

import numpy as np

from carsim.endpoints.disease import DISEASE
from carsim.endpoints.exposure import peak
from carsim.endpoints.levels import first_of
from carsim.endpoints.outcome import Answers, Curves, Endpoint, Rule, answered, since_infusion
from carsim.endpoints.survival import DEATHS, USES, course

WORDS = {"crs": "cytokine release syndrome", "icans": "neurotoxicity"}
FATAL = {"crs": "syndrome_death", "icans": "neurotoxic_death"}


def _grade_max(toxicity: str) -> Rule:
    def rule(curves: Curves) -> Answers:
        graded = np.round(curves[f"{toxicity}_worst"][:, -1])
        if not all(name in curves.levels for name in DISEASE):
            return answered(graded)
        return answered(np.where(curves.once(course).cause == DEATHS[FATAL[toxicity]], 5.0, graded))

    return rule


def _onset(toxicity: str) -> Rule:
    def rule(curves: Curves) -> Answers:
        graded, first = first_of(curves[f"{toxicity}_worst"] > 0.5)
        return answered(curves.days[first], (~graded, f"no {WORDS[toxicity]}"))

    return rule


def _il6_peak(curves: Curves) -> Answers:
    days, level = since_infusion(curves, "il6")
    if days.size == 0:
        return answered(np.nan, (True, "the simulation ends before the infusion"), n=curves.n)
    return answered(peak(days, level)[1])


_MAX = "highest grade of the whole simulation on the scale of the run, 0 to 4; 5 for a death of it (empirical)"
_ONSET = "first output time with grade 1 or more"

ENDPOINTS = (
    Endpoint("crs_grade_max", _grade_max("crs"), ("crs_worst",), _MAX, (*DISEASE, *USES)),
    Endpoint("crs_onset_day", _onset("crs"), ("crs_worst",), _ONSET),
    Endpoint("icans_grade_max", _grade_max("icans"), ("icans_worst",), _MAX, (*DISEASE, *USES)),
    Endpoint("icans_onset_day", _onset("icans"), ("icans_worst",), _ONSET),
    Endpoint(
        "il6_peak", _il6_peak, ("il6",), "highest level from the infusion on, parabola through logarithms between times"
    ),
)
