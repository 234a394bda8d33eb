"""Indices of sensitivity of functions whose indices are known, and of a sweep through the command."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from carsim.cli import main
from carsim.spec.sweep import Sample
from carsim.sweeps.block import Computed
from carsim.sweeps.designs import STEP, morris, saltelli
from carsim.sweeps.plan import Block, Plan
from carsim.sweeps.sensitivity import indices
from tests.sweeps.small import HEAD

NAMES = ("one", "two", "three")


def sample(method: str, n: int, seed: int = 1) -> Sample:
    return Sample.model_validate({"method": method, "n": n, "seed": seed})


def ishigami(x: np.ndarray) -> np.ndarray:
    return np.sin(x[0]) + 7.0 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_sobol_indices_of_ishigami_are_within_their_intervals_of_the_exact_ones() -> None:
    design = sample("saltelli", 1024)
    shares = saltelli(design, NAMES)
    found = indices(ishigami(2.0 * math.pi * (np.array(shares) - 0.5)), design, NAMES, shares)
    variance = 7.0**2 / 8.0 + 0.1 * math.pi**4 / 5.0 + 0.01 * math.pi**8 / 18.0 + 0.5
    first = np.array([0.5 * (1.0 + 0.1 * math.pi**4 / 5.0) ** 2, 7.0**2 / 8.0, 0.0]) / variance
    mixed = 8.0 * 0.01 * math.pi**8 / 225.0 / variance
    for name, exact in (("first order", first), ("total", first + np.array([mixed, 0.0, mixed]))):
        index = found.indices[name]
        np.testing.assert_allclose(index.estimate, exact, atol=0.02)
        assert ((index.low <= exact + 1e-9) & (exact <= index.high + 1e-9)).all()
        assert (index.high - index.low < 0.3).all()
    assert (found.used, found.made) == (1024, 1024)


def test_morris_gives_the_slopes_of_an_additive_function_exactly() -> None:
    design = sample("morris", 12)
    shares = morris(design, NAMES)
    values = np.array(shares)
    found = indices(3.0 * values[0] - 0.5 * values[1] + 0.0 * values[2] + 9.0, design, NAMES, shares)
    np.testing.assert_allclose(found.indices["mean of absolute effects"].estimate, [3.0, 0.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.indices["mean effect"].estimate, [3.0, -0.5, 0.0], atol=1e-12)
    np.testing.assert_allclose(found.indices["spread of effects"].estimate, 0.0, atol=1e-12)


def test_one_axis_moves_at_each_step_of_a_trajectory() -> None:
    design = sample("morris", 50)
    table = np.array(morris(design, NAMES)).reshape(3, 50, 4)
    moved = np.abs(np.diff(table, axis=2))
    np.testing.assert_allclose(np.sort(moved, axis=0)[:2], 0.0, atol=1e-12)
    np.testing.assert_allclose(moved.sum(axis=2), STEP)
    assert set(np.round(3 * table).ravel().astype(int)) == {0, 1, 2, 3}


def test_an_interaction_shows_in_the_spread_of_effects() -> None:
    design = sample("morris", 40)
    shares = morris(design, NAMES)
    values = np.array(shares)
    found = indices(values[0] * values[1], design, NAMES, shares)
    assert (found.indices["spread of effects"].estimate[:2] > 0.2).all()
    assert found.indices["spread of effects"].estimate[2] == 0.0


def test_a_base_point_without_all_values_is_left_out() -> None:
    design = sample("saltelli", 64)
    shares = saltelli(design, NAMES)
    values = ishigami(np.array(shares))
    values[7] = np.nan
    found = indices(values, design, NAMES, shares)
    assert (found.used, found.made) == (63, 64)
    with pytest.raises(ValueError, match="0 of 64 base points"):
        indices(np.full_like(values, np.nan), design, NAMES, shares)


DOSE = "treatment.car.dose.per_weight"
AXES = """sweep:
  axes:
    - {path: treatment.car.dose.per_weight, name: dose, log: [1e5 cells/kg, 1e7 cells/kg]}
    - {path: parameters.kill_max, name: kill-rate, log: [0.9 1/d, 1.1 1/d]}
