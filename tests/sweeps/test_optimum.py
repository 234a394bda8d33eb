"""The best point of a sweep: found where it is known, and in the set of those that may be best as often as is said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from carsim.cli import main
from carsim.sweeps.optimum import best_of

from .small import driven, known

MEANS = np.array([0.0, 0.4, 0.5, 0.5, -0.5])
PATIENTS = 40


def cohort(sample: int, means: np.ndarray = MEANS) -> np.ndarray:
    """Values (point, patient): what the patient is, which all points share, and what chance adds at each."""
    chance = np.random.default_rng(sample)
    return means[:, None] + chance.normal(0, 2.0, PATIENTS) + chance.normal(0, 0.4, (means.size, PATIENTS))


def test_the_best_point_is_among_those_that_may_be_best_as_often_as_said() -> None:
    """Of 200 samples, 95 % with three standard errors: 0.95 - 3 sqrt(0.95 x 0.05 / 200) = 0.904."""
    found = [best_of(cohort(sample), seed=sample) for sample in range(200)]
    assert np.mean([each.may_be_best[2] for each in found]) >= 0.904
    assert np.mean([each.may_be_best[[2, 3]].any() for each in found]) >= 0.95
    assert not any(each.may_be_best[4] or each.may_be_best[0] for each in found[:50])  # of the same patients: clear
    assert 0.3 < np.mean([each.may_be_best[1] for each in found]) < 1.0


def test_intervals_are_of_the_same_patients() -> None:
    """The mean is as uncertain as patients differ, a difference only as chance at a point is."""
    found = best_of(cohort(1), seed=1)
    assert found.best in (2, 3)
    width = found.high - found.low
    assert (width > 0.9).all()
    assert ((found.behind_high - found.behind_low)[[0, 4]] < 0.5).all()
    assert found.behind[found.best] == 0.0
    np.testing.assert_allclose(found.behind, found.estimate[found.best] - found.estimate)


def test_the_lowest_is_the_highest_of_the_opposite() -> None:
    values = cohort(2)
    high, low = best_of(values, seed=3), best_of(-values, seed=3, lowest=True)
    assert high.best == low.best
    np.testing.assert_array_equal(high.may_be_best, low.may_be_best)
    np.testing.assert_array_equal(high.estimate, -low.estimate)
    np.testing.assert_array_equal(high.low, -low.high)
    np.testing.assert_array_equal(high.behind, low.behind)


def test_equal_points_and_points_without_values() -> None:
    same = np.tile(np.arange(6.0) % 2, (3, 1))
    assert best_of(same, seed=1).may_be_best.all()
    assert best_of(np.vstack([same, same[:1] - 1.0]), seed=1).may_be_best.tolist() == [True, True, True, False]
    holes = cohort(4)
    holes[1], holes[2, :5] = np.nan, np.nan
    found = best_of(holes, seed=1)
    assert found.may_be_best.tolist()[1] is False
    assert np.isnan([found.estimate[1], found.low[1], found.behind[1]]).all()
    assert np.isfinite(found.estimate[2])
    with pytest.raises(ValueError, match="got 1 points with values, of 40 patients"):
        best_of(np.vstack([holes[:2]]), seed=1)


def test_the_command_prints_and_says_why_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    driven(tmp_path / "store")
    assert main(["sweep", "optimum", str(tmp_path / "store"), "--on", "cart_peak_copies", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    estimates = [point["estimate"] for point in found["points"]]
    assert found["best"]["estimate"] == max(estimates)
    assert list(found["best"]["at"]) == ["dose", "leukaemia.clones.CD19-negative.fraction"]
    assert main(["sweep", "optimum", str(tmp_path / "store"), "--on", "cart_peak_copies", "--lowest"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "best" in lines[0]
    assert f"{min(estimates):.3g} (" in lines[1]
    assert "not for the treatment of any patient" in lines[-1]
    assert main(["sweep", "optimum", str(tmp_path / "store"), "--on", "cart_peak"]) == 2
    assert "did you mean `cart_peak_copies`" in capsys.readouterr().err
