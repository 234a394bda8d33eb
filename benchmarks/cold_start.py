"""How long does a new process take to the results of eight patients, with and without compiled code in the cache?

Workload: `workload.py`, by carsim's own rate laws, so that what is compiled here is compiled once for all scenarios.
Every run is a process of its own. Its time is by the clock on the wall, as a user waits for it, with the interpreter's
start; what else runs on the machine counts, so the shortest of the runs is compared with the goal.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.measure import Gate, machine, processor_seconds, show, show_gates
from carsim.engines.cache import VARIABLE

COLD_RUNS, WARM_RUNS = 3, 9
COMPILER = "two processes compile side by side, so that other work on either core counts in full"
IMPORT = "from carsim.engines.run import simulate"
PROGRAM = f"""
{IMPORT}
from benchmarks.workload import DAYS, Workload
work = Workload(8)
done = simulate(work.network, t=DAYS, patients=work.patients, schedule=work.schedule)
assert not done.status.any()
"""


def main() -> None:
    """Measure and print."""
    cold, warm, imports = [], [], []
    for _ in range(COLD_RUNS):
        with tempfile.TemporaryDirectory() as cache:
            cold.append(timed(PROGRAM, cache))
    with tempfile.TemporaryDirectory() as cache:
        timed(PROGRAM, cache)
        for _ in range(WARM_RUNS):
            imports.append(timed(IMPORT, cache))
            warm.append(timed(PROGRAM, cache))
    rows = [
        [name, *(f"{value:.2f}" for value in (times[:, 0].min(), np.median(times[:, 0]), np.median(times[:, 1])))]
        for name, times in (
            ("import", np.array(imports)),
            ("import and 8 patients, compiled code cached", np.array(warm)),
            ("the same with an empty cache", np.array(cold)),
        )
    ]
    show("A new process, s", ["what", "shortest", "median", "processor"], rows)
    shortest = min(wall for wall, _ in warm)
    compilation = min(wall for wall, _ in cold) - shortest
    show_gates(
        [
            Gate("import and 8 patients, compiled code cached", shortest, 2.0, unit="s", stretch=1.0),
            Gate("compilation without cache", compilation, 30.0, unit="s", stretch=10.0, why=COMPILER),
        ]
    )
    print(f"\n{machine('llvmlite')}")


def timed(program: str, cache: str) -> tuple[float, float]:
    """Seconds on the wall and of the processor that a process takes with this cache folder."""
    wall, spent = time.perf_counter(), processor_seconds()
    command = [sys.executable, "-c", program]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[1], env={**os.environ, VARIABLE: cache})
    return time.perf_counter() - wall, processor_seconds() - spent
