"""The deterministic engine: the network's differential equations by Rodas5P, patients in lanes, blocks on threads.

Domain: every network. It stops at every scheduled change exactly, locates events, mode changes and extinctions, and
writes outputs by dense output. A species that is not `signed` never ends a step below zero: a candidate below its
tolerance is a rejected step, one within tolerance is set to zero and counted (`statistics["clipped"]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.derive.lower import lower
from carsim.engines.arrays import lane_of, note_interrupted, problem_of, workspace_of
from carsim.engines.blocks import share_out
from carsim.engines.compiled import Notify, compiled, evaluator_of
from carsim.engines.outcome import trajectories_of
from carsim.engines.protocol import Options, Trajectories
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

WIDTH = 16
FULL = 4  # patients to each lane at least, where threads share them: towards the end of a block lanes stand idle
BLOCK = 512  # patients of a block at most


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
    out: NDArray[Any] | None = None,
) -> Trajectories:
    """Trajectories of all patients at these times (ascending, the first is the start); `width` never changes a bit."""
    from carsim.engines.kernels import lane as kinds
    from carsim.engines.kernels import solve

    tables = lower(network, tuple(outputs))
    evaluator = evaluator_of(tables.laws, width, notify)
    problem, status_row = problem_of(kinds, network, tables, evaluator, times, patients, schedule, options, width, out)
    arguments = ((0.0,) * width, 0, 0, workspace_of(tables, width), problem, 0, 0)
    solver = compiled(solve.solve, arguments, width, notify)
    addresses = evaluator.addresses()
    done = np.zeros(patients.n, dtype=bool)

    def integrate(first: int, last: int) -> None:
        """Integrate a block of patients with room for working of its own."""
        own = problem._replace(lane=lane_of(kinds, tables, width))
        solver((0.0,) * width, *addresses, workspace_of(tables, width), own, first, last)
        done[first:last] = True

    interrupted = share_out(integrate, patients.n, options.threads, least=FULL * width, most=BLOCK)
    if interrupted and done.all():
        raise KeyboardInterrupt  # nobody is left out who would tell of it
    note_interrupted(problem.results, ~done & (problem.patients.skip == 0))
    return trajectories_of(network, times, outputs, schedule, problem.results, status_row)
