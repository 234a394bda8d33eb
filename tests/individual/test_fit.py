"""The most probable parameters of a patient: known ones come back, from measurements with noise and with limits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from carsim import rng, spec
from carsim.dataset.measured import Measured
from carsim.errors import CarsimError, ScenarioError
from carsim.individual.effects import Person
from carsim.individual.fit import FAILED, MostProbable, Posterior, most_probable
from carsim.spec import Scenario
from carsim.spec.prepare import prepare, varied

TEXT = """
format: carsim/1
title: One child
patient: {population: paediatric-rr-ball}
treatment:
  - name: ld
    give: fludarabine-cyclophosphamide
    fludarabine: {dose: 30 mg/m^2, start: -6 d, doses: 4}
    cyclophosphamide: {dose: 500 mg/m^2, start: -6 d, doses: 2}
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 3e6 cells/kg}
run: {until: 90 d, seed: 5}
"""
EFFECTS = ("kill_max", "memory_formation", "engraftment")
DAYS = (1.0, 3.0, 7.0, 10.0, 14.0, 21.0, 28.0, 42.0, 60.0, 90.0)
VISITS = (10.0, 14.0, 28.0)


def scenario() -> Scenario:
    return spec.loads(TEXT)


def empty(log_sd: float, who: str = "A") -> Measured:
    """Where and when is measured: values are yet to be filled in."""
    course = np.array(["cart_copies"] * len(DAYS) + ["mrd"] * len(VISITS))
    m = course.size
    limit = np.where(course == "mrd", 1e-4, 10.0)
    sd, day = np.full(m, log_sd), np.array([*DAYS, *VISITS])
    return Measured("data.csv", "0" * 64, np.full(m, who), day, course, limit, np.zeros(m, dtype=bool), limit, sd)


def measured(true: np.ndarray, log_sd: float, number: int) -> Measured:
    """Measurements of a patient with these scores of EFFECTS."""
    table = empty(log_sd)
    person = Person.of(scenario(), table, EFFECTS)
    scores = np.array([[true[EFFECTS.index(name)] for name in person.names]])
    noise = log_sd * rng.normals(number, "test_fit.noise", np.arange(table.day.size))
    value = np.exp(person.expected(scores)[0] + noise)
    below = value < table.limit
    return replace(table, value=np.where(below, table.limit, value), below=below)


def scores_of(found: MostProbable) -> tuple[np.ndarray, np.ndarray]:
    by_name = {effect.parameter: effect for effect in found.effects}
    return np.array([by_name[name].score for name in EFFECTS]), np.array([by_name[name].error for name in EFFECTS])


def test_known_parameters_come_back_from_precise_measurements() -> None:
    """With noise of 2 % the prior hardly counts: what was put in is found, whatever the start."""
    true = np.array([-0.8, 1.1, 0.6])
    table = measured(true, 0.02, 1)
    found = most_probable(scenario(), table, effects=EFFECTS, starts=3)
    scores, errors = scores_of(found)
    assert table.below.any()
    np.testing.assert_allclose(scores, true, atol=0.15)
    assert (np.abs(scores - true) < 5.0 * errors + 0.03).all()
    assert all(effect.shrinkage < 0.05 for effect in found.effects)
    assert found.agreeing == 3
    for effect in found.effects:
        assert effect.low < effect.factor < effect.high


def test_errors_are_as_large_as_they_say() -> None:
    """Of four patients drawn from the prior, with noise of 30 %: chi-square of 12 below its 1 - 1e-6 quantile."""
    away = []
    for number in range(4):
        true = rng.normals(number, "test_fit.true", np.arange(3))
        found = most_probable(scenario(), measured(true, 0.3, number), effects=EFFECTS, starts=2)
        scores, errors = scores_of(found)
        away.append((scores - true) / errors)
    assert np.square(away).sum() < 54.0
    assert np.square(away).sum() > 0.4  # and not far too large: the 1e-6 quantile


def test_the_fitted_scenario_is_the_fitted_patient() -> None:
    table = measured(np.array([0.5, 0.5, -1.0]), 0.3, 2)
    found = most_probable(scenario(), table, effects=EFFECTS, starts=1)
    again = Person.of(found.scenario, table, EFFECTS).expected(np.zeros((1, 3)))[0]
    np.testing.assert_allclose(np.exp(again), found.expected, rtol=1e-5)
    assert set(found.scenario.parameters) == {"kill_max", "memory_formation.4-1BB", "engraftment"}
    assert np.abs(np.log(found.usual / found.expected)).max() > 0.1


def test_correlated_parameters_are_drawn_along() -> None:
    """What is said of one parameter moves another that goes with it between patients, by its correlation."""
    person = Person.of(scenario(), empty(0.3), ("effector_division", "memory_formation"))
    made = person.correlation_root @ person.correlation_root.T
    np.testing.assert_allclose(made, [[1.0, 0.4], [0.4, 1.0]])


class Line:
    """A person whose expected logarithm is the score itself."""

    correlation_root = np.eye(1)
    names = ("a",)

    def __init__(self, table: Measured) -> None:
        self.table = table

    def expected(self, scores: np.ndarray) -> np.ndarray:
        return np.where(scores > 9.0, np.nan, scores) * np.ones(self.table.day.size)


def test_loss_by_hand() -> None:
    """Half the squares of residuals are -log of: normal noise, probability to be below, normal prior."""
    from scipy.stats import norm

    one = replace(
        empty(0.5), day=np.zeros(2), course=np.array(["mrd"] * 2), value=np.exp([1.0, 2.0]),
        below=np.array([False, True]), log_sd=np.full(2, 0.5),
    )  # fmt: skip
    z = np.array([[0.3], [2.5], [10.0]])
    found = 0.5 * (Posterior(Line(one)).residuals(z) ** 2).sum(axis=1)  # type: ignore[arg-type]
    for at in (0, 1):
        score = z[at, 0]
        expected = 0.5 * ((1.0 - score) / 0.5) ** 2 - norm.logcdf((2.0 - score) / 0.5) + 0.5 * score**2
        assert found[at] == pytest.approx(expected, rel=1e-12)
    assert found[2] > FAILED
    residuals, slopes = Posterior(Line(one)).linear(np.array([0.3]))  # type: ignore[arg-type]
    assert slopes[[0, 2], 0] == pytest.approx([-2.0, 1.0])
    assert residuals[2] == pytest.approx(0.3)


def test_the_same_person_under_other_factors() -> None:
    """A dose and an entry left to the patient's own draw are the same in all; factors of one change nothing."""
    text = TEXT.replace("dose: 3e6 cells/kg}", "dose: {per_weight: 3e6 cells/kg, log_sd: 0.5}}").replace(
        "run:", "  - {name: late, give: tisagenlecleucel, at: 60 d, dose: 1e8 cells, share: 50 %}\nrun:"
    )
    one = spec.loads(text)
    made = prepare(one)
    patients, schedule = varied(made, one, {"kill_max": np.array([1.0, 1.0, 2.0])})
    for row in range(2):
        np.testing.assert_array_equal(patients.initial[row], made.patients.initial[0])
        np.testing.assert_array_equal(schedule.amounts[row], made.schedule.amounts[0])
        np.testing.assert_array_equal(schedule.times[row], made.schedule.times[0])
    np.testing.assert_array_equal(schedule.amounts[2], schedule.amounts[0])
    assert patients.parameters["kill_max"][2] == 2.0 * made.patients.parameters["kill_max"][0]
    _, more = varied(made, one, {"engraftment": np.array([1.0, 2.0])})
    given = more.labels[0] == "tisagenlecleucel"
    np.testing.assert_allclose(more.amounts[1][given], 2.0 * more.amounts[0][given])


