"""A cohort saved and read again is the same cohort to the bit, and so is what is simulated of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim import patients_table, spec
from carsim.errors import ScenarioError
from carsim.population.draw import draw
from carsim.spec import Scenario
from carsim.spec.prepare import prepare
from carsim.trials.conduct import trial
from carsim.trials.store import arms_in
from tests.trial.test_conduct import TEXT

LARGE = """
format: carsim/1
title: Many
cohort: {population: adult-rr-ball, n: 300, shares: {prior-hsct: 40 %, kmt2a-rearranged: 20 %}, age: 44 years}
run: {seed: 12345678901}
"""


def saved(scenario: Scenario, folder: Path, text: str) -> Scenario:
    """The scenario with its own patients from a table beside it."""
    (folder / "cohort.csv").write_text(patients_table(scenario), encoding="utf-8")
    return spec.loads(text, ["cohort.from=cohort.csv"], name="saved.yaml", folder=folder)


def test_every_number_comes_back_to_the_bit(tmp_path: Path) -> None:
    scenario = spec.loads(LARGE)
    again = saved(scenario, tmp_path, LARGE)
    one, other = draw(scenario.cohort, scenario.run.seed), draw(again.cohort, scenario.run.seed, tmp_path)
    assert one.identifiers == other.identifiers
    for part in ("covariates", "factors", "history"):
        first, second = getattr(one, part), getattr(other, part)
        assert list(first) == list(second)
        for name, values in first.items():
            np.testing.assert_array_equal(values, second[name], err_msg=name)
            assert values.dtype == second[name].dtype
    assert patients_table(again) == patients_table(scenario)


def test_the_factors_are_those_of_the_table_and_not_of_the_seed(tmp_path: Path) -> None:
    again = saved(spec.loads(LARGE), tmp_path, LARGE)
    here, there = (draw(again.cohort, seed, tmp_path).factors["kill_max"] for seed in (1, 2))
    np.testing.assert_array_equal(here, there)
    assert draw(again.with_(**{"cohort.variability": False}).cohort, 1, tmp_path).factors == {}


def test_what_an_engine_sees_is_the_same(tmp_path: Path) -> None:
    text = LARGE + "treatment: [{name: car, give: tisagenlecleucel, at: 0 d, dose: 1e6 cells/kg}]\n"
    one = prepare(spec.loads(text))
    other = prepare(saved(spec.loads(text), tmp_path, text), tmp_path)
    np.testing.assert_array_equal(one.patients.initial, other.patients.initial)
    assert list(one.patients.parameters) == list(other.patients.parameters)
    for name, values in one.patients.parameters.items():
        np.testing.assert_array_equal(values, other.patients.parameters[name])


def test_the_trial_of_a_saved_cohort_is_the_same_trial(tmp_path: Path) -> None:
    scenario = spec.loads(TEXT)
    tree, again = trial(scenario), trial(saved(scenario, tmp_path, TEXT))
    for name, data in arms_in(tree).items():
        xr.testing.assert_identical(data.drop_attrs(), arms_in(again)[name].drop_attrs())
    xr.testing.assert_identical(tree["estimates"].to_dataset(), again["estimates"].to_dataset())


def test_a_number_takes_the_first_patients(tmp_path: Path) -> None:
    again = saved(spec.loads(LARGE), tmp_path, LARGE)
    assert draw(again.with_(**{"cohort.n": 7}).cohort, 1, tmp_path).identifiers == tuple("1234567")
    with pytest.raises(ScenarioError, match=r"cohort\.n: got 301 patients; expected at most 300, those of cohort\.csv"):
        draw(again.with_(**{"cohort.n": 301}).cohort, 1, tmp_path)


def test_one_patient_is_no_cohort() -> None:
    with pytest.raises(ScenarioError, match="a `cohort:` to save"):
        patients_table(spec.loads("format: carsim/1\ntitle: one\npatient: {population: adult-rr-ball}\n"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("id,variability.kill_maxx\nA,1\n", "did you mean `variability.kill_max`"),
        ("id,variability.kill_max\nA,0\n", "variability.kill_max: got `0`; expected a number above 0"),
        ("id,variability.kill_max\nA,nan\n", "variability.kill_max: got `nan`"),
        ("id,weight\n\nA,3\n,4\n", "bad.csv:4:1: id: got no name"),
        ("id,creatinine,height\nA,1,120\n", "either `egfr` or all of creatinine, height, sex"),
        ("id,egfr,creatinine,height,sex\nA,90,1,120,male\n", "beside `egfr`"),
        ("id,creatinine,height,sex\nA,1,120,child\n", "sex: got `child`; expected `female` or `male`"),
        ("id,creatinine,height,sex\nA,0.01,120,male\n", "creatinine and sex from which an egfr of 420"),
    ],
)
def test_a_bad_table_is_said_to_be_so(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    text = LARGE.replace("n: 300", "from: bad.csv")
    with pytest.raises(ScenarioError) as caught:
        draw(spec.loads(text, name="s.yaml", folder=tmp_path).cohort, 1, tmp_path)
    assert said in str(caught.value)
