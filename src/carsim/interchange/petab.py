"""The most probable parameters of one patient as a PEtab problem (version 1): what `carsim export petab` writes.

    problem.yaml      names the other files
    model.xml         SBML of the patient; a parameter `_factor_<name>` multiplies every class of a parameter
    parameters.tsv    the factors: logarithmic, 1 for the middle of the population, with its spread as prior
    observables.tsv   what was measured, a sum of rows of the model; the noise is log-normal
    measurements.tsv  values, at days since the start of the simulation
    conditions.tsv    the one patient

It is the problem that `carsim run --observations` solves, with three differences that are said or refused: PEtab has no
values below a limit (refused), no correlations among priors (said), and its simulators start from numbers, so that
parameters on which a dose or the start depends stay at the middle (said). Levels of zero have no logarithm there.

Specification: PEtab data format, https://petab.readthedocs.io/en/latest/v1/documentation_data_format.html
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim import catalog
from carsim.individual.effects import Person
from carsim.individual.fit import FARTHEST
from carsim.interchange.identifiers import sid
from carsim.interchange.individual import Individual
from carsim.interchange.refusals import CannotExport
from carsim.interchange.sbml import About, document, factor_id
from carsim.spec.prepare import varied

if TYPE_CHECKING:
    from carsim.dataset.measured import Measured
    from carsim.spec import Scenario

PATIENT: Final = "patient"
PROBED: Final = 1.25  # a factor that shows whether a dose or the start depends on a parameter
PROBLEM: Final = """format_version: 1
parameter_file: parameters.tsv
problems:
  - sbml_files: [model.xml]
    condition_files: [conditions.tsv]
    observable_files: [observables.tsv]
    measurement_files: [measurements.tsv]
"""


@dataclass(frozen=True)
class Problem:
    """The texts of the files by name, what they hold and what they leave out, in sentences."""

    files: Mapping[str, str]
    holds: tuple[str, ...]
    leaves_out: tuple[str, ...]


def problem(scenario: Scenario, table: Measured, about: About | None = None) -> Problem:
    """The problem of the patient of a scenario and a table of that patient's measurements.

    Raises ScenarioError for a scenario or table that is not of one patient without chance, CannotExport for values
    below a limit.
    """
    person = Person.of(scenario, table)
    if table.below.any():
        raise CannotExport(
            [f"{table.name}: got {int(table.below.sum())} values below a limit; expected none: PEtab 1 cannot say them"]
        )
    start = float(person.made.times[0])
    free = _free(person)
    rows = {row.name: name for row in person.made.network.parameters if (name := row.name.split(".")[0]) in free}
    one = Individual.of(person.made.network, person.made.patients, person.made.schedule, 0, start)
    kinds = _kinds(table)
    files = {
        "problem.yaml": PROBLEM,
        "model.xml": document(person.made.network, one, about, rows),
        "conditions.tsv": _table(["conditionId", "conditionName"], [(PATIENT, one.identifier)]),
        "parameters.tsv": _parameters(free),
        "observables.tsv": _observables(kinds, person.outputs),
        "measurements.tsv": _measurements(table, kinds, start),
    }
    holds = (
        f"{table.day.size} measurements of {', '.join(table.courses)}; {len(free)} factors: {', '.join(free)}",
        f"time 0 is day {start:g} of the scenario",
    )
    return Problem(files, holds, tuple(_left_out(person, free)))


def _free(person: Person) -> dict[str, float]:
    """The parameters that may differ, with their spread, save those on which a dose or the start depends."""
    n = len(person.names)
    factors = {name: np.where(np.arange(n) == place, PROBED, 1.0) for place, name in enumerate(person.names)}
    patients, schedule = varied(person.made, person.scenario, factors)
    usual = person.made
    found = {}
    for place, (name, log_sd) in enumerate(zip(person.names, person.log_sd.tolist(), strict=True)):
        same_start = np.array_equal(patients.initial[place], usual.patients.initial[0])
        same_doses = np.array_equal(schedule.amounts[place], usual.schedule.amounts[0]) and np.array_equal(
            schedule.times[place], usual.schedule.times[0], equal_nan=True
        )
        waiting = [row for row in usual.patients.parameters if row.startswith("dose.")]
        same_waiting = all(patients.parameters[row][place] == usual.patients.parameters[row][0] for row in waiting)
        if same_start and same_doses and same_waiting:
            found[name] = log_sd
    return found


def _left_out(person: Person, free: Mapping[str, float]) -> Iterable[str]:
    depends = [name for name in person.names if name not in free]
    if depends:
        yield f"factors on which a dose or the start depends, left at the middle: {', '.join(depends)}"
    assert person.scenario.patient is not None  # checked by Person
    pairs = catalog.find_population(person.scenario.patient.population).correlations
    found = [f"{pair.first} with {pair.second}" for pair in pairs if {pair.first, pair.second} <= set(free)]
    if found:
        yield f"correlations of the prior: {', '.join(found)}"
    yield "the other parts of the scenario: `carsim export omex` has them"


def _kinds(table: Measured) -> dict[tuple[str, float], str]:
    """An identifier for each course with each noise."""
    pairs = dict.fromkeys(zip(table.course.tolist(), table.log_sd.tolist(), strict=True))
    return {pair: f"observed_{sid(pair[0])}_{place}" for place, pair in enumerate(pairs, start=1)}


def _parameters(free: Mapping[str, float]) -> str:
    header = ["parameterId", "parameterScale", "lowerBound", "upperBound", "nominalValue", "estimate"]
    rows = []
    for name, log_sd in free.items():
        low, high = (repr(float(np.exp(sign * FARTHEST * log_sd))) for sign in (-1.0, 1.0))
        rows.append((factor_id(name), "log", low, high, "1.0", "1", "logNormal", f"0;{log_sd!r}"))
    return _table([*header, "objectivePriorType", "objectivePriorParameters"], rows)


def _observables(kinds: Mapping[tuple[str, float], str], outputs: Mapping[str, Sequence[str]]) -> str:
    header = ["observableId", "observableName", "observableFormula", "observableTransformation", "noiseFormula"]
    rows = [
        (name, course, " + ".join(sid(row) for row in outputs[course]), "log", repr(log_sd), "normal")
        for (course, log_sd), name in kinds.items()
    ]
    return _table([*header, "noiseDistribution"], rows)


def _measurements(table: Measured, kinds: Mapping[tuple[str, float], str], start: float) -> str:
    columns = (table.course.tolist(), table.log_sd.tolist(), table.day.tolist(), table.value.tolist())
    rows = [
        (kinds[course, log_sd], PATIENT, repr(value), repr(day - start))
        for course, log_sd, day, value in zip(*columns, strict=True)
    ]
    return _table(["observableId", "simulationConditionId", "measurement", "time"], rows)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    out = StringIO()
    csv.writer(out, delimiter="\t", lineterminator="\n").writerows([header, *rows])
    return out.getvalue()
