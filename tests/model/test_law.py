"""Laws as plain formulas: binding, evaluation, and the mean over a trait against adaptive quadrature."""

import math

import pytest
from scipy.integrate import quad

from carsim.model.law import law
from carsim.model.processes.recognition import share_seen


@pytest.mark.parametrize(("median", "log_sd", "half", "steepness"), [(1e4, 0.8, 2500, 2), (800, 1.0, 2500, 2)])
def test_mean_over_density_equals_adaptive_quadrature(median, log_sd, half, steepness):
    def integrand(z):
        density = median * math.exp(log_sd * z)
        return math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) / (1 + (half / density) ** steepness)

    exact = quad(integrand, -10, 10, epsabs=1e-14, epsrel=1e-13, limit=200)[0]
    values = {"density_median": median, "density_log_sd": log_sd, "half_density": half, "steepness": steepness}
    assert share_seen.evaluate(values) == pytest.approx(exact, rel=1e-12)


def test_no_spread_is_the_hill_curve_itself():
    values = {"density_median": 2000.0, "density_log_sd": 0.0, "half_density": 2000.0, "steepness": 3.0}
    assert share_seen.evaluate(values) == pytest.approx(0.5, rel=1e-14)


def test_binding_names_must_match():
    @law
    def decay(rate, amount):
        return rate * amount

    with pytest.raises(TypeError, match="takes rate, amount"):
        decay(rate=1.0)


def test_trait_must_be_an_argument():
    with pytest.raises(TypeError, match="no argument 'size'"):
        law(trait="size")(lambda density: density)
