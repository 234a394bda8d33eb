"""A real Slurm of two nodes and a real Dask cluster: cancelled half-way, gone on with, the same bytes as here."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from carsim.spec import loads
from carsim.sweeps import slurm as executor
from carsim.sweeps.conduct import conduct
from carsim.sweeps.files import content_sha256
from carsim.sweeps.on_dask import is_safe
from carsim.sweeps.plan import Plan, plan
from carsim.sweeps.store import SweepRefused
from tests.sweeps import slurm
from tests.sweeps.small import HEAD, driven, known, small

POINTS = 24  # blocks of one point each: enough to be cancelled half-way


def text() -> str:
    """A scenario with a sweep of as many points."""
    axis = f"{{path: leukaemia.clones.CD19-negative.fraction, log: [1e-9, 1e-5], n: {POINTS}}}"
    return HEAD.lstrip() + f"sweep: {{axes: [{axis}], keep: [cart_peak_copies, response_day28]}}\n"


def many() -> Plan:
    """Its plan: as many blocks, each a fraction of a second."""
    made = plan(loads(text()))
    assert made.block == (1, 2)
    return made


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """By one process, here."""
    path = tmp_path_factory.mktemp("undisturbed") / "store"
    conduct(many(), path, workers=0)
    return path


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    reason = slurm.missing()
    if reason:
        pytest.skip(reason)
    with slurm.cluster(tmp_path_factory.mktemp("slurm")) as env, pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        yield


def _committed(path: Path) -> int:
    return len(list((path / "status" / "records").glob("[0-9]*.json")))


def _await_blocks(path: Path, count: int) -> None:
    """Look until so many blocks are committed."""
    end = time.monotonic() + 120.0
    while _committed(path) < count:
        assert time.monotonic() < end, f"{_committed(path)} blocks after two minutes"
        time.sleep(0.05)


@pytest.mark.full
@pytest.mark.usefixtures("nodes")
def test_a_job_array_cancelled_half_way_goes_on(tmp_path: Path, undisturbed: Path) -> None:
    path = tmp_path / "store"
    outcome = conduct(many(), path, executor="slurm", workers=2, wait=False)
    job = json.loads((tmp_path / "store.slurm" / "jobs.json").read_text())[0]
    assert outcome.left.startswith(f"Job {job} works on {POINTS} blocks")
    _await_blocks(path, 3)
    subprocess.run(["scancel", "--signal=KILL", "--full", job], check=True)
    subprocess.run(["scancel", job], check=True)
    before = _committed(path)
    assert 0 < before < POINTS
    outcome = conduct(many(), path, executor="slurm", workers=2, resume=True)
    listed = sorted((tmp_path / "store.slurm").glob("blocks-*.json"))
    assert (outcome.done, outcome.failed, outcome.set_aside) == (POINTS, 0, {})
    assert len(json.loads(listed[0].read_text())) == POINTS
    assert len(json.loads(listed[1].read_text())) <= POINTS - before  # only what was missing
    assert content_sha256(path) == content_sha256(undisturbed)


@pytest.mark.full
@pytest.mark.usefixtures("nodes")
def test_what_slurm_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(SweepRefused, match=r"sbatch refused: .*partition"):
        conduct(many(), tmp_path / "store", executor="slurm", directives=["--partition=nowhere"])


@pytest.mark.full
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_dask_cluster_that_loses_a_worker_goes_on(tmp_path: Path, undisturbed: Path) -> None:
    from distributed import Client, LocalCluster

    path = tmp_path / "store"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        killed: list[int] = []

        def kill(text: str) -> None:
            if text.startswith("2 of") and not killed:
                killed.append(next(iter(cluster.workers.values())).process.pid)
                next(iter(cluster.workers.values())).process.process.kill()

        outcome = conduct(many(), path, executor="dask", client=client, notify=kill)
    gc.collect()  # what the killed worker left open, while warnings of it are not errors
    assert killed
    assert (outcome.done, outcome.set_aside) == (POINTS, {})
    assert content_sha256(path) == content_sha256(undisturbed)


@pytest.mark.full
@pytest.mark.usefixtures("nodes")
def test_a_dask_cluster_on_slurm_goes_on_without_a_cancelled_job(tmp_path: Path, undisturbed: Path) -> None:
    (tmp_path / "many.yaml").write_text(text(), encoding="utf-8")
    program = "import sys; from carsim.cli import main; sys.exit(main())"
    words = ["sweep", "many.yaml", "--out", "store", "--executor", "dask", "--scheduler", "slurm", "--workers", "2"]
    driver = subprocess.Popen([sys.executable, "-c", program, *words], cwd=tmp_path, stderr=subprocess.DEVNULL)
    _await_blocks(tmp_path / "store", 2)
    asked = subprocess.run(
        ["squeue", "--noheader", "--states=RUNNING", "--format=%i"], capture_output=True, text=True, check=True
    )
    subprocess.run(["scancel", asked.stdout.split()[0]], check=True)
    assert driver.wait(timeout=300) == 0
    assert _committed(tmp_path / "store") == POINTS
    assert content_sha256(tmp_path / "store") == content_sha256(undisturbed)
    assert not list((tmp_path / "store.slurm").rglob("*.key*"))  # nothing is left that opens the cluster


def test_a_dask_client_writes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from distributed import Client

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    driven(tmp_path / "here")
    with Client(processes=False, n_workers=1, threads_per_worker=1, dashboard_address=None) as client:
        outcome = conduct(small(), tmp_path / "there", executor="dask", client=client)
    assert outcome.done == 6
    assert content_sha256(tmp_path / "there") == content_sha256(tmp_path / "here")


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("tcp://127.0.0.1:8786", True),
        ("tcp://[::1]:8786", True),
        ("tcp://localhost:8786", True),
        ("tls://10.0.0.7:8786", True),
        ("tcp://10.0.0.7:8786", False),
        ("ucx://cluster:8786", False),
    ],
)
def test_a_scheduler_elsewhere_must_encrypt(address: str, safe: bool) -> None:
    assert is_safe(address) is safe


def test_the_script_of_a_job_array_asks_for_what_it_needs(tmp_path: Path) -> None:
    found = driven(tmp_path / "a store", made=small())
    from carsim.sweeps.store import open_store

    text = executor.script(open_store(found.store), tmp_path / "blocks-0.json", 8, 2, 3, ["--partition=short"])
    lines = text.splitlines()
    assert lines[0] == "#!/bin/sh"
    assert {"#SBATCH --array=0-7%2", "#SBATCH --cpus-per-task=3", "#SBATCH --partition=short"} <= set(lines)
    assert any(line.startswith("#SBATCH --mem=") for line in lines)  # without it a task reserves its node
    assert f"'{tmp_path / 'a store'}'" in lines[-1]
    assert lines[-1].endswith('--tasks 8 --threads 3 --task "$SLURM_ARRAY_TASK_ID"')
