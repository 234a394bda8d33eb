"""The workload by what people use from Python today, each as its own documentation suggests for speed.

Every peer gives values (n, days, states) and stops at every change: SciPy, numbalsoda and diffrax run `right_side`
(compiled by numba or JAX), libRoadRunner reads the SBML that carsim exports and compiles it itself.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from numba import njit

from benchmarks.measure import version_of
from benchmarks.workload import DAYS, DOSES, INFUSION, INFUSION_DAYS, INFUSION_LENGTH, Floats, Workload, right_side

MOST_STEPS = 1_000_000
slopes = njit(error_model="numpy")(right_side)


@njit(error_model="numpy")
def f(t: float, y: Any, p: Any) -> Any:
    """Slopes (states,) in memory of their own, as SciPy asks for them."""
    dy = np.empty_like(y)
    slopes(y, p, dy)
    return dy


Segment = tuple[float, float, int, int]  # start, end, and the days from the start on and before the end


def segments(work: Workload) -> list[Segment]:
    """The pieces of the year between two changes."""
    bounds = np.unique(np.concatenate([[DAYS[0]], work.stops[0], [DAYS[-1]]]))
    return [
        (float(a), float(b), int(np.searchsorted(DAYS, a)), int(np.searchsorted(DAYS, b))) for a, b in pairwise(bounds)
    ]


def through(work: Workload, patient: int, solve: Callable[[Floats, Floats, Floats], Floats]) -> Floats:
    """One patient through all segments; `solve(state, times, parameters)` gives the states at the times."""
    state, p = work.initial[patient].copy(), work.parameters[patient].copy()
    values = np.empty((len(DAYS), len(state)))
    time, place, amount = work.stops
    for start, end, first, last in segments(work):
        for k in np.flatnonzero(time == start):
            if place[k] < 0:
                p[-1] = amount[k]
            else:
                state[place[k]] += amount[k]
        times = np.unique(np.concatenate([[start], DAYS[first:last], [end]]))
        found = solve(state, times, p)
        values[first:last] = found[np.isin(times, DAYS[first:last])]
        state = found[-1].copy()
    values[-1] = state
    return values


def solve_ivp(work: Workload, rtol: float, atol: float, method: str = "LSODA") -> Callable[[], Floats]:
    """SciPy's solve_ivp with a right-hand side compiled by numba."""
    from scipy.integrate import solve_ivp as integrate

    def solve(state: Floats, times: Floats, p: Floats) -> Floats:
        span = (times[0], times[-1])
        done = integrate(f, span, state, method=method, t_eval=times, args=(p,), rtol=rtol, atol=atol)
        return np.ascontiguousarray(done.y.T)

    return lambda: np.stack([through(work, i, solve) for i in range(work.n)])


def odeint(work: Workload, rtol: float, atol: float) -> Callable[[], Floats]:
    """SciPy's odeint (LSODA in Fortran or C), with a right-hand side compiled by numba."""
    from scipy.integrate import odeint as integrate

    def solve(state: Floats, times: Floats, p: Floats) -> Floats:
        options = {"rtol": rtol, "atol": atol, "tfirst": True, "mxstep": MOST_STEPS}
        return integrate(f, state, times, args=(p,), tcrit=times[-1:], **options)

    return lambda: np.stack([through(work, i, solve) for i in range(work.n)])


