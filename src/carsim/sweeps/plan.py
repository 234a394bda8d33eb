"""The plan of a sweep: who is simulated at which point, in which blocks, and what that takes.

A block is some points with all their patients, or some patients of one point: `RUNS` courses at most, or
`RUNS_OF_EQUATIONS` by the deterministic engine, so that it takes seconds to a minute and its memory is that of one
point at a time. Blocks follow from the sweep alone, never from how many work on it: the store is the same to the byte
whoever writes it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim import pipeline
from carsim.dataset.provenance import version
from carsim.errors import Problem, ResourceRefused, ScenarioError
from carsim.population.table import read_table
from carsim.spec import Scenario, loads
from carsim.spec.stated import stated
from carsim.spec.sweep import Axis
from carsim.spec.varied import AnAxis, changes_at, tried
from carsim.sweeps.columns import Column, columns_of, status_column
from carsim.sweeps.points import Points

RUNS: Final = 256  # courses of a block at most, and
RUNS_OF_EQUATIONS: Final = 512  # of the deterministic engine: a second or two, of which a tenth is the block's own work
FEW_BLOCKS: Final = 64  # a small sweep has about as many, so that several can work on it
MOST_BLOCKS: Final = 4096  # a large one about as many, so that its files can be counted
LIMIT: Final = 10_000_000  # points, unless asked otherwise
PROGRAM: Final = 600_000_000  # bytes of a worker with its libraries and compiled code: twice what was measured
SIZED_BY: Final = ("cohort", "patient", "run")  # sections that say how many courses a point has, and how long
SIZES: Final = (
    "cohort",
    "cohort.n",
    "cohort.from",
    "patient",
    "run",
    "run.until",
    "run.replicates",
)  # and which paths do


@dataclass(frozen=True)
class Block:
    """One unit of work: points and patients from the first to before the last."""

    number: int
    points: tuple[int, int]
    patients: tuple[int, int]


@dataclass(frozen=True)
class Plan:
    """A sweep as it will be run; `block` is the shape of a block (points, patients), `until` the last day of any."""

    scenario: Scenario
    base: Scenario
    points: Points
    patients: int
    replicates: int
    identifiers: tuple[str, ...]
    tables: Mapping[str, Path]
    block: tuple[int, int]
    columns: tuple[Column, ...]
    times: NDArray[np.float64]
    until: float

    @property
    def grid(self) -> tuple[int, int]:
        """How many blocks along points and along patients."""
        return -(-self.points.n // self.block[0]), -(-self.patients // self.block[1])

    @property
    def blocks(self) -> int:
        """How many blocks."""
        return self.grid[0] * self.grid[1]

    def block_of(self, number: int) -> Block:
        """The block of this number, from 0; points vary slowest."""
        row, column = divmod(number, self.grid[1])
        first, who = row * self.block[0], column * self.block[1]
        last, until = min(first + self.block[0], self.points.n), min(who + self.block[1], self.patients)
        return Block(number, (first, last), (who, until))

    def scenario_at(self, point: int) -> Scenario:
        """The scenario of a point; raises ScenarioError where its values do not go together."""
        return self.base.with_(**self.points.changes(point))

    @property
    def dims(self) -> dict[str, int]:
        """Dimensions of what is kept of each course, with their sizes."""
        sizes = {"point": self.points.n, "patient": self.patients}
        return sizes | ({"replicate": self.replicates} if self.replicates > 1 else {})

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """What is kept, and the status."""
        return (*self.columns, status_column())

    @property
    def bytes(self) -> int:
        """Bytes of everything that is kept, before compression."""
        courses = math.prod(self.dims.values())
        each = sum(np.dtype(c.dtype).itemsize * (self.times.size if c.course else 1) for c in self.all_columns)
        return courses * each

    @property
    def memory(self) -> int:
        """Bytes that one worker needs at most, about: the program, and the courses of one point's patients."""
        times = math.ceil(self.until / self.base.run.every) + pipeline.EXTRA_TIMES
        return PROGRAM + pipeline.memory_of(self.base, min(self.block[1], self.patients), times, self.replicates)

    @property
    def files(self) -> int:
        """Files of data and of records."""
        return self.blocks * (len(self.all_columns) + 1)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """All that decides the bytes of the store; two plans with the same write the same store."""
        return {
            "scenario_sha256": self.scenario.digest,
            "seed": self.scenario.run.seed,
            "engine": self.scenario.run.engine,
            "carsim_version": version(),
            "block": list(self.block),
            "cohorts": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in self.tables.items()},
        }

    @cached_property
    def sha256(self) -> str:
        """The identity in one word."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()


def plan(scenario: Scenario, *, limit: int = LIMIT, block: tuple[int, int] | None = None) -> Plan:
    """The plan of a scenario with a `sweep`; `block` is for tests, which have few points.

    Raises ScenarioError for what is no sweep or keeps what does not exist, ResourceRefused for more than `limit` points
    and for patients that memory cannot hold.
    """
    if scenario.sweep is None:
        expected = "`sweep:` with its axes, for example {axes: [{path: treatment.car.dose, values: [1e6 cells/kg]}]}"
        raise ScenarioError([Problem(None, "sweep", "a scenario without `sweep`", expected)])
    points = Points.of(scenario)
    if points.n > limit:
        along = " x ".join(f"{size:,} ({name})" for name, size in points.shape.items())
        raise ResourceRefused(
            f"sweep: {points.n:,} points, {along}; the limit is {limit:,}. Ask for fewer points on an axis, for a "
            "`sample` of them, or for a higher --limit"
        )
    columns = columns_of(scenario.sweep.keep, scenario.sweep.courses)
    base = loads(stated(scenario, without={"sweep"}), folder=Path(scenario.file).parent if scenario.file else None)
    patients, replicates, identifiers, tables, until = _who(base, points)
    shape = block or _shape(points.n, patients, replicates, RUNS_OF_EQUATIONS if base.run.engine == "ode" else RUNS)
    times = math.ceil(until / base.run.every) + pipeline.EXTRA_TIMES
    pipeline.refuse_beyond_memory(base, min(shape[1], patients), times, replicates)
    every = scenario.sweep.every
    steps = math.floor(until / every) + 1 if scenario.sweep.courses else 0
    days = np.array([step * every for step in range(steps)], dtype=np.float64)
    return Plan(scenario, base, points, patients, replicates, identifiers, tables, shape, columns, days, until)


def _shape(points: int, patients: int, replicates: int, runs: int) -> tuple[int, int]:
    """Points and patients of a block of so many courses at most."""
    who = max(1, min(patients, runs // replicates))
    if who < patients:
        return 1, who
    most = max(1, runs // (patients * replicates))
    few = -(-points // FEW_BLOCKS)
    return min(points, max(1, min(few, most), -(-points // MOST_BLOCKS))), who


def _who(base: Scenario, points: Points) -> tuple[int, int, tuple[str, ...], dict[str, Path], float]:
    """Most patients and replicates of any point, identifiers where tables agree, the tables by name, longest follow-up.

    Of an axis that says how many or how long every point is looked at, of others those that are tried.
    """
    scenarios = [base]
    for axis in points.sweep.axes:
        first = changes_at(axis, 0, points.arms)
        for step in range(axis.size) if set(first) & set(SIZES) and not _is_sampled(axis) else tried(axis):
            changes = changes_at(axis, step, points.arms)
            if any(path.split(".")[0] in SIZED_BY for path in changes):
                scenarios.append(base.with_(**changes))
    known = [people(scenario) for scenario in scenarios]
    names = {found for _, found, _ in known if found}
    return (
        max(n for n, *_ in known),
        max(scenario.run.replicates for scenario in scenarios),
        next(iter(names)) if len(names) == 1 else (),
        {name: path for *_, tables in known for name, path in tables.items()},
        max(scenario.run.until for scenario in scenarios),
    )


def _is_sampled(axis: AnAxis) -> bool:
    return isinstance(axis, Axis) and axis.is_sampled


def people(scenario: Scenario) -> tuple[int, tuple[str, ...], dict[str, Path]]:
    """How many patients a scenario has, their identifiers and the path of their table where it names one."""
    cohort = scenario.cohort
    if cohort is None or cohort.table is None:
        return (cohort.n or 1) if cohort else 1, (), {}
    folder = Path(scenario.file).parent
    table = read_table(cohort.table, folder, cohort.age.median)
    n = table.n if cohort.n is None else min(cohort.n, table.n)
    return n, table.identifiers[:n], {cohort.table: folder / cohort.table}