"""


def test_the_command_ranks_the_axes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def peaks(made: Plan, block: Block, threads: int = 1) -> Computed:
        """Peaks in proportion to the dose, whatever kills how fast."""
        doses = [float(made.points.changes(point)[DOSE].split()[0]) for point in range(*block.points)]
        found = {column.name: np.zeros((len(doses), 1)) for column in made.all_columns}
        return Computed({**found, "cart_peak_copies": np.array(doses)[:, None]}, {})

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", peaks)
    monkeypatch.chdir(tmp_path)
    Path("s.yaml").write_text(HEAD.replace("n: 2}", "n: 1}", 1).lstrip() + AXES, encoding="utf-8")
    words = ["sensitivity", "s.yaml", "--out", "store", "--method", "morris", "--n", "2", "--workers", "0", "--quiet"]
    assert main([*words, "--on", "cart_peak_copies", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    effects = found["indices"]["mean effect"]
    assert found["used"] == 2
    assert effects["dose"]["estimate"] > 1e6
    assert effects["kill-rate"] == {"estimate": 0.0, "low": 0.0, "high": 0.0}
    assert main([*words, "--resume", "--on", "cart_peak_copies=9"]) == 2
    assert "store: --on: got `cart_peak_copies=9`; expected `cart_peak_copies` alone" in capsys.readouterr().err


def test_the_file_says_how_it_is_sampled_and_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options change single values of the file's `sample`; an endpoint that is kept needs no simulation of its own."""
    plans: list[Plan] = []

    def peaks(made: Plan, block: Block, threads: int = 1) -> Computed:
        plans.append(made)
        shape = (block.points[1] - block.points[0], 1)
        values = np.arange(*block.points, dtype=float)[:, None]
        kept = {column.name: values for column in made.columns}
        return Computed({**kept, "status": np.zeros(shape, dtype=np.int8)}, {})

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", peaks)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "who.csv").write_text("id,age [year],weight [kg]\nP7,11,39\n", encoding="utf-8")
    head = HEAD.replace("n: 2}", "from: who.csv}", 1).replace("n: 1, ", "").lstrip()
    more = "  sample: {method: morris, n: 3, seed: 5}\n  keep: [cart_peak_copies, age]\n"
    Path("files/s.yaml").write_text(head + AXES + more, encoding="utf-8")
    words = ["sensitivity", "files/s.yaml", "--out", "store", "--workers", "0", "--quiet", "--json"]
    assert main([*words, "--on", "cart_peak_copies"]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "morris"
    found = plans[-1].points.sweep.sample
    assert found is not None
    assert (found.method, found.n, found.seed) == ("morris", 3, 5)
    simulated = len(plans)
    assert main([*words, "--on", "age", "--resume"]) == 0
    assert len(plans) == simulated
    assert main([*words[:3], "other", *words[4:], "--on", "mrd_day28", "--n", "2"]) == 0
    other = plans[-1].points.sweep
    assert other.sample is not None
    assert (other.sample.n, other.sample.seed) == (2, 5)
    assert other.keep == ("cart_peak_copies", "age", "mrd_day28")


def files_of(store: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Blocks that were simulated, of `s.yaml` in a folder of its own, which keeps two endpoints and a course."""
    blocks: list[int] = []

    def numbered(made: Plan, block: Block, threads: int = 1) -> Computed:
        blocks.append(block.number)
        shape = (block.points[1] - block.points[0], made.patients)
        values = np.arange(*block.points, dtype=float)[:, None].repeat(made.patients, axis=1)
        kept = {c.name: values[..., None].repeat(made.times.size, axis=2) if c.course else values for c in made.columns}
        return Computed({**kept, "status": np.zeros(shape, dtype=np.int8)}, {})

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", numbered)
    monkeypatch.chdir(tmp_path)
    more = "  sample: {method: morris, n: 2}\n  keep: [cart_peak_copies, relapse_phenotype]\n  courses: [cart_copies]\n"
    Path("s.yaml").write_text(HEAD.lstrip() + AXES + more, encoding="utf-8")
    return blocks


WORDS = ("sensitivity", "s.yaml", "--out", "store", "--workers", "0", "--quiet")


@pytest.mark.parametrize(
    ("what", "told"),
    [
        (
            "cart_peak_copy",
            "got `cart_peak_copy`; expected an endpoint or covariate that the sweep keeps: cart_peak_copies",
        ),
        ("cart_peak_copy", "did you mean `cart_peak_copies`"),
        (
            "relapse_phenotype",
            "got `relapse_phenotype`, which holds words, without one of them; expected relapse_pheno",
        ),
        ("relapse_phenotype", "relapse_phenotype=WORD with one of: CD19-positive, "),
        ("relapse_phenotype=CD19", "got `CD19`; expected relapse_phenotype=WORD with one of: CD19-positive, "),
        ("relapse_day=early", "got `relapse_day=early`; expected `relapse_day` alone, which holds no words"),
        (
            "cart_copies",
            "got `cart_copies`; expected an endpoint or covariate that the sweep keeps: cart_peak_copies, ",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_simulated(
    what: str, told: str, simulated: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--on", what]) == 2
    error = capsys.readouterr().err
    assert "s.yaml: --on: got `" in error
    assert told in error
    assert simulated == []
    assert not Path("store").exists()


def test_a_store_is_asked_for_what_it_keeps_and_refuses_the_rest_unharmed(
    simulated: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    """The first call's endpoint is kept beside those of the file; a finished store has no room for another."""
    assert main([*WORDS, "--on", "efs_day"]) == 0
    before, count = files_of(Path("store")), len(simulated)
    assert main([*WORDS, "--on", "mrd_day28", "--resume"]) == 2
    error = capsys.readouterr().err
    assert "store: --on: got `mrd_day28`, which the sweep does not keep" in error
    assert (
        "expected one of cart_peak_copies, efs_day, relapse_phenotype; to ask for it, add it to `sweep.keep`" in error
    )
    for what in ("efs_day", "cart_peak_copies", "relapse_phenotype=CD19-negative"):
        assert main([*WORDS, "--on", what, "--resume"]) == 0
    assert len(simulated) == count
    assert files_of(Path("store")) == before


def test_another_files_store_is_told_apart_whatever_it_keeps(
    simulated: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*WORDS, "--on", "efs_day"]) == 0
    count = len(simulated)
    for keep in ("[cart_peak_copies, mrd_day28]", "[mrd_day28]"):
        text = Path("s.yaml").read_text(encoding="utf-8")
        head, _, rest = text.partition("  keep: ")
        Path("s.yaml").write_text(f"{head}  keep: {keep}\n{rest.partition(chr(10))[2]}", encoding="utf-8")
        assert main([*WORDS, "--on", "efs_day", "--resume"]) == 2
        assert "store holds another sweep" in capsys.readouterr().err
    assert len(simulated) == count
