"""What is given as an effect rather than as an amount: transplantation, bridging and intrathecal chemotherapy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim.population.patients import Patients
from carsim.treatment.entries import Bridging, Intrathecal, Transplant
from carsim.treatment.given import Amount, Given, repeated


def transplant(entry: Transplant) -> list[Given]:
    """The switches that make the transplant of the entry's conditioning and donor happen."""
    return [Given(entry.give, f"transplant.{kind}", 0.0, one) for kind in (entry.conditioning, entry.donor)]


def bridging(entry: Bridging) -> list[Given]:
    """The effect of each cycle."""
    amount = _parameter(f"bridging_intensity.{entry.intensity}")
    return repeated(
        entry.give, "chemotherapy.effect", amount, start=0.0, doses=entry.cycles, every=entry.every, over=0.0
    )


def intrathecal(entry: Intrathecal) -> list[Given]:
    """The effect of each dose."""
    return repeated(entry.give, "intrathecal.effect", one, start=0.0, doses=entry.doses, every=entry.every, over=0.0)


def one(patients: Patients) -> NDArray[np.float64]:
    """One for every patient."""
    return np.ones(patients.n)


def _parameter(name: str) -> Amount:
    return lambda patients: np.asarray(patients.parameters[name], dtype=np.float64)
