"""A trial that cannot be is refused before anything is simulated: where, what was wrong, what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from carsim.errors import ScenarioError
from carsim.spec import load, loads
from carsim.trials.conduct import arms_of, trial
from carsim.trials.feasible import check

from .hand_made import HEAD


def refusal(text: str) -> str:
    """Every problem of a trial."""
    scenario = loads(text)
    with pytest.raises(ScenarioError) as caught:
        check(scenario, arms_of(scenario))
    return str(caught.value)


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ("{report: [36 months]}", "trial.report.0: got an estimate on day 1095.75, after the end of the follow-up"),
        ("{visits: [30 months], report: [12 months]}", "trial.visits.0: got a first visit on day 913.125"),
        ("{clocks: {EFS: {nonresponse: 25 months}}}", "trial.clocks.EFS.nonresponse: got non-response on day 760.938"),
        ("{clocks: {OS: {landmark: 25 months}}}", "trial.clocks.OS.landmark: got a landmark on day 760.938"),
        (
            "{arms: [{name: none, set: {treatment.car.share: 0 %}}]}",
            "trial.counted: got `infused`, and nobody in arm `none` can be infused; expected an arm with a dose",
        ),
        ("{arms: [{name: none, set: {treatment.car.dose: 0 cells/kg}}]}", "nobody in arm `none` can be infused"),
        (
            "{eligible: [{name: transplanted, given: transplant}], "
            "arms: [{name: bare, set: {treatment.transplant.share: 0 %}}]}",
            "trial.eligible.transplanted: got those given `transplant`, which arm `bare` gives to nobody",
        ),
        (
            "{eligible: [{name: old, variable: age, at_least: 90 years}]}",
            "trial.eligible.old: got age at least 90 years, and none of the 6 patients of arm `all` is of this group",
        ),
        ("{eligible: [{name: had, variable: prior-hsct, is: yes}]}", "its share is cohort.shares.prior-hsct"),
    ],
)
def test_what_cannot_be_is_refused(part: str, words: str) -> None:
    assert words in refusal(f"{HEAD}trial: {part}\n")


def test_a_day_says_what_would_be_right() -> None:
    text = refusal(f"{HEAD}trial: {{report: [36 months]}}\n")
    assert "days up to `run.until` (730.5 d), or a longer follow-up, for example run: {until: 1095.75 d}" in text


def test_later_visits_of_a_common_grid_are_no_problem() -> None:
    scenario = loads(f"{HEAD}trial: {{visits: [28 d, 36 months]}}\n")
    check(scenario, arms_of(scenario))
    assert scenario.trial is not None


def test_one_patient_and_replicates_are_no_trial() -> None:
    one = HEAD.replace("cohort: {population: paediatric-rr-ball, n: 6}", "patient: {population: paediatric-rr-ball}")
    assert "patient: got one patient; expected `cohort:`" in refusal(one)
    many = HEAD.replace("run: {", "run: {engine: hybrid, replicates: 3, ")
    assert "run.replicates: got 3 replicates; expected 1: in a trial each patient counts once" in refusal(many)


def test_the_place_in_the_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "late.yaml"
    path.write_text(f"{HEAD}trial:\n  report: [36 months]\n", encoding="utf-8")
    scenario = load(path)
    with pytest.raises(ScenarioError, match=r"late\.yaml:11:1: trial\.report\.0: got"):
        check(scenario, arms_of(scenario))


def test_only_a_scenario_is_conducted() -> None:
    with pytest.raises(TypeError, match="expected a Scenario"):
        trial("scenario.yaml")  # type: ignore[arg-type]


@pytest.mark.full
def test_every_shipped_system_can_be_a_trial() -> None:
    for path in sorted((Path(__file__).parents[2] / "scenarios" / "systems").glob("*.yaml")):
        scenario = load(path)
        check(scenario, arms_of(scenario))
        assert arms_of(scenario)
