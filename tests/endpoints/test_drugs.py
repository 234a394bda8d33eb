"""Exposure to fludarabine, read from the integral that the engine carries."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .course import DAYS, reason, result, value

DOSED = DAYS >= -5.0
LEVEL = np.where(DOSED, np.exp(-2.0 * (DAYS + 5.0)), 0.0)


def test_exposure_is_the_integral_at_the_end() -> None:
    data = result(fludarabine=LEVEL, fludarabine_exposure=np.where(DOSED, 0.5 * (1.0 - LEVEL), 0.0))
    assert value(data, "fludarabine_auc") == pytest.approx(12.0)


def test_no_fludarabine_is_an_exposure_of_zero() -> None:
    zero = np.zeros(DAYS.size)
    assert value(result(fludarabine=zero, fludarabine_exposure=zero), "fludarabine_auc") == 0.0


def test_a_drug_still_there_has_no_exposure_to_infinity() -> None:
    data = result(fludarabine=np.ones(DAYS.size), fludarabine_exposure=DAYS)
    assert math.isnan(value(data, "fludarabine_auc"))
    assert reason(data, "fludarabine_auc").startswith("fludarabine is not cleared")
