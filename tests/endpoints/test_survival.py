"""Survival: hazards against thresholds, and clock records, on courses whose answer is known by hand."""

import json
import math

import numpy as np
import pytest
import xarray as xr

from carsim.dataset.variables import VARIABLES, attributes
from carsim.endpoints import compute

from .course import DAYS, disease, reason, value

RELAPSE = np.where(DAYS < 0, 0.6, np.where(DAYS < 100, 1e-5, 0.5))  # in remission from day 28 on, relapse on day 100
NO_RESPONSE = np.full(DAYS.size, 0.6)


def patient(marrow: np.ndarray = RELAPSE, clock: dict | None = None, **events: float) -> xr.Dataset:
    """A patient whose hazards rise by 0.01 a day, with thresholds such that each named event comes on its day."""
    data = disease(DAYS, marrow)
    for cause, day in events.items():
        if cause == "transplant_day":
            data = data.assign_coords(treatment=["hsct"])
            data["treatment_day"] = (("patient", "treatment"), [[day]])
            continue
        course, threshold = VARIABLES[f"hazard_{cause}"], VARIABLES[f"threshold_{cause}"]
        data[course.name] = (course.dims, 0.01 * (DAYS - DAYS[0])[None, :], attributes(course))
        data[threshold.name] = (threshold.dims, [0.01 * day], attributes(threshold))
    data.attrs["observed"] = json.dumps({"clocks": {} if clock is None else {"efs": clock}})
    return data


def test_death_comes_when_the_hazard_has_grown_by_the_threshold() -> None:
    data = patient(infection_death=50.5, leukaemia_death=200.0)
    assert value(data, "death_day") == pytest.approx(50.5)
    assert value(data, "death_cause") == "infection"
    assert value(data, "os_day") == pytest.approx(50.5)
    assert value(data, "os_event") == 1


def test_without_death_observation_ends_with_the_simulation() -> None:
    data = patient(leukaemia_death=1e6)
    assert reason(data, "death_day") == "alive at day 365"
    assert (value(data, "os_day"), value(data, "os_event")) == (365.0, 0)


def test_event_free_survival_counts_the_relapse_at_the_visit_that_sees_it() -> None:
    months = 365.25 / 12
    assert value(patient(), "efs_day") == pytest.approx(4 * months)  # relapse on day 100, visits each month
    seen_at_once = patient(clock={"seen": "continuously"})
    assert 99.0 < value(seen_at_once, "efs_day") <= 100.0


def test_remission_starts_its_own_clock() -> None:
    data = patient()
    assert value(data, "rfs_day") == pytest.approx(value(data, "efs_day") - 28.0)
    assert reason(patient(NO_RESPONSE), "rfs_day") == "no remission within the time observed"


def test_death_ends_the_duration_of_remission_without_being_its_event() -> None:
    data = patient(infection_death=60.0)
    assert (value(data, "dor_day"), value(data, "dor_event")) == (pytest.approx(32.0), 0)
    assert (value(data, "rfs_day"), value(data, "rfs_event")) == (pytest.approx(32.0), 1)


def test_non_response_counts_on_the_day_the_clock_says() -> None:
    assert value(patient(NO_RESPONSE), "efs_event") == 0
    stated = patient(NO_RESPONSE, clock={"nonresponse": 1.0})
    assert (value(stated, "efs_day"), value(stated, "efs_event")) == (1.0, 1)


@pytest.mark.parametrize(("what", "day", "event"), [("censor", 70.0, 0), ("event", 70.0, 1), ("ignore", 121.75, 1)])
def test_a_transplant_does_what_the_clock_says(what: str, day: float, event: int) -> None:
    data = patient(clock={"hsct": what}, transplant_day=70.0)
    assert (value(data, "efs_day"), value(data, "efs_event")) == (pytest.approx(day), event)


def test_a_clock_from_the_transplant() -> None:
    data = patient(clock={"start": "transplant"}, transplant_day=70.0)
    assert value(data, "efs_day") == pytest.approx(121.75 - 70.0)
    assert reason(patient(clock={"start": "transplant"}), "efs_day") == "no transplant within the time observed"


def test_new_therapy_is_counted_from_relapse_or_non_response_on() -> None:
    assert value(patient(NO_RESPONSE, new_therapy=30.0), "new_therapy_day") == pytest.approx(28.0 + 30.0)
    censored = patient(NO_RESPONSE, clock={"new_therapy": "censor"}, new_therapy=30.0)
    assert (value(censored, "efs_day"), value(censored, "efs_event")) == (pytest.approx(58.0), 0)


def test_a_landmark_leaves_out_those_with_an_earlier_event() -> None:
    late = patient(clock={"landmark": 90.0})
    assert value(late, "efs_day") == pytest.approx(121.75 - 90.0)
    early = patient(clock={"landmark": 130.0})
    assert "landmark of 130 d" in reason(early, "efs_day")


def test_infections_are_graded_by_whether_they_were_severe_or_fatal() -> None:
    assert value(patient(severe_infection=1e6), "infection_grade_max") == 0
    assert value(patient(severe_infection=20.0), "infection_grade_max") == 3
    assert value(patient(severe_infection=20.0, infection_death=25.0), "infection_grade_max") == 5
    assert value(patient(severe_infection=30.0, leukaemia_death=25.0), "infection_grade_max") == 0  # dead before
    assert "hazard_severe_infection" in reason(patient(), "infection_grade_max")


def test_a_death_of_a_toxicity_is_its_grade_5() -> None:
    for cause, fatal, other in (
        ("syndrome_death", "crs_grade_max", "icans_grade_max"),
        ("neurotoxic_death", "icans_grade_max", "crs_grade_max"),
    ):
        data = patient(**{cause: 9.0}, leukaemia_death=300.0)
        for course in ("crs_worst", "icans_worst"):
            data[course] = (("patient", "time"), np.full((1, DAYS.size), 3.0))
        assert (value(data, fatal), value(data, other)) == (5.0, 3.0)
        late = data.assign({f"threshold_{cause}": ("patient", [30.0])})
        assert value(late, fatal) == 3.0


def test_what_happens_after_death_is_left_out() -> None:
    data = patient(graft_versus_host=80.0, infection_death=70.0)
    assert math.isnan(compute(data, ["graft_versus_host_day"])["graft_versus_host_day"].values[0])
    assert value(patient(graft_versus_host=80.0), "graft_versus_host_day") == pytest.approx(80.0)


def test_a_clock_says_what_ended_it_and_where_it_began() -> None:
    assert value(patient(), "efs_cause") == "relapse"
    assert value(patient(infection_death=60.0), "efs_cause") == "death"
    assert value(patient(NO_RESPONSE, clock={"nonresponse": 1.0}), "efs_cause") == "nonresponse"
    assert value(patient(clock={"hsct": "event"}, transplant_day=70.0), "efs_cause") == "hsct"
    assert (
        reason(patient(clock={"hsct": "censor"}, transplant_day=70.0), "efs_cause")
        == "no event within the time observed"
    )
    assert [value(patient(), f"{clock}_zero") for clock in ("efs", "rfs")] == [0.0, 28.0]
    assert value(patient(clock={"start": "enrolment"}), "efs_zero") == DAYS[0]
    assert value(patient(clock={"landmark": 50.0}), "efs_zero") == 50.0
    assert reason(patient(NO_RESPONSE), "rfs_zero") == "no remission within the time observed"
