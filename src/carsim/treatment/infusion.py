"""A CAR T product as one dose or in parts, by weight or flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim.model.processes.infusion import entering
from carsim.population.leukaemia import log_normal
from carsim.population.patients import Patients
from carsim.treatment.doses import Dose
from carsim.treatment.entries import CellDose, Infusion

Array = NDArray[np.float64]


def doses(entry: Infusion, costimulation: str, patients: Patients, seed: int) -> list[Dose]:
    """The changes that the infusion makes to the product's cells in blood."""
    spread = log_normal(entry.dose.log_sd, seed, f"treatment.{entry.name}.dose", patients.n)
    whole = cells(entry.dose, patients, spread)
    parts = [(part.at, part.share) for part in entry.split] or [(0.0, 1.0)]
    return [
        Dose(row, np.full(patients.n, entry.at + at), amount, entry.give)
        for at, share in parts
        for row, amount in entering(entry.give, costimulation, share * whole, patients.parameters).items()
    ]


def cells(dose: CellDose, patients: Patients, spread: Array) -> Array:
    """Viable CAR-positive cells for each patient; `spread` is what each gets relative to what is prescribed."""
    weight = patients.covariates["weight"]
    if dose.per_weight is None:
        amount = np.full(patients.n, dose.flat)
    else:
        amount = dose.per_weight * weight
        if dose.above is not None and dose.flat is not None:  # the entry demands both or neither
            amount = np.where(weight > dose.above, dose.flat, amount)
    amount = amount * spread
    return amount if dose.cap is None else np.minimum(amount, dose.cap)