def numbalsoda(work: Workload, rtol: float, atol: float) -> Callable[[], Floats]:
    """numbalsoda's LSODA, all patients in one compiled loop."""
    version_of("numbalsoda")
    import numbalsoda as package
    from numba import carray, cfunc

    n, m = work.initial.shape[1], work.parameters.shape[1]

    @cfunc(package.lsoda_sig)
    def f(t: float, y: Any, dy: Any, p: Any) -> None:
        slopes(carray(y, (n,)), carray(p, (m,)), carray(dy, (n,)))

    address, lsoda = f.address, package.lsoda
    stops, place, amount = work.stops
    pieces = np.array(segments(work))

    @njit
    def run(parameters: Any, initial: Any, days: Any, out: Any) -> bool:
        fine = True
        for i in range(len(initial)):
            p, state = parameters[i].copy(), initial[i].copy()
            for k in range(len(pieces)):
                start, end, first, last = pieces[k, 0], pieces[k, 1], int(pieces[k, 2]), int(pieces[k, 3])
                for s in range(len(stops)):
                    if stops[s] == start and place[s] < 0:
                        p[-1] = amount[s]
                    elif stops[s] == start:
                        state[place[s]] += amount[s]
                skip = 0 if last > first and days[first] == start else 1
                times = np.empty(last - first + skip + 1)
                times[0], times[-1] = start, end
                times[skip:-1] = days[first:last]
                found, good = lsoda(address, state, times, data=p, rtol=rtol, atol=atol, mxstep=MOST_STEPS)
                fine = fine and good
                out[i, first:last] = found[skip:-1]
                state = found[-1].copy()
            out[i, -1] = state
        return fine

    out = np.empty((work.n, len(DAYS), n))

    def whole() -> Floats:
        if not run(work.parameters, work.initial, DAYS, out):
            raise RuntimeError("numbalsoda gave up")
        return out

    return whole


def roadrunner(work: Workload, rtol: float, atol: float) -> Callable[[], Floats]:
    """libRoadRunner on the file that carsim exports; one model, set to each patient in turn."""
    version_of("libroadrunner")
    os.environ.setdefault("SUNLOGGER_WARNING_FILENAME", os.devnull)  # else its CVODE says a word at each dose
    import roadrunner as package

    from carsim.interchange.identifiers import sid
    from carsim.interchange.individual import Individual
    from carsim.interchange.sbml import document

    text = document(work.network, Individual.of(work.network, work.patients, work.schedule, 0, 0.0))
    runner = package.RoadRunner(text)
    runner.integrator.relative_tolerance, runner.integrator.absolute_tolerance = rtol, atol
    runner.integrator.maximum_num_steps = MOST_STEPS
    runner.timeCourseSelections = [sid(species.name) for species in work.network.all_species]
    known = list(runner.model.getGlobalParameterIds())
    index = [known.index(sid(row.name)) for row in work.network.parameters]
    out = np.empty((work.n, len(DAYS), work.initial.shape[1]))

    def run() -> Floats:
        for i in range(work.n):
            runner.resetAll()
            runner.model.setGlobalParameterValues(index, work.parameters[i])
            out[i] = runner.simulate(times=DAYS.tolist())
        return out

    return run


def diffrax(work: Workload, rtol: float, atol: float) -> Callable[[], Floats]:
    """Diffrax's Tsit5 in double precision, all patients by vmap, compiled as a whole."""
    version_of("diffrax")
    import diffrax as dfx
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    edges = jnp.array([day + part for day in INFUSION_DAYS for part in (0.0, INFUSION_LENGTH)])
    names = [species.name for species in work.network.all_species]
    jumps = [(day, names.index(row), amount) for day, row, amount in DOSES]

    def field(t: Any, y: Any, p: Any) -> Any:
        dy: list[Any] = [0.0] * len(names)
        running = (jnp.searchsorted(edges, t, side="right") % 2) * INFUSION
        right_side([y[i] for i in range(len(names))], [*(p[i] for i in range(54)), running], dy)
        return jnp.stack(dy)

    def piece(y: Any, p: Any, start: float, end: float) -> Any:
        control = dfx.ClipStepSizeController(dfx.PIDController(rtol=rtol, atol=atol), jump_ts=edges)
        save = dfx.SaveAt(ts=jnp.arange(start, end + 1.0))
        term, first = dfx.ODETerm(field), 1e-6
        options = {"saveat": save, "stepsize_controller": control, "max_steps": MOST_STEPS}
        return dfx.diffeqsolve(term, dfx.Tsit5(), start, end, first, y, p, **options).ys

    def one(y: Any, p: Any) -> Any:
        parts, start = [], 0.0
        for day, row, amount in jumps:
            found = piece(y, p, start, day)
            parts.append(found[:-1])
            y, start = found[-1].at[row].add(amount), day
        return jnp.concatenate([*parts, piece(y, p, start, float(DAYS[-1]))])

    every = jax.jit(jax.vmap(one))
    return lambda: np.asarray(every(work.initial, work.parameters))
