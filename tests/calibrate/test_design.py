"""Points of the parameters lie inside the priors, fill them, and reach patients as the study means."""

import numpy as np
import pytest
from scipy.stats import kstest, truncnorm

from carsim import spec
from carsim.calibrate import design, waves
from carsim.errors import ScenarioError
from carsim.population.own import Own
from carsim.spec.prepare import prepare

from .invented import study

TWO = study("exhaustion", "kill_half", seed=3)
SCENARIO = """
format: carsim/1
title: A cohort of a test
cohort: {population: paediatric-rr-ball, n: 4}
treatment: [{name: car, give: tisagenlecleucel, at: 0 d, dose: 1e8 cells}]
run: {until: 30 d, seed: 5}
"""


def test_values_at_the_middle_and_the_ends_are_those_of_the_prior():
    found = design.values(TWO, np.array([[0.0, 0.0], [-design.END, design.END], [design.END, -design.END]]))
    np.testing.assert_allclose(found, [[0.4, 1.0], [0.2, 2.0], [0.8, 0.5]], rtol=1e-12)


def test_points_follow_the_prior():
    points = design.explore(TWO, 512, "eliana")
    assert np.abs(points).max() <= design.END
    for column in points.T:
        assert kstest(column, truncnorm(-design.END, design.END).cdf).pvalue > 0.2


def test_systems_have_other_points_and_a_seed_the_same():
    first = design.explore(TWO, 16, "eliana")
    assert np.array_equal(first, design.explore(TWO, 16, "eliana"))
    assert not np.isclose(first, design.explore(TWO, 16, "mskcc")).any()
    assert not np.isclose(first, design.explore(TWO.model_copy(update={"seed": 4}), 16, "eliana")).any()


def test_a_later_wave_is_spread_like_the_draws_and_wider():
    generator = np.random.default_rng(1)
    draws = generator.multivariate_normal([0.5, -0.2], [[0.04, 0.02], [0.02, 0.03]], size=4000)
    points = design.around(TWO, draws, 1024, 2, "eliana")
    np.testing.assert_allclose(points.mean(axis=0), draws.mean(axis=0), atol=0.01)
    np.testing.assert_allclose(np.cov(points.T), design.WIDENED**2 * np.cov(draws.T), atol=0.004)


def test_values_of_the_median_give_the_patients_that_the_scenario_has():
    scenario = spec.loads(SCENARIO, ["cohort.spreads.exhaustion=0.4", "parameters.kill_half=250 cells/uL"])
    plain = prepare(scenario).patients
    as_stated = waves.as_stated(TWO, spec.loads(SCENARIO))
    same = prepare(as_stated, own=design.own(TWO, np.zeros((4, 2)))).patients
    assert np.array_equal(plain.initial, same.initial)
    for name, values in plain.parameters.items():
        np.testing.assert_allclose(same.parameters[name], values, rtol=1e-14, err_msg=name)


def test_each_patient_has_its_own_values_and_no_other_row_changes():
    plain = prepare(spec.loads(SCENARIO)).patients.parameters
    factor = np.array([1.0, 2.0, 0.5, 1.0])
    changed = prepare(spec.loads(SCENARIO), own=Own({"kill_half": factor})).patients.parameters
    np.testing.assert_allclose(changed["kill_half"], plain["kill_half"] * factor, rtol=1e-14)
    assert all(np.array_equal(plain[name], changed[name]) for name in plain if name != "kill_half")


def test_a_factor_on_a_name_acts_on_all_its_classes_and_one_with_a_class_on_that_alone():
    plain = prepare(spec.loads(SCENARIO)).patients.parameters
    fever = prepare(spec.loads(SCENARIO), own=Own({"syndrome_half.fever": np.full(4, 3.0)})).patients.parameters
    every = prepare(spec.loads(SCENARIO), own=Own({"syndrome_half": np.full(4, 3.0)})).patients.parameters
    for name in ("syndrome_half.fever", "syndrome_half.vascular", "syndrome_half.respiratory"):
        np.testing.assert_allclose(every[name], 3.0 * plain[name], rtol=1e-14)
        np.testing.assert_allclose(fever[name], (3.0 if name.endswith("fever") else 1.0) * plain[name], rtol=1e-14)


def test_a_spread_of_zero_makes_patients_alike_and_leaves_the_others():
    plain = prepare(spec.loads(SCENARIO)).patients.parameters
    alike = prepare(spec.loads(SCENARIO, ["cohort.spreads.exhaustion=0"])).patients.parameters
    assert np.ptp(alike["exhaustion.4-1BB"]) == 0.0
    assert np.ptp(plain["exhaustion.4-1BB"]) > 0.0
    assert all(np.array_equal(plain[name], alike[name]) for name in plain if not name.startswith("exhaustion."))


def test_an_unknown_spread_is_refused_with_the_nearest_name():
    with pytest.raises(ScenarioError, match="exhaustion"):
        spec.loads(SCENARIO, ["cohort.spreads.exhaustio=0.2"])
