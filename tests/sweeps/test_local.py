"""Worker processes of this machine: the same bytes by any number of them, and what becomes of those that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from carsim.sweeps.conduct import conduct
from carsim.sweeps.files import content_sha256
from carsim.sweeps.progress import duration, size
from carsim.sweeps.store import StoreInconsistent, locked, open_store
from tests.sweeps.small import driven, known, small


@pytest.mark.parametrize(
    ("workers", "threads"),
    [(2, 1), pytest.param(1, 2, marks=pytest.mark.full), pytest.param(0, 2, marks=pytest.mark.full)],
)
def test_any_number_of_workers_and_threads_writes_the_same(
    workers: int, threads: int, tmp_path: Path, undisturbed: Path
) -> None:
    said: list[str] = []
    outcome = conduct(small(), tmp_path / "store", workers=workers, threads=threads, notify=said.append)
    assert (outcome.done, outcome.failed, outcome.set_aside) == (6, 0, {})
    assert content_sha256(tmp_path / "store") == content_sha256(undisturbed)
    assert said[-1].startswith("3 of 3 blocks, ")


DRIVER = """
    import os, sys, time
    from pathlib import Path
    import carsim.sweeps.worker as worker
    from tests.sweeps.small import known, small
    worker.compute_block = known
    from carsim.sweeps.conduct import conduct
    from carsim.sweeps import files
    whole = files.write
    def slowly(path, data):
        print(path.name, flush=True)
        sys.stdin.readline()  # until the test lets it go on
        whole(path, data)
    made = small()
    known(made, made.block_of(0))
    files.write = slowly
    conduct(made, Path(sys.argv[1]), workers=0)
"""


@pytest.fixture
def driver(tmp_path: Path) -> subprocess.Popen[str]:
    """A driver that waits before each file it writes."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(DRIVER), str(tmp_path / "store")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def _let_go_on(driver: subprocess.Popen[str], files: int) -> None:
    """Until the driver is about to write the file after so many."""
    assert driver.stdin is not None
    assert driver.stdout is not None
    for _ in range(files):
        assert driver.stdout.readline()
        driver.stdin.write("\n")
        driver.stdin.flush()
    assert driver.stdout.readline()


@pytest.mark.parametrize(
    "files", [11, pytest.param(1, marks=pytest.mark.full), pytest.param(20, marks=pytest.mark.full)]
)
@pytest.mark.parametrize("how", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
def test_a_killed_driver_leaves_what_it_had_finished(
    how: signal.Signals,
    files: int,
    driver: subprocess.Popen[str],
    tmp_path: Path,
    undisturbed: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    path = tmp_path / "store"
    _let_go_on(driver, files)
    with pytest.raises(StoreInconsistent, match="is being written by another") as refused:  # while it lives
        driven(path, resume=True)
    assert refused.value.exit_status == 5
    driver.send_signal(how)
    driver.communicate()
    outcome = driven(path, resume=True)  # its lock went with it
    assert outcome.resumed == 2 * ((files - 1) // 7)  # the manifest, and seven files a block
    assert content_sha256(path) == content_sha256(undisturbed)


def _pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> tuple[Path, list[str]]:
    """A store, and workers that run a program of the test in place of the real one."""
    worker = tmp_path / "worker.py"
    worker.write_text(textwrap.dedent(program), encoding="utf-8")
    command = [sys.executable, str(worker), str(tmp_path)]
    real = subprocess.Popen
    monkeypatch.setattr("carsim.sweeps.local.subprocess.Popen", lambda _, **more: real(command, **more))
    return tmp_path / "store", command


ANSWERING = """
    import json, os, signal, sys, time
    from pathlib import Path
    seen = Path(sys.argv[1], "seen")
    for line in sys.stdin:
        tries = seen.read_text().split() if seen.exists() else []
        seen.write_text(" ".join([*tries, line.strip()]))
        if int(line) == 1 and {condition}:
            {act}
        print(json.dumps({{"block": int(line)}}), flush=True)
"""


def test_a_block_that_always_kills_its_worker_is_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = ANSWERING.format(condition="True", act="os.kill(os.getpid(), signal.SIGKILL)")
    path, _ = _pool(tmp_path, monkeypatch, program)
    outcome = conduct(small(), path, workers=1)
    assert outcome.set_aside == {1: "its worker ended (signal 9)"}
    assert sorted((tmp_path / "seen").read_text().split()) == ["0", "1", "1", "1", "2"]


def test_a_worker_that_hangs_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = _pool(tmp_path, monkeypatch, ANSWERING.format(condition="tries.count('1') == 0", act="time.sleep(600)"))
    begun = time.monotonic()
    outcome = conduct(small(), path, workers=1, patience=3.0)
    assert outcome.set_aside == {}
    assert time.monotonic() - begun < 60.0
    assert (tmp_path / "seen").read_text().split().count("1") == 2


def test_workers_that_cannot_be_started_end_the_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With no process left to start, every block is set aside; the driver does not wait for ever."""
    path, _ = _pool(tmp_path, monkeypatch, ANSWERING.format(condition="False", act="pass"))

    def refuse(*_: object, **more: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("carsim.sweeps.local.subprocess.Popen", refuse)
    outcome = conduct(small(), path, workers=2)
    assert outcome.done == 0
    assert all("could not be started" in reason for reason in outcome.set_aside.values())
    assert set(outcome.set_aside) == {0, 1, 2}


def test_no_worker_outlives_an_interrupted_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
        import os, sys, time
        from pathlib import Path
        for line in sys.stdin:
            Path(sys.argv[1], f"pid-{os.getpid()}").touch()
            time.sleep(600)
    """
    path, _ = _pool(tmp_path, monkeypatch, program)

    def interrupt() -> None:
        """Ctrl-C as soon as both workers are at work."""
        while len(list(tmp_path.glob("pid-*"))) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    # A shell that starts the tests in the background has them ignore Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        threading.Thread(target=interrupt).start()
        with pytest.raises(KeyboardInterrupt):
            conduct(small(), path, workers=2)
    finally:
        signal.signal(signal.SIGINT, before)
    for mark in tmp_path.glob("pid-*"):
        with pytest.raises(ProcessLookupError):
            os.kill(int(mark.name.removeprefix("pid-")), 0)
    with locked(path):
        assert open_store(path).missing() == [0, 1, 2]


def test_times_and_sizes_are_told_as_people_say_them() -> None:
    assert [duration(s) for s in (0.42, 44, 600, 7200, 200_000)] == ["0.42 s", "44 s", "10 min", "2 h", "2.31 d"]
    assert [size(n) for n in (12, 3690, 5_400_000, 7 * 10**10)] == ["12 bytes", "3.69 KB", "5.4 MB", "70 GB"]
