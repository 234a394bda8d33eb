"""Fludarabine and cyclophosphamide as infusions into their input rows.

Fludarabine is prescribed as phosphate (mg/m2) or by target exposure; what enters is F-ara-A, 285.23/365.21 of the
phosphate's mass. A target exposure is met exactly: AUC to infinity = amount / clearance, each patient's own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim.model.processes.fludarabine import F_ARA_A_PER_PHOSPHATE, clearance
from carsim.population.patients import Patients
from carsim.treatment.doses import Dose, Infusion
from carsim.treatment.entries import (
    Cyclophosphamide,
    CyclophosphamideCourse,
    DrugDose,
    Fludarabine,
    FludarabineCourse,
    Lymphodepletion,
)

Array = NDArray[np.float64]
HOURS_PER_DAY = 24.0


def changes(entry: Lymphodepletion | Fludarabine | Cyclophosphamide, patients: Patients) -> list[Dose | Infusion]:
    """Every infusion of the entry (a dose where its duration is zero), one array per patient each."""
    if isinstance(entry, Fludarabine):
        return _fludarabine(entry, entry.at, patients)
    if isinstance(entry, Cyclophosphamide):
        return _cyclophosphamide(entry, entry.at, patients)
    return _fludarabine(entry.fludarabine, entry.at, patients) + _cyclophosphamide(
        entry.cyclophosphamide, entry.at, patients
    )


def _fludarabine(course: FludarabineCourse, at: float, patients: Patients) -> list[Dose | Infusion]:
    if course.dose is not None:
        amount = drug_amount(course.dose, patients) * F_ARA_A_PER_PHOSPHATE
    else:
        exposure = np.full(patients.n, course.target_auc) / HOURS_PER_DAY  # mg d/L
        amount = exposure * clearance(patients.parameters) / course.doses
    return _repeated("fludarabine", course, at, amount)


def _cyclophosphamide(course: CyclophosphamideCourse, at: float, patients: Patients) -> list[Dose | Infusion]:
    amount = drug_amount(course.dose, patients)
    return _repeated("cyclophosphamide", course, at, amount)


def drug_amount(dose: DrugDose, patients: Patients) -> Array:
    """Amount in mg for each patient."""
    if dose.per_surface is not None:
        amount = dose.per_surface * patients.covariates["body_surface"]
    elif dose.per_weight is not None:
        amount = dose.per_weight * patients.covariates["weight"]
    else:
        amount = np.full(patients.n, dose.flat)
    return amount if dose.cap is None else np.minimum(amount, dose.cap)


def _repeated(
    drug: str, course: FludarabineCourse | CyclophosphamideCourse, at: float, amount: Array
) -> list[Dose | Infusion]:
    changes: list[Dose | Infusion] = []
    for k in range(course.doses):
        start = np.full(amount.size, at + course.start + k * course.every)
        if course.duration > 0.0:
            changes.append(Infusion(f"{drug}.input", start, course.duration, amount / course.duration, drug))
        else:
            changes.append(Dose(f"{drug}.central", start, amount, drug))
    return changes
