"""Grades, onset, IL-6, days of low counts and expected infections on courses that can be worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from carsim.endpoints.outcome import NO_PRODUCT

from .course import DAYS, reason, result, value


def stepped(*steps: tuple[float, float]) -> np.ndarray:
    """A grade that begins at 0 and takes each value from its day on."""
    level = np.zeros(DAYS.size)
    for day, grade in steps:
        level[day <= DAYS] = grade
    return level


@pytest.mark.parametrize("toxicity", ["crs", "icans"])
def test_grade_and_onset(toxicity: str) -> None:
    data = result(**{f"{toxicity}_worst": stepped((3.0, 1.0), (6.0, 3.0))})
    assert value(data, f"{toxicity}_grade_max") == 3.0
    assert value(data, f"{toxicity}_onset_day") == 3.0


def test_a_grade_is_whole_although_the_larger_of_two_modes_is_not_quite() -> None:
    assert value(result(crs_worst=stepped((5.0, 2.0 + 5e-16))), "crs_grade_max") == 2.0


def test_no_toxicity_is_grade_zero_without_onset() -> None:
    data = result(crs_worst=np.zeros(DAYS.size), icans_worst=np.zeros(DAYS.size))
    assert value(data, "crs_grade_max") == 0.0
    assert math.isnan(float(value(data, "crs_onset_day")))
    assert reason(data, "crs_onset_day") == "no cytokine release syndrome"
    assert reason(data, "icans_onset_day") == "no neurotoxicity"


def test_il6_peaks_between_output_times() -> None:
    """exp of a parabola with its top at day 7.4: recovered exactly; what is before the infusion does not count."""
    level = 2000.0 * np.exp(-0.1 * (DAYS - 7.4) ** 2)
    level[DAYS < 0.0] = 1e5
    assert value(result(il6=level), "il6_peak") == pytest.approx(2000.0, rel=1e-9)


@pytest.mark.parametrize(
    ("endpoint", "course", "limit"),
    [
        ("neutropenia_days", "neutrophils", 1000.0),
        ("severe_neutropenia_days", "neutrophils", 500.0),
        ("thrombocytopenia_days", "platelets", 50_000.0),
        ("anaemia_days", "haemoglobin", 8.0),
    ],
)
def test_days_below_a_limit_in_the_first_ninety(endpoint: str, course: str, limit: float) -> None:
    """Low on days 4 to 14 with straight sides in the logarithm (half at 3.5 and 14.5), and again after day 90."""
    level = np.where((DAYS >= 4.0) & (DAYS <= 14.0), limit / 2.0, limit * 2.0)
    level[DAYS > 90.0] = limit / 10.0
    level[DAYS < 0.0] = limit / 10.0
    assert value(result(**{course: level}), endpoint) == pytest.approx(11.0, rel=1e-9)


def test_expected_infections_are_the_integral_of_their_rate() -> None:
    assert value(result(infection_rate=np.full(DAYS.size, 0.01)), "infections_expected") == pytest.approx(0.9)


@pytest.mark.parametrize("endpoint", ["crs_grade_max", "icans_onset_day", "il6_peak"])
def test_without_a_product_there_is_none_of_it(endpoint: str) -> None:
    data = result().drop_vars("product")
    assert reason(data, endpoint) == NO_PRODUCT


def test_a_simulation_that_ends_before_the_infusion_has_no_days() -> None:
    early = np.arange(-6.0, -1.0)
    data = result(early, neutrophils=np.full(early.size, 100.0))
    assert reason(data, "neutropenia_days") == "the simulation ends before the infusion"
