"""The measured order of the method and of its dense output, with steps of fixed size."""

import numpy as np

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.treatment.schedule import Schedule

from .problems import changes, equations

# Nothing is rejected at these tolerances, and doses of zero make every step end where it is wanted.
FREE = Options(rtol=0.1, atol=1e6)


def lotka_volterra():
    net, (prey, hunter) = equations("Lotka and Volterra", (1.0, 0.5), 0.0)
    changes(net, prey, prey * (1.5 - hunter))
    changes(net, hunter, hunter * (prey - 1.0))
    return net


def solution(steps: int, t: np.ndarray) -> np.ndarray:
    """Values at t in [0, 2] after steps of size 2 / steps."""
    stops = [(2.0 * k / steps, "add", "y1", 0.0, "") for k in range(1, steps + 1)]
    result = simulate(lotka_volterra(), t=t, schedule=Schedule.of(stops), options=FREE)
    assert result.statistics["steps"][0] == steps
    return result.values[0]


def orders(t: np.ndarray, steps: tuple[int, ...]) -> np.ndarray:
    exact = simulate(lotka_volterra(), t=t, options=Options(rtol=1e-13, atol=1e-14)).values[0]
    errors = [np.abs(solution(n, t) - exact).max() for n in steps]
    return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))


def test_order_of_the_method_is_five():
    measured = orders(np.array([0.0, 2.0]), (16, 32, 64))
    assert np.abs(measured - 5.0).max() <= 0.15, measured


def test_dense_output_is_of_order_four():
    """Between steps the local error of an interpolant of order 4 falls with the fifth power."""
    measured = orders(np.linspace(0.0, 2.0, 1001), (16, 32, 64))
    assert measured.min() >= 4.0 - 0.15, measured
