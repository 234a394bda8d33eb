"""From treatment entries to the one schedule that engines see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carsim.errors import UnsupportedMechanism
from carsim.population.patients import Patients
from carsim.treatment import infusion, lymphodepletion
from carsim.treatment.doses import Dose, schedule
from carsim.treatment.doses import Infusion as DrugInfusion
from carsim.treatment.entries import Cyclophosphamide, Entry, Fludarabine, Infusion, Lymphodepletion
from carsim.treatment.schedule import Schedule


def compile_entries(entries: Sequence[Entry], costimulation: Mapping[str, str], patients: Patients) -> Schedule:
    """The changes of all patients; `costimulation` gives each product's domain.

    Raises UnsupportedMechanism for entries that this version cannot give.
    """
    changes: list[Dose | DrugInfusion] = []
    for entry in entries:
        if isinstance(entry, Infusion):
            changes += infusion.doses(entry, costimulation[entry.give], patients)
        elif isinstance(entry, Lymphodepletion | Fludarabine | Cyclophosphamide):
            changes += lymphodepletion.changes(entry, patients)
        else:
            raise UnsupportedMechanism([f"treatment.{entry.name}: {type(entry).__name__.lower()}"])
    return schedule(changes, patients.n)
