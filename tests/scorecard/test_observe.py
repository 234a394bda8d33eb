"""What a fact asks of patients is looked up in a result, and its statistic is the one that a paper would print."""

import numpy as np
import pytest
import xarray as xr

from carsim.catalog.readings import STATISTICS, Condition, Reading
from carsim.endpoints.outcome import MONTH
from carsim.scorecard.conditions import all_met, course, met
from carsim.scorecard.observe import Observation, _statistic
from carsim.scorecard.predict import predict


def condition(variable, words=(), **bounds):
    known = dict.fromkeys(("at_least", "below", "by", "after", "at"))
    return Condition(variable, tuple(words), **(known | bounds))


DATA = xr.Dataset(
    {
        "status": ("patient", np.zeros(4, dtype=np.int8)),
        "best_response": ("patient", np.array(["CR", "CRi", "NR", "CR"])),
        "remission_day": ("patient", [28.0, 28.0, np.nan, 91.0]),
        "death_day": ("patient", [np.nan, 300.0, 40.0, 60.0]),
        "relapse_day": ("patient", [100.0, np.nan, np.nan, 200.0]),
        "relapse_phenotype": ("patient", np.array(["CD19-negative+CD22-negative", "", "", "CD19-positive"])),
        "cart_persistence_day": ("patient", [150.0, 40.0, 10.0, 120.0]),
        "crs_grade_max": ("patient", np.array([3, 0, -1, 2])),
        "neutrophils": (("patient", "time"), np.array([[500.0, 2000.0], [1500.0, 900.0], [10.0, 10.0], [np.nan, 1.0]])),
    },
    coords={"patient": np.arange(4), "time": [28.0, 91.0]},
)

MET = [
    (
        condition("best_response", ["CR", "CRi"]),
        [True, True, False, False],
    ),  # the last died before the visit that saw it
    (condition("best_response", ["NR"]), [False, False, True, False]),
    (condition("relapse_phenotype", ["CD22-negative"]), [True, False, False, False]),
    (condition("crs_grade_max", at_least=1.0), [True, False, False, True]),
    (condition("crs_grade_max", below=1.0), [False, True, False, False]),  # a grade that is not known is not below 1
    (condition("relapse_day", by=6.0), [True, False, False, False]),
    (condition("relapse_day", after=6.0), [False, True, True, True]),  # one that never comes is later
    (condition("cart_persistence_day", by="relapse_day"), [False, True, True, True]),
    (condition("cart_persistence_day", after="relapse_day"), [True, False, False, False]),
    (condition("neutrophils", below=1000.0, at=28.0 / MONTH), [True, False, True, False]),
]


@pytest.mark.parametrize(("asked", "who"), MET, ids=[f"{one.variable}-{k}" for k, (one, _) in enumerate(MET)])
def test_a_condition_is_met_by_these(asked, who):
    assert met(DATA, asked).tolist() == who


def test_all_conditions_must_be_met():
    both = (condition("relapse_day", by=6.0), condition("crs_grade_max", at_least=3.0))
    assert all_met(DATA, both).tolist() == [True, False, False, False]
    assert all_met(DATA, ()).all()


def test_a_course_that_is_not_kept_has_no_value():
    assert np.isnan(course(DATA, "platelets", 1.0)).all()


def statistic(name, **more):
    return _statistic(Reading(name, (), more.get("variable", ""), "", (), "", ""))


def clocked(day, code, at=0.0):
    n = len(day)
    return {"start": np.zeros(n), "stop": np.array(day, float), "code": np.array(code, float), "at": np.full(n, at)}


def test_every_statistic_of_the_catalogue_is_known():
    for name in STATISTICS:
        assert callable(statistic(name))


def test_statistics_of_columns_by_hand():
    values = {"value": np.array([1.0, 0.0, np.nan, 1.0])}
    assert statistic("share")(values) == pytest.approx(200.0 / 3.0)
    assert statistic("median")({"value": np.array([3.0, np.nan, 1.0, 8.0])}) == 3.0
    assert statistic("geometric_mean")({"value": np.array([1.0, 100.0])}) == pytest.approx(10.0)
    assert np.isnan(statistic("median")({"value": np.array([np.nan])}))
    # of four one has the event at 10 d and one leaves at 20 d; then one of two at 30 d: 3/4, 3/8
    curve = clocked([10.0, 20.0, 30.0, 40.0], [1, 0, 1, 0], at=35.0)
    assert statistic("survival")(curve) == pytest.approx(37.5)
    assert statistic("survival_median")(curve) == pytest.approx(30.0 / MONTH)
    assert statistic("survival_median")(clocked([10.0, 20.0, 30.0], [1, 0, 0])) == np.inf  # not reached
    # 1/4 relapse at 10 d; then a death at 20 d leaves 1/2, of which half relapse at 30 d: 1/4 + 1/2 x 1/2
    competing = clocked([10.0, 20.0, 30.0, 40.0], [1, 2, 1, 0], at=35.0)
    assert statistic("incidence")(competing) == pytest.approx(50.0)


@pytest.mark.parametrize("cut", [12.0, 22.0])
def test_a_cut_point_is_found_where_outcomes_part(cut):
    rng = np.random.default_rng(4)
    exposure = np.linspace(5.0, 30.0, 300)
    day = rng.exponential(np.where(exposure < cut, 40.0, 400.0))
    columns = clocked(day, np.ones(300)) | {"value": exposure}
    assert statistic("cut_point")(columns) == pytest.approx(cut, abs=1.5)  # candidates are 1.25 apart


def share_of(values):
    return Observation(({"value": np.asarray(values, dtype=float)},), statistic("share"), False, "percent", (10,))


def test_the_interval_is_that_of_trials_of_the_published_size():
    half = share_of([0.0, 1.0] * 500)
    for n in (25, 100):
        low, high = predict("half", half, n, seed=1, draws=2000).interval()
        spread = 1.96 * 50.0 / np.sqrt(n)
        assert low == pytest.approx(50.0 - spread, abs=0.2 * spread)
        assert high == pytest.approx(50.0 + spread, abs=0.2 * spread)


def test_draws_are_the_same_again_and_others_for_another_fact():
    half = share_of([0.0, 1.0] * 50)
    first, again, other = (predict(name, half, 30, seed=1).draws for name in ("a", "a", "b"))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_without_a_published_number_a_trial_is_as_large_as_its_scenario():
    assert predict("half", share_of([0.0, 1.0] * 50), None, seed=1, draws=3).n == (10,)


def test_a_number_of_both_sides_together_is_shared_out():
    side = {"value": np.zeros(30)}
    joint = Observation((side, {"value": np.zeros(10)}), lambda columns: 1.0, True, "ratio", (3, 1))
    assert predict("ratio", joint, 20, seed=1, draws=2).n == (15, 5)


def test_who_died_before_is_not_recovered():
    back = xr.Dataset({"bcell_recovery_day": ("patient", [90.0, 90.0]), "death_day": ("patient", [np.nan, 60.0])})
    assert met(back, condition("bcell_recovery_day", by=6.0)).tolist() == [True, False]
    assert met(back, condition("bcell_recovery_day", after=6.0)).tolist() == [False, True]


def test_nobody_gives_no_value():
    found = predict("none", share_of([]), 10, seed=1, draws=5)
    assert np.isnan(found.estimate[0])
    assert np.isnan(found.interval()).all()