@pytest.mark.parametrize(
    ("changes", "table", "said"),
    [
        ({"run.engine": "hybrid"}, empty(0.3), "run.engine: got `hybrid`; expected engine: ode"),
        ({"run.until": "60 d"}, empty(0.3), "data.csv:1:1: day: got 1 measurements outside the simulation"),
        ({}, replace(empty(0.3), who=np.array(["A"] * 12 + ["B"])), "got 2 patients: A, B; expected the measurements"),
        ({}, replace(empty(0.3), course=np.full(13, "csf_blasts")), "got `csf_blasts`; expected a course of this"),
    ],
)
def test_what_is_not_one_patient_is_refused(changes: dict[str, str], table: Measured, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        most_probable(scenario().with_(**changes), table)
    assert said in str(caught.value)


def test_a_cohort_and_parameters_that_are_none_are_refused() -> None:
    cohort = spec.loads(TEXT.replace("patient: {", "cohort: {n: 3, "))
    with pytest.raises(ScenarioError, match="got a cohort; expected `patient:`"):
        most_probable(cohort, empty(0.3))
    with pytest.raises(ValueError, match=r"effects: got 'kill'; expected any of .*kill_max"):
        most_probable(scenario(), empty(0.3), effects=["kill"])
    with pytest.raises(CarsimError, match="there is nothing to find"):
        most_probable(scenario(), empty(0.3), effects=["il6_release"])
    with pytest.raises(ValueError, match="starts: got 0"):
        most_probable(scenario(), empty(0.3), starts=0)
