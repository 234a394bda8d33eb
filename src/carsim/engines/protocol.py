"""What every engine takes and gives: options, a status per patient, trajectories and what happened on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Options:
    """Numerical settings.

    rtol: relative error per step. atol: absolute error, in the species' own unit, of a species without a tolerance of
    its own. atol_scale: factor on all absolute errors. max_steps: most steps for one patient, rejected ones included.
    max_occurrences: most extinctions, events and mode changes recorded for one patient. threads: how many work side by
    side (0: as many as there are processors); no result depends on it.

    For engines of chance: threshold: cells below which the hybrid engine counts a species, and the agent engine
    simulates its cells one by one (None: 1,000 and 100,000; infinite: always). epsilon: relative change of a propensity
    that the leaping engine allows in one leap. max_events: most reactions fired in one course.

    For single cells: weight: cells that each simulated one stands for. max_cells: most simulated at one time.
    keep_cells: whether the cells at the end of each course are in the result; lineages: whether parent, birth and death
    of every cell are, of the first max_lineages.
    """

    rtol: float = 1e-6
    atol: float = 1e-9
    atol_scale: float = 1.0
    max_steps: int = 100_000
    max_occurrences: int = 1_000
    threshold: float | None = None
    epsilon: float = 0.03
    max_events: int = 1_000_000_000
    threads: int = 0
    weight: float = 1.0
    max_cells: int = 2_000_000
    keep_cells: bool = True
    lineages: bool = False
    max_lineages: int = 10_000_000

    def __post_init__(self) -> None:
        """Refuse settings with which no step could be judged."""
        if not 1e-14 <= self.rtol <= 0.1:
            raise ValueError(f"rtol: got {self.rtol}; expected a number from 1e-14 to 0.1, for example 1e-6")
        if not (self.atol > 0.0 and self.atol_scale > 0.0):
            raise ValueError("atol and atol_scale: expected positive numbers, for example 1e-9 and 1")
        if not (self.weight >= 1.0 and float(self.weight).is_integer()) or self.max_cells < 1 or self.max_lineages < 0:
            raise ValueError("weight and max_cells: expected whole numbers from 1 on, max_lineages from 0 on")
        if self.threshold is not None and not self.threshold >= 1.0:
            raise ValueError(f"threshold: got {self.threshold}; expected a number of cells from 1 on, for example 1000")
        if not 0.0 < self.epsilon <= 0.5:
            raise ValueError(f"epsilon: got {self.epsilon}; expected a share above 0 and up to 0.5, for example 0.03")
        if self.max_events < 1 or self.threads < 0:
            raise ValueError("max_events and threads: expected whole numbers from 1 and from 0 on")


class Status(IntEnum):
    """How a patient's simulation ended; `advice` says what to do about it."""

    OK = 0
    TOO_MANY_STEPS = 1
    NOT_FINITE = 2
    NEGATIVE_STATE = 3
    STEP_TOO_SMALL = 4
    EVENT_LOOP = 5
    TOO_MANY_OCCURRENCES = 6
    BAD_PARAMETER = 7
    BAD_INITIAL = 8
    TOO_MANY_EVENTS = 9
    NEGATIVE_RATE = 10
    COUNT_TOO_LARGE = 11
    INTERRUPTED = 12
    TOO_MANY_CELLS = 13
    NOT_PROPORTIONAL = 14

    @property
    def advice(self) -> str:
        """One sentence for the user."""
        return ADVICE[self]


