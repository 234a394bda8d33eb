"""How long does a cohort of the largest published system take, on the path that a user's run takes?

Workload: of the scenarios in `scenarios/systems` the one with the most states, its own cohort cut to `PATIENTS` and its
own follow-up, with all its doses, triggers, modes and assays; by the deterministic engine, and the first few of it by
the hybrid one, a year of which takes a quarter of a second.

Peer: SciPy's LSODA with a right-hand side compiled by numba, which here is carsim's own compiled one, for the first few
of the same patients. It stops at scheduled changes and knows neither triggers nor modes nor extinctions, which spares
it work; endpoints are not counted on either side of that ratio.

Stages: the clock on the wall, of one run: patients drawn and prepared, equations lowered, courses simulated, the
dataset put together, endpoints.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

import carsim
from benchmarks.measure import Gate, interleaved, machine, ratio, show, show_gates
from carsim.derive.lower import lower
from carsim.engines.arrays import changes_of, numbered, start_values, workspace_of
from carsim.engines.compiled import evaluator_of
from carsim.engines.kernels import lane as kinds
from carsim.engines.kernels.lanes import bare
from carsim.engines.kernels.program import run as run_program
from carsim.engines.kernels.views import viewed
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.build import build
from carsim.model.network import Network
from carsim.spec import Scenario
from carsim.spec.prepare import Prepared, cast_of, prepare
from carsim.treatment.schedule import ADD, SCALE, SET

Floats = NDArray[np.float64]
SYSTEMS = Path(__file__).parents[1] / "scenarios" / "systems"
PATIENTS, BY_CHANCE, FEW = 64, 16, 2  # of the cohort, by the hybrid engine, by LSODA
YEAR = 365.25
JUMPS = (
    "a patient's year has 180,000 jumps, each fired by itself: more than half of the time; the rest are steps of the "
    "equations, of one patient at a time, that jumps end early"
)


def largest() -> tuple[str, Scenario]:
    """Name and scenario of the system with the most states."""
    scenarios = {file.stem: carsim.load(file) for file in sorted(SYSTEMS.glob("*.yaml"))}
    states = {name: len(build(each.title, cast_of(each)).all_species) for name, each in scenarios.items()}
    name = max(states, key=lambda each: states[each])
    return name, scenarios[name]


def one(scenario: Scenario, n: int) -> Scenario:
    """The same for so many patients of its cohort."""
    return scenario.with_(**{"cohort.n": n})


def right_side(network: Network) -> tuple[Callable[[float, Floats, Floats], Floats], Floats, Any]:
    """dy/dt (t, y, room) of a network, compiled by numba; its room for working, and where things lie in it."""
    tables = lower(network)
    evaluator = evaluator_of(tables.laws, 1)
    values, _ = evaluator.addresses()
    rates, derived = (numbered(program, tables, evaluator) for program in (tables.rates, tables.derived))
    layout = tables.layout
    first, n, slope = layout.species, layout.n_species, layout.derivative

    @njit(error_model="numpy")
    def settle(room: Any) -> None:
        run_program((0.0,), values, bare(room), viewed(bare(derived)))

    @njit(error_model="numpy")
    def f(t: float, y: Any, room: Any) -> Any:
        room[first : first + n] = y
        run_program((0.0,), values, bare(room), viewed(bare(rates)))
        return room[slope : slope + n].copy()

    room = workspace_of(tables, 1)
    room[layout.modes : layout.modes + layout.n_modes] = tables.watch.mode_initial
    return f, room, (layout, settle)


def by_lsoda(made: Prepared, few: int, rtol: float) -> Callable[[], list[Floats]]:
    """The first few patients by SciPy's LSODA, stopped at every scheduled change."""
    f, room, (layout, settle) = right_side(made.network)
    parameters, initial, _ = start_values(made.network, made.patients)
    changes = changes_of(kinds, made.network, made.schedule)
    absolute = np.array([species.tolerance or Options().atol for species in made.network.all_species])

    def patient(i: int) -> Floats:
        state, time, found = initial[i].copy(), made.times, []
        room[layout.parameters : layout.parameters + layout.n_parameters] = parameters[i]
        stops = np.unique(np.concatenate([changes.time[i][changes.time[i] < time[-1]], time[[0, -1]]]))
        for start, end in pairwise(stops):
            for k in np.flatnonzero(changes.time[i] == start):
                rows = room[layout.parameters :] if changes.is_parameter[i, k] else state
                at, amount, operation = changes.target[i, k], changes.amount[i, k], changes.operation[i, k]
                rows[at] = {ADD: rows[at] + amount, SCALE: rows[at] * amount, SET: amount}[int(operation)]
            settle(room)
            days = np.unique(np.concatenate([time[(time >= start) & (time <= end)], [start, end]]))
            done = solve_ivp(f, (start, end), state, "LSODA", days, args=(room,), rtol=rtol, atol=absolute)
            found.append(done.y.T)
            state = np.maximum(done.y[:, -1], 0.0)
        return np.concatenate(found)

    return lambda: [patient(i) for i in range(few)]


