"""One dose as an entry states it: what enters which row, when, for how long, and how much in each patient.

Times count from the entry's own zero. Amounts are found when the patients are known; all else is known before, so that
a network can hold the events of doses that wait for a condition.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carsim.population.patients import Patients
from carsim.treatment.conditions import Threshold
from carsim.treatment.entries import DrugDose

Array = NDArray[np.float64]
Amount = Callable[[Patients], Array]


@dataclass(frozen=True)
class Given:
    """`amount` of `label` into `row` at `at` (d), at once or evenly over `duration` (d).

    `share` is the chance by which a patient is given it, drawn under `draw`; `unless` withholds it at that moment.
    """

    label: str
    row: str
    at: float
    amount: Amount
    duration: float = 0.0
    share: float = 1.0
    draw: str = ""
    unless: Threshold | None = None

    @property
    def end(self) -> float:
        """When all of it is given, d."""
        return self.at + self.duration

    def later(self, by: float) -> Given:
        """The same dose, `by` days later."""
        return replace(self, at=self.at + by)


def repeated(drug: str, row: str, dose: Amount, *, start: float, doses: int, every: float, over: float) -> list[Given]:
    """Doses (mg) into a row, `every` days from `start` on, each evenly over `over` days."""
    return [Given(drug, row, start + k * every, dose, duration=over) for k in range(doses)]


def drug_amount(dose: DrugDose) -> Amount:
    """Amount in mg, by body surface, by weight or flat, up to the cap."""

    def amount(patients: Patients) -> Array:
        if dose.per_surface is not None:
            found = dose.per_surface * patients.covariates["body_surface"]
        elif dose.per_weight is not None:
            found = dose.per_weight * patients.covariates["weight"]
        else:
            found = np.full(patients.n, dose.flat)
        return found if dose.cap is None else np.minimum(found, dose.cap)

    return amount
