"""Fludarabine and cyclophosphamide as infusions into their input rows.

Fludarabine is prescribed as phosphate (mg/m2) or by target exposure; what enters is F-ara-A, 285.23/365.21 of the
phosphate's mass. A target exposure is met exactly: AUC to infinity = amount / clearance, each patient's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim.model.processes.fludarabine import F_ARA_A_PER_PHOSPHATE, clearance
from carsim.population.patients import Patients
from carsim.treatment.entries import (
    Cyclophosphamide,
    CyclophosphamideCourse,
    Fludarabine,
    FludarabineCourse,
    Lymphodepletion,
)
from carsim.treatment.given import Amount, Given, drug_amount, repeated

Array = NDArray[np.float64]
HOURS_PER_DAY = 24.0


def doses(entry: Lymphodepletion | Fludarabine | Cyclophosphamide) -> list[Given]:
    """Every dose of the entry."""
    if isinstance(entry, Fludarabine):
        return _fludarabine(entry)
    if isinstance(entry, Cyclophosphamide):
        return _cyclophosphamide(entry)
    return _fludarabine(entry.fludarabine) + _cyclophosphamide(entry.cyclophosphamide)


def _fludarabine(course: FludarabineCourse) -> list[Given]:
    return _repeated("fludarabine", course, _f_ara_a(course))


def _cyclophosphamide(course: CyclophosphamideCourse) -> list[Given]:
    return _repeated("cyclophosphamide", course, drug_amount(course.dose))


def _f_ara_a(course: FludarabineCourse) -> Amount:
    def amount(patients: Patients) -> Array:
        if course.dose is not None:
            return drug_amount(course.dose)(patients) * F_ARA_A_PER_PHOSPHATE
        exposure = np.full(patients.n, course.target_auc) / HOURS_PER_DAY  # mg d/L
        return exposure * clearance(patients.parameters) / course.doses

    return amount


def _repeated(drug: str, course: FludarabineCourse | CyclophosphamideCourse, dose: Amount) -> list[Given]:
    row = f"{drug}.central"
    return repeated(drug, row, dose, start=course.start, doses=course.doses, every=course.every, over=course.duration)
