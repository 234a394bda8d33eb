"""The Slurm executor: a plain job array that needs nothing beyond sbatch and squeue.

Beside the store lies the folder `<store>.slurm` with the list of blocks of each submission, its script and its output,
so that the store itself holds nothing of a machine. Task k of n works on every n-th block from the k-th on and leaves
out what is committed. Whether a job is over is asked of squeue; what came of it is read in the store. Blocks that are
missing then are submitted again, three times at most.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from carsim.sweeps import files
from carsim.sweeps.progress import TRIES, Progress
from carsim.sweeps.store import Store, SweepRefused

TASKS: Final = 1000  # of one array at most: Slurm's usual MaxArraySize is 1001
TURNS: Final = 4  # tasks for each that runs at one time: enough that none is long, few enough that starting them is not
SIDE_BY_SIDE: Final = 32  # tasks that run at one time, unless asked otherwise
SECONDS: Final = 2.0  # between looks at the store
JOBS: Final = "jobs.json"
_DIRECTIVE: Final = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*(=[A-Za-z0-9_.,:/@%+=-]*)?")


def run(
    store: Store,
    missing: Sequence[int],
    progress: Progress,
    *,
    workers: int | None = None,
    threads: int = 1,
    directives: Sequence[str] = (),
    wait: bool = True,
) -> str:
    """Submit what is missing as a job array of `workers` tasks side by side, and wait for it.

    Without `wait`, and while an earlier submission still runs, a sentence says where the work goes on. Raises
    SweepRefused where Slurm is not there or refuses.
    """
    _check(directives)
    workers = SIDE_BY_SIDE if workers is None else workers
    folder = _folder(store.path)
    job = _under_way(folder)
    todo = list(missing)
    for attempt in range(TRIES):
        if job is None and todo:
            job = _submit(store, folder, todo, workers, threads, directives)
        if job is None:
            return ""
        if not wait:
            return f"Job {job} works on {len(todo)} blocks (`squeue --job {job}`, `scancel {job}`)."
        todo = _watched(store, job, todo, progress)
        job = None
        if todo and progress.notify is not None and attempt + 1 < TRIES:
            progress.notify(f"Submitting {len(todo)} blocks again that no task committed")
    progress.set_aside |= dict.fromkeys(todo, f"no task committed it; see {folder}")
    return ""


def refuse_active(path: Path) -> None:
    """Raise SweepRefused while a job of Slurm still works on the store at a path."""
    job = _under_way(_folder(path))
    if job is not None:
        raise SweepRefused(
            f"{path}: job {job} of Slurm works on it; end it (`scancel {job}`) before it is replaced, or go on with "
            "it by --executor slurm --resume"
        )


def _folder(path: Path) -> Path:
    """Where lists, scripts and output of a store's jobs are."""
    return path.with_name(f"{path.name}.slurm")


def _submit(store: Store, folder: Path, todo: list[int], workers: int, threads: int, directives: Sequence[str]) -> str:
    """Write list and script, and submit them; the number of the job."""
    if shutil.which("sbatch") is None:
        raise SweepRefused("slurm: no `sbatch` here; run carsim where Slurm is, or use --executor local")
    folder.mkdir(exist_ok=True)
    number = len(list(folder.glob("blocks-*.json")))
    listed, tasks = folder / f"blocks-{number}.json", min(len(todo), TASKS, TURNS * max(1, workers))
    files.write(listed, json.dumps(todo).encode())
    made = script(store, listed, tasks, workers, threads, directives)
    path = folder / f"array-{number}.sh"
    files.write(path, made.encode())
    answer = _slurm("sbatch", "--parsable", str(path))
    job = answer.strip().split(";")[0]
    files.write(folder / JOBS, json.dumps([*_jobs(folder), job]).encode())
    return job


def script(store: Store, listed: Path, tasks: int, workers: int, threads: int, directives: Sequence[str] = ()) -> str:
    """The script of a job array; `directives` are further options of sbatch, which come last and so prevail."""
    megabytes = -(-store.plan.memory // 1_000_000)
    options = [
        "--job-name=carsim-sweep",
        f"--array=0-{tasks - 1}%{max(1, workers)}",
        f"--cpus-per-task={threads}",
        f"--mem={megabytes}M",
        f"--output={shlex.quote(str(listed.parent.resolve() / '%A_%a.out'))}",
        "--requeue",
        *directives,
    ]
    command = [sys.executable, "-P", "-m", "carsim.sweeps.worker", str(store.path.resolve()), "--list"]
    command += [str(listed.resolve()), "--tasks", str(tasks), "--threads", str(threads)]
    lines = [
        "#!/bin/sh",
        *(f"#SBATCH {option}" for option in options),
        "export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1",
    ]
    return "\n".join([*lines, f'exec {shlex.join(command)} --task "$SLURM_ARRAY_TASK_ID"', ""])


def _watched(store: Store, job: str, todo: list[int], progress: Progress) -> list[int]:
    """Wait until a job is over; the blocks that it left."""
    while True:
        over = not _is_active(job)
        done = [number for number in todo if store.record(number) is not None]
        for number in done:
            progress.finished(number)
        todo = [number for number in todo if number not in set(done)]
        if over or not todo:
            return todo
        time.sleep(SECONDS)


def _under_way(folder: Path) -> str | None:
    """An earlier job of this store that still waits or runs."""
    return next((job for job in reversed(_jobs(folder)) if _is_active(job)), None)


def _jobs(folder: Path) -> list[str]:
    try:
        return [str(job) for job in json.loads((folder / JOBS).read_bytes())]
    except (OSError, ValueError):
        return []


def _is_active(job: str) -> bool:
    """Whether any task of a job waits or runs; a job that Slurm has forgotten is over, one it cannot tell of is not."""
    try:
        asked = subprocess.run(
            ["squeue", "--noheader", "--job", job], capture_output=True, text=True, check=False, timeout=60
        )
    except FileNotFoundError:
        return False  # no Slurm here any more
    except (OSError, subprocess.TimeoutExpired):
        return True
    if asked.returncode == 0:
        return bool(asked.stdout.strip())
    return "Invalid job id" not in asked.stderr


def _slurm(*command: str) -> str:
    """What a command of Slurm prints."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except subprocess.CalledProcessError as error:
        raise SweepRefused(f"slurm: {command[0]} refused: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SweepRefused(f"slurm: {command[0]} gave no answer: {error}") from error


def _check(directives: Sequence[str]) -> None:
    for directive in directives:
        if not _DIRECTIVE.fullmatch(directive):
            raise SweepRefused(
                f"--sbatch: got `{directive}`; expected one option, for example --sbatch=--partition=short"
            )
