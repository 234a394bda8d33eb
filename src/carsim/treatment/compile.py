"""From treatment entries to the one schedule that engines see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.errors import UnsupportedMechanism
from carsim.population.patients import Patients
from carsim.treatment import infusion, lymphodepletion
from carsim.treatment.doses import Dose, schedule
from carsim.treatment.doses import Infusion as DrugInfusion
from carsim.treatment.entries import Cyclophosphamide, Entry, Fludarabine, Infusion, Lymphodepletion
from carsim.treatment.schedule import Schedule


def compile_entries(
    entries: Sequence[Entry],
    costimulation: Mapping[str, str],
    patients: Patients,
    seed: int,
    *,
    everyone: bool = False,
) -> Schedule:
    """The changes of all patients; `costimulation` gives each product's domain.

    With `everyone`, what is planned: each entry for every patient, whatever its share.

    Raises UnsupportedMechanism for entries that this version cannot give.
    """
    changes: list[Dose | DrugInfusion] = []
    for entry in entries:
        given: Sequence[Dose | DrugInfusion]
        if isinstance(entry, Infusion):
            given = infusion.doses(entry, costimulation[entry.give], patients, seed)
        elif isinstance(entry, Lymphodepletion | Fludarabine | Cyclophosphamide):
            given = lymphodepletion.changes(entry, patients)
        else:
            raise UnsupportedMechanism([f"treatment.{entry.name}: {type(entry).__name__.lower()}"])
        receive = np.ones(patients.n, dtype=bool) if everyone else _given(entry, patients.n, seed)
        changes += [change.only(receive) for change in given]
    return schedule(changes, patients.n)


def _given(entry: Entry, n: int, seed: int) -> NDArray[np.bool_]:
    """Which patients are given the entry: its share of them, each by the patient's own draw."""
    if entry.share >= 1.0:
        return np.ones(n, dtype=bool)
    draws: NDArray[np.float64] = rng.uniforms(seed, f"treatment.{entry.name}", np.arange(n))
    return draws < entry.share
