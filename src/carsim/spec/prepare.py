"""From a resolved scenario to what engines see: network, patients, schedule, and the days of output.

The only place that hands each part of a scenario to the room that reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carsim.errors import UnsupportedMechanism
from carsim.model.cast import RATE_COVARIATES, Cast, cast
from carsim.model.network import Network
from carsim.model.start import start
from carsim.population.draw import Drawn, draw
from carsim.population.patients import Patients
from carsim.spec.scenario import Scenario
from carsim.treatment.compile import compile_entries
from carsim.treatment.schedule import Schedule

Array = NDArray[np.float64]
FINE = 1.0 / 24.0  # output every hour while a drug is given and for a day after: its kinetics are a matter of hours


@dataclass(frozen=True)
class Prepared:
    """What a run needs; `times` (d) are the days of output, the first one the start of the simulation."""

    cast: Cast
    network: Network
    patients: Patients
    schedule: Schedule
    times: Array


def prepare(scenario: Scenario, folder: Path | None = None) -> Prepared:
    """Everything an engine needs to run the scenario; `folder` is where a cohort's table is looked for.

    Raises UnsupportedMechanism with the path of each mechanism that this version does not have.
    """
    missing = scenario.unsupported()
    if missing:
        raise UnsupportedMechanism(f"{path}: {mechanism}" for path, mechanism in missing)
    who = scenario.patient or scenario.cohort
    assert who is not None
    members = cast(scenario.products, scenario.leukaemia, scenario.parameters, who.population)
    network = members.network(scenario.title)
    patients = _patients(network, members, draw(who, scenario.run.seed, folder))
    domains = {product.name: product.costimulation for product in members.products}
    schedule = compile_entries(scenario.treatment, domains, patients, scenario.run.seed)
    return Prepared(members, network, patients, schedule, _days(schedule, scenario.run.until, patients.n))


def _patients(network: Network, members: Cast, drawn: Drawn) -> Patients:
    """Parameters of each patient: the network's value x the patient's factor, or the covariate of that name."""
    parameters = {
        row.name: row.value * drawn.factors.get(row.name.split(".")[0], np.ones(drawn.n)) for row in network.parameters
    }
    parameters |= {name: drawn.covariates[name] for name in RATE_COVARIATES}
    return Patients(
        identifiers=drawn.identifiers,
        covariates=dict(drawn.covariates),
        parameters=parameters,
        initial=start(network, members.clones, members.fractions, parameters, drawn.covariates),
    )


def _days(schedule: Schedule, until: float, n: int) -> Array:
    given = np.isfinite(schedule.times)
    first = min(0.0, float(schedule.times[given].min())) if given.any() else 0.0
    days = [np.array([first]), np.arange(np.ceil(first), until), np.array([until])]
    inputs = [index for index, row in enumerate(schedule.rows) if row.endswith(".input")]
    drugs = schedule.times[given & np.isin(schedule.targets, inputs)]
    if n == 1 and drugs.size:
        days.append(np.arange(drugs.min(), min(drugs.max() + 1.0, until), FINE))
    return np.unique(np.round(np.concatenate(days), 9))
