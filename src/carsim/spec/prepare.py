"""From a resolved scenario to what engines see: network, patients, schedule, and the days of output.

The only place that hands each part of a scenario to the room that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from carsim import catalog
from carsim.errors import UnsupportedMechanism
from carsim.model.body import Cast
from carsim.model.build import build
from carsim.model.cast import RATE_COVARIATES, cast
from carsim.model.network import Network
from carsim.model.start import start
from carsim.population.draw import Drawn, draw
from carsim.population.enrolment import NOT_MADE, enrolment_day, manufacture
from carsim.population.fate import medians, thresholds
from carsim.population.leukaemia import counted, density_factors, disease, shares
from carsim.population.own import NONE, Own
from carsim.population.parts import Cohort, History, Patient
from carsim.population.patients import Patients
from carsim.population.products import composition_factors
from carsim.population.table import read_table
from carsim.spec.plain import CHANCE, Run
from carsim.spec.scenario import Scenario
from carsim.spec.trial import Trial
from carsim.treatment.compile import compile_entries, days_given, fixed_doses, trigger_rows
from carsim.treatment.doses import Dose
from carsim.treatment.doses import Infusion as Infused
from carsim.treatment.entries import Infusion, names_given
from carsim.treatment.events_table import Compartment, Events, changes
from carsim.treatment.infusion import per_weight
from carsim.treatment.plan import Planned, plan
from carsim.treatment.schedule import Schedule
from carsim.treatment.triggers import triggers
from carsim.treatment.visits import visit_days

Array = NDArray[np.float64]
FINE = 1.0 / 24.0  # output every hour while a drug is given and for a day after: its kinetics are a matter of hours


@dataclass(frozen=True)
class Prepared:
    """What a run needs; `times` (d) are the days of output, the first one the start of the simulation.

    Patients and schedule have one entry per course: every replicate of the first patient, then those of the next.
    `planned` names everything that may be given, in order of the file; `entries` is the day on which each course is
    given an entry of fixed times (NaN: not, or when a condition is met), by the entry's name. `fixed` is what is given
    at fixed times, to all patients of the scenario; `compartments` what a table of doses may name, by row.
    """

    cast: Cast
    network: Network
    patients: Patients
    schedule: Schedule
    times: Array
    planned: tuple[str, ...] = ()
    entries: Mapping[str, Array] = field(default_factory=dict)
    fixed: tuple[Dose | Infused, ...] = ()
    compartments: Mapping[str, Compartment] = field(default_factory=dict)


def prepare(
    scenario: Scenario,
    folder: Path | None = None,
    own: Own = NONE,
    part: tuple[int, int] | None = None,
    events: Events | None = None,
) -> Prepared:
    """Everything an engine needs to run the scenario; `folder` is where a cohort's table is looked for.

    `own` holds values that each patient has of its own. `part` takes the patients from the first number to before the
    second, who are the same as among all. `events` takes the place of the doses at fixed times; the simulation starts
    on the scenario's day all the same.

    Raises UnsupportedMechanism with the path of each mechanism that this version does not have.
    """
    missing = scenario.unsupported()
    if missing:
        raise UnsupportedMechanism(f"{path}: {mechanism}" for path, mechanism in missing)
    members, seed = cast_of(scenario, folder), scenario.run.seed
    network = build(scenario.title, members)
    who = _who(scenario)
    patients = _patients(network, members, scenario, draw(who, seed, folder, own), own)
    planned = _planned(scenario)
    times = _days(compile_entries(planned, patients, seed, everyone=True), scenario.run, _begin(scenario, who))
    begin, made = float(times[0]), patients.covariates["manufacture"] != NOT_MADE
    rows = {**patients.parameters, **trigger_rows(planned, patients, seed, begin, made)}
    patients, instead = replace(patients, parameters=rows), None
    compartments = _compartments(planned, network)
    if events is None:
        patients = replace(patients, covariates={**patients.covariates, **_dose(planned, patients, seed)})
    else:
        instead = changes(events, compartments, numbers(network), patients.identifiers, begin)
        both = [*fixed_doses(planned, patients, seed, everyone=True), *instead]  # so that no table takes days away
        times = _days(compile_entries((), patients, seed, instead=both), scenario.run, begin)
    entries = days_given(planned, patients, seed, made, instead)
    schedule = compile_entries(planned, patients, seed, begin, made, instead=instead)
    fixed = fixed_doses(planned, patients, seed, made) if instead is None else instead
    if part is not None:
        patients, schedule = patients.part(*part), schedule.part(*part)
        entries = {name: days[slice(*part)] for name, days in entries.items()}
    if scenario.run.replicates > 1:
        patients, schedule = patients.repeated(scenario.run.replicates), schedule.repeated(scenario.run.replicates)
        entries = {name: np.repeat(days, scenario.run.replicates) for name, days in entries.items()}
    patients = _by_chance(patients, network, members, scenario)
    labels = tuple(dict.fromkeys(dose.label for item in planned for dose in item.doses))
    return Prepared(members, network, patients, schedule, times, labels, entries, tuple(fixed), compartments)


def start_of(scenario: Scenario) -> float:
    """The day on which the simulation of a scenario starts: time 0 of tables of events and of files for other tools."""
    return float(prepare(scenario, Path(scenario.file).parent if scenario.file else None).times[0])


def varied(made: Prepared, scenario: Scenario, factors: Mapping[str, Array]) -> tuple[Patients, Schedule]:
    """The one patient of a scenario m times, with other factors (m,) on parameters (by name without class).

    All are the same person: with the same doses, clones and densities. `made` is what `prepare` makes of the scenario.
    """
    m = next(iter(factors.values())).size
    one, same = made.patients.repeated(m), np.ones(m)
    parameters = {name: values * factors.get(name.split(".")[0], same) for name, values in one.parameters.items()}
    members, seed = made.cast, scenario.run.seed
    clones = shares(members, scenario.leukaemia, seed, 1, of_cohort=False)
    sites = disease(scenario.leukaemia, seed, 1, of_cohort=False)
    fractions, levels = ({name: np.repeat(share, m) for name, share in part.items()} for part in (clones, sites))
    initial = start(made.network, members.clones, fractions, parameters, one.covariates, members.products, levels)
    many = replace(one, parameters=parameters, initial=initial)
    planned, begin, able = _planned(scenario), float(made.times[0]), many.covariates["manufacture"] != NOT_MADE
    own = trigger_rows(planned, many, seed, begin, able)  # what enters of a dose depends on the parameters
    many = replace(many, parameters={**many.parameters, **own})
    return many, compile_entries(planned, many, seed, begin, able)


def cast_of(scenario: Scenario, folder: Path | None = None) -> Cast:
    """The cast of the scenario's model with the typical patient's covariates, whether or not it can run yet.

    `folder` is where a cohort's table is looked for; default: the folder of the scenario's file.
    """
    who = _who(scenario)
    folder = Path(scenario.file).parent if folder is None and scenario.file else folder
    given = {name: getattr(who, name) for name in RATE_COVARIATES}
    typical = {name: float(getattr(value, "median", value)) for name, value in given.items()}
    origins = {path.removeprefix("patient.").removeprefix("cohort."): str(o) for path, o in scenario.origins.items()}
    scales = (scenario.trial or Trial()).scales
    members = cast(
        scenario.products,
        scenario.leukaemia,
        scenario.parameters,
        who.population,
        typical,
        origins,
        given=names_given(scenario.treatment),
        history=_possible_history(who, folder),
        scales={"crs": scales.crs, "icans": scales.icans},
    )
    visits = tuple(scenario.trial.visits if scenario.trial else visit_days(scenario.run.until))
    return replace(members, triggers=triggers(_planned(scenario), visits), visits=visits)


def numbers(network: Network) -> dict[str, str]:
    """Species by their number, from 1 on in order of statement: the CMT of tables and of files for other tools."""
    return {str(number): row.name for number, row in enumerate(network.all_species, start=1)}


def _compartments(planned: tuple[Planned, ...], network: Network) -> dict[str, Compartment]:
    """The species that the treatment's doses enter, with the row of infusions where the network has one."""
    species = {row.name for row in network.all_species}
    return {
        dose.row: Compartment(dose.label, row if (row := f"{dose.label}.input") in network.rows else "")
        for item in planned
        for dose in item.doses
        if dose.row in species
    }


