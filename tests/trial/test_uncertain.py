"""Uncertainty of parameters apart from variability of patients: the same patients under draws."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim import spec
from carsim.catalog.draws import Draws, NoDraws, posterior, read_draws
from carsim.dataset.variable import DIMENSIONS
from carsim.errors import ScenarioError
from carsim.spec import Scenario
from carsim.trials.conduct import arms_of, assembled, trial
from carsim.trials.evaluate import as_object, evaluate
from carsim.trials.prior import prior, ranges
from carsim.trials.store import arms_in, read_trial, write_trial
from carsim.trials.uncertain import draws_of, into_object, node_of, of_estimates, under_draws, with_uncertainty
from tests.trial.hand_made import HEAD, arm
from tests.trial.test_conduct import scenario as simulated

PART = "trial: {report: [12 months], arms: [{name: plain}, {name: other}]}\n"
KILL = "parameters.kill_max"


def by_hand(scenario: Scenario) -> xr.DataTree:
    """A trial in which as many of ten respond as the rate of killing says; the first arm lives as long."""
    responders = round(scenario.parameters["kill_max"])
    arms = {}
    for number, name in enumerate(arms_of(scenario)):
        found = np.where(np.arange(10) < responders - number, 28.0, np.nan)
        event = {"os_day": np.where(np.arange(10) < responders, 730.0, 100.0)}
        event["os_cause"] = np.where(np.arange(10) < responders, "", "death")
        arms[name] = arm(10, remission_day=found, **event)
    return assembled(scenario, arms)


def draws(*values: float) -> Draws:
    return Draws("table", "by hand", (KILL,), ("1/d",), np.array(values)[:, None])


def test_estimates_under_each_draw_have_dims_of_their_own() -> None:
    scenario = spec.loads(HEAD + PART)
    node = under_draws(scenario, draws(2.0, 4.0, 6.0, 8.0, 9.0), by_hand)
    assert node["CR"].dims == ("draw", "arm")
    assert {str(dim) for dim in node.dims} - {*DIMENSIONS} == {"parameter", "contrast"}
    np.testing.assert_allclose(node["CR"].sel(arm="plain"), [0.2, 0.4, 0.6, 0.8, 0.9])
    np.testing.assert_allclose(node["CR"].sel(arm="other"), [0.1, 0.3, 0.5, 0.7, 0.8])
    np.testing.assert_allclose(node["parameter_value"].sel(parameter=KILL), [2.0, 4.0, 6.0, 8.0, 9.0])
    found = of_estimates(node)["plain"]["CR"]
    assert (found.low, found.median, found.high) == pytest.approx(
        np.percentile([0.2, 0.4, 0.6, 0.8, 0.9], (2.5, 50, 97.5))
    )
    name = "CR difference other - plain, parallel"
    np.testing.assert_allclose(node["contrast_estimate"].sel(contrast=name), -0.1)


def test_the_two_intervals_stand_beside_each_other() -> None:
    scenario = spec.loads(HEAD + PART)
    tree = by_hand(scenario.with_(**{KILL: "6 1/d"}))
    node = under_draws(scenario, draws(5.0, 6.0, 7.0), by_hand)
    table = with_uncertainty(tree["estimates"].to_dataset(), node).sel(arm="plain")
    assert float(table["CR_low"]) < 0.4 < float(table["CR_parameter_low"]) < 0.6 < float(table["CR_parameter_high"])
    found = as_object(evaluate(tree))
    into_object(found, evaluate(tree), node)
    plain = found["arms"]["plain"]["endpoints"]["CR"]
    assert plain["parameters"] == {"low": pytest.approx(0.505), "median": 0.6, "high": pytest.approx(0.695), "n": 3}
    assert plain["low"] == pytest.approx(float(table["CR_low"]))
    assert found["contrasts"][0]["parameters"]["median"] == pytest.approx(-0.1)
    assert found["uncertainty"]["draws"] == 3


def test_a_median_that_is_not_reached_is_late_and_not_missing() -> None:
    node = under_draws(spec.loads(HEAD + PART), draws(2.0, 3.0, 9.0), by_hand)
    found = of_estimates(node)["plain"]["OS_median"]
    assert (found.low, found.median, found.n) == (100.0, 100.0, 2)
    assert np.isnan(found.high)


def test_a_draw_that_makes_no_scenario_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"by hand, draw 2: parameters\.kill_max: got"):
        under_draws(spec.loads(HEAD + PART), draws(2.0, -1.0), by_hand)


def test_draws_of_the_catalogue_s_own_values_change_nothing(tmp_path: Path) -> None:
    """The same patients, to the bit: what differs between draws comes of parameters alone."""
    from carsim.catalog.draws import catalogue_values

    scenario = simulated().with_(**{"trial.arms": [{"name": "usual"}]})
    path = "parameters.exhaustion.4-1BB"
    usual = catalogue_values()[path].value
    table = Draws("table", "by hand", (path,), (catalogue_values()[path].unit,), np.array([[usual], [30.0 * usual]]))
    tree = trial(scenario, draws=table)
    node, central = node_of(tree), trial(scenario)
    assert node is not None
    for name in ("CR", "EFS_2_months", "cart_peak_copies_median", "CRS_any"):
        assert float(node[name].sel(draw=0, arm="usual")) == float(central["estimates"][name].sel(arm="usual"))
    peaks = node["cart_peak_copies_median"].sel(arm="usual").values
    assert peaks[0] != peaks[1]
    xr.testing.assert_identical(arms_in(tree)["usual"].drop_attrs(), arms_in(central)["usual"].drop_attrs())
    back = read_trial(write_trial(tree, tmp_path / "draws.nc"))
    xr.testing.assert_equal(back["uncertainty"].to_dataset(), node)


def test_a_prior_has_the_stated_ranges_as_intervals() -> None:
    scenario = spec.loads(HEAD + PART + "parameters: {memory_death.4-1BB: 0.004 1/d}\n")
    found, stated = prior(scenario, 400), ranges(scenario)
    assert "parameters.memory_death.4-1BB" not in stated  # stated by the scenario
    assert "parameters.memory_death.CD28" not in stated  # not in its model
    assert len(stated) > 100
    for at, (path, value) in enumerate(stated.items()):
        inside = ((found.values[:, at] >= value.low) & (found.values[:, at] <= value.high)).mean()
        assert inside > 0.95 - 5.0 * np.sqrt(0.95 * 0.05 / 400), path
        if value.unit != "1" or value.high > 1.0:
            assert inside < 0.95 + 5.0 * np.sqrt(0.95 * 0.05 / 400), path
    few = prior(scenario, 3)
    np.testing.assert_array_equal(few.values, found.values[:3])
    assert few.sha256 != found.sha256


TABLE = "parameters.kill_max [1/d],cohort.marrow_blasts.median\n7.5,0.8\n6.25,0.75\n7,0.7\n"


def test_a_table_of_draws(tmp_path: Path) -> None:
    (tmp_path / "draws.csv").write_text(TABLE, encoding="utf-8")
    found = draws_of(simulated(), None, tmp_path / "draws.csv")
    assert (found.n, found.units) == (3, ("1/d", "1"))
    assert found.settings(1) == {KILL: "6.25 1/d", "cohort.marrow_blasts.median": 0.75}
    read = simulated().with_(**found.settings(1))
    assert (read.parameters["kill_max"], read.cohort.marrow_blasts.median) == (6.25, 0.75)
    assert found.chosen(2).values[:, 0].tolist() == [7.5, 6.25]
    with pytest.raises(NoDraws, match="got 4 draws; expected at most 3"):
        found.chosen(4)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "got no draws"),
        ("parameters.kill_max\n", "got no draws"),
        ("parameters.kill_max,parameters.kill_max\n1,2\n", "a second column `parameters.kill_max`"),
        ("parameters.kill_max\n1,2\n", "got 2 values; expected 1"),
        ("parameters.kill_max\nhigh\n", "got `high`; expected a finite number"),
        ("parameters.kill_max\ninf\n", "got `inf`; expected a finite number"),
    ],
)
def test_a_bad_table_of_draws_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    with pytest.raises((NoDraws, ScenarioError)) as caught:
        read_draws(tmp_path / "bad.csv")
    assert said in str(caught.value)


ABOUT = (
    'study = "kinetics"\nrun = "2026-01-02"\nseed = 7\nsha256 = "{digest}"\n[units]\n"parameters.kill_max" = "1/h"\n'
)


def test_the_shipped_draws_are_what_they_are_said_to_be(tmp_path: Path) -> None:
    content = TABLE.replace(" [1/d]", "")
    (tmp_path / "posterior.csv").write_text(content, encoding="utf-8")
    with pytest.raises(NoDraws, match="ships no draws"):
        posterior(tmp_path)
    about = ABOUT.format(digest=hashlib.sha256(content.encode()).hexdigest())
    (tmp_path / "posterior.toml").write_text(about, encoding="utf-8")
    found = posterior(tmp_path)
    assert (found.kind, found.origin) == ("posterior", "posterior of kinetics, run 2026-01-02, seed 7")
    assert found.settings(0)[KILL] == "7.5 1/h"
    (tmp_path / "posterior.csv").write_text(content.replace("7.5", "7.6"), encoding="utf-8")
    with pytest.raises(NoDraws, match="another sha256"):
        posterior(tmp_path)
    (tmp_path / "posterior.toml").write_text(about.replace("seed = 7\n", ""), encoding="utf-8")
    with pytest.raises(NoDraws, match="lacks seed"):
        posterior(tmp_path)


def test_a_trial_is_conducted_under_shipped_draws() -> None:
    """Every draw makes a scenario, and the patients differ as it says, which is not what the catalogue says."""
    shipped = posterior()
    scenario = simulated().with_(**{"cohort.n": 4})
    spreads = [scenario.with_(**shipped.settings(k)).cohort.spreads["exhaustion"] for k in range(shipped.n)]
    assert spreads == shipped.values[:, shipped.paths.index("cohort.spreads.exhaustion")].tolist()
    node = node_of(trial(scenario, draws=shipped.chosen(2)))
    assert node.sizes["draw"] == 2
    assert (node["n"] > 0).all()
    assert (node["failed"] == 0).all()


@pytest.mark.parametrize("path", ["cohort.marrow_blasts.log_sd", "cohort.spreads.kill_max"])
def test_a_draw_sets_a_plain_number(path: str) -> None:
    one = Draws("table", "by hand", (path,), ("1",), np.array([[0.625]]))
    cohort = simulated().with_(**{"cohort.marrow_blasts.median": 0.5}).with_(**one.settings(0)).cohort
    assert (cohort.marrow_blasts.log_sd if "log_sd" in path else cohort.spreads["kill_max"]) == 0.625


def test_a_check_under_draws_is_of_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both at once: the replicates of a predictive check come of the trials under the draws, one after another."""
    from carsim.trials import conduct
    from tests.trial.test_predictive import measured_on

    def conducted(scenario: Scenario, keep: object = ()) -> xr.DataTree:
        tree = by_hand(scenario)
        level = 100.0 * scenario.parameters["kill_max"]
        for name, data in arms_in(tree).items():
            tree[f"arms/{name}"] = xr.DataTree(data.assign(cart_copies=data["cart_copies"] * 0.0 + level))
        return tree

    monkeypatch.setattr(conduct, "trial", conducted)
    scenario = spec.loads(HEAD + PART)
    tree = conduct._with_more(
        by_hand(scenario.with_(**{KILL: "5 1/d"})), scenario, draws(1.0, 9.0), measured_on(28.0), None
    )
    check = tree["predictive_check"].to_dataset()
    assert check.attrs["draws"] == 2
    assert check["simulated_low"].values[0, 0, 1] < 200.0
    assert check["simulated_high"].values[0, 0, 1] > 500.0
    assert tree["uncertainty"].sizes["draw"] == 2
    assert {"draws_sha256", "table_sha256"} <= set(tree.attrs)
