"""Aplasia and recovery of B cells on exponential courses."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from carsim.endpoints.outcome import MONTH

from .course import DAYS, reason, result, value


def course(recovers: float, rate: float = 0.05) -> np.ndarray:
    """200/uL until day 2, 50/uL passed at day 3, 0.1/uL at most, back at 50/uL on day `recovers`."""
    fall = 200.0 * 4.0 ** -(DAYS - 2.0)
    rise = 50.0 * np.exp(rate * (DAYS - recovers))
    return np.minimum(np.where(DAYS <= 2, 200.0, np.maximum(np.maximum(fall, 0.1), rise)), 200.0)


def test_aplasia_lasts_from_crossing_to_recovery() -> None:
    data = result(bcells=course(recovers=150.0))
    assert value(data, "bcell_aplasia_days") == pytest.approx(147.0, abs=1e-9)
    assert value(data, "bcell_recovery_day") == pytest.approx(5 * MONTH)
    assert value(data, "bcell_aplasia_ongoing") == 0


def test_one_visit_above_is_no_recovery() -> None:
    visit = 4 * MONTH
    data = result(bcells=course(recovers=300.0) + 100.0 * (np.abs(DAYS - visit) < 3.0))
    assert value(data, "bcell_recovery_day") == pytest.approx(10 * MONTH)


def test_aplasia_to_the_end() -> None:
    data = result(bcells=course(recovers=5000.0))
    assert value(data, "bcell_aplasia_days") == pytest.approx(362.0)
    assert value(data, "bcell_aplasia_ongoing") == 1
    assert math.isnan(value(data, "bcell_recovery_day"))
    assert reason(data, "bcell_recovery_day") == "still in aplasia at day 365"


def test_recovery_at_the_last_visit_only_is_not_confirmed() -> None:
    assert reason(result(bcells=course(recovers=350.0)), "bcell_recovery_day").endswith("not yet at two visits")


def test_recovery_is_seen_at_the_visits_of_the_trial() -> None:
    data = result(bcells=course(recovers=150.0))
    data.attrs["observed"] = json.dumps({"visits": [28.0, 140.0, 200.0, 320.0]})
    assert value(data, "bcell_recovery_day") == 200.0
    data.attrs["observed"] = json.dumps({"visits": [28.0, 200.0]})
    assert reason(data, "bcell_recovery_day").endswith("not yet at two visits")


def test_no_aplasia() -> None:
    data = result(bcells=np.full(DAYS.size, 200.0))
    assert value(data, "bcell_aplasia_days") == 0.0
    assert reason(data, "bcell_recovery_day") == "no aplasia"
