"""`carsim sweep` as it is typed: what is printed, which exit status, and what lies on the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from carsim.cli import main
from carsim.sweeps.block import Computed
from carsim.sweeps.plan import Block, Plan
from tests.sweeps.small import AXES, HEAD, known, small

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the small sweep, whose blocks are known beforehand; one block is one point."""

    def parts(made: Plan, block: Block, threads: int = 1) -> Computed:
        whole = known(small(), small().block_of(block.points[0] // 2))
        at = slice(block.points[0] % 2, block.points[0] % 2 + 1)
        return Computed({name: values[at] for name, values in whole.arrays.items()}, {})

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", parts)
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(HEAD + AXES, encoding="utf-8")


def sweep(*words: str) -> int:
    return main(["sweep", *words])


def test_a_sweep_says_what_is_done_and_goes_on(capsys: Printed) -> None:
    assert sweep("small.yaml", "--out", "store", "--workers", "0") == 0
    told = capsys.readouterr()
    assert told.out == "6 of 6 points are done: store\n"
    assert sweep("small.yaml", "--out", "store", "--workers", "0") == 2
    assert "go on with it by --resume" in capsys.readouterr().err
    assert sweep("small.yaml", "--out", "store", "--workers", "0", "--resume", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["store", "points", "done", "failed", "resumed", "seconds", "refused", "set_aside", "left"]
    assert (found["refused"], found["set_aside"], found["left"]) == ({}, {}, "")
    assert (found["store"], found["points"], found["done"], found["failed"], found["resumed"]) == ("store", 6, 6, 0, 6)


def test_a_dry_run_foretells_and_writes_nothing(capsys: Printed) -> None:
    assert sweep("small.yaml", "--dry-run", "--workers", "2", "--quiet") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["points", "courses", "blocks", "memory", "disk", "time"]
    assert lines[0] == "points   6 (3 dose x 2 leukaemia.clones.CD19-negative.fraction)"
    assert lines[1] == "courses  12 (2 patients at each point)"
    assert sorted(path.name for path in Path().iterdir()) == ["small.yaml"]
    assert sweep("small.yaml", "--dry-run", "--json", "--quiet") == 0
    assert json.loads(capsys.readouterr().out)["courses"] == 12
    assert sweep("small.yaml", "--dry-run", "--json", "--quiet", "--workers", "40") == 0
    assert json.loads(capsys.readouterr().out)["workers"] == 6  # as many as there are blocks


def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:

        def interrupted(made: Plan, block: Block, threads: int = 1) -> Computed:
            if block.number == 2:
                raise KeyboardInterrupt
            return known(small(), small().block_of(block.number))

        patch.setattr("carsim.sweeps.worker.compute_block", interrupted)
        patch.setattr("carsim.sweeps.plan._shape", lambda *_: (2, 2))
        assert sweep("small.yaml", "--out", "my store", "--workers", "0") == 130
        err = capsys.readouterr().err
        assert "finished blocks are kept" in err
        assert "carsim sweep small.yaml --out 'my store' --resume" in err
        assert sweep("check", "my store") == 0
        assert capsys.readouterr().out == "2 of 3 blocks are whole, 1 are missing\n"


def test_failing_points_are_counted(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(made: Plan, block: Block, threads: int = 1) -> Computed:
        whole = known(small(), small().block_of(0))
        arrays = {name: values[:1].copy() for name, values in whole.arrays.items()}
        arrays["status"][:] = -3 if block.number == 4 else 0
        return Computed(arrays, {4: "no such dose"} if block.number == 4 else {})

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", refused)
    assert sweep("small.yaml", "--out", "store", "--workers", "0") == 3
    told = capsys.readouterr()
    assert "carsim: point 4 has no result: no such dose" in told.err
    assert "carsim: 1 points with failures" in told.err


def test_a_store_that_cannot_be_read_says_how_to_go_on(capsys: Printed) -> None:
    sweep("small.yaml", "--out", "store", "--workers", "0")
    Path("store/zarr.json").write_text("{", encoding="utf-8")
    capsys.readouterr()
    assert sweep("small.yaml", "--out", "store", "--workers", "0", "--resume") == 5
    assert "carsim sweep check store --repair" in capsys.readouterr().err
    assert sweep("check", "store", "--repair", "--quiet") == 0
    assert sweep("small.yaml", "--out", "store", "--workers", "0", "--resume", "--quiet") == 0


def test_a_damaged_store_is_told_and_mended(capsys: Printed) -> None:
    sweep("small.yaml", "--out", "store", "--workers", "0")
    chunk = Path("store/age/c/3/0")
    chunk.write_bytes(chunk.read_bytes()[:-1])
    capsys.readouterr()
    assert sweep("check", "store") == 5
    assert "block 3: age/c/3/0 was altered" in capsys.readouterr().out
    assert sweep("check", "store", "--json", "--repair") == 0
    assert json.loads(capsys.readouterr().out)["damaged"] == {"3": "age/c/3/0 was altered"}
    assert sweep("small.yaml", "--out", "store", "--workers", "0", "--resume", "--quiet") == 0
    assert sweep("check", "store") == 0


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["small.yaml"], 2, "expected --out STORE"),
        (["small.yaml", "--out", "s", "--limit", "5"], 4, "6 points, 3 (dose) x 2"),
        (["small.yaml", "--out", "s", "--set", "sweep.axes.0.path=treatment.cra.dose"], 2, "did you mean"),
        (["small.yaml", "--out", "s", "--set", "sweep=null"], 2, "a scenario without `sweep`"),
        (["small.yaml", "--out", "s", "--executor", "dask"], 2, "expected the address of a scheduler"),
        (
            ["small.yaml", "--out", "s", "--executor", "dask", "--scheduler", "tcp://10.1.2.3:8786"],
            2,
            "does not encrypt",
        ),
        (["small.yaml", "--out", "s", "--executor", "slurm", "--sbatch=x; rm"], 2, "expected one option"),
        (["check", "absent"], 2, "absent is not there"),
        (["check", "."], 2, ". is no store of a sweep"),
    ],
)
def test_what_cannot_be_is_refused(words: list[str], status: int, said: str, capsys: Printed) -> None:
    assert sweep(*words) == status
    assert said in capsys.readouterr().err


def test_no_space_is_seen_before_anything_is_simulated(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    usage = shutil.disk_usage(".")
    monkeypatch.setattr("carsim.sweeps.conduct.shutil.disk_usage", lambda _: usage._replace(free=10))
    assert sweep("small.yaml", "--out", "store", "--workers", "0") == 4
    assert "GB are free; keep less" in capsys.readouterr().err
    monkeypatch.undo()


def test_run_sends_a_sweep_to_its_command(capsys: Printed) -> None:
    assert main(["run", "small.yaml"]) == 2
    assert "`carsim sweep SCENARIO --out STORE` simulates every point" in capsys.readouterr().err
