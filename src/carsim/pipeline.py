"""From a scenario to its dataset: the one path, for one patient as for a cohort, for Python as for the command line.

    scenario -> network, patients, schedule -> trajectories -> dataset -> endpoints, with provenance in the attributes

A run with replicates simulates courses, each patient's in a row; what is worked out course by course sees them so, and
the dataset then has the dimensions patient and replicate, with each patient's probabilities of cure and relapse.
What it will take is estimated before anything is drawn or allocated, and refused when memory cannot hold it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from carsim.errors import Problem, ResourceRefused, ScenarioError, UnsupportedMechanism

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import ArrayLike

    from carsim.engines.protocol import Options, Trajectories
    from carsim.model.body import Cast
    from carsim.model.network import Network
    from carsim.population.own import Own
    from carsim.population.patients import Patients
    from carsim.spec import Scenario
    from carsim.spec.prepare import Prepared
    from carsim.treatment.events_table import Events
    from carsim.treatment.schedule import Schedule

Notify = Callable[[str], None]

COPIES = 3  # of every output at one time: as simulated, as assembled, and while it is written
EXTRA_TIMES = 300  # outputs beyond one a day: hours of lymphodepletion, days before the infusion


def run(scenario: Scenario, *, events: Events | None = None, notify: Notify | None = None) -> xr.Dataset:
    """Simulate a scenario; the dataset with courses, records, endpoints and provenance, as `courses` but complete.

    `events` (`carsim.read_events`) takes the place of the scenario's doses at fixed times.
    """
    from carsim.dataset.assays import observe
    from carsim.dataset.cells import listed, summed
    from carsim.dataset.replicates import folded
    from carsim.endpoints import compute
    from carsim.endpoints.probabilities import table

    data, made, trajectories = _simulated(scenario, notify, events=events)
    provenance, replicates, single = data.attrs, scenario.run.replicates, trajectories.individuals
    data = data.merge(compute(data))
    if scenario.run.assay_noise:
        data = data.merge(observe(data, scenario.run.seed, replicates=replicates))
    if single is not None:
        data = data.merge(summed(single, data, made.network, made.patients, options_of(scenario).weight))
    if replicates > 1:
        data = folded(data, replicates)
        data = data.merge(table(data))
    if single is not None:
        data = data.merge(listed(single, data, trajectories.status, replicates))
    return data.assign_attrs(provenance)


def courses(
    scenario: Scenario,
    *,
    own: Own | None = None,
    part: tuple[int, int] | None = None,
    threads: int = 0,
    notify: Notify | None = None,
) -> xr.Dataset:
    """Simulate a scenario; its courses in a row along `patient`, records and provenance, without endpoints.

    `own` holds values that each patient has of its own, beside the scenario's. `part` takes only the patients from the
    first number to before the second; `threads` work side by side (0: as many as there are processors). Neither of
    these changes anyone's result.

    Courses that an interruption (Ctrl-C) left out have that as their status; one before any was simulated is raised.
    `notify` is called with a sentence before something is compiled. Raises UnsupportedMechanism for what this version
    cannot simulate, and ResourceRefused for what memory cannot hold.
    """
    return _simulated(scenario, notify, own, part, threads)[0]


def _simulated(
    scenario: Scenario,
    notify: Notify | None,
    own: Own | None = None,
    part: tuple[int, int] | None = None,
    threads: int = 0,
    events: Events | None = None,
) -> tuple[xr.Dataset, Prepared, Trajectories]:
    """The courses of a scenario as a dataset with its provenance, and what they were made from."""
    from carsim import spec
    from carsim.dataset import provenance
    from carsim.dataset.assemble import assemble, claimed
    from carsim.endpoints.outcome import is_interrupted
    from carsim.engines.protocol import Status
    from carsim.engines.run import simulate as solve
    from carsim.population.own import NONE
    from carsim.spec.prepare import prepare

    _check_kind(scenario)
    started = provenance.now()
    missing = scenario.unsupported()
    if missing:
        raise UnsupportedMechanism(f"{path}: {mechanism}" for path, mechanism in missing)
    planned = int(scenario.run.until / scenario.run.every) + EXTRA_TIMES
    replicates = scenario.run.replicates
    who = (scenario.cohort.n or 1) if scenario.cohort else 1
    refuse_beyond_memory(scenario, part[1] - part[0] if part else who, planned, replicates)
    made = prepare(scenario, Path(scenario.file).parent if scenario.file else None, own or NONE, part, events)
    refuse_beyond_memory(scenario, made.patients.n // replicates, made.times.size, replicates)
    options = replace(options_of(scenario), threads=threads)
    trajectories = solve(
        made.network,
        t=made.times,
        engine=scenario.run.engine,
        schedule=made.schedule,
        patients=made.patients,
        seed=scenario.run.seed,
        outputs=claimed(made.network.rows),
        options=options,
        notify=notify,
    )
    if all(is_interrupted(int(status)) for status in trajectories.status):
        raise KeyboardInterrupt
    data = assemble(
        trajectories,
        patients=made.patients,
        schedule=made.schedule,
        clone_words=words_of_clones(made.cast),
        given_by=given_by_events(made.cast),
        planned=made.planned,
        scales=made.cast.scales,
        entries=made.entries,
    )
    counts = Counter(Status(int(status)).name.lower() for status in trajectories.status)
    data.attrs = provenance.attributes(
        title=scenario.title,
        scenario_text=spec.dump(scenario),
        scenario_sha256=scenario.digest,
        overrides=overridden(scenario),
        seed=scenario.run.seed,
        engine=scenario.run.engine,
        tolerances={"rtol": options.rtol, "atol": options.atol, "atol_scale": options.atol_scale},
        status_counts=dict(sorted(counts.items())),
        started=started,
        observed=observed(scenario),
    )
    if events is not None:
        data.attrs["events_sha256"] = events.sha256
    return data, made, trajectories


def patients_table(scenario: Scenario) -> str:
    """The cohort of a scenario as drawn: the text of a table that `cohort: {from: …}` reads back to the bit.

    As many patients as the largest arm has. Raises ScenarioError where there is one patient instead of a cohort.
    """
    from carsim.errors import Problem, ScenarioError
    from carsim.population.draw import draw

    _check_kind(scenario)
    if scenario.cohort is None:
        raise ScenarioError([Problem(None, "patient", "one patient with explicit values", "a `cohort:` to save")])
    sizes = [arm.n for arm in (scenario.trial.arms if scenario.trial else ()) if arm.n is not None]
    cohort = scenario.cohort
    if cohort.table is None:
        cohort = cohort.model_copy(update={"n": max([cohort.n or 1, *sizes])})
    folder = Path(scenario.file).parent if scenario.file else None
    return draw(cohort, scenario.run.seed, folder).as_table()


def simulate(
    network: Network,
    *,
    t: ArrayLike,
    engine: str = "ode",
    schedule: Schedule | None = None,
    patients: Patients | None = None,
    replicates: int = 1,
    seed: int = 0,
    outputs: list[str] | None = None,
    options: Options | None = None,
    notify: Notify | None = None,
) -> xr.Dataset:
    """Simulate any network; a dataset with one variable (patient, time) per output row, and the status per patient.

    Arguments are those of `carsim.engines.run.simulate`. With an engine of chance and several `replicates`, everything
    has the dimension replicate after patient.
    """
    from carsim.dataset.assemble import from_network
    from carsim.dataset.replicates import folded
    from carsim.engines.run import simulate as solve
    from carsim.population.patients import Patients as Individuals

    patients = Individuals.of(network) if patients is None else patients
    trajectories = solve(
        network,
        t=t,
        engine=engine,
        schedule=schedule,
        patients=patients,
        replicates=replicates,
        seed=seed,
        outputs=outputs,
        options=options,
        notify=notify,
    )
    units = {name: network.unit_of(network.rows[name]) for name in trajectories.outputs}
    if trajectories.status.size != patients.n:  # replicates that the engine made of each patient
        patients = patients.repeated(replicates)
    data = folded(from_network(trajectories, patients=patients, units=units), patients.replicates)
    data.attrs = {"title": network.title, "engine": engine, "seed": int(seed)}
    return data


def _check_kind(scenario: object) -> None:
    """Raise TypeError for what is no scenario, ScenarioError for one that is many."""
    from carsim.spec import Scenario

    if not isinstance(scenario, Scenario):
        raise TypeError(
            f"carsim.run: got {scenario!r:.80}; expected a Scenario, for example "
            "carsim.run(carsim.load('file.yaml')); carsim.load reads a file, carsim.loads a text"
        )
    if scenario.sweep is not None:
        expected = "a scenario without `sweep`; `carsim sweep SCENARIO --out STORE` simulates every point of one"
        raise ScenarioError([Problem(None, "sweep", "a sweep", expected)])


def options_of(scenario: Scenario) -> Options:
    """What a scenario says on how its engine works."""
    from carsim.engines.protocol import Options

    run = scenario.run
    return Options(rtol=run.rtol, threshold=run.threshold, weight=run.weight, lineages=run.lineages)


def observed(scenario: Scenario) -> str:
    """How patients are observed, as JSON: clock records, and the trial's visits and last day of a response (d)."""
    from carsim.spec.trial import Trial

    trial = scenario.trial or Trial()
    clocks = {name.lower(): record for name, record in trial.clocks.model_dump().items()}
    visits = trial.visits if scenario.trial else None
    return json.dumps({"visits": visits, "response_by": trial.response_by, "clocks": clocks})


