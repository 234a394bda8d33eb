"""Last day above a detection limit, on exponential declines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .course import DAYS, reason, result, value

DECLINE = np.where(DAYS < 0, 0.0, 1000.0 * np.exp(-0.1 * DAYS))


def test_last_day_is_the_crossing_of_the_limit() -> None:
    assert value(result(cart_copies=DECLINE), "cart_persistence_day") == pytest.approx(math.log(100.0) / 0.1, rel=1e-9)
    assert value(result(cart_copies=DECLINE), "cart_persistence_ongoing") == 0
    assert value(result(cart_cells=DECLINE), "cart_persistence_flow_day") == pytest.approx(math.log(1000.0) / 0.1)


def test_a_later_wave_counts() -> None:
    course = DECLINE + 100.0 * ((DAYS >= 200) & (DAYS <= 220))
    assert 220.0 <= value(result(cart_copies=course), "cart_persistence_day") <= 221.0


def test_cells_still_there_at_the_end() -> None:
    data = result(cart_copies=np.full(DAYS.size, 100.0))
    assert value(data, "cart_persistence_day") == 365.0
    assert value(data, "cart_persistence_ongoing") == 1


def test_never_detected() -> None:
    data = result(cart_copies=np.full(DAYS.size, 9.99), cart_cells=np.zeros(DAYS.size))
    assert math.isnan(value(data, "cart_persistence_day"))
    assert reason(data, "cart_persistence_day") == "never at or above 10 copies/ug"
    assert reason(data, "cart_persistence_flow_day") == "never at or above 1 cells/uL"
    assert value(data, "cart_persistence_ongoing") == 0
