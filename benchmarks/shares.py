"""Where does the time go, inside a step of the solver and in a whole run, and how far is that from the limit?

Inside: one thread, all lanes, on the workload of `workload.py` and on the largest published system. Each piece of a
step is run alone some thousand times on a workspace that holds real patients, all pieces in one interleaved run, and
counted as often as a step runs it: the right-hand side 8 times, the Jacobian and its factors once, a linear solution 8
times, conditions (the state at a share of the step and what is watched of it) 4 times where there are any. What stages
add up is the time of all stages less that of their right-hand sides and solutions. Outputs are what a run takes with
them and does not with the last day alone. The rest is control (step lengths, errors, sign, stops, which lane does
what), what is located, lanes that stand idle towards the end, and memory: a piece run alone finds its rows in the
nearest cache, a step of sixteen lanes does not. Shares are medians over the repeats, so that they need not add up.

The limit: the vectorised right-hand side alone, 8 times a step (as in `ensemble_ode.py`), over the time of a run.

A whole run is measured stage by stage by `cohort.py`; here its files are added.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit

import carsim
from benchmarks.cohort import PATIENTS, largest, one, stages
from benchmarks.measure import interleaved, machine, processor_seconds, show
from benchmarks.workload import DAYS, Floats, Workload
from carsim.dataset.store import write_netcdf
from carsim.derive.lower import lower
from carsim.engines.arrays import problem_of, start_values, workspace_of
from carsim.engines.compiled import evaluator_of
from carsim.engines.deterministic import WIDTH
from carsim.engines.kernels import lane as kinds
from carsim.engines.kernels.lanes import bare, load, store
from carsim.engines.kernels.linear import factorise, solve_linear
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import STAGES, dense_coefficients, dense_state
from carsim.engines.kernels.rodas5p import stages as all_stages
from carsim.engines.kernels.solve import LOOKS
from carsim.engines.kernels.views import viewed
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.spec.prepare import prepare
from carsim.treatment.schedule import Schedule

ONCE = 2_000  # times that a piece is run
WORK, SYSTEM = 256, 64  # patients of a run
PIECES = (
    "right-hand side",
    "Jacobian",
    "Jacobian and factors",
    "linear solution",
    "all stages",
    "dense output",
    "conditions",
)


@njit(error_model="numpy")
def repeat(which: int, times: int, lanes: Any, values: int, partials: int, space: Any, problem: Any) -> None:
    """Run one of the pieces so often."""
    workspace, problem = bare(space), viewed(bare(problem))
    layout, programs, factors = problem.layout, problem.programs, problem.factors
    for _ in range(times):
        if which == 0:
            run(lanes, values, workspace, programs.rates)
        elif which == 1:
            run(lanes, partials, workspace, programs.matrix)
        elif which == 2:
            run(lanes, partials, workspace, programs.matrix)
            for s in range(layout.n_species):
                place = layout.diagonal + s
                store(workspace, place, load(lanes, workspace, place) + load(lanes, workspace, layout.inverse_step))
            factorise(lanes, workspace, factors, layout.inverse)
        elif which == 3:  # of a new right side each time: in place, what is left would tend to zero
            for s in range(layout.n_unknowns):
                store(workspace, layout.right_side + s, load(lanes, workspace, layout.inverse_step))
            solve_linear(lanes, workspace, factors, layout.inverse, layout.right_side)
        elif which == 4:
            all_stages(lanes, values, workspace, layout, programs.rates, factors)
        elif which == 5:
            dense_coefficients(lanes, workspace, layout)
        else:
            dense_state(lanes, workspace, layout, problem.options.signed)
            run(lanes, values, workspace, programs.watching)


def pieces(
    network: Network, times: Floats, patients: Patients, schedule: Schedule, outputs: tuple[str, ...]
) -> dict[str, Callable[[], object]]:
    """Each piece, run ONCE times in all lanes."""
    tables = lower(network, outputs)
    evaluator = evaluator_of(tables.laws, WIDTH)
    problem, _ = problem_of(kinds, network, tables, evaluator, times, patients, schedule, Options(), WIDTH, None)
    space, layout = workspace_of(tables, WIDTH), tables.layout
    rows, (parameters, initial, _) = space.reshape(-1, WIDTH), start_values(network, patients)
    who = np.arange(WIDTH) % patients.n
    rows[layout.parameters : layout.parameters + layout.n_parameters] = parameters[who].T
    for first in (layout.species, layout.state):
        rows[first : first + layout.n_species] = initial[who].T + 1.0
    rows[layout.inverse_step] = 1e3  # a step of a minute or two: the stages stay near the state
    arguments = ((0.0,) * WIDTH, *evaluator.addresses(), space, problem)
    run_derived(*arguments)
    for which in (0, 2, 3):
        repeat(which, 1, *arguments)
    return {name: partial(repeat, which, ONCE, *arguments) for which, name in enumerate(PIECES)}


@njit(error_model="numpy")
def run_derived(lanes: Any, values: int, partials: int, space: Any, problem: Any) -> None:
    """Evaluate the derived parameters."""
    view = viewed(bare(problem))
    run(lanes, values, bare(space), view.programs.derived)


def shares(title: str, network: Network, times: Floats, patients: Patients, schedule: Schedule) -> float:
    """Print the share of each piece in a run; the share that the right-hand side alone would take."""
    outputs = tuple(species.name for species in network.all_species)
    options = Options(rtol=1e-6, threads=1)

    def course(at: Floats) -> Callable[[], Any]:
        return lambda: simulate(network, t=at, patients=patients, schedule=schedule, options=options)

    steps = float(course(times)().statistics["steps"].mean())
    sides = {"all": course(times), "few": course(times[[0, -1]]), "tables": lambda: lower(network, outputs)}
    raw = interleaved(sides | pieces(network, times, patients, schedule, outputs))
    a_step = 1e9 / (patients.n * steps)  # ns a step of one patient, of what a run does once
    each = {name: raw[name] / (ONCE * WIDTH) * 1e9 for name in PIECES}
    step, watched = raw["all"] * a_step, bool(network.events or network.modes or network.extinctions)
    slopes, solved = STAGES * each["right-hand side"], STAGES * each["linear solution"]
    spent = {
        "right-hand sides": slopes,
        "Jacobian": each["Jacobian"],
        "LU factors": each["Jacobian and factors"] - each["Jacobian"],
        "linear solutions": solved,
        "sums of stages": each["all stages"] - (STAGES - 1) / STAGES * slopes - solved,
        "coefficients of dense output": each["dense output"],
        "conditions": LOOKS * each["conditions"] * watched,
        "outputs": (raw["all"] - raw["few"]) * a_step,
        "equations lowered to tables, once a run": raw["tables"] * a_step,
    }
    spent["control, waiting for memory, idle lanes"] = step - sum(spent.values())
    spent["all"] = step
    rows = [
        [name, f"{np.median(value):.0f}", f"{100 * np.median(value / step):.0f} %"] for name, value in spent.items()
    ]
    head = ["piece", "ns a step of a patient", "share"]
    show(f"{title}: {len(outputs)} states, {patients.n} patients, {steps:.0f} steps each", head, rows)
    return float(np.median(slopes / step))


def main() -> None:
    """Measure and print."""
    work = Workload(WORK)
    limits = {"workload": shares("Workload", work.network, DAYS, work.patients, work.schedule)}
    name, scenario = largest()
    made = prepare(one(scenario, SYSTEM))
    limits[name] = shares(name, made.network, made.times, made.patients, made.schedule)
    for title, limit in limits.items():
        print(f"\n{title}: {100 * limit:.0f} % of the speed of the right-hand side alone")
    show_run(one(scenario, PATIENTS).with_(**{"run.engine": "ode"}))
    print(f"\n{machine('xarray', 'netCDF4')}")


def show_run(scenario: Any) -> None:
    """Print where the time of a whole run goes, from the scenario to files, in time of the processor."""
    seconds: dict[str, float] = {}
    carsim.run(one(scenario, 2))  # compiled, imported
    with stages(seconds, processor_seconds):
        begun = processor_seconds()
        data = carsim.run(scenario)
        whole = processor_seconds() - begun
    seconds["the rest"] = whole - sum(seconds.values())
    with tempfile.TemporaryDirectory() as folder:
        begun = processor_seconds()
        write_netcdf(data, Path(folder) / "result.nc")
        seconds["file"] = processor_seconds() - begun
    total = sum(seconds.values())
    rows = [[stage, f"{value:.2f}", f"{100 * value / total:.0f} %"] for stage, value in seconds.items()]
    title = f"A run of {PATIENTS} patients of the largest system, deterministic"
    show(title, ["stage", "s of the processor", "share"], rows)