def _planned(scenario: Scenario) -> tuple[Planned, ...]:
    domains = {product.name: product.costimulation for product in scenario.products}
    return plan(scenario.treatment, domains, scenario.run.seed)


def _dose(planned: tuple[Planned, ...], patients: Patients, seed: int) -> dict[str, Array]:
    """The cells/kg of the first infusion of the file that waits for no condition; nothing without one."""
    for item in planned:
        if isinstance(item.entry, Infusion) and item.entry.when is None:
            return {"cart_dose": per_weight(item.entry, patients, seed, item.name)}
    return {}


def _who(scenario: Scenario) -> Patient | Cohort:
    who = scenario.patient or scenario.cohort
    assert who is not None  # a scenario has one of them
    return who


def _patients(network: Network, members: Cast, scenario: Scenario, drawn: Drawn, own: Own) -> Patients:
    """Parameters of each patient: the network's value x the patient's factors, or the covariate of that name."""
    who = _who(scenario)
    parameters = {
        row.name: row.value * own.of_row(row.name) * drawn.factors.get(row.name.split(".")[0], np.ones(drawn.n))
        for row in network.parameters
    }
    parameters |= {name: drawn.covariates[name] for name in RATE_COVARIATES}
    parameters |= _changed_by_history(parameters, drawn)
    for row, factor in density_factors(scenario.leukaemia, members.lineage, scenario.run.seed, drawn.n).items():
        if row in parameters:  # antigens that no product sees have no row
            parameters[row] = parameters[row] * factor
    if scenario.cohort is not None and scenario.cohort.variability:
        for row, factor in composition_factors(members.products, scenario.run.seed, drawn.n).items():
            parameters[row] = parameters[row] * factor
    product = {"manufacture": manufacture(who, scenario.run.seed, drawn.n)}
    of_cohort = scenario.cohort is not None
    fractions = shares(members, scenario.leukaemia, scenario.run.seed, drawn.n, of_cohort=of_cohort)
    for clone in members.clones:
        if clone.reversion is not None:
            parameters[f"state_share.{clone.name}"] = fractions[clone.name] / fractions[members.clones[0].name]
    sites = disease(scenario.leukaemia, scenario.run.seed, drawn.n, of_cohort=of_cohort)
    initial = start(network, members.clones, fractions, parameters, drawn.covariates, members.products, sites)
    none = np.zeros(drawn.n, dtype=bool)
    history = {item: drawn.history.get(item, none).astype(np.float64) for item in get_args(History)}
    return Patients(drawn.identifiers, parameters, initial, {**drawn.covariates, **product, **history})