STAGES = {
    "patients and schedule": "carsim.spec.prepare.prepare",
    "equations lowered, courses simulated": "carsim.engines.run.simulate",
    "dataset": "carsim.dataset.assemble.assemble",
    "endpoints": "carsim.endpoints.compute",
}


@contextmanager
def stages(spent: dict[str, float], clock: Callable[[], float] = time.perf_counter) -> Iterator[None]:
    """Add the seconds of each stage of a run, by a clock, to `spent`."""
    patches = []
    for name, path in STAGES.items():
        module, function = path.rsplit(".", 1)
        real = getattr(__import__(module, fromlist=[function]), function)

        def timed(*arguments: Any, _real: Any = real, _name: str = name, **settings: Any) -> Any:
            begun = clock()
            try:
                return _real(*arguments, **settings)
            finally:
                spent[_name] = spent.get(_name, 0.0) + clock() - begun

        patches.append(mock.patch(path, timed))
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        for patch in patches:
            patch.stop()


def main() -> None:
    """Measure, and print the tables."""
    name, scenario = largest()
    patients = {"ode": PATIENTS, "hybrid": BY_CHANCE}
    engines = {engine: one(scenario, n).with_(**{"run.engine": engine}) for engine, n in patients.items()}
    engines["ode"] = engines["ode"].with_(**{"run.rtol": 1e-6})
    made = {engine: prepare(each) for engine, each in engines.items()}
    years = float(made["ode"].times[-1] - made["ode"].times[0]) / YEAR  # of one patient
    lsoda = by_lsoda(made["ode"], FEW, 1e-6)

    def courses(engine: str) -> Callable[[], object]:
        each = made[engine]
        options = Options(rtol=engines[engine].run.rtol, threads=1)
        return lambda: simulate(
            each.network, t=each.times, engine=engine, patients=each.patients, schedule=each.schedule, options=options
        )

    spent = interleaved({"LSODA": lsoda, "ode": courses("ode"), "hybrid": courses("hybrid")}, 5)
    print(f"\n{machine('scipy', 'xarray')}")
    print(f"\n{name}: {len(made['ode'].network.all_species)} states, {PATIENTS} patients, {years:.1f} years each")
    per_year = {engine: 1e3 * float(np.median(spent[engine])) / (n * years) for engine, n in patients.items()}
    faster = ratio(spent["LSODA"] / FEW, spent["ode"] / PATIENTS)
    rows = [["SciPy LSODA", f"{1e3 * float(np.median(spent['LSODA'])) / (FEW * years):.1f}", str(faster)]]
    rows += [[engine, f"{value:.2f}", ""] for engine, value in per_year.items()]
    show("Courses, one core", ["engine", "ms a patient-year", "against ode"], rows)
    show_stages(engines)
    show_gates(
        [
            Gate("largest system against SciPy LSODA", faster, 30.0, at_least=True, unit="x"),
            Gate("deterministic patient-year", per_year["ode"], 10.0, unit="ms"),
            Gate("hybrid patient-year", per_year["hybrid"], 50.0, unit="ms", why=JUMPS),
        ]
    )


def show_stages(engines: dict[str, Scenario]) -> None:
    """Where the time of a whole run goes, on the clock and on all cores."""
    rows = []
    for engine, scenario in engines.items():
        seconds: dict[str, float] = {}
        begun = time.perf_counter()
        with stages(seconds):
            carsim.run(scenario)
        whole = time.perf_counter() - begun
        seconds["the rest"] = whole - sum(seconds.values())
        rows += [[engine, stage, f"{value:.2f}", f"{100 * value / whole:.0f} %"] for stage, value in seconds.items()]
    show("Stages of `carsim.run`", ["engine", "stage", "s", "share"], rows)
