"""Probabilities from replicates, by hand and against SciPy's Wilson interval."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from carsim.dataset.replicates import folded
from carsim.dataset.variables import problems
from carsim.endpoints import compute
from carsim.endpoints.probabilities import outcomes, over_patients, probabilities, table, wilson
from tests.plot.sample import chances

from .course import DAYS, disease, reason, result, value


@pytest.mark.parametrize(("k", "n"), [(0, 1), (0, 200), (1, 7), (62, 200), (199, 200), (200, 200)])
def test_the_interval_is_that_of_wilson(k: int, n: int) -> None:
    low, high = wilson(k, n)
    expected = stats.binomtest(k, n).proportion_ci(method="wilson")
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-14)


def test_without_courses_there_is_no_interval() -> None:
    assert all(math.isnan(float(end)) for end in wilson(0, 0))


def test_one_patient_is_a_share_of_its_courses() -> None:
    found = over_patients(np.array([[1.0, 0.0, 0.0, np.nan, 1.0]]))
    expected = stats.binomtest(2, 4).proportion_ci(method="wilson")
    assert (found.estimate, found.courses, found.patients) == (0.5, 4, 1)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_each_patient_of_a_cohort_counts_alike() -> None:
    found = over_patients(np.array([[1.0, 1.0, 1.0, 1.0], [0.0, np.nan, np.nan, np.nan], [np.nan] * 4]))
    assert (found.estimate, found.courses, found.patients) == (0.5, 5, 2)


def test_courses_of_patients_who_are_alike_count_singly_and_of_patients_who_differ_as_patients() -> None:
    rng = np.random.default_rng(20)
    alike = over_patients((rng.random((400, 10)) < 0.5).astype(float))
    differ = over_patients(np.repeat((rng.random((400, 1)) < 0.5).astype(float), 10, axis=1))
    width = [found.high - found.low for found in (alike, differ)]
    assert width[0] == pytest.approx(2 * 1.96 * math.sqrt(0.25 / 4000), rel=0.2)
    assert width[1] == pytest.approx(2 * 1.96 * math.sqrt(0.25 / 400), rel=0.05)


def test_patients_who_all_do_the_same_leave_the_doubt_of_so_many_patients() -> None:
    found = over_patients(np.zeros((20, 50)))
    assert (found.low, found.high) == pytest.approx((0.0, stats.binomtest(0, 20).proportion_ci(method="wilson").high))


def test_the_interval_of_a_cohort_covers_in_nineteen_of_twenty() -> None:
    """Patients with Beta(0.6, 1.4) probabilities, 15 courses each; the mean of the law is 0.3."""
    rng = np.random.default_rng(3)
    chance = rng.beta(0.6, 1.4, size=(2000, 40, 1))
    inside = 0
    for own in chance:
        found = over_patients((rng.random((40, 15)) < own).astype(float))
        inside += found.low <= 0.3 <= found.high
    assert inside / 2000 == pytest.approx(0.95, abs=0.025)


def test_each_course_has_one_fate() -> None:
    found = outcomes(chances(replicates=8))
    assert found["cure"].tolist() == [[0, 0, 1, 1, 0, 0, 1, 1]]
    assert found["CD19-negative"].tolist() == [[1, 0, 0, 0, 1, 0, 0, 0]]
    assert found["CD19-positive"].tolist() == [[0, 1, 0, 0, 0, 1, 0, 0]]
    np.testing.assert_array_equal(found["relapse"], 1.0 - found["remission at the end"])


def test_probabilities_of_a_result() -> None:
    found = probabilities(chances(patients=3, replicates=8))
    estimates = {name: item.estimate for name, item in found.items()}
    expected = {"cure": 0.5, "remission at the end": 0.5, "relapse": 0.5, "CD19-positive": 0.25, "CD19-negative": 0.25}
    assert estimates == expected
    assert {item.courses for item in found.values()} == {24}


def test_a_failed_course_counts_in_neither() -> None:
    data = chances(replicates=4)
    data["status"].values[0, 0] = 2
    found = probabilities(data.assign(compute(data)))
    assert (found["cure"].estimate, found["cure"].courses) == (pytest.approx(2 / 3), 3)


def test_the_table_has_a_row_for_each_patient() -> None:
    data = chances(patients=2, replicates=4)
    data["cured"].values[1] = [1, 1, 1, -1]
    found = table(data)
    assert problems(found) == []
    assert found["probability_cure"].values.tolist() == [0.5, 1.0]
    low = stats.binomtest(2, 4).proportion_ci(method="wilson").low
    assert found["probability_cure_low"].values[0] == pytest.approx(low)
    assert found["probability_relapse_cd19_negative"].values.tolist() == [0.25, 0.25]
    assert found["probability_relapse_other"].values.tolist() == [0.0, 0.0]


def test_several_phenotypes_are_others() -> None:
    data = chances(replicates=4)
    data["relapse_phenotype"] = data["relapse_phenotype"].copy(
        data=np.array([["CD19-positive+CD19-negative", "CD19-dim", "", ""]])
    )
    assert {"CD19-dim", "CD19-positive+CD19-negative"} < set(probabilities(data))
    assert table(data)["probability_relapse_other"].values.tolist() == [0.5]


def test_without_chance_there_are_no_probabilities() -> None:
    data = chances(replicates=4)
    data.attrs["engine"] = "ode"
    assert probabilities(data) == {}


def test_cured_is_no_cell_at_any_site_on_the_last_day() -> None:
    cells = np.stack([np.where(DAYS > 30, 0.0, 1e9), np.where(DAYS > 90, 0.0, 1.0)], axis=1)[:, None]
    data = result(blasts=cells.reshape(DAYS.size, -1)).assign_attrs(engine="hybrid")
    assert value(data, "cured") == 1
    data["blasts"].values[0, -1] = 1.0
    assert value(data, "cured") == 0
    assert reason(data.assign_attrs(engine="ode"), "cured").startswith("the ode engine has no last cell")
    assert value(data.assign_attrs(engine="ode"), "cured") == -1


@pytest.mark.parametrize(
    ("marrow", "expected"),
    [
        (np.where(DAYS < 20, 0.6, 1e-6), 1),
        (np.where((DAYS < 20) | (DAYS > 200), 0.6, 1e-6), 0),
        (np.full(DAYS.size, 0.6), 0),
    ],
)
def test_a_remission_lasts_or_not(marrow: np.ndarray, expected: int) -> None:
    assert value(disease(DAYS, marrow), "remission_ongoing") == expected


def test_a_run_without_a_visit_tells_of_no_remission() -> None:
    days = np.arange(0.0, 20.0)
    assert reason(disease(days, np.full(days.size, 1e-6)), "remission_ongoing") == "no visit within the time simulated"


def test_endpoints_of_replicates_are_those_of_their_courses() -> None:
    one = disease(DAYS, np.where(DAYS < 20, 0.6, 1e-6))
    other = disease(DAYS, np.where((DAYS < 20) | (DAYS > 200), 0.6, 1e-6))
    both = xr.concat([one, other], "patient").assign_coords(patient=["1", "1"])
    found = compute(folded(both, 2), ["relapse_day", "remission_ongoing"])
    assert found["remission_ongoing"].values.tolist() == [[1, 0]]
    assert found["relapse_day"].values[0, 1] == value(other, "relapse_day")
    assert str(found["relapse_day_reason"].values[0, 0]).startswith("in remission at day")
