"""A small trial, simulated: arms on the same patients, the same numbers however it is run, stored and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.dataset.store import OutputRefused
from carsim.dataset.variables import problems
from carsim.errors import CarsimError, ScenarioError
from carsim.pipeline import run
from carsim.spec import Scenario, loads
from carsim.trials.conduct import ReevaluationRefused, arms_of, reevaluate, trial
from carsim.trials.store import NoTrial, arms_in, part_of, read_trial, write_trial

TEXT = """
format: carsim/1
title: Two doses
cohort: {population: paediatric-rr-ball, n: 5, shares: {prior-hsct: 60 %}}
leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 1e-8}]}
treatment:
  - name: ld
    give: fludarabine-cyclophosphamide
    fludarabine: {dose: 30 mg/m^2, start: -6 d, doses: 4}
    cyclophosphamide: {dose: 500 mg/m^2, start: -6 d, doses: 2}
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 2e6 cells/kg, share: 80 %}
  - {name: transplant, give: hsct, at: 10 d, when: {variable: response, is: remission, visit: 28 d}, share: 50 %}
  - {name: late, give: hsct, at: 80 d, share: 0 %}
run: {engine: hybrid, until: 3 months, seed: 3}
trial:
  visits: [28 d, 2 months, 3 months]
  report: [2 months, 3 months]
  arms:
    - {name: usual}
    - {name: tenth, n: 3, set: {treatment.car.dose: 2e5 cells/kg}}
  groups: [{name: transplanted, given: transplant}]
