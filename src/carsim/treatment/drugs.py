"""Drugs that are given as repeated infusions of an amount by size, and blinatumomab at a rate in cycles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim.model.processes.dosing import ENTERS
from carsim.population.patients import Patients
from carsim.treatment.entries import (
    Alemtuzumab,
    Blinatumomab,
    Dexamethasone,
    Immunoglobulin,
    Inotuzumab,
    Tocilizumab,
)
from carsim.treatment.given import Amount, Given, drug_amount, repeated

Array = NDArray[np.float64]
Drug = Tocilizumab | Dexamethasone | Alemtuzumab | Inotuzumab
MG_PER_G = 1000.0


def doses(entry: Drug) -> list[Given]:
    """Every dose of the entry."""
    return repeated(
        entry.give,
        ENTERS[entry.give],
        drug_amount(entry.dose),
        start=entry.start,
        doses=entry.doses,
        every=entry.every,
        over=entry.duration,
    )


def blinatumomab(entry: Blinatumomab) -> list[Given]:
    """Each cycle as one infusion (ug)."""

    def amount(patients: Patients) -> Array:
        if entry.per_surface is not None:
            return entry.per_surface * patients.covariates["body_surface"] * entry.duration
        return np.full(patients.n, entry.flat) * entry.duration

    row = ENTERS[entry.give]
    return repeated(entry.give, row, amount, start=0.0, doses=entry.cycles, every=entry.every, over=entry.duration)


def immunoglobulin(entry: Immunoglobulin) -> list[Given]:
    """Each dose as what it adds to the concentration of IgG (g/L), at once: its own kinetics are those of weeks."""
    amount = _concentration(drug_amount(entry.dose))
    return repeated(entry.give, "igg", amount, start=entry.start, doses=entry.doses, every=entry.every, over=0.0)


def _concentration(dose: Amount) -> Amount:
    def amount(patients: Patients) -> Array:
        volume = patients.parameters["immunoglobulin_volume"] * patients.covariates["weight"]  # L
        return dose(patients) / MG_PER_G / volume

    return amount
