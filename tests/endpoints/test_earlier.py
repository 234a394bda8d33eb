"""What treatment before the product did, on courses whose answer is known by hand."""

import numpy as np
import pytest
import xarray as xr

from .course import disease, reason, value

DAYS = np.arange(-45.0, 91.0)
CLEARED = np.where(DAYS < -20, 0.6, 0.01)  # in remission from day -20 on


def patient(marrow: np.ndarray, marks: tuple[float, ...] = (), **first: float) -> xr.Dataset:
    """A patient who was first given each treatment on the day stated; bridging is marked on the days of `marks`."""
    data = disease(DAYS, marrow)
    data = data.assign_coords(treatment=list(first))
    data["treatment_day"] = (("patient", "treatment"), [list(first.values())])
    mask = np.isin(DAYS, marks).astype(np.int64) << (list(first).index("bridging") if "bridging" in first else 0)
    data["treatment_given"] = (("patient", "time"), mask[None, :])
    return data


def test_the_response_is_read_when_the_next_treatment_begins() -> None:
    given = {"bridging": -35.0, "fludarabine": -6.0, "car": 0.0}
    assert value(patient(CLEARED, **given), "bridging_response") == "CR"
    assert value(patient(CLEARED, bridging=-35.0, fludarabine=-25.0), "bridging_response") == "NR"
    assert value(patient(np.full(DAYS.size, 0.6), **given), "bridging_response") == "NR"
    assert value(patient(CLEARED, blinatumomab=-44.0, **given), "blinatumomab_response") == "NR"


def test_who_enters_in_remission_is_not_evaluable() -> None:
    data = patient(np.full(DAYS.size, 0.01), bridging=-35.0, fludarabine=-6.0)
    assert value(data, "bridging_response") == "not evaluable"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bridging": np.nan, "car": 0.0}, "bridging was not given before the infusion"),
        ({"bridging": 5.0, "car": 0.0}, "bridging was not given before the infusion"),
        ({"bridging": -35.0}, "nothing was given after bridging"),
    ],
)
def test_without_bridging_there_is_no_response_to_it(given: dict[str, float], words: str) -> None:
    assert reason(patient(CLEARED, **given), "bridging_response") == words


def test_cycles_are_counted_up_to_the_infusion() -> None:
    given = {"car": 0.0, "bridging": -42.0}
    assert value(patient(CLEARED, (-42.0, -21.0, 30.0), **given), "bridging_cycles") == 2
    assert value(patient(CLEARED, **given), "bridging_cycles") == 0


def test_a_result_without_treatments_has_reasons() -> None:
    assert reason(disease(DAYS, CLEARED), "bridging_response") == "bridging was not given before the infusion"
    assert reason(disease(DAYS, CLEARED), "bridging_cycles").startswith("needs treatment_given")
