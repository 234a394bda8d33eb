"""Scenarios on the same patients: what may differ and what not, one case simulated, changes counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from carsim.errors import ScenarioError
from carsim.spec import loads
from carsim.trials.changes import as_rows, changes
from carsim.trials.conduct import arms_of, assembled, digest_of, reevaluate, trial
from carsim.trials.evaluate import evaluate
from carsim.trials.store import arms_in
from carsim.trials.strategies import NothingToCompare, check_comparable, compare, differing_parameters
from tests.trial.hand_made import NONE, arm

TEXT = """
format: carsim/1
title: One antigen
cohort: {population: paediatric-rr-ball, n: 3}
leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 1e-3}]}
treatment: [{name: car, give: cd19-bbz, at: 0 d, dose: 2e6 cells/kg}]
run: {engine: ode, until: 30 d, rtol: 1e-3}
trial: {visits: [28 d], report: [28 d]}
"""
TANDEM = TEXT.replace("cd19-bbz", "cd19-22-tandem").replace("One antigen", "Both antigens")


def test_files_are_arms_of_one_trial() -> None:
    one, two = loads(TEXT), loads(TANDEM)
    tree = compare({"one": one, "two": two})
    two_arms = "arms: [{name: one}, {name: two, set: {treatment.car.give: cd19-22-tandem}}]"
    arms = loads(TEXT.replace("report: [28 d]}", f"report: [28 d], {two_arms}}}"))
    as_trial = trial(arms)
    for name, data in arms_in(tree).items():
        for endpoint in ("age", "cart_peak_copies", "mrd_day28", "os_day"):
            np.testing.assert_array_equal(data[endpoint].values, arms_in(as_trial)[name][endpoint].values)
    assert {found.kind for found in evaluate(tree).contrasts} == {"parallel", "paired"}
    assert tree.attrs["scenario_sha256"] == digest_of({"one": one, "two": two}) != one.digest
    again = reevaluate(tree, ["trial.counted=enrolled"])
    assert list(arms_in(again)) == ["one", "two"]
    assert again.attrs["scenario_sha256"] != tree.attrs["scenario_sha256"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("run.seed=4", ("run.seed: got 4; expected 1 as in one", "so that the patients are the same", "--seed 1")),
        ("cohort.n=4", ("cohort.n: got 4; expected 3 as in one", "--patients 3")),
        ("cohort.population=adult-rr-ball", ("cohort.population: got adult-rr-ball; expected paediatric-rr-ball",)),
        (
            "leukaemia.clones.CD19-negative.fraction=1e-5",
            ("leukaemia.clones.CD19-negative.fraction: got 1e-05; expected 0.001 as in one",),
        ),
        ("run.until=29 d", ("run.until: got 29 d; expected 30 d as in one, to compare like with like",)),
        ("trial.counted=enrolled", ("trial.counted: got enrolled; expected infused", "--set 'trial.counted=infused'")),
    ],
)
def test_other_patients_are_refused(change: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ScenarioError) as refused:
        check_comparable({"one": loads(TEXT), "two": loads(TANDEM, [change])})
    for word in words:
        assert word in str(refused.value)


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(NothingToCompare, match="two or more"):
        compare({"one": loads(TEXT)})
    with_arms = loads(TEXT.replace("report: [28 d]}", "report: [28 d], arms: [{name: usual}]}"))
    with pytest.raises(ScenarioError, match="its arms are compared by `carsim trial"):
        check_comparable({"one": loads(TEXT), "two": with_arms})


def test_parameters_may_differ_and_are_named() -> None:
    pair = {"one": loads(TEXT), "two": loads(TANDEM, ["parameters.kill_max=8 1/d"])}
    check_comparable(pair)
    assert differing_parameters(pair) == ["kill_max"]


def test_changes_are_counted_by_hand() -> None:
    """Six patients: under the first arm two relapse CD19-negative and one positive; under the second one, otherwise."""
    one = arm(
        relapse_day=[100.0, 200.0, 300.0, NONE, NONE, 400.0],
        relapse_phenotype=["CD19-negative", "CD19-negative", "CD19-positive", "", "", "CD19-positive"],
        death_day=[NONE, NONE, NONE, NONE, NONE, 350.0],  # the last dies before
    )
    two = arm(
        relapse_day=[120.0, NONE, 300.0, NONE, 90.0, NONE],
        relapse_phenotype=["CD19-positive", "", "CD19-positive", "", "CD22-negative", ""],
        remission_day=[28.0, NONE, 28.0, 28.0, 28.0, 28.0],
    )
    scenarios = {"one": loads(TEXT), "two": loads(TANDEM)}
    tree = assembled(scenarios["one"], {"one": one, "two": two}, scenarios)
    found = {change.phenotype: change for change in changes(tree)}
    assert list(found) == ["any", "CD19-positive", "CD19-negative", "CD22-negative"]
    counts = {name: (one.n, one.both, one.first_only, one.second_only) for name, one in found.items()}
    assert counts == {
        "any": (6, 2, 1, 1),
        "CD19-positive": (6, 1, 1, 0),
        "CD19-negative": (6, 0, 0, 2),
        "CD22-negative": (6, 0, 1, 0),
    }
    assert found["any"].instead_under_first == {"no remission": 1}
    assert found["any"].instead_under_second == {"in remission": 1}
    assert found["CD19-negative"].instead_under_first == {"CD19-positive relapse": 1, "no remission": 1}
    assert found["CD19-negative"].value.estimate == pytest.approx(-2 / 6)
    assert found["CD19-negative"].p == pytest.approx(0.5)
    assert next(as_rows(list(found.values())))["estimate"] == 0.0
    others = assembled(scenarios["one"], {"one": one, "two": arm(age=np.full(6, 4.0))}, scenarios)
    assert changes(others) == []


def test_a_trial_has_no_strategies() -> None:
    scenario = loads(TEXT)
    assert "scenarios" not in assembled(scenario, {"all": arm()}).attrs
    assert list(arms_of(scenario)) == ["all"]
