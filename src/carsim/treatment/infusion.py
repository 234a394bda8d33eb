"""A CAR T product as one dose or in parts, by weight or flat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim.model.processes.infusion import entering
from carsim.population.leukaemia import log_normal
from carsim.population.patients import Patients
from carsim.treatment.entries import CellDose, Infusion
from carsim.treatment.given import Amount, Given

Array = NDArray[np.float64]
PHENOTYPES = ("infused", "memory")  # what an infusion holds


def doses(entry: Infusion, costimulation: str, seed: int, path: str) -> list[Given]:
    """What each part of the infusion adds to the product's cells in blood; `path` names its random stream."""
    parts = [(part.at, part.share, part.unless) for part in entry.split] or [(0.0, 1.0, None)]
    return [
        Given(entry.give, row, at, _amount(entry, costimulation, share, seed, path, row), unless=unless)
        for at, share, unless in parts
        for row in (f"cart.{entry.give}.{phenotype}.blood" for phenotype in PHENOTYPES)
    ]


def per_weight(entry: Infusion, patients: Patients, seed: int, path: str) -> Array:
    """Viable CAR-positive cells/kg of all parts of an infusion, for each patient; `path` as for `doses`."""
    spread = log_normal(entry.dose.log_sd, seed, f"treatment.{path}.dose", patients.n, patients.index)
    found: Array = cells(entry.dose, patients, spread) / patients.covariates["weight"]
    return found


def _amount(entry: Infusion, costimulation: str, share: float, seed: int, path: str, row: str) -> Amount:
    def amount(patients: Patients) -> Array:
        spread = log_normal(entry.dose.log_sd, seed, f"treatment.{path}.dose", patients.n, patients.index)
        whole = cells(entry.dose, patients, spread)
        return entering(entry.give, costimulation, share * whole, patients.parameters)[row]

    return amount


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
