"""Remission and MRD at known marrow and blood fractions."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from .course import DAYS, disease, reason, value

START = 0.6


def falling(to: float, by: float = 20.0) -> np.ndarray:
    """Marrow fraction that falls exponentially from 60 % to `to` at day `by` and stays there."""
    return START * (to / START) ** np.clip((DAYS + 6.0) / (by + 6.0), 0.0, 1.0)


@pytest.mark.parametrize(("marrow", "blood", "response"), [(0.049, 0.0, "CR"), (0.051, 0.0, "NR")])
def test_response_at_the_marrow_limit(marrow: float, blood: float, response: str) -> None:
    data = disease(DAYS, falling(marrow), blood)
    assert value(data, "response_day28") == response
    assert value(data, "best_response") == response


@pytest.mark.parametrize(("blood", "response"), [(0.009, "CR"), (0.011, "NR")])
def test_blasts_in_blood_are_no_remission(blood: float, response: str) -> None:
    assert value(disease(DAYS, falling(1e-3), blood), "response_day28") == response


def test_a_late_remission_is_the_best_response_only() -> None:
    data = disease(DAYS, falling(1e-3, by=120.0))
    assert value(data, "response_day28") == "NR"
    assert value(data, "best_response") == "CR"


def test_visits_and_last_day_of_a_response_are_those_of_the_trial() -> None:
    data = disease(DAYS, falling(1e-3, by=120.0))
    data.attrs["observed"] = json.dumps({"visits": [28.0, 40.0]})
    assert value(data, "best_response") == "NR"  # nobody looks after day 40
    data.attrs["observed"] = json.dumps({"visits": [28.0, 40.0, 180.0]})
    assert value(data, "best_response") == "CR"
    data.attrs["observed"] = json.dumps({"visits": [28.0, 40.0, 180.0], "response_by": 91.0})
    assert value(data, "best_response") == "NR"
    data.attrs["observed"] = json.dumps({"visits": [180.0], "response_by": 91.0})
    assert reason(data, "best_response") == "no visit at which a response counts"


def test_entry_below_the_limit_is_not_evaluable_unless_blood_shows_disease() -> None:
    assert value(disease(DAYS, np.full(DAYS.size, 0.01)), "response_day28") == "not evaluable"
    assert value(disease(DAYS, np.full(DAYS.size, 0.01)), "best_response") == "not evaluable"
    assert value(disease(DAYS, np.full(DAYS.size, 0.01), 0.02), "response_day28") == "NR"


@pytest.mark.parametrize(
    ("neutrophils", "platelets", "response"),
    [(1001.0, 100_001.0, "CR"), (999.0, 2e5, "CRi"), (3000.0, 99_999.0, "CRi")],
)
def test_complete_remission_needs_both_counts(neutrophils: float, platelets: float, response: str) -> None:
    data = disease(DAYS, falling(1e-3))
    data["neutrophils"][:], data["platelets"][:] = neutrophils, platelets
    assert value(data, "response_day28") == response
    assert value(data, "best_response") == response


def test_counts_that_recover_later_make_the_best_response_complete() -> None:
    data = disease(DAYS, falling(1e-3))
    data["platelets"][:] = np.where(DAYS < 50.0, 2e4, 2e5)
    assert value(data, "response_day28") == "CRi"
    assert value(data, "best_response") == "CR"


@pytest.mark.parametrize(
    ("mrd", "flow", "below", "sequencing"),
    [(3e-3, 3e-3, 0, 3e-3), (3e-5, 0.0, 1, 3e-5), (3e-7, 0.0, 1, 0.0)],
)
def test_mrd_is_reported_as_each_assay_sees_it(mrd: float, flow: float, below: int, sequencing: float) -> None:
    data = disease(DAYS, falling(mrd))
    assert value(data, "mrd_day28") == pytest.approx(flow)
    assert value(data, "mrd_day28_below_limit") == below
    assert value(data, "mrd_day28_sequencing") == pytest.approx(sequencing)


def test_short_follow_up_gives_reasons() -> None:
    days = np.arange(-6.0, 20.0)
    data = disease(days, np.full(days.size, 0.6))
    assert math.isnan(value(data, "mrd_day28"))
    assert math.isnan(value(data, "mrd_day28_sequencing"))
    assert value(data, "response_day28") == ""
    assert value(data, "mrd_day28_below_limit") == -1
    assert reason(data, "best_response") == "followed for 19 days, needs 28"


def test_first_visits_of_a_remission_its_counts_and_its_depth() -> None:
    data = disease(DAYS, falling(1e-5, by=180.0))
    data.attrs["observed"] = json.dumps({"visits": [28.0, 60.0, 90.0, 120.0, 180.0]})
    data["platelets"].values[:, DAYS < 80.0] = 5e4
    assert value(data, "remission_day") == 60.0
    assert value(data, "complete_remission_day") == 90.0
    assert value(data, "mrd_negative_remission_day") == 180.0


def test_what_no_visit_finds_has_a_reason() -> None:
    data = disease(DAYS, np.full(DAYS.size, START))
    assert reason(data, "remission_day") == "no visit finds a remission"
    assert reason(data, "complete_remission_day") == "no visit finds a remission with recovered counts"
    assert reason(data.drop_vars("mrd"), "mrd_negative_remission_day").startswith("needs mrd")