ADVICE: Mapping[Status, str] = {
    Status.OK: "finished",
    Status.TOO_MANY_STEPS: "the limit on steps was reached: loosen rtol, raise max_steps, or look for a row that "
    "oscillates",
    Status.NOT_FINITE: "a value became infinite or undefined: check the rates that change this row for a division by "
    "zero or unlimited growth",
    Status.NEGATIVE_STATE: "a value fell below zero by more than its tolerance: check that rates which consume this "
    "row vanish with it and that no treatment removes more than there is",
    Status.STEP_TOO_SMALL: "no step was short enough for the tolerance: loosen rtol or atol, or look for a jump in the "
    "rates of this row",
    Status.EVENT_LOOP: "events or modes kept triggering one another at one moment: separate their thresholds or add "
    "`apart`",
    Status.TOO_MANY_OCCURRENCES: "more events than the limit: widen a mode's thresholds, add `apart`, or raise "
    "max_occurrences",
    Status.BAD_PARAMETER: "this parameter is not a finite number: check the table or distribution it comes from",
    Status.BAD_INITIAL: "this start value is negative or not a finite number: check where it comes from",
    Status.TOO_MANY_EVENTS: "the limit on reactions fired was reached: use the hybrid engine, which fires only "
    "those of few cells, or raise max_events",
    Status.NEGATIVE_RATE: "the rate of this reaction is negative or undefined: a rate that fires as jumps must be zero "
    "or more for every state; state births and deaths apart",
    Status.COUNT_TOO_LARGE: "more cells than can be counted one by one (2^53): use the hybrid engine",
    Status.TOO_MANY_CELLS: "more single cells than there is room for: let each stand for more (weight), lower the "
    "threshold above which populations follow equations, or raise max_cells",
    Status.NOT_PROPORTIONAL: "the rate of this reaction is not proportional to what the traits of its cells make: "
    "state it so, or use the hybrid engine",
    Status.INTERRUPTED: "the run was interrupted before this course was simulated: run it again",
}


@dataclass(frozen=True, order=True)
class Occurrence:
    """Something that happened: kind is extinction, event, mode or dose; a mode's name is `mode.state`."""

    patient: int
    time: float
    kind: str
    name: str


@dataclass(frozen=True)
class Individuals:
    """Single cells at the end of each course, one entry a cell; `species` and `traits` name what the numbers mean.

    course, kind (index into species), generation (divisions since the founder), kills (partners that it outlived),
    site (place on the lattice, x + side (y + side z); -1: none),
    clonotype (number of the founder in its course), identity (number in its course, in order of birth): (n,).
    values (n, n_traits): the trait, such as antigen molecules; not-a-number where the species does not have it.

    lineage_...: with `Options.lineages` every cell that ever was: course, identity, parent (-1: founder), kind at
    birth, clonotype, born and died (d; infinite: alive).
    """

    species: tuple[str, ...]
    traits: tuple[str, ...]
    course: NDArray[np.int64]
    kind: NDArray[np.int32]
    values: NDArray[np.float64]
    generation: NDArray[np.int32]
    kills: NDArray[np.int32]
    site: NDArray[np.int32]
    clonotype: NDArray[np.int64]
    identity: NDArray[np.int64]
    lineage_course: NDArray[np.int64]
    lineage_identity: NDArray[np.int64]
    lineage_parent: NDArray[np.int64]
    lineage_kind: NDArray[np.int32]
    lineage_clonotype: NDArray[np.int64]
    lineage_born: NDArray[np.float64]
    lineage_died: NDArray[np.float64]


@dataclass(frozen=True)
class Trajectories:
    """What came out: values (n_patients, n_times, n_outputs), state after any change at that time; `out` if given.

    status (n,) of `Status`; status_time (n,) and status_row name when and where a patient failed (nan, ""). From then
    on its values are not-a-number; where the row is an output that no state depends on, the others are kept.
    `statistics` holds arrays (n,): steps, rejected steps, steps rejected for a negative state, and states within
    tolerance below zero that were set to zero (clipped); of engines of chance also events, the reactions that fired,
    and withheld, those that did not for want of cells in a species of the equations.

    With `replicates` R, course k of the n is replicate k mod R of patient k // R. `individuals`: of the agent engine.
    """

    times: NDArray[np.float64]
    outputs: tuple[str, ...]
    values: NDArray[np.float64]
    status: NDArray[np.int8]
    status_time: NDArray[np.float64]
    status_row: tuple[str, ...]
    events: tuple[Occurrence, ...]
    statistics: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    replicates: int = 1
    individuals: Individuals | None = None

    def of(self, name: str) -> NDArray[np.float64]:
        """Values (n_patients, n_times) of one output by name."""
        return self.values[:, :, self.outputs.index(name)]

    def problem(self, patient: int) -> str:
        """What went wrong with a patient, with time and advice; empty where nothing did."""
        status = Status(int(self.status[patient]))
        if status == Status.OK:
            return ""
        row = f" in {self.status_row[patient]}" if self.status_row[patient] else ""
        return f"patient {patient}, day {self.status_time[patient]:g}{row}: {status.advice}"
