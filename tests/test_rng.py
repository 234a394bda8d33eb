"""Random streams: known answers, independence of what else is drawn, and the shape of the distributions."""

import numpy as np
import pytest

from carsim import catalog, rng


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_known_answers(counter, key, expected):
    assert tuple(int(word) for word in rng.philox(counter, key)) == expected


def test_a_patient_draws_the_same_among_any_others():
    alone = rng.normals(7, "covariate.weight", [41])
    among = rng.normals(7, "covariate.weight", np.arange(100))
    assert alone[0] == among[41]


def test_streams_differ_in_every_part_of_their_key():
    base = rng.uniforms(1, "a", 3)
    others = [
        rng.uniforms(2, "a", 3),
        rng.uniforms(1 + 2**32, "a", 3),
        rng.uniforms(1, "b", 3),
        rng.uniforms(1, "a", 4),
        rng.uniforms(1, "a", 3, 1),
        rng.uniforms(1, "a", 3, 2),
        rng.uniforms(1, "a", 3, replicate=1),
    ]
    assert len({float(value) for value in (base, *others)}) == 8


def test_purposes_in_use_have_numbers_of_their_own():
    populations = catalog.populations().values()
    names = {f"variability.{name}" for population in populations for name in population.variability}
    names |= {f"covariate.{name}" for population in populations for name in population.covariates}
    assert len(names) > 10
    assert len({rng.purpose_number(name) for name in names}) == len(names)


def test_the_number_of_a_purpose_never_changes():
    assert rng.purpose_number("abc") == 0xBA7816BF  # SHA-256 of "abc", FIPS 180-4


def test_uniforms_and_normals_have_their_moments():
    """Means and variances within 5 standard errors of 40,000 draws: a false alarm in 3 million."""
    n = 40_000
    uniform = rng.uniforms(11, "test_uniforms", np.arange(n))
    normal = rng.normals(11, "test_normals", np.arange(n))
    assert uniform.min() >= 0.0
    assert uniform.max() < 1.0
    assert abs(uniform.mean() - 0.5) < 5 * np.sqrt(1 / 12 / n)
    assert abs(normal.mean()) < 5 / np.sqrt(n)
    assert abs(normal.var() - 1.0) < 5 * np.sqrt(2 / n)


def test_seeds_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="seed"):
        rng.uniforms(-1, "a", 0)
    with pytest.raises(ValueError, match="seed"):
        rng.uniforms(2**64, "a", 0)
