"""The predictive check: by hand, and over many tables from a known law, which it must accept, and from others, not."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from carsim import rng
from carsim.cli.check_table import check_lines, check_object
from carsim.dataset.measured import Measured
from carsim.errors import ScenarioError
from carsim.plot.trials import write_figures
from carsim.trials.predictive import NODE, _between, _bins, levels, predictive_check
from tests.trial.hand_made import arm, tree_of

DAYS = np.array([7.0, 14.0, 28.0, 90.0])
SPREAD, NOISE = 1.0, 0.3


def table(n: int, number: int, *, shift: float = 1.0, spread: float = SPREAD, limit: float = 0.3) -> Measured:
    """n patients with log-normal levels that fall with time, measured with noise, some below the limit."""
    own = np.exp(spread * rng.normals(number, "test_predictive.patient", np.arange(n)))
    noise = np.exp(NOISE * rng.normals(number, "test_predictive.noise", np.arange(n * DAYS.size)))
    value = shift * (own[:, None] / DAYS).ravel() * 7.0 * noise
    below = value < limit
    who, size = np.repeat([f"P{k}" for k in range(n)], DAYS.size), n * DAYS.size
    return Measured(
        "data.csv",
        "0" * 64,
        who,
        np.tile(DAYS, n),
        np.full(size, "cart_copies"),
        np.where(below, limit, value),
        below,
        np.full(size, limit),
        np.full(size, NOISE),
    )


def virtual(n: int, of: Measured) -> np.ndarray:
    """Levels of n virtual patients of the same law on the days of a table."""
    own = np.exp(SPREAD * rng.normals(99, "test_predictive.virtual", np.arange(n)))
    return own[:, None] * 7.0 / of.day


def shares_inside(**law: float) -> float:
    found = []
    for number in range(20):
        measured = table(25, number, **law)
        inside = predictive_check([virtual(1000, measured)], measured, number, 100)["inside"].values
        found.append((inside[inside >= 0] == 1).mean())
    return float(np.mean(found))


def test_tables_of_the_same_law_lie_inside_and_others_do_not() -> None:
    """About 95 % for the law itself; what it can tell: levels twice as high, a spread half or twice as wide."""
    assert 0.92 < shares_inside() < 0.995
    assert shares_inside(shift=2.5) < 0.7
    assert shares_inside(spread=2.0) < 0.7
    assert shares_inside(spread=0.3) < 0.7


def test_percentiles_and_shares_by_hand() -> None:
    measured = table(1, 0)
    value = np.arange(1.0, 21.0)
    of = Measured(
        "data.csv", "", np.arange(20).astype(str), np.full(20, 28.0), np.full(20, "mrd"), value, value <= 6.0,
        np.full(20, 6.0), np.full(20, 1e-12),
    )  # fmt: skip
    check = predictive_check([np.tile(np.arange(1.0, 101.0)[:, None], (1, 20))], of, 3, 400)
    seen = check["observed"].sel(variable="mrd", bin=0).values
    assert np.isnan(seen[0])  # among those below the limit
    assert seen[1:].tolist() == [10.0, 19.0]
    assert check["below"].item() == 0.3
    assert check["below_low"].item() <= 0.05
    assert 0.05 <= check["below_high"].item() <= 0.2  # 5 of 100 virtual patients are below
    assert check["simulated_median"].sel(bin=0).values[0, 1] == pytest.approx(50.0, abs=6.0)
    assert check["inside"].values[0, 0].tolist()[1] == 0
    assert measured.patients == ("P0",)


def test_bins_keep_visits_together() -> None:
    days = np.array([27.0, 28.0, 29.0, 89.0, 90.0, 91.0, 1.0, 3.0, 180.0])
    assert _bins(days).tolist() == [2, 2, 2, 3, 3, 3, 0, 1, 4]
    assert np.unique(_bins(np.linspace(0.0, 700.0, 400))).size <= 12
    assert _bins(np.array([5.0])).tolist() == [0]


def test_levels_between_outputs_lie_on_lines_of_the_logarithm() -> None:
    found = _between(np.array([0.0, 10.0, 20.0]), np.array([[1.0, 100.0, 1.0]]), np.array([0.0, 5.0, 10.0, 15.0, 20.0]))
    np.testing.assert_allclose(found, [[1.0, 10.0, 100.0, 10.0, 1.0]])


def measured_on(*days: float, course: str = "cart_copies") -> Measured:
    n = len(days)
    return Measured(
        "data.csv", "", np.full(n, "A"), np.array(days), np.full(n, course), np.ones(n), np.zeros(n, dtype=bool),
        np.full(n, np.nan), np.full(n, 0.3),
    )  # fmt: skip


def test_levels_of_a_trial_end_with_death_and_leave_out_who_does_not_count() -> None:
    tree = tree_of(
        "{arms: [{name: plain}]}",
        plain=arm(3, death_day=[np.nan, 100.0, np.nan], given_car=[0.0, 0.0, np.nan]),
    )
    found = levels(tree, measured_on(0.0, 28.0, 365.0))
    np.testing.assert_allclose(found, [[100.0, 2e4, 300.0], [100.0, 2e4, np.nan]])


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (
            measured_on(28.0, course="haemoglobin"),
            "got `haemoglobin`; expected a course of this model: cart_copies, mrd",
        ),
        (measured_on(28.0, 800.0, 900.0), "got 2 measurements outside the simulation, the first on day 800"),
    ],
)
def test_what_the_trial_does_not_have_is_refused(measured: Measured, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        levels(tree_of("{arms: [{name: plain}]}", plain=arm(3)), measured)


def test_draws_share_the_replicates() -> None:
    measured = measured_on(28.0)
    many = [np.full((5, 1), level) for level in (1.0, 1000.0)]
    both = predictive_check(many, measured, 1, 200)
    assert both.attrs["draws"] == 2
    assert both["simulated_low"].values[0, 0, 1] < 2.0
    assert both["simulated_high"].values[0, 0, 1] > 500.0
    again = predictive_check(many, measured, 1, 200)
    xr.testing.assert_identical(both, again)


def test_text_object_and_figure(tmp_path) -> None:
    measured = table(25, 1)
    check = predictive_check([virtual(200, measured)], measured, 1, 100)
    lines = check_lines(check)
    assert lines[0] == "Predictive check against data.csv: 100 values of 25 patients beside 200 virtual ones"
    assert lines[2] == "cart_copies, copies/ug"
    assert lines[4].split()[:2] == ["7", "25"]
    found = check_object(check)["variables"]["cart_copies"]
    assert found["unit"] == "copies/ug"
    assert [one["n"] for one in found["bins"]] == [25] * 4
    tree = tree_of("{arms: [{name: plain}]}", plain=arm(3))
    tree[NODE] = xr.DataTree(check)
    path = write_figures(tree, {"check": tmp_path / "check.png"})[0]
    assert path.stat().st_size > 20_000
