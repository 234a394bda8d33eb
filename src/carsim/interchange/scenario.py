"""One patient of a scenario as an SBML file: what `carsim export sbml` writes, and what the file leaves out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsim.errors import CarsimError, nearest
from carsim.interchange.fixed import averages_a_trait

if TYPE_CHECKING:
    from carsim.model.network import Network
    from carsim.population.patients import Patients
    from carsim.spec import Scenario

ENGINE = "sbml"  # what a file of ours says in place of an engine


class NoSuchPatient(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """The scenario has no patient of this identifier."""

    exit_status = 2


@dataclass(frozen=True)
class Export:
    """The text of a file, whose patient it holds, what it holds, and what of the scenario it does not, in sentences."""

    text: str
    patient: str
    holds: tuple[str, ...]
    leaves_out: tuple[str, ...]


def run_of(scenario: Scenario) -> dict[str, Any]:
    """The words by which a file of ours says what it was made from."""
    from carsim.dataset.provenance import version

    digest, seed = scenario.digest, scenario.run.seed
    return {"scenario_sha256": digest, "seed": seed, "engine": ENGINE, "carsim_version": version()}


def export(scenario: Scenario, patient: str | None = None) -> Export:
    """The scenario of one patient, the first where none is named, as SBML.

    Raises UnsupportedMechanism for what this version cannot simulate, NoSuchPatient, and CannotExport for what SBML
    cannot say.
    """
    from carsim.dataset.provenance import NOT_FOR_TREATMENT, version
    from carsim.dataset.store import figure_mark
    from carsim.interchange.individual import Individual
    from carsim.interchange.sbml import About, document
    from carsim.spec.prepare import prepare

    equations = scenario.with_(**{"run.engine": "ode", "run.replicates": 1})  # SBML states what is expected, no draw
    made = prepare(equations, Path(scenario.file).parent if scenario.file else None)
    start, until = float(made.times[0]), float(made.times[-1])
    index = index_of(made.patients, patient)
    one = Individual.of(made.network, made.patients, made.schedule, index, start)
    days = f"Time 0 of the file is day {start:g} of the scenario, which ends at time {until - start:g} (day {until:g})"
    about = About(
        (
            f"Patient {one.identifier} of this scenario, exported by carsim {version()}. {NOT_FOR_TREATMENT}",
            f"{days}. Names are those of carsim; identifiers spell what SBML does not take, `.` as two underscores.",
        ),
        figure_mark(run_of(scenario)),
    )
    text = document(made.network, one, about)
    network = made.network
    counts = {
        "species": len(network.all_species),
        "reactions": len(network.reactions),
        "quantities": len(network.quantities),
        "times of treatment": len({change.day for change in one.changes}),
        "extinctions": len(network.extinctions),
        "modes": len(network.modes),
        "events": len(network.events),
    }
    holds = (", ".join(f"{count} {what}" for what, count in counts.items()), days)
    return Export(text, one.identifier, holds, tuple(_left_out(network, made.patients)))


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


def _left_out(network: Network, patients: Patients) -> list[str]:
    means = any(averages_a_trait(quantity.formula) for quantity in network.quantities)
    others = [] if patients.n == 1 else [f"the other {patients.n - 1} patients, and how they differ"]
    return [
        *others,
        "days of output, endpoints, detection limits and noise of assays",
        "which species are counts, for methods of chance; a note of each says so",
        "tolerances: set a relative one of 1e-9 and an absolute one of 1e-9",
        *(["how means over the cells of a population come about: they are numbers"] if means else []),
        "ranges and grades of parameters; their sources are notes",
    ]
