"""The deterministic engine: the differential equations by Rodas5P, patients in lanes, blocks of them on threads.

Domain: every network. It stops at every scheduled change exactly, locates events, mode changes and extinctions, and
writes outputs by dense output. A species that is not `signed` never ends a step below zero: a candidate below its
tolerance is a rejected step, one within tolerance is set to zero and counted (`statistics["clipped"]`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.derive.lower import lower
from carsim.engines.arrays import lane_of, problem_of, workspace_of
from carsim.engines.compiled import Notify, compiled, evaluator_of
from carsim.engines.outcome import trajectories_of
from carsim.engines.protocol import Options, Trajectories
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

WIDTH = 16
BLOCKS = 2  # for each thread: a thread that is held up leaves its second to others, but
FULL = 4  # patients for each lane of a block at least: at its end, lanes wait for the last of them


def solve_patients(
    network: Network,
    times: NDArray[np.float64],
    patients: Patients,
    schedule: Schedule,
    outputs: Sequence[str],
    options: Options,
    *,
    width: int = WIDTH,
    notify: Notify | None = None,
) -> Trajectories:
    """Trajectories of all patients at these times (ascending, the first is the start); `width` never changes a bit."""
    from carsim.engines.kernels import lane as kinds
    from carsim.engines.kernels import solve

    tables = lower(network, tuple(outputs))
    evaluator = evaluator_of(tables.laws, width, notify)
    problem, status_row = problem_of(kinds, network, tables, evaluator, times, patients, schedule, options, width)
    lanes = (0.0,) * width
    solver = compiled(solve.solve, (lanes, 0, 0, workspace_of(tables, width), problem), width, notify)
    addresses = evaluator.addresses()

    def simulate(first: int, last: int) -> None:
        block = _block(problem, first, last)._replace(lane=lane_of(kinds, tables, width))
        solver(lanes, *addresses, workspace_of(tables, width), block)

    _share_out(simulate, patients.n, options.threads, FULL * width)
    return trajectories_of(network, times, outputs, schedule, problem.results, status_row)


def _share_out(simulate: Callable[[int, int], None], patients: int, threads: int, least: int) -> None:
    """Simulate all patients in blocks on threads; on an interrupt blocks that have not begun are left out."""
    threads = threads or os.cpu_count() or 1
    block = patients if threads == 1 else max(least, -(-patients // (threads * BLOCKS)))
    if block >= patients:
        simulate(0, patients)
        return
    with ThreadPoolExecutor(threads) as pool:
        blocks = [pool.submit(simulate, k, min(k + block, patients)) for k in range(0, patients, block)]
        try:
            for each in blocks:
                each.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _block(problem: Any, first: int, last: int) -> Any:
    """The same for the patients from `first` to before `last`; arrays are views."""

    def part(group: Any, names: Sequence[str]) -> Any:
        return group._replace(**{name: getattr(group, name)[first:last] for name in names})

    by_patient = ("parameters", "initial", "skip")
    changes = ("time", "is_parameter", "target", "operation", "amount")
    whole = ("n_times", "n_rows", "capacity", "times", "rows")
    return problem._replace(
        patients=part(problem.patients, by_patient)._replace(count=last - first),
        schedule=part(problem.schedule, changes),
        results=part(problem.results, [name for name in problem.results._fields if name not in whole]),
    )
