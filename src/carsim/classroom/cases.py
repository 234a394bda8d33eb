"""What a page needs of one scenario that is resolved: its network, values, start, doses, clones, and how twins differ.

    values   of the parameters in the order of the network
    start    of each state, as the place of a traced formula (see derive.tracing)
    given    [label, row, day, setting that it counts from, duration, traced amount, entry]
    clones   [name, phenotype, {antigen: positive | dim | absent}]
    varies   [row, stream, standard deviation of the log] of what differs between twins by row

Leaves of the traced formulas: `p` a parameter of the patient, `c` a covariate, `f` a clone's share of the blasts, `s` a
setting; `burden` are the marrow blasts of a blast fraction beside B cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from carsim.classroom.settings import Settings, defaults, scenario_text
from carsim.derive.tracing import Trace, Traced
from carsim.errors import CarsimError
from carsim.model.cast import RATE_COVARIATES
from carsim.model.phenotype import BOTH, phenotype, state
from carsim.model.start import start
from carsim.population.leukaemia import density_spreads
from carsim.population.patients import Patients
from carsim.population.products import composition_spreads
from carsim.spec import Scenario, loads
from carsim.spec.prepare import Prepared, prepare
from carsim.treatment.entries import Course, Entry, Infusion, Lymphodepletion
from carsim.treatment.plan import plan

SITES, MOST_CLONES, MOST_PRODUCTS = ("marrow", "blood"), 6, 2
DAYS = {"second": "second_day", "transplant": "transplant_day"}  # entries that a setting shifts
COVARIATES = ("marrow_blasts", "host_t_cells", "bcell_initial")  # that the start reads, beside parameters
SOME_EXPOSURE = 16.0  # mg*h/L: a page leaves lymphodepletion out by itself where the setting is 0


class OutsideClassroom(CarsimError):  # noqa: N818  (a refusal, named after what is outside)
    """A page holds one structure, and this scenario is outside it."""

    exit_status = 2


@dataclass(frozen=True)
class Case:
    """One scenario as a page holds it; see the module's text."""

    made: Prepared
    values: tuple[float, ...]
    start: tuple[int, ...]
    given: tuple[tuple[Any, ...], ...]
    clones: tuple[tuple[Any, ...], ...]
    varies: tuple[tuple[str, str, float], ...]


def case_of(preset: str, choices: Settings, trace: Trace) -> Case:
    """The case of a preset with these choices, whatever its other settings."""
    settings = {**defaults(preset), **choices}
    if not settings["fludarabine"]:
        settings["fludarabine"] = SOME_EXPOSURE
    scenario = loads(scenario_text(settings, preset))
    made = prepare(scenario)
    refuse(made)
    return Case(
        made,
        tuple(float(made.patients.parameters[row.name][0]) for row in made.network.parameters),
        _start(made, trace),
        tuple(_given(scenario, made, trace)),
        tuple(_clones(made)),
        tuple(_varies(scenario, made)),
    )


def refuse(made: Prepared) -> None:
    """Raise OutsideClassroom with every reason for which a page cannot hold a scenario."""
    cast, reasons = made.cast, []
    if cast.sites != SITES:
        reasons.append(f"leukaemia.sites: got {', '.join(cast.sites)}; expected marrow and blood alone")
    if len(cast.clones) > MOST_CLONES:
        reasons.append(f"leukaemia.clones: got {len(cast.clones)} clones; expected at most {MOST_CLONES}")
    if len(cast.products) > MOST_PRODUCTS:
        reasons.append(f"products: got {len(cast.products)}; expected at most {MOST_PRODUCTS}")
    if cast.triggers:
        reasons.append("treatment: got an entry with `when`; expected entries of fixed days")
    if any(clone.reversion is not None for clone in cast.clones):
        reasons.append("leukaemia.clones: got a passing state; expected clones without `reversion`")
    if reasons:
        raise OutsideClassroom("\n".join(f"the classroom's page: {reason}" for reason in reasons))


def _parameters(made: Prepared, trace: Trace) -> dict[str, Any]:
    return {row.name: trace.leaf("p", row.name) for row in made.network.parameters}


def _start(made: Prepared, trace: Trace) -> tuple[int, ...]:
    """The place of each state's start among the traced formulas."""
    shares: dict[str, Any] = {clone.name: trace.leaf("f", clone.name) for clone in made.cast.clones}
    covariates: dict[str, Any] = {name: trace.leaf("c", name) for name in COVARIATES}

    def burden(fraction: Any, bcells: Any) -> Any:
        return Traced(trace, trace.place(("burden", trace.of(fraction), trace.of(bcells))))

    parameters = _parameters(made, trace)
    traced: Any = start(
        made.network, made.cast.clones, shares, parameters, covariates, made.cast.products, burden_of=burden
    )
    return tuple(trace.of(value) for value in traced)


def _given(scenario: Scenario, made: Prepared, trace: Trace) -> list[tuple[Any, ...]]:
    """Everything that is given, in order of the file."""
    domains = {product.name: product.costimulation for product in scenario.products}
    parameters = _parameters(made, trace)
    covariates: dict[str, Any] = {name: parameters[name] for name in ("weight", "body_surface")}
    traced = Patients(("1",), parameters, made.patients.initial, covariates)
    found = []
    for entry in plan([_turned(entry, trace) for entry in scenario.treatment], domains, scenario.run.seed):
        for dose in entry.doses:
            amount: Any = dose.amount(traced)
            if dose.duration > 0.0:
                amount = amount / dose.duration
            row = f"{dose.label}.input" if dose.duration > 0.0 else dose.row
            shift = DAYS.get(entry.name, "")
            found.append((dose.label, row, dose.at, shift, dose.duration, trace.of(amount), entry.name))
    return found


def _turned(entry: Entry, trace: Trace) -> Entry:
    """The entry with what a setting turns left open."""
    dose, exposure = trace.leaf("s", "dose"), trace.leaf("s", "fludarabine")
    if isinstance(entry, Lymphodepletion):
        course = entry.fludarabine.model_copy(update={"target_auc": exposure, "dose": None})
        return entry.model_copy(update={"fludarabine": course})
    if isinstance(entry, Infusion):
        return entry.model_copy(update={"dose": entry.dose.model_copy(update={"per_weight": dose})})
    if isinstance(entry, Course):
        parts = tuple(
            _turned(part, trace) if isinstance(part, Infusion) and part.give == "car" else part for part in entry.course
        )
        return entry.model_copy(update={"course": parts, "at": 0.0})
    return entry.model_copy(update={"at": 0.0})


def _clones(made: Prepared) -> list[tuple[Any, ...]]:
    targets = made.cast.targets
    return [
        (clone.name, phenotype(clone, targets), {antigen: state(clone, antigen) for antigen in BOTH})
        for clone in made.cast.clones
    ]


def _varies(scenario: Scenario, made: Prepared) -> list[tuple[str, str, float]]:
    spreads: Mapping[str, tuple[str, float]] = {
        **density_spreads(scenario.leukaemia, made.cast.lineage),
        **composition_spreads(made.cast.products),
    }
    known = {row.name for row in made.network.parameters}
    return [(row, stream, log_sd) for row, (stream, log_sd) in spreads.items() if row in known]


def fixed_rows() -> Sequence[str]:
    """Parameters that are the patient's own size and counts, which no factor between patients changes."""
    return tuple(RATE_COVARIATES)
