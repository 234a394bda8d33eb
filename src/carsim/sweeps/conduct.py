"""A sweep from its scenario to its store, by any executor, and what came of it.

plan -> store (made, or gone on with) -> lock -> space -> blocks that are missing -> outcome
"""

from __future__ import annotations

import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from carsim.engines.blocks import processors
from carsim.errors import ResourceRefused
from carsim.sweeps import local, store
from carsim.sweeps.check import damage, refuse_damaged_metadata, take_away
from carsim.sweeps.metadata import create
from carsim.sweeps.plan import LIMIT, Plan, plan
from carsim.sweeps.progress import Notify, Progress
from carsim.sweeps.read import open_sweep
from carsim.sweeps.store import Store

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario

Executor = Literal["local", "slurm", "dask"]
COMPRESSED: Final = 0.5  # of what is kept, at most: measured 0.2 to 0.4


@dataclass(frozen=True)
class Outcome:
    """What a drive of a sweep came to, in points; `seconds` are those of this drive.

    `failed` are points with a patient that failed, or without a result (`refused`, with why); those of blocks that
    were `set_aside` are not done.
    """

    store: Path
    points: int
    done: int
    failed: int
    resumed: int
    seconds: float
    refused: dict[int, str]
    set_aside: dict[int, str]
    left: str = ""  # where work goes on after the driver has left, in words


def sweep(
    scenario: Scenario,
    path: Path | str,
    *,
    executor: Executor = "local",
    workers: int | None = None,
    threads: int = 1,
    resume: bool = False,
    force: bool = False,
    notify: Notify | None = None,
    **settings: Any,
) -> xr.Dataset:
    """Simulate every point of a scenario's `sweep` into a store; the store, opened lazily (point, patient, …).

    `workers` processes (none stated: as many as there are processors; 0: this process) with `threads` each; no result
    depends on them. With `resume` a store that was begun is gone on with, with `force` it is replaced. Settings of the
    other executors: `client` or `scheduler` of Dask, `options` and `wait` of Slurm. `notify` is told how far it is.
    Raises ScenarioError and ResourceRefused before anything is written, SweepRefused for a store of another sweep,
    StoreInconsistent for one that another writes, KeyboardInterrupt (Ctrl-C) with every finished block kept.
    """
    conduct(
        plan(scenario, limit=settings.pop("limit", LIMIT), block=settings.pop("block", None)),
        Path(path),
        executor=executor,
        workers=workers,
        threads=threads,
        resume=resume,
        force=force,
        notify=notify,
        **settings,
    )
    return open_sweep(path)


def conduct(
    made: Plan,
    path: Path,
    *,
    executor: Executor = "local",
    workers: int | None = None,
    threads: int = 1,
    resume: bool = False,
    force: bool = False,
    notify: Notify | None = None,
    **settings: Any,
) -> Outcome:
    """Drive a plan to its store; as `sweep`, with the outcome."""
    begun = time.monotonic()
    found = store.resumed(made, path) if resume and store.is_begun(path) else create(made, path, force=force)
    with store.locked(path), _ended_by_signal():
        if resume:
            _take_damage_away(found, notify)
        missing = found.missing()
        _check_space(found, len(missing))
        before = set(range(made.blocks)) - set(missing)
        progress = Progress(found, len(missing), notify)
        left = ""
        if executor == "local":
            workers = processors() if workers is None else workers
            local.run(found, missing, progress, workers=workers, threads=threads, **settings)
        else:
            left = _elsewhere(executor, found, missing, progress, workers=workers, threads=threads, **settings)
        if not left:
            store.tidy(found)
    return _outcome(found, before, progress, time.monotonic() - begun, left)


def _take_damage_away(found: Store, notify: Notify | None) -> None:
    """Simulate again what is no more as it was written; StoreInconsistent where metadata is not."""
    refuse_damaged_metadata(found)
    for number in range(found.plan.blocks):
        what = damage(found, number)
        if what is not None:
            take_away(found, number)
            if notify is not None:
                notify(f"Block {number} is simulated again: {what}")


def _elsewhere(executor: Executor, found: Store, missing: list[int], progress: Progress, **settings: Any) -> str:
    if executor == "slurm":
        from carsim.sweeps import slurm

        return slurm.run(found, missing, progress, **settings)
    from carsim.sweeps import on_dask

    on_dask.run(found, missing, progress, **settings)
    return ""


def _check_space(found: Store, missing: int) -> None:
    """Raise ResourceRefused where the disk cannot hold what is missing."""
    needed = int(COMPRESSED * found.plan.bytes * missing / found.plan.blocks)
    free = shutil.disk_usage(found.path).free
    if needed > free:
        raise ResourceRefused(
            f"{found.path}: about {needed / 1e9:,.1f} GB are to be written, and {free / 1e9:,.1f} GB are free; keep "
            "less (`sweep.keep`, `sweep.courses`), or choose another --out"
        )


def _outcome(found: Store, before: set[int], progress: Progress, seconds: float, left: str) -> Outcome:
    made = found.plan
    pending: set[int] = set()
    failed: set[int] = set()
    refused: dict[int, str] = {}
    for number in range(made.blocks):
        block, record = made.block_of(number), found.record(number)
        if record is None:
            pending.update(range(*block.points))
            continue
        refused |= {int(point): reason for point, reason in record["refused"].items()}
        failed.update(record["failed"])
    resumed = _whole(made, before)
    return Outcome(
        found.path,
        made.points.n,
        made.points.n - len(pending),
        len(failed | set(refused)),
        resumed,
        seconds,
        dict(sorted(refused.items())),
        progress.set_aside,
        left,
    )


def _whole(made: Plan, blocks: set[int]) -> int:
    """How many points have all their blocks among these."""
    rows, columns = made.grid
    whole = [row for row in range(rows) if all(row * columns + column in blocks for column in range(columns))]
    return sum(min(made.block[0], made.points.n - row * made.block[0]) for row in whole)


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """A signal to terminate (preemption, a batch system's time limit) ends a sweep as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    usual = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, usual)
