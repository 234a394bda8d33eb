"""What does a sweep cost beside its engine, and does its size cost anything before it begins?

Workload: the patients of `scenarios/sweeps/escape_map.yaml` for a year by the deterministic engine, at its corners. The
sweep has two workers of one thread each, as a user starts it: processes, store, datasets and the endpoints that are
kept by default. The bare engine has two threads, and the same patients in one call for each point, all species kept.

Time is that of the clock on the wall, since what is compared is throughput on two cores; runs are interleaved.

Size: a plan of a million points is prepared, its store made and opened, in processes of their own, whose largest memory
is compared with that for a thousand points.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import carsim
from benchmarks.measure import Gate, interleaved, machine, ratio, show, show_gates
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.spec import Scenario
from carsim.spec.prepare import prepare
from carsim.sweeps.plan import plan

ROOT = Path(__file__).parents[1]
FILE = ROOT / "scenarios" / "sweeps" / "escape_map.yaml"
AXES = ("CD19-negative-share", "largest-kill-rate")
PATIENTS, REPEATS = 10_000, 3
SIZES = {"a thousand points": (100, 10), "a million points": (1000, 1000)}
SIZED = """
import json, resource, sys, tempfile, time
from pathlib import Path
import carsim
from carsim.sweeps.metadata import create
from carsim.sweeps.plan import plan
scenario = carsim.load(sys.argv[1], sys.argv[2:])
begun = time.perf_counter()
made = plan(scenario)
planned = time.perf_counter() - begun
with tempfile.TemporaryDirectory() as folder:
    create(made, Path(folder, "store.zarr"))
    created = time.perf_counter() - begun - planned
    begun = time.perf_counter()
    carsim.open_sweep(Path(folder, "store.zarr"))
    opened = time.perf_counter() - begun
print(json.dumps([planned, created, opened, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def workload(patients: int) -> Scenario:
    """So many courses of a year, a quarter of them at each of the four points."""
    year = [f"cohort.n={patients // 4}", "run.engine=ode", "run.until=365 d"]
    return carsim.load(FILE, [*year, *points(2, 2)])


def points(*counts: int) -> list[str]:
    """The overrides that give the axes so many points."""
    return [f"sweep.axes.{name}.n={n}" for name, n in zip(AXES, counts, strict=True)]


def bare(scenario: Scenario) -> Callable[[], object]:
    """The engine alone at each point, on patients that are drawn already."""
    planned = plan(scenario)
    made = [prepare(planned.scenario_at(point)) for point in range(4)]
    options = Options(rtol=scenario.run.rtol, threads=2)
    return lambda: [
        simulate(each.network, t=each.times, patients=each.patients, schedule=each.schedule, options=options)
        for each in made
    ]


def swept(scenario: Scenario, folder: Path) -> Callable[[], object]:
    """The whole sweep into a store that is written anew."""
    return lambda: carsim.sweep(scenario, folder / "store.zarr", workers=2, force=True)


def main() -> None:
    """Measure, and print the tables."""
    sizes = {name: sized(counts) for name, counts in SIZES.items()}  # first: a process begins at its parent's memory
    scenario = workload(PATIENTS)
    with tempfile.TemporaryDirectory() as folder:
        sides = {"engine": bare(scenario), "sweep": swept(scenario, Path(folder))}
        spent = interleaved(sides, REPEATS, clock=time.perf_counter)
    print(f"\n{machine('zarr', 'xarray')}")
    overhead = ratio(spent["sweep"], spent["engine"])
    rows = [[name, f"{np.median(times):.1f}", f"{PATIENTS / np.median(times):.0f}"] for name, times in spent.items()]
    show(f"{PATIENTS:,} patients for a year on two cores", ["side", "s", "patients a second"], rows)
    rows = [[name, *(f"{value:.2f}" for value in found[:3]), f"{found[3]:.0f}"] for name, found in sizes.items()]
    show("Size of a sweep", ["points", "planned, s", "store made, s", "opened, s", "memory, MB"], rows)
    few, many = sizes.values()
    show_gates(
        [
            Gate("sweep beside the bare engine", overhead, 1.15, unit="x"),
            Gate("a million points planned", many[0], 10.0, unit="s"),
            Gate("their memory beside that of a thousand", many[3] / few[3], 1.15, unit="x"),
        ]
    )


def sized(counts: tuple[int, int]) -> list[float]:
    """Seconds to plan, to make the store and to open it, and the largest memory in MB, in a process of its own."""
    command = [sys.executable, "-c", SIZED, str(FILE), *points(*counts)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout)
    return found
