"""The start state: burden from the blast fraction, and everything else at rest."""

import numpy as np
import pytest

from carsim.model.start import blasts_of_fraction


@pytest.mark.parametrize("fraction", [1e-6, 0.05, 0.6, 0.74, 0.99])
def test_burden_reproduces_the_marrow_blast_fraction(fraction):
    bcells = np.array([0.0, 0.03])
    x = blasts_of_fraction(np.full(2, fraction), bcells)
    np.testing.assert_allclose(x / (x + (1.0 + x) ** -2 + bcells), fraction, rtol=1e-12)


def test_no_blasts_for_a_fraction_of_zero():
    assert blasts_of_fraction(np.zeros(1), np.zeros(1)) == 0.0


def test_small_burden_is_the_fraction_itself():
    # x << 1: f = x / (x + 1 - 2x + ...) = x (1 + x + ...), so x = f (1 - f) to second order
    np.testing.assert_allclose(blasts_of_fraction(np.array([1e-4]), np.zeros(1)), 1e-4 * (1 - 1e-4), rtol=1e-7)