def _by_chance(patients: Patients, network: Network, members: Cast, scenario: Scenario) -> Patients:
    """The courses with what chance decides at their start: few cells of a clone as whole ones, and their fates.

    Without an engine of chance, the single course of a `patient:` has the cells that are expected and median fates.
    """
    run, cohort = scenario.run, scenario.cohort
    chance, initial = run.engine in CHANCE, patients.initial
    if chance or (cohort is not None and cohort.variability):
        initial = counted(patients, network, members, run.seed, at_sites=chance)
    drawn = chance or cohort is not None
    fates = thresholds(patients.index, patients.replicate, run.seed) if drawn else medians(patients.n)
    covariates = {**patients.covariates, **{f"threshold_{cause}": value for cause, value in fates.items()}}
    return replace(patients, initial=initial, covariates=covariates)


def _changed_by_history(parameters: Mapping[str, Array], drawn: Drawn) -> dict[str, Array]:
    """Each patient's value of the parameters that an item of history changes, of every class."""
    changed: dict[str, Array] = {}
    for item, has in drawn.history.items():
        for name, factor in catalog.history().get(item, {}).items():
            for row in (row for row in parameters if row == name or row.startswith(f"{name}.")):
                value = changed.get(row, parameters[row])
                changed[row] = np.where(has, factor.value * value, value)
    return changed


def _possible_history(who: Patient | Cohort, folder: Path | None) -> frozenset[str]:
    """What any of the patients may have had; of a table, what it has a column of."""
    if isinstance(who, Patient):
        return frozenset(who.history)
    if who.table is not None:
        return frozenset(read_table(who.table, folder, who.age.median).history)
    return frozenset(item for item, share in who.shares.items() if share)


def _begin(scenario: Scenario, who: Patient | Cohort) -> float:
    """The latest day on which the simulation may start: enrolment, or the first visit that decides on a treatment."""
    visits = [entry.when.visit for entry in scenario.treatment if entry.when and entry.when.visit is not None]
    enrolled = enrolment_day(who)
    return min([0.0, *visits, *([] if enrolled is None else [enrolled])])


def _days(planned: Schedule, run: Run, begin: float) -> Array:
    """Days of output, the first the start: by what is planned, so that no draw of who is given it moves them."""
    begins = planned.times[~np.isnan(planned.times)]
    first = min(begin, float(begins.min())) if begins.size else begin
    steps = np.arange(np.ceil(first / run.every), np.ceil(run.until / run.every)) * run.every
    days = [np.array([first]), steps[steps > first], np.array([run.until])]
    inputs = [index for index, row in enumerate(planned.rows) if row.endswith(".input")]
    drugs = planned.times[np.isin(planned.targets, inputs) & ~np.isnan(planned.times)]
    if drugs.size:
        hours = np.arange(drugs.min(), min(drugs.max() + 1.0, run.until), FINE)
        changes = np.unique(drugs)
        latest = changes[np.searchsorted(changes, hours, side="right") - 1]
        days.append(hours[hours - latest <= 1.0])
    return np.unique(np.round(np.concatenate(days), 9))