def overridden(scenario: Scenario) -> list[str]:
    """Paths that were set over the file, with what they are now: `path=value`."""
    from carsim.spec.origins import value_at

    return [
        f"{path}={value_at(scenario, path)}" for path, origin in scenario.origins.items() if origin.kind == "override"
    ]


def words_of_clones(cast: Cast) -> dict[str, dict[str, str]]:
    """What each clone is told apart by: each antigen that counts, lineage, and the word of its relapse."""
    from carsim.model.phenotype import naming, phenotype, state

    words = {
        f"clone_{antigen.lower()}": {clone.name: state(clone, antigen) for clone in cast.clones}
        for antigen in naming(cast.targets)
    }
    words["clone_lineage"] = {clone.name: clone.lineage for clone in cast.clones}
    return words | {"clone_phenotype": {clone.name: phenotype(clone, cast.targets) for clone in cast.clones}}


def given_by_events(cast: Cast) -> dict[str, str]:
    """What each event of the network gives, by its name: the doses of the entries that wait for a condition."""
    return {f"treatment.{dose.name}": dose.label for trigger in cast.triggers for dose in trigger.doses}


def refuse_beyond_memory(scenario: Scenario, patients: int, times: int, replicates: int = 1) -> None:
    """Raise ResourceRefused when the outputs of a scenario would not fit into half of the machine's memory."""
    from carsim.engines.memory import memory

    needed, limit = memory_of(scenario, patients, times, replicates), memory() // 2
    if needed > limit:
        of = f" with {replicates:,} replicates each" if replicates > 1 else ""
        fewer = "fewer patients, fewer replicates" if replicates > 1 else "fewer patients"
        raise ResourceRefused(
            f"{patients:,} patients{of} at {times:,} times need about {_gigabytes(needed)} of memory for "
            f"{needed / (COPIES * 8):.1e} values; the limit here is {_gigabytes(limit)}. "
            f"Ask for {fewer} or a shorter run"
        )


def memory_of(scenario: Scenario, patients: int, times: int, replicates: int = 1) -> int:
    """Bytes that the outputs of a scenario take while they are simulated, about."""
    rows = 50 + 14 * max(len(scenario.products), 1) + 2 * (len(scenario.leukaemia.clones) + 3)
    return COPIES * 8 * patients * replicates * times * rows


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
