"""How long does a virtual patient take by the differential equations, against what people use today?

Workload: `workload.py`. Every side has the same tolerances (rtol 1e-6, atol 1e-9 of a million cells), stops at every
change and gives all states on every day. One thread. Slow sides simulate the first few of the patients.

Errors are against a reference at rtol 1e-11 by the Dormand-Prince method in C, which CVODE at rtol 1e-11 and carsim's
own solver confirm: largest over days and states, scaled by 1e-3 of a million cells and the value, median and maximum
over patients. The same tolerance is not the same error, so that the two columns belong together (`work_precision.py`).

The limit: evaluating carsim's compiled right-hand side in all lanes, and nothing else, as often as the steps taken ask.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numba import njit

from benchmarks import native, peers
from benchmarks.measure import Gate, SkippedError, interleaved, machine, ratio, show, show_gates
from benchmarks.workload import ATOL, DAYS, RTOL, Floats, Workload, agreement, errors
from carsim.derive.lower import lower
from carsim.engines.arrays import numbered, workspace_of
from carsim.engines.compiled import evaluator_of
from carsim.engines.deterministic import WIDTH
from carsim.engines.protocol import Options, Trajectories
from carsim.engines.run import simulate

PATIENTS, CHECKED = 1000, 200
OWN, OWN_STIFF = "carsim", "carsim, stiff rates"
Goals = tuple[float, float]  # gate and stretch goal, 0: none
PEERS: dict[str, tuple[int, Callable[..., Callable[[], Floats]], Goals]] = {  # patients, maker
    "SciPy solve_ivp LSODA, numba": (6, peers.solve_ivp, (85.0, 160.0)),
    "SciPy odeint, numba": (20, peers.odeint, (0.0, 0.0)),
    "numbalsoda LSODA": (100, peers.numbalsoda, (4.2, 8.0)),
    "libRoadRunner": (30, peers.roadrunner, (15.0, 28.0)),
    "diffrax Tsit5, vmap": (32, peers.diffrax, (0.0, 0.0)),
}
NATIVE: dict[str, tuple[int, Callable[[Workload], native.Solver], Goals]] = {
    "DOPRI5 in C": (100, native.dopri5, (6.0, 11.0)),
    "CVODE in C, BDF": (30, native.cvode, (23.0, 42.0)),
}
TABLES = (
    "the gates are of a prototype with the equations and factors of this one network printed as straight lines and 360 "
    "steps a patient; carsim's are tables for every network, which takes half as long again, and 435 steps, with an "
    "error of an eighth of LSODA's"
)
TOLERANCE_OF_AGREEMENT = 1e-12


def own(
    work: Workload, rtol: float = RTOL, atol: float = ATOL, threads: int = 1, out: Floats | None = None
) -> Trajectories:
    """All patients by carsim; `out` is memory for the values that is used again."""
    options = Options(rtol=rtol, atol=atol, threads=threads)
    done = simulate(work.network, t=DAYS, patients=work.patients, schedule=work.schedule, options=options, out=out)
    if done.status.any():
        raise RuntimeError(done.problem(int(np.argmax(done.status))))
    return done


def room(work: Workload) -> Floats:
    """Memory for the values of all patients (n, days, states)."""
    return np.empty((work.n, len(DAYS), work.initial.shape[1]))


def by_native(
    work: Workload, make: Callable[[Workload], native.Solver], rtol: float, atol: float
) -> Callable[[], Floats]:
    """All patients by a solver in C, into memory that is used again."""
    solver = make(work)
    out, steps = room(work), np.zeros(work.n, dtype=np.int64)
    return lambda: solver.run(work, rtol, atol, out, steps)


@dataclass(frozen=True)
class Side:
    """One entry of the table: how many patients, and how they are simulated."""

    patients: int
    run: Callable[[], Any]
    goals: Goals


def sides() -> dict[str, Side]:
    """Everything that is installed here; says what is not."""
    found: dict[str, Side] = {}
    makers: dict[str, tuple[int, Callable[[Workload], Callable[[], Floats]], Goals]] = {}
    for name, (n, peer, goals) in PEERS.items():
        makers[name] = n, partial(peer, rtol=RTOL, atol=ATOL), goals
    for name, (n, solver, goals) in NATIVE.items():
        makers[name] = n, partial(by_native, make=solver, rtol=RTOL, atol=ATOL), goals
    for name, (n, maker, goals) in makers.items():
        try:
            found[name] = Side(n, maker(Workload(n)), goals)
        except SkippedError as reason:
            print(f"\nskipped: {name}: {reason}")
    return found


def reference(work: Workload) -> Floats:
    """All patients at rtol 1e-11, confirmed by a second solver; SkippedError where there is no C compiler."""
    truth = by_native(work, native.dopri5, 1e-11, 1e-14)().copy()
    for name, other in (
        ("carsim", lambda: own(work, 1e-11, 1e-14).values),
        ("CVODE", lambda: by_native(work, native.cvode, 1e-11, 1e-14)()),
    ):
        try:
            apart = errors(other(), truth).max()
            print(f"references by DOPRI5 and {name}, both at rtol 1e-11: {apart:.1e} apart at most")
        except SkippedError as reason:
            print(f"skipped: {name} as a reference: {reason}")
    return truth


def right_side_seconds(work: Workload, steps: int) -> float:
    """Processor seconds per patient of the right-hand side alone, 8 stages a step, in all lanes."""
    from carsim.engines.kernels.lanes import bare
    from carsim.engines.kernels.program import run

    tables = lower(work.network)
    evaluator = evaluator_of(tables.laws, WIDTH)
    space = workspace_of(tables, WIDTH)
    lanes, layout = space.reshape(-1, WIDTH), tables.layout
    lanes[layout.parameters : layout.parameters + layout.n_parameters] = work.parameters[:WIDTH].T
    lanes[layout.species : layout.species + layout.n_species] = work.initial[:WIDTH].T + 1.0

    @njit(error_model="numpy")
    def many(zeros: Any, values: Any, space: Any, program: Any, times: Any) -> None:
        workspace, rates = bare(space), bare(program)
        for _ in range(times):
            run(zeros, values, workspace, rates)

    arguments = ((0.0,) * WIDTH, evaluator.addresses()[0], space, numbered(tables.rates, tables, evaluator))
    spent = interleaved({"rates": lambda: many(*arguments, 20_000)})["rates"]
    return float(np.median(spent)) / 20_000 / WIDTH * 8 * steps


def main() -> None:
    """Measure and print."""
    apart = agreement(Workload(4))
    if not apart < TOLERANCE_OF_AGREEMENT:
        raise RuntimeError(f"the two statements of the equations differ by {apart:.1e}")
    truth = reference(Workload(CHECKED))
    work = Workload(PATIENTS)
    every = {OWN: Side(PATIENTS, partial(own, work, out=room(work)), (0.0, 0.0)), **sides(), **stiff_sides()}
    checked = own(Workload(CHECKED))
    off = {name: errors(side.run(), truth[: side.patients]) for name, side in every.items() if "carsim" not in name}
    off = {name: wrong for name, wrong in off.items() if "stiff" not in name}
    off[OWN] = errors(checked.values, truth)
    raw = interleaved({name: side.run for name, side in every.items()})
    spent = {name: seconds / every[name].patients for name, seconds in raw.items()}
    rows, gates = [], []
    for name, seconds in spent.items():
        times = ratio(seconds, spent[OWN_STIFF if "stiff" in name else OWN])
        wrong = [f"{np.median(off[name]):.1e}", f"{off[name].max():.1e}"] if name in off else ["", ""]
        rows.append([name, f"{np.median(seconds) * 1e6:.0f}", str(times), *wrong])
        gate, stretch = every[name].goals
        if gate:
            gates.append(Gate(f"time of {name}", times, gate, True, "x", stretch, TABLES))
    head = ["side", "us per patient", "time over carsim", "median error", "largest error"]
    show("One year of a patient, one thread", head, rows)
    gates += own_gates(checked, float(np.median(spent[OWN])), off[OWN])
    show_gates(gates)
    print(f"\n{machine('scipy', 'numbalsoda', 'libroadrunner', 'diffrax', 'jax')}")
    print(f"cc {' '.join(native.FLAGS[:2])}, {native.cvode_version()} of the system")


def own_gates(checked: Trajectories, seconds: float, off: Floats) -> list[Gate]:
    """What carsim has to reach by itself: `seconds` per patient, errors (n,)."""
    work = Workload(WIDTH)
    steps = float(checked.statistics["steps"].mean())
    limit = right_side_seconds(work, round(steps))
    layout = lower(work.network, checked.outputs).layout
    print(f"\n{steps:.0f} steps per patient, of which {checked.statistics['rejected'].mean():.1f} rejected")
    print(f"right-hand side alone: {limit / 8 / steps * 1e9:.1f} ns, {limit * 1e6:.0f} us per patient, {WIDTH} lanes")
    return [
        Gate("time over that of the right-hand side alone", seconds / limit, 5.0, unit="x", stretch=2.5),
        Gate("median error", float(np.median(off)), 2e-5, stretch=5e-6),
        Gate("largest error", float(off.max()), 1e-3, stretch=1e-4),
        Gate("memory per lane beyond outputs", layout.size * 8 / 1024, 8.0, unit="KB", stretch=4.0),
    ]


def stiff_sides() -> dict[str, Side]:
    """carsim and the hand-written solver with fast rates three times as fast."""
    few, many = Workload(30, stiff=True), Workload(PATIENTS, stiff=True)
    try:
        solver = by_native(few, native.dopri5, RTOL, ATOL)
    except SkippedError:
        return {}
    return {
        OWN_STIFF: Side(many.n, partial(own, many, out=room(many)), (0.0, 0.0)),
        "DOPRI5 in C, stiff rates": Side(few.n, solver, (15.0, 30.0)),
    }
