"""What is read off a course, on curves whose peaks, crossings and areas are known."""

import math

import numpy as np
import pytest

from carsim.literature.measure import crossing, extreme, measured

DAYS = np.linspace(0.0, 20.0, 401)


def test_a_peak_between_outputs_is_the_vertex_of_its_parabola():
    day, height = extreme(DAYS, 5.0 - (DAYS - 7.33) ** 2)
    assert (day, height) == pytest.approx((7.33, 5.0), rel=1e-12)


def test_a_peak_at_a_corner_or_at_an_end_is_where_it_stands():
    tent = np.where(DAYS < 7.0, DAYS, 14.0 - DAYS)
    assert extreme(DAYS, tent, corners=[7.0]) == (7.0, 7.0)
    assert extreme(DAYS, DAYS) == (20.0, 20.0)


def test_the_area_of_an_exponential_is_exact_on_coarse_outputs():
    coarse = np.array([0.0, 3.0, 10.0, 20.0])
    area = measured("area", coarse, np.exp(-0.3 * coarse), (0.0, 20.0), 0.0)
    assert area == pytest.approx((1.0 - math.exp(-6.0)) / 0.3, rel=1e-12)


def test_the_area_is_that_of_the_window_and_bears_zeros():
    flat = np.where(DAYS < 10.0, 2.0, 0.0)
    assert measured("area", DAYS, flat, (2.0, 6.0), 0.0) == pytest.approx(8.0)
    assert measured("area", DAYS, flat, (12.0, 20.0), 0.0) == 0.0


def test_a_crossing_is_counted_from_the_window():
    assert measured("first above", DAYS, DAYS, (5.0, 20.0), 7.01) == pytest.approx(2.01)
    assert measured("day first above", DAYS, DAYS, (5.0, 20.0), 7.01) == pytest.approx(7.01)
    assert measured("first below", DAYS, 20.0 - DAYS, (0.0, 20.0), 4.0) == pytest.approx(16.0)
    assert crossing(DAYS, DAYS, -1.0) == 0.0
    assert math.isnan(crossing(DAYS, DAYS, 21.0))


def test_the_slope_is_the_rate_of_decline():
    assert measured("slope", DAYS, np.exp(-0.2 * DAYS), (5.0, 15.0), 0.0) == pytest.approx(0.2)


def test_a_minimum_is_a_peak_upside_down():
    assert measured("minimum", DAYS, (DAYS - 3.21) ** 2 + 1.0, (0.0, 20.0), 0.0) == pytest.approx(1.0)
    assert measured("day of minimum", DAYS, (DAYS - 3.21) ** 2 + 1.0, (0.0, 20.0), 0.0) == pytest.approx(3.21)
