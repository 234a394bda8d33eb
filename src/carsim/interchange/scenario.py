"""One patient of a scenario as SBML, a COMBINE archive or an mrgsolve model: what is written, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsim.errors import CarsimError, nearest
from carsim.interchange.fixed import averages_a_trait

if TYPE_CHECKING:
    from carsim.interchange.individual import Individual
    from carsim.model.network import Network
    from carsim.population.patients import Patients
    from carsim.spec import Scenario
    from carsim.spec.prepare import Prepared

ENGINE = "sbml"  # what a file of ours says in place of an engine


class NoSuchPatient(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """The scenario has no patient of this identifier."""

    exit_status = 2


@dataclass(frozen=True)
class Export:
    """The content of a file, its patient, and in sentences what it holds and what of the scenario it does not."""

    content: bytes
    patient: str
    holds: tuple[str, ...]
    leaves_out: tuple[str, ...]

    @property
    def text(self) -> str:
        """The content of a text file."""
        return self.content.decode()


def run_of(scenario: Scenario) -> dict[str, Any]:
    """The words by which a file of ours says what it was made from."""
    from carsim.dataset.provenance import version

    digest, seed = scenario.digest, scenario.run.seed
    return {"scenario_sha256": digest, "seed": seed, "engine": ENGINE, "carsim_version": version()}


@dataclass(frozen=True)
class OnePatient:
    """The deterministic model of one patient: the network, what the patient has of it, and the days of output."""

    made: Prepared
    one: Individual

    @property
    def network(self) -> Network:
        """The equations."""
        return self.made.network

    @property
    def length(self) -> float:
        """From the start to the last day of output, d."""
        return float(self.made.times[-1]) - self.one.start

    @property
    def days(self) -> str:
        """What time 0 of a file means, as a clause."""
        start, last = self.one.start, float(self.made.times[-1])
        return f"Time 0 of the file is day {start:g} of the scenario, which ends at time {self.length:g} (day {last:g})"


def one_patient(scenario: Scenario, patient: str | None = None) -> OnePatient:
    """One patient of a scenario without chance, the first where none is named.

    Raises UnsupportedMechanism for what this version cannot simulate, NoSuchPatient, and CannotExport for a scenario
    that is no set of equations.
    """
    from carsim.interchange.individual import Individual
    from carsim.interchange.refusals import refuse_many
    from carsim.spec.prepare import prepare

    refuse_many(scenario)
    equations = scenario.with_(**{"run.engine": "ode", "run.replicates": 1})  # of a cohort that states no engine
    made = prepare(equations, Path(scenario.file).parent if scenario.file else None)
    index = index_of(made.patients, patient)
    one = Individual.of(made.network, made.patients, made.schedule, index, float(made.times[0]))
    return OnePatient(made, one)


def export(scenario: Scenario, patient: str | None = None) -> Export:
    """The scenario of one patient, the first where none is named, as SBML.

    Raises as `one_patient` does, CannotExport also for what SBML cannot say.
    """
    return sbml_of(scenario, one_patient(scenario, patient))


def sbml_of(scenario: Scenario, model: OnePatient) -> Export:
    """The SBML of a patient of this scenario, and what is to be said of it."""
    from carsim.dataset.provenance import NOT_FOR_TREATMENT, version
    from carsim.dataset.store import figure_mark
    from carsim.interchange.sbml import About, document

    network, one = model.network, model.one
    about = About(
        (
            f"Patient {one.identifier} of this scenario, exported by carsim {version()}. {NOT_FOR_TREATMENT}",
            f"{model.days}. Names are those of carsim; identifiers spell what SBML does not take, `.` as two "
            "underscores.",
        ),
        figure_mark(run_of(scenario)),
    )
    content = document(network, one, about).encode()
    holds = _holds(model, {"times of treatment": len({change.day for change in one.changes})})
    return Export(content, one.identifier, holds, tuple(_left_out(network, model.made.patients)))


def _holds(model: OnePatient, more: Mapping[str, int] | None = None) -> tuple[str, str]:
    """How much of what is in a file, and what its time means."""
    network = model.network
    counts = {
        "species": len(network.all_species),
        "reactions": len(network.reactions),
        "quantities": len(network.quantities),
        "extinctions": len(network.extinctions),
        "modes": len(network.modes),
        "events": len(network.events),
        **(more or {}),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items()), model.days


def export_mrgsolve(scenario: Scenario, patient: str | None = None) -> Export:
    """The scenario of one patient as an mrgsolve model file, without its doses, which are a table.

    Raises as `export` does, CannotExport also for treatment at fixed times that no table of doses can hold.
    """
    from carsim.dataset.provenance import NOT_FOR_TREATMENT, version
    from carsim.dataset.store import figure_mark
    from carsim.interchange.events import dosed_rows
    from carsim.interchange.mrgsolve import document
    from carsim.interchange.mrgsolve_watch import LONGEST
    from carsim.interchange.refusals import refuse_read
    from carsim.interchange.sedml import Course

    model = one_patient(scenario, patient)
    network, one = model.network, model.one
    dosed = dosed_rows(model.made)
    refuse_read(network, [row for row, species in dosed.items() if row != species])
    about = (
        f"Patient {one.identifier} of this scenario, exported by carsim {version()}. {NOT_FOR_TREATMENT}",
        f"{model.days}. Doses are records: carsim export events writes them.",
        figure_mark(run_of(scenario)),
    )
    course = Course.of(model.length, scenario.run.every)
    content = document(network, one, course, dosed, about).encode()
    leaves_out = (
        *_others(model.made.patients),
        "doses: `carsim export events` writes them as the table that this model is run with",
        f"conditions that come and go between two looks, which are {LONGEST:g} d apart or less; any other moment is "
        "found to about 1e-9 d",
        "the refusal of states below zero, and their own absolute tolerances: $SET has one for all",
        "days of output other than even ones, endpoints, detection limits and noise of assays",
        "ranges and grades of parameters; their sources stand beside them",
    )
    return Export(content, one.identifier, _holds(model), leaves_out)


def export_archive(scenario: Scenario, patient: str | None = None) -> Export:
    """The scenario of one patient as a COMBINE archive; raises as `export` does."""
    from carsim import spec
    from carsim.dataset.store import figure_mark
    from carsim.interchange import omex, sedml

    model = one_patient(scenario, patient)
    made = sbml_of(scenario, model)
    course = sedml.Course.of(model.length, scenario.run.every)
    title = f"{scenario.title}, patient {made.patient}"
    files = {
        "model.xml": made.content.decode(),
        "simulation.sedml": sedml.document(model.network, course, "model.xml", title),
        "scenario.yaml": spec.dump(scenario),
    }
    holds = (*made.holds, f"time course of {course.length:g} d in {course.steps} steps, plots, report of courses")
    leaves_out = tuple(line for line in made.leaves_out if not line.startswith(("days of output", "tolerances")))
    leaves_out = ("endpoints, detection limits and noise of assays", *leaves_out)
    return Export(omex.archive(files, figure_mark(run_of(scenario))), made.patient, holds, leaves_out)


def index_of(patients: Patients, wanted: str | None) -> int:
    """The place of a patient by its identifier; of the first where none is named."""
    if wanted is None:
        return 0
    if wanted not in patients.identifiers:
        meant = nearest(wanted, patients.identifiers)
        hint = f"; did you mean {meant!r}?" if meant else ""
        first, last = patients.identifiers[0], patients.identifiers[-1]
        raise NoSuchPatient(
            f"--patient: got {wanted!r}; expected one of {patients.n} patients, {first} to {last}{hint}"
        )
    return patients.identifiers.index(wanted)


def _others(patients: Patients) -> list[str]:
    return [] if patients.n == 1 else [f"the other {patients.n - 1} patients, and how they differ"]


def _left_out(network: Network, patients: Patients) -> list[str]:
    means = any(averages_a_trait(quantity.formula) for quantity in network.quantities)
    return [
        *_others(patients),
        "days of output, endpoints, detection limits and noise of assays",
        "which species are counts, for methods of chance; a note of each says so",
        "tolerances: set a relative one of 1e-9; a note of each species has its absolute one",
        *(["how means over the cells of a population come about: they are numbers"] if means else []),
        "ranges and grades of parameters; their sources are notes",
    ]
