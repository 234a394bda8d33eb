"""The Dask executor: blocks as tasks of any cluster whose scheduler has an address, or of one started through Slurm.

A block goes to a worker as a path and a number, and nothing comes back but that it is done: the worker writes what it
simulated, so the store must be on a file system that all of them see. Workers of another version of carsim refuse it. A
block that kills its workers is set aside, as is one that fails three times.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from carsim.sweeps.progress import Progress
from carsim.sweeps.store import Store, SweepRefused, open_store
from carsim.sweeps.worker import FAILED, work

if TYPE_CHECKING:
    from distributed import Client

ENCRYPTED, LOCAL_NAMES = "tls", ("localhost", "")


def run(
    store: Store,
    missing: Sequence[int],
    progress: Progress,
    *,
    workers: int | None = None,
    threads: int = 1,
    client: Client | None = None,
    scheduler: str | None = None,
    trust_network: bool = False,
) -> None:
    """Work on blocks by a `client`, or by one of the scheduler at this address; `slurm` starts a cluster there.

    Raises SweepRefused without either, and for a scheduler elsewhere that does not encrypt unless `trust_network`.
    """
    if client is not None:
        _submitted(client, store, missing, progress, threads)
        return
    with _client(scheduler, store, workers or 1, threads, trust_network=trust_network) as own:
        _submitted(own, store, missing, progress, threads)


def _submitted(client: Client, store: Store, missing: Sequence[int], progress: Progress, threads: int) -> None:
    from distributed import as_completed

    path = str(store.path.resolve())

    def submit(number: int) -> Any:
        return client.submit(work_at, path, store.plan.sha256, number, threads, pure=False, retries=0)

    waiting = {submit(number): number for number in missing}
    completed = as_completed(list(waiting))
    try:
        for future in completed:
            number = waiting.pop(future)
            answer = future.result() if future.status == "finished" else _lost(number, future.exception())
            if "error" not in answer:
                progress.finished(number)
            elif progress.failed(number, answer["error"], answer["reason"]):
                again = submit(number)
                waiting[again] = number
                completed.add(again)
    finally:
        client.cancel(list(waiting))


def work_at(path: str, sha256: str, number: int, threads: int) -> dict[str, Any]:
    """Work on one block of the store at a path: what a worker of Dask calls."""
    return work(_opened(path, sha256), number, threads)


@lru_cache(maxsize=4)
def _opened(path: str, sha256: str) -> Store:
    found = open_store(Path(path))
    if found.plan.sha256 != sha256:
        raise SweepRefused(f"{path} is another sweep's by now")
    return found


def _lost(number: int, error: BaseException | None) -> dict[str, Any]:
    return {"block": number, "error": FAILED, "reason": f"{type(error).__name__}: {error}"}


@contextmanager
def _client(
    scheduler: str | None, store: Store, workers: int, threads: int, *, trust_network: bool
) -> Iterator[Client]:
    """A client of a scheduler, closed at the end; a cluster started here ends with it."""
    if scheduler is None:
        raise SweepRefused("dask: expected the address of a scheduler, for example --scheduler tcp://127.0.0.1:8786")
    try:
        from distributed import Client
    except ImportError as error:
        raise SweepRefused("dask: not installed; python -m pip install 'carsim[dask]'") from error
    if scheduler != "slurm":
        if not trust_network and not is_safe(scheduler):
            raise SweepRefused(
                f"dask: {scheduler} is on another machine and does not encrypt: whoever reaches it can run programs as "
                "you. Use a tls:// address, or --trust-network where the network is yours"
            )
        with Client(scheduler) as client:
            yield client
        return
    from dask_jobqueue import SLURMCluster

    folder = store.path.with_name(f"{store.path.name}.slurm").resolve()
    folder.mkdir(exist_ok=True)
    with (
        TemporaryDirectory(dir=folder, prefix=".certificate-") as certificate,
        SLURMCluster(
            cores=threads,
            processes=1,
            memory=f"{-(-store.plan.memory // 1_000_000)}MB",
            job_cpu=threads,
            log_directory=str(folder),
            security=True,  # a certificate of its own: whoever reaches a scheduler without can run programs on it
            shared_temp_directory=certificate,
            worker_extra_args=["--memory-limit", "0"],  # Slurm sees to it; Dask would pause at what libraries take
        ) as cluster,
    ):
        cluster.adapt(minimum_jobs=max(1, workers), maximum_jobs=max(1, workers))
        with Client(cluster) as client:
            yield client


def is_safe(scheduler: str) -> bool:
    """Whether nobody but this machine reaches a scheduler, or it encrypts."""
    kind, _, rest = scheduler.rpartition("://")
    host = rest.rpartition(":")[0].strip("[]")
    if kind in (ENCRYPTED, "inproc") or host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
