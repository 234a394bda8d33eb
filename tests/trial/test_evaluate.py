"""Who is counted, what is estimated and what is compared, on trials of a handful of patients worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carsim.trials.counted import counted, everyone, within_group
from carsim.trials.estimates import estimates, period
from carsim.trials.evaluate import as_object, evaluate
from carsim.trials.members import membership

from .hand_made import NONE, arm, tree_of, trial_of

PLAIN = "{report: [12 months, 24 months]}"


def found(part: str = PLAIN, **columns: object) -> dict:
    """Estimates of one arm."""
    (reported,) = evaluate(tree_of(part, all=arm(**columns))).arms.values()
    return dict(reported.endpoints)


def test_times_are_named_in_months_where_they_are_whole() -> None:
    assert [period(day) for day in (56.0, 182.625, 365.25, 730.5)] == ["56_days", "6_months", "12_months", "24_months"]


def test_a_response_counts_where_the_patient_lives_to_see_it() -> None:
    death = [NONE, 20.0, 100.0, NONE, NONE, NONE]
    assert found(death_day=death)["CR"].estimate == pytest.approx(5 / 6)
    late = {
        "remission_day": [28.0, 28.0, 120.0, NONE, 28.0, 28.0],
        "best_response": ["CR", "CR", "CR", "NR", "CR", "CR"],
    }
    assert found(**late)["CR"].estimate == pytest.approx(5 / 6)
    assert found("{response_by: 3 months, report: [12 months]}", **late)["CR"].estimate == pytest.approx(4 / 6)


def test_who_is_not_evaluable_counts_for_mrd_only() -> None:
    response = ["CR", "CR", "NR", "not evaluable", "not evaluable", ""]
    seen = found(best_response=response, remission_day=[28.0, 28.0, NONE, 28.0, 28.0, NONE])
    assert (seen["CR"].n, seen["MRD_CR"].n) == (3, 5)


def test_only_those_infused_are_counted_unless_the_trial_says_enrolled() -> None:
    given = {"given_car": [0.0, 0.0, NONE, 0.0, 0.0, 0.0]}
    data = arm(status=[0, 0, 0, 2, 0, 0], **given)
    assert counted(data, trial_of(PLAIN)).tolist() == [True, True, False, False, True, True]
    enrolled = trial_of("{counted: enrolled}")
    assert counted(data, enrolled).tolist() == [True, True, True, False, True, True]
    eligible = trial_of("{eligible: [{name: young, variable: age, below: 7 years}]}")
    assert counted(data, eligible).tolist() == [True, True, False, False, False, False]


def test_a_failed_patient_is_said_and_not_counted() -> None:
    (reported,) = evaluate(tree_of(PLAIN, all=arm(status=[0, 0, 0, 0, 0, 3]))).arms.values()
    assert (reported.n, reported.enrolled, reported.failed) == (5, 6, 1)


def test_survival_is_that_of_the_clock() -> None:
    causes = ["death", "", "relapse", "", "", ""]
    seen = found(efs_day=[100.0, 200.0, 400.0, 730.5, 730.5, 730.5], efs_cause=causes)
    assert seen["EFS_12_months"].estimate == pytest.approx(5 / 6)
    assert seen["EFS_24_months"].estimate == pytest.approx(5 / 6 * 3 / 4)
    assert math.isnan(seen["RFS_24_months"].estimate)  # remission came on day 28
    assert seen["RFS_24_months"].reason == "followed for 702 d at most"


def test_relapses_compete_with_death_by_phenotype_and_site() -> None:
    relapse = ["CD19-negative", "CD19-positive", "", "", "CD19-positive+CD19-negative", ""]
    site = ["marrow", "CNS", "", "", "marrow", ""]
    cause = ["relapse", "relapse", "death", "", "relapse", ""]
    day = [100.0, 200.0, 250.0, 702.0, 300.0, 702.0]
    seen = found(relapse_phenotype=relapse, relapse_site=site, rfs_cause=cause, rfs_day=day)
    names = {
        "CIR": 3,
        "CIR_CD19-negative": 1,
        "CIR_CD19-positive": 1,
        "CIR_CD19-positive+CD19-negative": 1,
        "CIR_CD19-dim": 0,
        "CIR_lineage-switch": 0,
        "CIR_marrow": 2,
        "CIR_CNS": 1,
        "CIR_extramedullary": 0,
        "death_without_relapse": 1,
    }
    for name, count in names.items():
        assert seen[f"{name}_12_months"].estimate == pytest.approx(count / 6), name


def test_persistence_and_b_cells_end_with_death() -> None:
    columns = {
        "cart_persistence_day": [50.0, 730.0, 730.0, 730.0, NONE, 400.0],
        "cart_persistence_ongoing": [0, 1, 1, 1, 0, 0],
        "death_day": [NONE, 60.0, NONE, NONE, NONE, 390.0],
        "bcell_recovery_day": [100.0, 200.0, NONE, NONE, NONE, NONE],
    }
    seen = found(**columns)
    assert seen["persistence_12_months"].estimate == pytest.approx(5 / 6 * 4 / 5)  # lost at once and on day 50
    assert seen["bcell_recovery_12_months"].estimate == pytest.approx(1 / 6)  # one had died before


def test_the_transplanted_are_at_risk_from_the_transplant_on() -> None:
    """Two of six are transplanted on days 100 and 300; one of these dies on day 350, another patient on day 50."""
    data = arm(
        given_transplant=[100.0, 300.0, NONE, NONE, NONE, NONE],
        os_day=[730.0, 350.0, 50.0, 730.0, 730.0, 730.0],
        os_cause=["", "death", "death", "", "", ""],
        os_event=[0, 1, 1, 0, 0, 0],
    )
    part = "{report: [12 months], groups: [{name: yes, given: transplant}, {name: no, not_given: transplant}]}"
    (reported,) = evaluate(tree_of(part, all=data)).arms.values()
    assert (reported.groups["yes"].n, reported.groups["no"].n) == (2, 4)
    assert reported.groups["yes"].endpoints["OS_12_months"].estimate == pytest.approx(1 / 2)
    assert reported.groups["no"].endpoints["OS_12_months"].estimate == pytest.approx(5 / 6)  # six at risk on day 50
    trial = trial_of(part)
    patients = everyone(data, trial, counted(data, trial))
    waiting = within_group(patients, membership(data, trial.groups[1], trial))
    start, stop, _ = waiting.under_observation(waiting.clock("OS"))
    assert (start.tolist(), stop.tolist()) == ([0.0] * 6, [100.0, 300.0, 50.0, 730.0, 730.0, 730.0])


def test_groups_by_treatment_are_compared_once_and_in_time() -> None:
    data = arm(
        given_transplant=[100.0, 300.0, NONE, NONE, NONE, NONE],
        os_day=[730.0, 350.0, 400.0, 730.0, 730.0, 730.0],
        os_cause=["", "death", "death", "", "", ""],
    )
    part = "{report: [12 months], groups: [{name: yes, given: transplant}, {name: no, not_given: transplant}]}"
    contrasts = evaluate(tree_of(part, all=data)).contrasts
    assert {(one.first, one.second, one.kind) for one in contrasts} == {("yes", "others", "time-dependent")}
    hazard = next(one for one in contrasts if one.endpoint == "OS")
    assert 1.0 < hazard.value.estimate < 5.0


@pytest.mark.parametrize(
    ("group", "how"),
    [
        ("{name: g, variable: age, below: 8 years}", "baseline"),
        ("{name: g, variable: mrd_day28, below: 1e-4}", "landmark at day 28"),
        ("{name: g, variable: bcell_recovery_day, below: 63 d}", "landmark at day 63"),
        ("{name: g, variable: best_response, is: CR}", ""),
        ("{name: g, variable: relapse_phenotype, is: none}", ""),
        ("{name: g, given: transplant}", "time-dependent"),
    ],
)
def test_a_group_is_compared_from_when_it_is_known(group: str, how: str) -> None:
    trial = trial_of(f"{{report: [12 months], groups: [{group}]}}")
    data = arm(mrd_day28=np.array([0.0, 0.0, 0.1, 0.1, 0.0, 0.0]))
    seen = membership(data, trial.groups[0], trial)
    assert seen.how == how
    inside = seen.since[~np.isnan(seen.since)]
    if how.startswith("landmark"):
        assert set(inside.tolist()) <= {float(how.rpartition(" ")[2])}


def test_a_landmark_leaves_out_who_had_the_event_before() -> None:
    part = "{report: [12 months], groups: [{name: g, variable: mrd_day28, below: 1e-4}]}"
    data = arm(
        mrd_day28=[0.0, 0.0, 0.0, 0.1, 0.1, 0.1],
        os_day=[10.0, 300.0, 730.0, 20.0, 200.0, 730.0],
        os_cause=["death", "death", "", "death", "death", ""],
    )
    (reported,) = evaluate(tree_of(part, all=data)).arms.values()
    assert reported.groups["g"].endpoints["OS_12_months"].estimate == pytest.approx(1 / 2)


def test_a_best_response_with_a_last_day_is_a_landmark() -> None:
    trial = trial_of("{response_by: 3 months, groups: [{name: g, variable: best_response, is: remission}]}")
    assert membership(arm(), trial.groups[0], trial).how == "landmark at day 91.3125"


def test_b_cells_that_never_come_back_are_later_than_any_day() -> None:
    trial = trial_of("{groups: [{name: long, variable: bcell_recovery_day, at_least: 63 d}]}")
    data = arm(bcell_recovery_day=[30.0, 90.0, NONE, NONE, NONE, NONE], bcell_aplasia_days=[20.0] * 5 + [0.0])
    seen = membership(data, trial.groups[0], trial)
    assert seen.member.tolist() == [False, True, True, True, True, False]
    assert seen.known.tolist() == [True] * 5 + [False]  # the last was never in aplasia


@pytest.mark.parametrize(
    ("word", "members"),
    [
        ("remission", [0, 1, 2]),
        ("CR", [0, 1]),
        ("CRi", [2]),
        ("NR", [3]),
        ("MRD-negative CR", [0]),
        ("MRD-positive CR", [1, 2]),
    ],
)
def test_words_of_a_response(word: str, members: list[int]) -> None:
    trial = trial_of(f"{{groups: [{{name: g, variable: best_response, is: {word}}}]}}")
    data = arm(
        best_response=["CR", "CR", "CRi", "NR", "", "not evaluable"],
        mrd_negative_remission_day=[28.0, NONE, NONE, NONE, NONE, 28.0],
    )
    assert np.flatnonzero(membership(data, trial.groups[0], trial).member).tolist() == members


def test_a_response_after_death_makes_nobody_a_responder() -> None:
    trial = trial_of(
        "{groups: [{name: best, variable: best_response, is: CR}, {name: early, variable: response_day28, is: CR}]}"
    )
    data = arm(3, response_day28=["CR"] * 3, death_day=[NONE, 20.0, 100.0], mrd_day28_below_limit=[1.0] * 3)
    for group in trial.groups:
        assert membership(data, group, trial).member.tolist() == [True, False, True]


def test_history_and_disease_tell_groups_apart() -> None:
    data = arm(prior_hsct=[1.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    data["csf_blasts"] = (("patient", "time"), np.array([[40.0], [0.5], [0.0], [2.0], [0.0], [0.0]]) * np.ones(4))
    for variable, members in (("prior-hsct", [0, 2]), ("cns_disease", [0, 3]), ("extramedullary_disease", [])):
        trial = trial_of(f"{{groups: [{{name: g, variable: {variable}, is: yes}}]}}")
        assert np.flatnonzero(membership(data, trial.groups[0], trial).member).tolist() == members


TWO = "{report: [12 months], arms: [{name: one}, {name: two}]}"


def test_arms_are_compared_as_different_patients_and_as_the_same() -> None:
    two = arm(os_day=[100.0, 730.0, 730.0, 730.0, 730.0, 730.0], os_cause=["death"] + [""] * 5, crs_grade_max=[3.0] * 6)
    one = arm(os_day=[200.0, 150.0, 730.0, 730.0, 730.0, 730.0], os_cause=["death", "death"] + [""] * 4)
    contrasts = {(c.endpoint, c.kind): c for c in evaluate(tree_of(TWO, one=one, two=two)).contrasts}
    assert contrasts["CRS_ge3", "parallel"].value.estimate == 1.0
    assert contrasts["CRS_ge3", "paired"].p == pytest.approx(2 * 0.5**6)
    hazard = contrasts["OS", "parallel"]
    assert (hazard.first, hazard.second, hazard.measure) == ("two", "one", "hazard ratio")
    assert 0.0 < hazard.value.estimate < 1.0
    assert contrasts["OS_12_months", "paired"].value.estimate == pytest.approx(1 / 6)


def test_other_patients_are_not_paired() -> None:
    others = arm(age=np.arange(6.0) + 40.0)
    assert {c.kind for c in evaluate(tree_of(TWO, one=arm(), two=others)).contrasts} == {"parallel"}


def test_a_smaller_arm_is_paired_with_the_first_of_the_other() -> None:
    contrasts = evaluate(tree_of(TWO, one=arm(6), two=arm(4))).contrasts
    assert {c.value.n for c in contrasts if c.kind == "paired" and c.endpoint == "CR"} == {4}


def test_an_arm_without_anybody_has_reasons_and_no_numbers() -> None:
    (reported,) = evaluate(tree_of(PLAIN, all=arm(status=[2] * 6))).arms.values()
    assert reported.n == 0
    assert all(math.isnan(value.estimate) and value.reason for value in reported.endpoints.values())


def test_missing_columns_give_reasons() -> None:
    data = arm().drop_vars(["crs_grade_max", "best_response", "cart_persistence_ongoing", "relapse_phenotype"])
    trial = trial_of(PLAIN)
    seen = estimates(everyone(data, trial, counted(data, trial)))
    for name in ("CRS_any", "CR", "MRD_CR", "persistence_median"):
        assert math.isnan(seen[name].estimate)
        assert seen[name].reason


def test_plain_data_has_the_contract() -> None:
    plain = as_object(evaluate(tree_of(TWO, one=arm(), two=arm())))
    assert set(plain) == {"arms", "contrasts"}
    endpoints = plain["arms"]["one"]["endpoints"]
    assert {frozenset(value) for value in endpoints.values()} == {frozenset({"estimate", "low", "high", "unit"})}
    wanted = {"CR", "MRD_CR", "ORR", "EFS_12_months", "RFS_12_months", "OS_12_months", "DOR_12_months", "EFS_median"}
    wanted |= {
        "RFS_median",
        "OS_median",
        "DOR_median",
        "CIR_12_months",
        "CIR_CD19-negative_12_months",
        "CIR_CNS_12_months",
    }
    wanted |= {"CRS_any", "CRS_ge3", "ICANS_any", "ICANS_ge3"}
    assert wanted <= set(endpoints)


def test_the_table_stands_along_the_arms() -> None:
    table = tree_of(TWO, one=arm(6), two=arm(4))["estimates"].to_dataset()
    assert table["n"].to_series().to_dict() == {"one": 6, "two": 4}
    assert float(table["CR_low"].sel(arm="two")) == pytest.approx(0.5101, abs=1e-4)
    assert table["EFS_median"].attrs["units"] == "d"
