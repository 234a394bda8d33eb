"""One patient out of the arrays that engines run: its parameters, its state at the start, its treatment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from carsim.interchange.happenings import Timed
from carsim.model.network import Network
from carsim.model.words import Operation
from carsim.population.patients import Patients
from carsim.treatment.schedule import OPERATIONS, Schedule


@dataclass(frozen=True)
class Individual:
    """One patient: values of parameters and species by name, changes in their order.

    A population that is below its limit at the start has been set to zero, as engines do.
    """

    identifier: str
    start: float
    parameters: Mapping[str, float]
    initial: Mapping[str, float]
    changes: tuple[Timed, ...]

    @classmethod
    def of(cls, network: Network, patients: Patients, schedule: Schedule, index: int, start: float) -> Individual:
        """The patient at this place, whose simulation starts on day `start`."""
        initial = {
            row.name: float(value) for row, value in zip(network.all_species, patients.initial[index], strict=True)
        }
        for item in network.extinctions:
            if sum(initial[ref.name] for ref in item.species) < item.below:
                initial |= {ref.name: 0.0 for ref in item.species}
        parameters = {row.name: float(patients.parameters[row.name][index]) for row in network.parameters}
        return cls(patients.identifiers[index], start, parameters, initial, _changes(schedule, index))


def _changes(schedule: Schedule, index: int) -> tuple[Timed, ...]:
    words: dict[int, Operation] = {code: word for word, code in OPERATIONS.items()}  # type: ignore[misc]
    return tuple(
        Timed(
            day=float(schedule.times[index, k]),
            operation=words[int(schedule.operations[index, k])],
            row=schedule.rows[schedule.targets[index, k]],
            amount=float(schedule.amounts[index, k]),
            label=str(schedule.labels[index, k]),
        )
        for k in np.flatnonzero(~np.isnan(schedule.times[index]))
    )
