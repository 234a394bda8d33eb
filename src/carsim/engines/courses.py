"""Courses of patients by a kernel of chance: arrays, blocks of courses on threads, and what came out.

A course is one replicate of one patient. Its random numbers are those of its patient and replicate, so nothing depends
on how courses are shared out among threads. A run that is interrupted keeps the courses that are finished.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.derive.individuals import no_cells
from carsim.derive.lower import lower
from carsim.derive.tables import Jumps
from carsim.engines.arrays import lane_of, note_interrupted, numbered, problem_of, workspace_of
from carsim.engines.blocks import share_out
from carsim.engines.cells import herd_of, individuals_of, left_over
from carsim.engines.compiled import Notify, compiled, evaluator_of
from carsim.engines.domain import refuse_too_many_cells
from carsim.engines.outcome import trajectories_of
from carsim.engines.protocol import Options, Trajectories
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

WIDTH = 1  # one course at a time: what fires in one is of no use to another
CHANGED = 2.0  # what a dose or a factor leaves with fewer than so many thresholds is a whole number of cells
BLOCK = 256  # courses of a block at most, and
BLOCKS = 8  # blocks for each thread at least


@dataclass(frozen=True)
class Settings:
    """How courses are simulated; see `kernels.hybrid` and `kernels.walk` for what the numbers mean.

    name: of the engine, which is also the purpose of its random streams. equations: whether the kernel takes steps of
    the differential equations, and so needs partial derivatives. individuals: whether cells are simulated one by one.
    """

    name: str
    kernel: Callable[..., None]
    equations: bool
    threshold: float = np.inf
    most_jumps: float = np.inf
    epsilon: float = 0.0
    drift_limit: float = 0.0
    stale: float = 0.0
    hazard_tolerance: float = 1e-3
    individuals: bool = False


def simulate_courses(
    settings: Settings,
    network: Network,
    times: NDArray[np.float64],
    patients: Patients,
    schedule: Schedule,
    outputs: Sequence[str],
    options: Options,
    seed: int,
    *,
    notify: Notify | None = None,
    out: NDArray[Any] | None = None,
) -> Trajectories:
    """Trajectories of all courses at these times (ascending, the first is the start)."""
    from carsim.engines.kernels import lane as kinds

    tables = lower(network, tuple(outputs), chance=True, individuals=settings.individuals)
    assert tables.jumps is not None
    evaluator = evaluator_of(tables.laws, WIDTH, notify)
    problem, status_row = problem_of(kinds, network, tables, evaluator, times, patients, schedule, options, WIDTH, out)
    results = problem.results
    cells = tables.cells or no_cells()
    if settings.individuals:
        refuse_too_many_cells(network, cells, patients, settings.threshold, options)
    update, listen = (numbered(program, tables, evaluator) for program in (tables.jumps.update, tables.jumps.listen))
    jumps = tables.jumps._replace(update=update, listen=listen)
    cells = cells._replace(own=numbered(cells.own, tables, evaluator), rate=numbered(cells.rate, tables, evaluator))
    chance = _chance(kinds, settings, tables.jumps, patients, options, seed)
    left: dict[int, dict[str, NDArray[Any]]] = {}
    keeps = settings.individuals and options.keep_cells
    addresses = evaluator.addresses()[: 2 if settings.equations else 1]
    rooms = threading.local()

    def room() -> tuple[Any, ...]:
        """Arguments of the kernel, with room for working that belongs to this thread."""
        if not hasattr(rooms, "arguments"):
            herd = herd_of(kinds, cells, len(jumps.counted), options, wanted=settings.individuals)
            of_cells = (cells,) if settings.equations else ()
            mine = _own_room(chance, herd)
            lane = lane_of(kinds, tables, WIDTH)._replace(
                counted=jumps.counted.astype(np.uint8),
                few=np.array([CHANGED * settings.threshold]),
                unit=np.array([chance.weight], dtype=np.float64),
                stream=mine.stream,
            )
            own = problem._replace(lane=lane)
            tables_and_room = (workspace_of(tables, WIDTH), own, jumps, *of_cells, mine)
            rooms.arguments = ((0.0,) * WIDTH, *addresses, *tables_and_room)
        arguments: tuple[Any, ...] = rooms.arguments
        return arguments

    kernel = compiled(settings.kernel, (*room(), 0, 0), WIDTH, notify)

    def simulate(first: int, last: int) -> None:
        kernel(*room(), first, last)
        if keeps and chance.done[first]:
            left[first] = left_over(room()[-1].herd, first)

    def interrupt() -> None:
        """End the blocks that run after their present course."""
        chance.stop[0] = True

    most = 1 if keeps else BLOCK
    interrupted = share_out(simulate, patients.n, options.threads, least=1, most=most, each=BLOCKS, interrupt=interrupt)
    missing = (chance.done == 0) & (problem.patients.skip == 0)
    note_interrupted(results, missing, interrupted)
    counts = {"events": chance.events, "withheld": chance.withheld}
    trajectories = trajectories_of(network, times, outputs, schedule, results, status_row, patients.replicates, counts)
    if not left:
        return trajectories
    return replace(trajectories, individuals=individuals_of(network, patients, [left[k] for k in sorted(left)]))


def _chance(kinds: Any, settings: Settings, jumps: Jumps, patients: Patients, options: Options, seed: int) -> Any:
    """What engines of chance add, with the settings, the streams' keys, and counts per course."""
    depth = max(1, (jumps.n_reactions - 1).bit_length())
    reactions, species, courses = jumps.n_reactions, len(jumps.counted), patients.n
    return kinds.Chance(
        seed=np.uint64(seed),
        purpose=np.uint64(rng.purpose_number(f"engine.{settings.name}")),
        patient=patients.index,
        replicate=patients.replicate,
        stream=np.zeros(0, dtype=np.uint64),
        clock=np.zeros(1),
        rare=np.zeros(species, dtype=np.uint8),
        jumping=np.ones(reactions, dtype=np.uint8),
        size=1 << depth,
        depth=depth,
        tree=np.zeros(2 << depth),
        known=np.zeros(reactions),
        drift=np.zeros(reactions),
        slack=np.zeros(reactions),
        heard=np.zeros(len(jumps.listener)),
        close=np.zeros(reactions, dtype=np.uint8),
        scale=np.full(reactions, 1.0 / options.weight if settings.individuals else 1.0),
        weight=float(options.weight) if settings.individuals else 1.0,
        individuals=int(settings.individuals),
        herd=None,
        owner=np.zeros(reactions, dtype=np.int64),
        number=np.zeros(reactions),
        trend=np.zeros(species),
        spread=np.zeros(species),
        lost=np.zeros(species),
        threshold=float(settings.threshold),  # a whole number would be another type to the compiler
        most_jumps=float(settings.most_jumps),
        epsilon=settings.epsilon,
        drift_limit=settings.drift_limit,
        stale=settings.stale,
        hazard_tolerance=settings.hazard_tolerance,
        most_events=options.max_events,
        events=np.zeros(courses, dtype=np.int64),
        withheld=np.zeros(courses, dtype=np.int64),
        done=np.zeros(courses, dtype=np.uint8),
        stop=np.zeros(1, dtype=np.uint8),
    )


def _own_room(chance: Any, herd: Any) -> Any:
    """The same with room for working of its own, for one block of courses."""
    from carsim.engines.kernels.streams import STREAM_WORDS

    names = (
        "clock",
        "rare",
        "jumping",
        "tree",
        "known",
        "drift",
        "slack",
        "heard",
        "close",
        "scale",
        "owner",
        "number",
        "trend",
        "spread",
        "lost",
    )
    own = {name: getattr(chance, name).copy() for name in names}
    return chance._replace(stream=np.zeros(STREAM_WORDS, dtype=np.uint64), herd=herd, **own)
