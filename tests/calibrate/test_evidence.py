"""What simulated patients say of a fact, as shares of one patient each."""

import numpy as np
import pytest

from carsim.calibrate.evidence import pseudo_values
from carsim.scorecard.observe import at_time


def clocked(stop, code, at):
    stop = np.asarray(stop, dtype=float)
    zero = np.zeros(stop.size)
    return {"start": zero, "stop": stop, "code": np.asarray(code, dtype=float), "at": np.full(stop.size, float(at))}


def test_without_censoring_a_pseudo_value_is_the_outcome():
    generator = np.random.default_rng(2)
    stop = generator.exponential(100.0, size=40)
    found = pseudo_values("survival", clocked(stop, np.ones(40), 80.0))
    np.testing.assert_allclose(found, (stop > 80.0).astype(float), atol=1e-10)


@pytest.mark.parametrize("statistic", ["survival", "incidence"])
def test_with_censoring_and_competing_events_their_mean_is_the_estimate(statistic):
    generator = np.random.default_rng(3)
    columns = clocked(generator.exponential(100.0, size=200), generator.integers(0, 3, size=200), 60.0)
    found = pseudo_values(statistic, columns)
    assert found.mean() == pytest.approx(at_time(statistic)(columns) / 100.0, abs=0.005)
    assert found.std() > 0.3  # each stands for one patient, not for the mean


def test_a_censored_patient_says_less_than_one_who_is_seen():
    stop, code = [10.0, 50.0, 90.0, *np.linspace(5.0, 100.0, 20)], [0.0, 1.0, 0.0, *np.tile([1.0, 0.0], 10)]
    found = pseudo_values("survival", clocked(stop, code, 70.0))
    assert found[1] < found[0] < found[2]


def test_a_clock_that_does_not_reach_so_far_says_nothing():
    assert pseudo_values("survival", clocked(np.linspace(1.0, 30.0, 20), np.zeros(20), 80.0)).size == 0


def test_a_handful_of_patients_say_nothing():
    assert pseudo_values("survival", clocked([1.0, 2.0, 3.0], [1.0, 1.0, 0.0], 1.5)).size == 0