"""


def scenario() -> Scenario:
    """The small trial."""
    return loads(TEXT)


@pytest.fixture(scope="module")
def tree() -> xr.DataTree:
    return trial(scenario())


def test_arms_have_the_same_patients(tree: xr.DataTree) -> None:
    usual, tenth = arms_in(tree).values()
    assert (usual.sizes["patient"], tenth.sizes["patient"]) == (5, 3)
    for name in ("age", "weight", "marrow_blasts_initial", "prior_hsct", "threshold_leukaemia_death"):
        np.testing.assert_array_equal(usual[name].values[:3], tenth[name].values)
    np.testing.assert_allclose(usual["cart_dose"].values[:3], 10.0 * tenth["cart_dose"].values, rtol=1e-12)
    assert (usual["cart_peak_copies"].values[:3] != tenth["cart_peak_copies"].values).any()


def test_a_patient_of_an_arm_is_that_of_a_run(tree: xr.DataTree) -> None:
    alone = run(scenario().arm("tenth"))
    kept = arms_in(tree)["tenth"]
    for name in ("cart_auc_0_28_copies", "cart_peak_copies", "efs_day", "mrd_day28_sequencing", "il6_peak"):
        np.testing.assert_allclose(kept[name].values, alone[name].values, rtol=2e-3)
    assert kept["best_response"].values.tolist() == alone["best_response"].values.tolist()
    assert kept["time"].size < alone["time"].size  # hours of lymphodepletion are left out


def test_entries_that_give_the_same_are_told_apart(tree: xr.DataTree) -> None:
    usual = arms_in(tree)["usual"]
    days = {name: usual["entry_day"].sel(entry=name).values for name in ("ld", "car", "transplant", "late")}
    assert np.isnan(days["late"]).all()
    given = np.isfinite(days["transplant"])
    assert given.any()
    np.testing.assert_allclose(days["transplant"][given], 38.0)
    np.testing.assert_array_equal(days["transplant"], usual["treatment_day"].sel(treatment="hsct").values)
    np.testing.assert_array_equal(days["ld"], np.full(5, -6.0))
    assert int(tree["estimates"]["n"][0]) == int(np.isfinite(days["car"]).sum()) < 5


def test_an_arm_keeps_the_contract_of_results(tree: xr.DataTree) -> None:
    for data in arms_in(tree).values():
        single = [name for name, array in data.data_vars.items() if array.dtype == np.float32]
        assert single
        assert problems(data.assign({name: data[name].astype(float) for name in single})) == []


@pytest.mark.parametrize("threads", [1, 3])
def test_any_number_of_threads_gives_the_same_trial(
    tree: xr.DataTree, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carsim.engines.blocks.processors", lambda: threads)
    again = trial(scenario())
    for name, data in arms_in(tree).items():
        xr.testing.assert_identical(data.drop_attrs(), arms_in(again)[name].drop_attrs())
    xr.testing.assert_identical(tree["estimates"].to_dataset(), again["estimates"].to_dataset())


def test_an_arm_more_changes_no_other(tree: xr.DataTree) -> None:
    fewer = trial(scenario().with_(**{"trial.arms": [{"name": "usual"}]}))
    assert list(arms_in(fewer)) == ["usual"]
    xr.testing.assert_identical(arms_in(fewer)["usual"].drop_attrs(), arms_in(tree)["usual"].drop_attrs())


def test_a_stored_trial_gives_the_same_again(tree: xr.DataTree, tmp_path: Path) -> None:
    back = read_trial(write_trial(tree, tmp_path / "trial.nc"))
    again = reevaluate(back)
    for name, data in arms_in(tree).items():
        for column in data.data_vars:
            np.testing.assert_array_equal(data[column].values, arms_in(again)[name][column].values)
    xr.testing.assert_equal(tree["estimates"].to_dataset(), again["estimates"].to_dataset())
    assert again.attrs["scenario_sha256"] == tree.attrs["scenario_sha256"] == scenario().digest


def test_other_clocks_need_no_simulation(tree: xr.DataTree, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr("carsim.pipeline.courses", never)
    early = reevaluate(tree, ["trial.clocks.OS.from=enrolment", "trial.report=[1 month]"])
    usual, before = arms_in(early)["usual"], arms_in(tree)["usual"]
    start = float(before["time"].values[0])
    np.testing.assert_allclose(usual["os_zero"].values, start)
    np.testing.assert_allclose(usual["os_day"].values, before["os_day"].values - start)
    assert "OS_1_months" in early["estimates"]
    assert part_of(early).clocks.OS.start == "enrolment"
    assert early.attrs["scenario_sha256"] != tree.attrs["scenario_sha256"]


@pytest.mark.parametrize("path", ["trial.visits", "treatment.car.dose", "run.seed", "trial", "trial.scales.crs"])
def test_what_changes_courses_is_refused_of_a_stored_trial(tree: xr.DataTree, path: str) -> None:
    with pytest.raises(ReevaluationRefused, match=r"expected one of trial\.clocks"):
        reevaluate(tree, [f"{path}=1"])


def test_a_wrong_value_of_a_stored_trial_is_refused(tree: xr.DataTree) -> None:
    with pytest.raises(ScenarioError, match="hsct"):
        reevaluate(tree, **{"trial.clocks.EFS.hsct": "maybe"})


def test_another_trial_is_not_overwritten(tree: xr.DataTree, tmp_path: Path) -> None:
    path = write_trial(tree, tmp_path / "trial.nc")
    write_trial(tree, path)
    other = reevaluate(tree, **{"trial.clocks.EFS.hsct": "censor"})
    with pytest.raises(OutputRefused, match="another run"):
        write_trial(other, path)


@pytest.mark.parametrize(("name", "words"), [("absent.nc", "is not there"), ("text.nc", "is no NetCDF file")])
def test_no_trial_is_said_so(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "text.nc").write_text("text", encoding="utf-8")
    with pytest.raises(NoTrial, match=words):
        read_trial(tmp_path / name)


def test_a_result_of_a_run_is_no_trial(tree: xr.DataTree, tmp_path: Path) -> None:
    arms_in(tree)["tenth"].to_netcdf(tmp_path / "run.nc")
    with pytest.raises(NoTrial, match="is no trial"):
        read_trial(tmp_path / "run.nc")


def test_a_scenario_without_arms_has_one() -> None:
    alone = scenario().with_(**{"trial.arms": []})
    assert list(arms_of(alone)) == ["all"]
    assert issubclass(NoTrial, CarsimError)
