"""Peak, area and half-lives of curves whose answers are known in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import curve_fit

from carsim.endpoints import compute
from carsim.endpoints.exposure import area, biexponential, peak

from .course import DAYS, reason, result, value

STEIN = {"peak_day": 9.3, "peak": 24_000.0, "fold": 3900.0, "fast": 0.16, "slow": 0.0032, "share": 0.0079}


def stein(days: np.ndarray) -> np.ndarray:
    """Typical transgene course of Stein 2019 (table 1): exponential rise, biexponential decline."""
    since = days - STEIN["peak_day"]
    rise = STEIN["peak"] * np.exp(np.log(STEIN["fold"]) / STEIN["peak_day"] * since)
    fall = (1 - STEIN["share"]) * np.exp(-STEIN["fast"] * since) + STEIN["share"] * np.exp(-STEIN["slow"] * since)
    return np.where(days < 0, 0.0, np.where(since < 0, rise, STEIN["peak"] * fall))


FINE = np.union1d(np.arange(-6.0, 40.0, 0.1), DAYS)


def test_peak_between_output_times_is_exact_for_a_log_parabola() -> None:
    day, level = peak(DAYS, np.exp(9.0 - 0.02 * (DAYS - 10.3) ** 2))
    assert day == pytest.approx(10.3, abs=1e-9)
    assert level == pytest.approx(math.exp(9.0), rel=1e-12)


def test_peak_with_unequal_steps() -> None:
    days = np.array([0.0, 8.0, 9.5, 13.0, 20.0])
    day, level = peak(days, np.exp(5.0 - 0.05 * (days - 10.0) ** 2))
    assert day == pytest.approx(10.0, abs=1e-9)
    assert level == pytest.approx(math.exp(5.0), rel=1e-12)


def test_peak_of_a_second_wave_is_not_the_peak() -> None:
    course = np.exp(9.0 - 0.02 * (DAYS - 10.0) ** 2) + np.exp(12.0 - 0.02 * (DAYS - 200.0) ** 2)
    assert value(result(cart_copies=course), "cart_peak_copies") == pytest.approx(math.exp(9.0))
    assert value(result(cart_copies=course), "cart_peak_day") == pytest.approx(10.0)


def test_peak_cells_sums_products() -> None:
    data = result(cart_cells=np.exp(4.0 - 0.02 * (DAYS - 10.0) ** 2))
    twice = data.reindex(product=["car", "other"])
    twice["cart_cells"][:, :, 1] = data["cart_cells"].values[:, :, 0]
    assert value(twice, "cart_peak_cells") == pytest.approx(2 * math.exp(4.0))


def test_area_of_exponentials_and_lines_is_exact() -> None:
    days = np.array([0.0, 1.0, 5.0, 28.0, 40.0])
    assert area(days, np.exp(-0.3 * days), 0.0, 28.0) == pytest.approx((1 - math.exp(-8.4)) / 0.3, rel=1e-12)
    assert area(days, np.array([0.0, 2.0, 2.0, 0.0, 0.0]), 0.0, 28.0) == pytest.approx(1.0 + 8.0 + 23.0, rel=1e-12)
    assert area(days, np.exp(-0.3 * days), 2.0, 30.0) == pytest.approx(
        (math.exp(-0.6) - math.exp(-9.0)) / 0.3, rel=1e-12
    )


def test_area_of_the_published_curve() -> None:
    """171,774 copies/ug*d by numerical integration of the published typical parameters."""
    data = result(FINE, cart_copies=stein(FINE))
    assert value(data, "cart_auc_0_28_copies") == pytest.approx(171_774, rel=2e-3)
    assert value(result(FINE, cart_cells=stein(FINE)), "cart_auc_0_28_cells") == pytest.approx(171_774, rel=2e-3)


def test_half_lives_of_the_published_curve() -> None:
    data = result(FINE, cart_copies=stein(FINE))
    assert value(data, "cart_half_life_fast") == pytest.approx(math.log(2) / 0.16, rel=0.01)
    assert value(data, "cart_half_life_slow") == pytest.approx(math.log(2) / 0.0032, rel=0.01)


def test_a_simulation_that_ends_early_has_no_slow_half_life() -> None:
    for end, reasons in ((150.0, "followed for 141 days after the peak, needs 180"), (190.0, "")):
        days = FINE[end >= FINE]
        found = compute(result(days, cart_copies=stein(days)), ["cart_half_life_fast", "cart_half_life_slow"])
        assert found["cart_half_life_fast"].values[0] == pytest.approx(math.log(2) / 0.16, rel=0.01)
        assert math.isnan(found["cart_half_life_slow"].values[0]) == bool(reasons)
        assert str(found.get("cart_half_life_slow_reason", np.array([""]))[0].item()) == reasons
        assert "ends earlier than 180 days" in found["cart_half_life_slow"].attrs["definition"]


@pytest.mark.parametrize(
    ("fast", "slow", "share"), [(0.16, 0.0032, 0.0079), (0.5, 0.05, 0.2), (0.1, 0.02, 0.05), (1.2, 0.004, 1e-4)]
)
def test_biexponential_recovers_what_made_the_curve(fast: float, slow: float, share: float) -> None:
    since = np.arange(181.0)
    logs = 7.0 + np.log((1 - share) * np.exp(-fast * since) + share * np.exp(-slow * since))
    assert biexponential(since, logs) == pytest.approx((fast, slow, share), rel=1e-5)


def test_biexponential_agrees_with_scipy_on_noisy_levels() -> None:
    def curve(since: np.ndarray, level: float, fast: float, slow: float, share: float) -> np.ndarray:
        return level + np.log((1 - share) * np.exp(-fast * since) + share * np.exp(-slow * since))

    since = np.arange(181.0)
    noise = np.random.default_rng(20260101).normal(0.0, 0.3, since.size)
    logs = curve(since, 9.0, 0.16, 0.0032, 0.0079) + noise
    expected, _ = curve_fit(curve, since, logs, p0=(9.0, 0.2, 0.003, 0.01), xtol=1e-12, ftol=1e-12)
    assert biexponential(since, logs) == pytest.approx(tuple(expected[1:]), rel=1e-4)


def test_one_phase_gives_the_fast_half_life_only() -> None:
    data = result(cart_copies=np.where(DAYS < 0, 0.0, 20_000.0 * np.exp(-0.25 * np.abs(DAYS - 10.0))))
    assert value(data, "cart_half_life_fast") == pytest.approx(math.log(2) / 0.25, rel=1e-3)
    assert math.isnan(value(data, "cart_half_life_slow"))
    assert "one phase" in reason(data, "cart_half_life_slow")


def test_a_second_wave_is_left_out_of_the_decline() -> None:
    wave = stein(FINE) + np.exp(9.0 - 0.01 * (FINE - 150.0) ** 2)
    data = result(FINE, cart_copies=wave)
    assert value(data, "cart_half_life_fast") == pytest.approx(4.33, rel=0.05)
    assert value(data, "cart_half_life_slow") == pytest.approx(216.6, rel=0.15)


def test_too_few_detectable_levels() -> None:
    data = result(cart_copies=np.where(DAYS < 0, 0.0, 50.0 * np.exp(-np.abs(DAYS - 5.0))))
    assert math.isnan(value(data, "cart_half_life_fast"))
    assert "daily levels" in reason(data, "cart_half_life_fast")


def test_no_cells_have_no_peak_but_an_area_of_zero() -> None:
    data = result(cart_copies=np.zeros(DAYS.size), cart_cells=np.zeros(DAYS.size))
    assert value(data, "cart_auc_0_28_copies") == 0.0
    for name in ("cart_peak_cells", "cart_peak_cells_day", "cart_peak_copies", "cart_peak_day", "cart_half_life_slow"):
        assert reason(data, name) == "no CAR T cells in blood"


def test_short_follow_up_has_no_area() -> None:
    days = np.arange(0.0, 20.0)
    data = result(days, cart_copies=np.ones(20), cart_cells=np.ones(20))
    assert math.isnan(value(data, "cart_auc_0_28_copies"))
    assert reason(data, "cart_auc_0_28_cells") == "followed for 19 days, needs 28"


def test_a_fall_within_a_day_is_no_phase_of_a_decline() -> None:
    days = np.arange(0.0, 300.0)
    level = 5000.0 * (0.05 * np.exp(-40.0 * days) + 0.95 * np.exp(-0.03 * days))
    data = result(days, cart_copies=level)
    assert value(data, "cart_half_life_fast") == pytest.approx(math.log(2) / 0.03, rel=0.01)
    assert "one phase" in reason(data, "cart_half_life_slow")
