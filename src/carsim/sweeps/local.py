"""The local executor: worker processes on this machine, or this process itself.

Each worker is handed one block at a time. One that dies, or is silent for longer than `patience`, is replaced and its
block tried again, three times at most; then the block is set aside and the rest goes on. Workers are of a session of
their own, so that Ctrl-C reaches the driver alone, which ends them: what is committed stays.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from carsim.sweeps.progress import Progress
from carsim.sweeps.store import Store
from carsim.sweeps.worker import FAILED, work


def run(
    store: Store,
    missing: Sequence[int],
    progress: Progress,
    *,
    workers: int,
    threads: int = 1,
    patience: float | None = None,
) -> None:
    """Work on blocks with so many processes, 0: this one; `patience` in seconds for one block, none: for ever."""
    if workers == 0:
        _here(store, missing, progress, threads)
    elif missing:
        _Pool(store, progress, threads, patience).run(missing, min(workers, len(missing)))


def _here(store: Store, missing: Sequence[int], progress: Progress, threads: int) -> None:
    todo = list(missing)
    while todo:
        number = todo.pop(0)
        answer = work(store, number, threads)
        if "error" not in answer:
            progress.finished(number)
        elif progress.failed(number, answer["error"], answer["reason"]):
            todo.append(number)


@dataclass
class _Pool:
    """Threads that each talk to one worker process; the main thread hears what came of every block."""

    store: Store
    progress: Progress
    threads: int
    patience: float | None
    todo: queue.Queue[int | None] = field(default_factory=queue.Queue)
    heard: queue.Queue[tuple[int, str, str]] = field(default_factory=queue.Queue)
    processes: set[subprocess.Popen[str]] = field(default_factory=set)
    stopped: bool = False

    def run(self, missing: Sequence[int], workers: int) -> None:
        for number in missing:
            self.todo.put(number)
        talkers = [threading.Thread(target=self._talk, daemon=True) for _ in range(workers)]
        for talker in talkers:
            talker.start()
        left = len(missing)
        try:
            while left:
                number, kind, reason = self.heard.get()
                if not kind:
                    self.progress.finished(number)
                elif self.progress.failed(number, kind, reason):
                    self.todo.put(number)
                    continue
                left -= 1
        finally:
            self._stop(talkers)

    def _stop(self, talkers: list[threading.Thread]) -> None:
        """End every worker, in the middle of its block where it has one."""
        self.stopped = True
        for _ in talkers:
            self.todo.put(None)
        for process in list(self.processes):
            process.kill()
        for talker in talkers:
            talker.join()

    def _talk(self) -> None:
        """Hand blocks to one worker, and to its successor where it dies."""
        process: subprocess.Popen[str] | None = None
        while (number := self.todo.get()) is not None and not self.stopped:
            try:
                if process is None or process.poll() is not None:
                    process = self._new()
            except OSError as error:  # no process or memory is left for a worker
                self.heard.put((number, FAILED, f"its worker could not be started: {error}"))
                continue
            line = self._answer(process, number)
            if self.stopped:
                break
            if line.endswith("\n"):  # a line that is whole
                answer = json.loads(line)
                self.heard.put((number, answer.get("error", ""), answer.get("reason", "")))
            else:
                status = self._end(process)
                self.heard.put((number, FAILED, f"its worker ended ({_cause(status)})"))
                process = None
        if process is not None:
            self._end(process)

    def _answer(self, process: subprocess.Popen[str], number: int) -> str:
        """The line that a worker answers; empty where it ended."""
        assert process.stdin is not None  # both are pipes
        assert process.stdout is not None
        timer = threading.Timer(self.patience, process.kill) if self.patience is not None else None
        if timer is not None:
            timer.start()
        try:
            process.stdin.write(f"{number}\n")
            process.stdin.flush()
            return process.stdout.readline()
        except OSError:
            return ""
        finally:
            if timer is not None:
                timer.cancel()

    def _new(self) -> subprocess.Popen[str]:
        command = [
            sys.executable,
            "-P",
            "-m",
            "carsim.sweeps.worker",
            str(self.store.path),
            "--threads",
            str(self.threads),
        ]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        self.processes.add(process)
        if self.stopped:  # while it was started
            process.kill()
        return process

    def _end(self, process: subprocess.Popen[str]) -> int:
        """Close a worker's input, which ends it; its exit status."""
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self.processes.discard(process)
        return process.wait()


def _cause(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"
