"""Stiff reference problems to 1e-6 at rtol 1e-8, and error in proportion to the tolerance."""

import numpy as np
import pytest

from carsim.engines.protocol import Options
from carsim.engines.run import simulate

from .problems import Problem, hires, oregonator, robertson, van_der_pol

PROBLEMS = {
    "HIRES": hires,
    "Oregonator": oregonator,
    "Robertson to 40": lambda: robertson(40.0),
    "Robertson to 1e11": lambda: robertson(1e11),
    "van der Pol": van_der_pol,
}


def error(problem: Problem, rtol: float) -> float:
    """Largest relative error at the end, with absolute tolerances that follow rtol."""
    options = Options(rtol=rtol, atol_scale=rtol / 1e-8)
    result = simulate(problem.network, t=[0.0, problem.end], options=options)
    assert result.status[0] == 0, result.problem(0)
    reference = np.array(problem.reference)
    return float(np.abs(result.values[0, -1] / reference - 1.0).max())


@pytest.mark.parametrize("name", PROBLEMS)
def test_reference_problem(name):
    assert error(PROBLEMS[name](), 1e-8) <= 1e-6


@pytest.mark.parametrize("name", ["HIRES", "Oregonator", "Robertson to 40"])
def test_a_tighter_tolerance_gives_a_smaller_error(name):
    """At least 0.7 decades of error per decade of tolerance, over four decades."""
    problem = PROBLEMS[name]()
    loose, tight = error(problem, 1e-5), error(problem, 1e-9)
    assert np.log10(loose / tight) >= 0.7 * 4
