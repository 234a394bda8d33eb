"""The page draws what a cohort draws: the same Philox words, the same uniform numbers, the same whole cells."""

import numpy as np
import pytest
from scipy.special import ndtri

from carsim import rng
from carsim.population.leukaemia import poisson
from tests.classroom.nodejs import node

WORDS = 2**32 - 1
COUNTERS = [  # vectors of the authors' own test, kat_vectors of Random123
    ([0, 0, 0, 0], [0, 0]),
    ([WORDS] * 4, [WORDS] * 2),
    ([0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344], [0xA4093822, 0x299F31D0]),
]
EXPECTED = [
    [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8],
    [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD],
    [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1],
]


def test_philox_gives_the_published_vectors():
    answer = "const answer = (list) => list.map(([c, k]) => inside.philox(c, k));"
    assert node(answer, COUNTERS, inside="philox") == EXPECTED
    assert [rng.philox(*vector).tolist() for vector in COUNTERS] == EXPECTED


@pytest.mark.parametrize("seed", [1, 2**32 + 5, 2**53 - 1])
def test_uniform_numbers_are_equal_to_the_bit(seed):
    stream, patients = "cells.CD19-negative", np.arange(200)
    answer = """
    const answer = ([seed, stream]) => [0, 3].map((draw) =>
      Array.from({length: 200}, (_, k) => inside.uniform(seed, stream, k, draw)));"""
    found = node(answer, [seed, stream], inside="uniform")
    assert found == [rng.uniforms(seed, stream, patients, draw).tolist() for draw in (0, 3)]


def test_normal_numbers_are_equal_to_the_last_digits():
    shares = [2.0**-53, 1e-12, 1e-3, 0.1, 0.135, 0.136, 0.4, 0.5, 0.7, 0.864, 0.9, 1 - 1e-9]
    found = node("const answer = (shares) => shares.map(inside.quantile);", shares, inside="quantile")
    np.testing.assert_allclose(found, ndtri(shares), rtol=4e-15, atol=1e-16)


@pytest.mark.parametrize("mean", [1e-3, 0.7, 3.0, 40.0, 800.0, 33_000.0, 9.9e5])
def test_whole_cells_are_the_same(mean):
    shares = np.array([0.0, 1e-9, 1e-3, 0.05, 0.2, 0.5, 0.77, 0.99, 1 - 1e-6, 1 - 1e-9])
    answer = "const answer = ([shares, mean]) => shares.map((share) => inside.poisson(share, mean));"
    found = node(answer, [shares.tolist(), mean], inside="poisson")
    assert found == poisson(shares, np.full(shares.size, mean)).tolist()
