"""Streams and samplers of compiled code: the bits of `carsim.rng`, and the laws against SciPy's, on every branch."""

import math

import mpmath
import numpy as np
import pytest
from numba import njit
from scipy import special, stats

from carsim import rng
from carsim.engines.kernels import samplers, streams
from carsim.engines.kernels.lanes import bare
from tests.chance.comparisons import Continuous, Mean, Moments, Variance, Whole, moments_of, squares_of
from tests.chance.rules import SURELY_FINDS, check, must_fail, power

PATIENT, REPLICATE = 3, 5
LAWS = ("uniform", "open uniform", "exponential", "normal", "gamma", "poisson", "binomial", "negative binomial")
N, N_CONTINUOUS = 100_000, 40_000  # sorting for Kolmogorov's distance is what takes time

open_stream, next_bits = streams.open_stream, streams.next_bits
uniform, open_uniform = streams.uniform, streams.open_uniform
exponential, normal, gamma, poisson = samplers.exponential, samplers.normal, samplers.gamma, samplers.poisson
binomial, negative_binomial, multinomial = samplers.binomial, samplers.negative_binomial, samplers.multinomial
normal_quantile, log_poisson, log_below_mode = (
    samplers.normal_quantile,
    samplers._log_poisson,
    samplers._log_below_mode,
)


@njit(error_model="numpy")
def fill_bits(stream, out):
    for i in range(out.size):
        out[i] = next_bits(stream)


@njit(error_model="numpy")
def opened(stream, seed, patient, replicate, purpose):
    open_stream(stream, seed, patient, replicate, purpose)


@njit(error_model="numpy")
def fill(law, stream, a, b, out):
    """Draws of one law, by its place in LAWS."""
    stream = bare(stream)
    for i in range(out.size):
        if law == 0:
            out[i] = uniform(stream)
        elif law == 1:
            out[i] = open_uniform(stream)
        elif law == 2:
            out[i] = exponential(stream)
        elif law == 3:
            out[i] = normal(stream)
        elif law == 4:
            out[i] = gamma(stream, a)
        elif law == 5:
            out[i] = poisson(stream, a)
        elif law == 6:
            out[i] = binomial(stream, a, b)
        else:
            out[i] = negative_binomial(stream, a, b)


@njit(error_model="numpy")
def fill_shared(stream, n, shares, out):
    """Draws of a multinomial; the last column is what nobody gets."""
    for i in range(out.shape[0]):
        out[i, -1] = multinomial(stream, n, shares, shares.size, out[i])


@njit(error_model="numpy")
def inner(which, a, b, k):
    """Functions inside the samplers whose digits are tested."""
    if which == 0:
        return normal_quantile(a)
    return log_poisson(a, k) if which == 1 else log_below_mode(a, b, b / (1.0 - b), k)


def stream_of(seed: int, purpose: str = "test_samplers", patient: int = PATIENT, replicate: int = REPLICATE):
    stream = np.zeros(streams.STREAM_WORDS, dtype=np.uint64)
    opened(stream, np.uint64(seed), patient, replicate, rng.purpose_number(purpose))
    return stream


def draws(law: str, seed: int, n: int, a: float = 0.0, b: float = 0.0) -> np.ndarray:
    out = np.empty(n)
    fill(LAWS.index(law), stream_of(seed), float(a), float(b), out)
    return out


def check_law(name: str, sample, comparisons, n: int = N) -> None:
    """The sample agrees with its law, and with none of the `other` laws: every case has its negative control."""
    chance = power(comparisons, n)
    assert chance is not None
    assert chance >= SURELY_FINDS, f"{name}: the negative control would fail to fail with probability {1 - chance:g}"
    check(name, sample, comparisons, n)
    must_fail(name, sample, comparisons, n)


# --- Streams ---


@pytest.mark.parametrize(
    ("counter", "key", "words"),
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
def test_philox_known_answers(counter, key, words):
    """A stream shows 53 bits of each pair of words: 32 of the first, 21 of the second."""
    stream, out = np.zeros(streams.STREAM_WORDS, dtype=np.uint64), np.empty(2, dtype=np.uint64)
    opened(stream, np.uint64(key[0] | key[1] << 32), counter[1], counter[2], counter[3])
    stream[streams.BLOCK] = counter[0]
    fill_bits(stream, out)
    assert out.tolist() == [words[0] << 21 | words[1] >> 11, words[2] << 21 | words[3] >> 11]


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1, 2**32 + 7, 2**63 + 11, 2**64 - 1])
@pytest.mark.parametrize(
    ("purpose", "patient", "replicate"), [("a", 0, 0), ("events", 41, 0), ("events", 2**32 - 1, 2**32 - 1)]
)
def test_draws_are_those_of_the_package_bit_for_bit(seed, purpose, patient, replicate):
    out = np.empty(23, dtype=np.uint64)
    fill_bits(stream_of(seed, purpose, patient, replicate), out)
    assert out.tolist() == [int(rng._bits(seed, purpose, patient, k, replicate)) for k in range(out.size)]


def test_uniform_and_normal_draws_are_those_of_the_package():
    """The quantile function differs from SciPy's by rounding: a few units in the last of 53 digits of each."""
    uniforms = [float(rng.uniforms(9, "test_samplers", PATIENT, k, replicate=REPLICATE)) for k in range(50)]
    normals = [float(rng.normals(9, "test_samplers", PATIENT, k, replicate=REPLICATE)) for k in range(50)]
    assert draws("uniform", 9, 50).tolist() == uniforms
    np.testing.assert_allclose(draws("normal", 9, 50), normals, rtol=4e-15)


def test_open_uniform_never_reaches_its_ends():
    stream, out = stream_of(1), np.empty(2)
    stream[-2:] = (0, 2**53 - 1)  # the draws kept
    stream[streams.LEFT] = 2
    fill(LAWS.index("open uniform"), stream, 0.0, 0.0, out)
    assert out.tolist() == [2.0**-53, 1.0 - 2.0**-53]


# --- Continuous laws ---


def squares_of_gamma(shape: float) -> Moments:
    """Moments of (x - shape)^2, by the central moments 2, 4 and 6 of the gamma law."""
    variance = 2.0 * shape**2 + 6.0 * shape
    return Moments(shape, variance, (8.0 * shape**3 + 112.0 * shape**2 + 120.0 * shape) / variance**1.5)


def of_gamma(shape: float, other: float) -> list:
    """Mean and variance, to be told from another shape, and the law."""
    return [
        Mean("", Moments(shape, shape, 2.0 / math.sqrt(shape)), Moments(other, other, 2.0 / math.sqrt(other))),
        Variance("", shape, squares_of_gamma(shape), (other, squares_of_gamma(other))),
        Continuous("", stats.gamma(shape).cdf),
    ]


@pytest.mark.parametrize(
    ("shape", "effect"), [(0.05, 1.3), (0.5, 1.08), (0.999, 1.05), (1.0, 1.05), (3.7, 1.03), (1e3, 1.0016)]
)
def test_gamma(shape, effect, request):
    """Finds a shape larger by the effect; shapes below one are boosted."""
    comparisons = of_gamma(shape, shape * effect)
    check_law(request.node.name, lambda seed, n: draws("gamma", seed, n, shape), comparisons, N_CONTINUOUS)


def test_exponential(request):
    """Finds a gamma law of shape 1.05, also by the distance of the distribution functions alone."""
    law = Continuous("", stats.expon.cdf, stats.gamma(1.05).cdf, np.linspace(0.05, 4.0, 80))
    check_law(f"{request.node.name}: law", lambda seed, n: draws("exponential", seed, n), [law], N_CONTINUOUS)
    check_law(request.node.name, lambda seed, n: draws("exponential", seed, n), of_gamma(1.0, 1.05), N_CONTINUOUS)


def of_normal(shift: float) -> list:
    """Mean and variance of a standard normal, to be told from one shifted, and the law."""
    squares = Moments(1.0, 2.0, math.sqrt(8.0))
    return [
        Mean("", Moments(0.0, 1.0), Moments(shift, 1.0)),
        Variance("", 0.0, squares, (shift, squares)),
        Continuous("", stats.norm.cdf),
    ]


def test_normal(request):
    """Finds a shift by 0.05."""
    check_law(request.node.name, lambda seed, n: draws("normal", seed, n), of_normal(0.05), N_CONTINUOUS)


def test_normal_quantile_keeps_its_digits_into_the_tails():
    """Against SciPy's function, itself good to a few 1e-16; the second half is the first with its sign changed."""
    shares = np.concatenate([10.0 ** np.linspace(-15.9, -0.31, 400), np.linspace(0.06, 0.499, 100)])
    shares = (np.floor(shares * 2.0**52) + 0.5) * 2.0**-52
    np.testing.assert_allclose([inner(0, s, 0.0, 0.0) for s in shares], special.ndtri(shares), rtol=4e-15)
    assert [inner(0, s, 0.0, 0.0) for s in shares] == [-inner(0, 1.0 - s, 0.0, 0.0) for s in shares]


# --- Counts ---


def until(law) -> np.ndarray:
    """Probabilities of a count from zero to where less than 1e-13 is left."""
    return law.pmf(np.arange(law.isf(1e-13) + 2.0))


def of_law(key: str, law: np.ndarray, other: np.ndarray) -> list:
    """Mean, variance and law of a count, each to be told from another law."""
    return [
        Mean(key, moments_of(law), moments_of(other)),
        Variance(key, *squares_of(law), squares_of(other)),
        Whole(key, law, other),
    ]


@pytest.mark.parametrize(
    ("mean", "effect"),
    [(0.01, 1.5), (0.7, 1.05), (4.0, 1.02), (9.99, 1.02), (10.0, 1.02), (14.6, 1.02), (120.0, 1.004), (5e3, 1.0006)],
)
def test_poisson(mean, effect, request):
    """Finds a mean larger by the effect; from 10 on, rejection."""
    comparisons = of_law("", until(stats.poisson(mean)), until(stats.poisson(mean * effect)))
    check_law(request.node.name, lambda seed, n: draws("poisson", seed, n, mean), comparisons)


@pytest.mark.parametrize(
    ("trials", "p", "effect"),
    [
        (1, 0.3, 1.05),
        (5, 0.5, 1.02),
        (12, 0.97, 1.01),
        (3000, 0.001, 1.03),
        (20, 0.5, 1.01),
        (40, 0.3, 1.01),
        (40, 0.71, 1.01),
        (2000, 0.005, 1.02),
        (10_000, 0.4, 1.001),
        (10_000, 0.996, 1.0001),
    ],
)
def test_binomial(trials, p, effect, request):
    """Finds a chance larger by the effect; n p below 10 by inversion, else rejection, above one half mirrored."""
    comparisons = of_law("", until(stats.binom(trials, p)), until(stats.binom(trials, p * effect)))
    check_law(request.node.name, lambda seed, n: draws("binomial", seed, n, trials, p), comparisons)


@pytest.mark.parametrize(
    ("size", "p", "effect"), [(0.3, 0.2, 1.1), (1.0, 0.5, 1.05), (4.5, 0.9, 1.02), (30, 0.2, 1.01)]
)
def test_negative_binomial(size, p, effect, request):
    """Finds a chance larger by the effect."""
    comparisons = of_law("", until(stats.nbinom(size, p)), until(stats.nbinom(size, p * effect)))
    check_law(request.node.name, lambda seed, n: draws("negative binomial", seed, n, size, p), comparisons)


# --- Counts as large as cells in a body ---


@pytest.mark.parametrize(
    ("n_cells", "mean"),
    [(1e12, 1e-2), (1e12, 1.0), (1e12, 9.0), (1e12, 100.0), (2.0**53, 1.0), (2.0**53, 9.0), (2.0**53, 100.0)],
)
@pytest.mark.parametrize("mirrored", [False, True])
def test_rare_events_among_very_many_cells(n_cells, mean, mirrored, request):
    """Poisson to within p < 1e-9 (Le Cam); finds a mean larger by 50 %, 5 %, 2 % or 1 %.

    Mirrored, it is the cells left over that are counted, with the chance that 1 - p rounds to.
    """
    p = 1.0 - mean / n_cells if mirrored else mean / n_cells
    mean = n_cells * (1.0 - p) if mirrored else mean
    larger = mean * (1.5 if mean < 0.1 else 1.05 if mean < 2.0 else 1.02 if mean < 20.0 else 1.01)

    def sample(seed, n):
        counts = draws("binomial", seed, n, n_cells, p)
        return n_cells - counts if mirrored else counts

    check_law(request.node.name, sample, of_law("", until(stats.poisson(mean)), until(stats.poisson(larger))))


@pytest.mark.parametrize(
    ("law", "a", "b"),
    [
        ("binomial", 1e12, 0.3),
        ("binomial", 1e12, 0.8),
        ("binomial", 2.0**53, 0.5),
        ("poisson", 1e9, 0),
        ("poisson", 1e15, 0),
    ],
)
def test_huge_counts_are_normal(law, a, b, request):
    """Skewness and steps are below 1e-4 of a standard deviation, the test finds 0.05."""
    mean, variance = (a, a) if law == "poisson" else (a * b, a * b * (1.0 - b))

    def sample(seed, n):
        return (draws(law, seed, n, a, b) - mean) / math.sqrt(variance)

    check_law(request.node.name, sample, of_normal(0.05), N_CONTINUOUS)


@pytest.mark.parametrize("distance", [-6.0, -1.0, 0.0, 2.0, 6.0])
def test_chances_keep_their_digits_at_huge_counts(distance):
    """Against 50 digits. Rounding: some 1e-16 of the standard deviation's distance d, of which a chance needs 1e-3."""
    with mpmath.workdps(50):
        for n, p in ((20.0, 0.5), (1e4, 0.2), (1e12, 0.3), (1e12, 1e-10), (2.0**53, 0.5)):
            mean, spread = n * p, math.sqrt(n * p * (1.0 - p))
            k = max(0.0, min(n, math.floor(mean + distance * spread)))
            mode = math.floor((n + 1.0) * p)
            exact = _log_binomial(n, p, k) - _log_binomial(n, p, mode)
            assert abs(inner(2, n, p, k) - exact) < 1e-14 + 2e-15 * abs(distance) * max(spread, 1.0) + 1e-15 * abs(
                exact
            )
        for mean in (10.0, 1e3, 1e9, 1e15):
            k = max(0.0, math.floor(mean + distance * math.sqrt(mean)))
            exact = k * mpmath.log(mean) - mean - mpmath.loggamma(k + 1)
            assert abs(inner(1, mean, 0.0, k) - exact) < 1e-14 + 2e-15 * abs(distance) * math.sqrt(mean)


def _log_binomial(n, p, k):
    n, p, k = mpmath.mpf(n), mpmath.mpf(p), mpmath.mpf(k)
    ways = mpmath.loggamma(n + 1) - mpmath.loggamma(k + 1) - mpmath.loggamma(n - k + 1)
    return ways + k * mpmath.log(p) + (n - k) * mpmath.log(1 - p)


# --- Edges ---


@pytest.mark.parametrize(
    ("law", "a", "b", "expected"),
    [
        ("binomial", 0.0, 0.4, 0.0),
        ("binomial", 1e12, 0.0, 0.0),
        ("binomial", 1e12, 1.0, 1e12),
        ("poisson", 0.0, 0.0, 0.0),
        ("gamma", 0.0, 0.0, 0.0),
        ("negative binomial", 0.0, 0.3, 0.0),
        ("negative binomial", 2.0, 1.0, 0.0),
        ("binomial", -1.0, 0.4, math.nan),
        ("binomial", 2.5, 0.4, math.nan),
        ("binomial", 2.0**54, 0.4, math.nan),
        ("binomial", 5.0, -1e-9, math.nan),
        ("binomial", 5.0, 1.0 + 1e-9, math.nan),
        ("binomial", math.nan, 0.4, math.nan),
        ("binomial", 5.0, math.nan, math.nan),
        ("poisson", -1e-9, 0.0, math.nan),
        ("poisson", math.inf, 0.0, math.nan),
        ("poisson", math.nan, 0.0, math.nan),
        ("gamma", -1e-9, 0.0, math.nan),
        ("gamma", math.inf, 0.0, math.nan),
        ("negative binomial", 1.0, 0.0, math.nan),
        ("negative binomial", 1.0, 1.1, math.nan),
    ],
)
def test_edges_are_exact_and_nonsense_is_not_a_number(law, a, b, expected):
    np.testing.assert_array_equal(draws(law, 1, 20, a, b), np.full(20, expected))


# --- Multinomial ---


def shared(seed: int, n_draws: int, n: float, shares: tuple[float, ...]) -> np.ndarray:
    out = np.empty((n_draws, len(shares) + 1))
    fill_shared(stream_of(seed), float(n), np.array(shares), out)
    return out


def joint(n: int, shares: tuple[float, ...]) -> np.ndarray:
    """Probabilities of all outcomes of three shares and nobody, in the order of their code to the base n + 1."""
    a, b, c = np.indices((n + 1,) * 3).reshape(3, -1)
    rest = n - a - b - c
    law = stats.multinomial(n, [*shares, 1.0 - sum(shares)])
    return np.where(rest >= 0, law.pmf(np.stack([a, b, c, np.maximum(rest, 0)], axis=-1)), 0.0)


def test_multinomial_of_few(request):
    """Every joint outcome of 4 cells in 3 places and nowhere; finds shares that differ by 0.02."""
    shares, other = (0.2, 0.05, 0.5), (0.22, 0.05, 0.48)

    def sample(seed, n):
        return shared(seed, n, 4, shares)[:, :3] @ np.array([25.0, 5.0, 1.0])

    check_law(request.node.name, sample, [Whole("", joint(4, shares), joint(4, other))])


def test_multinomial_of_many(request):
    """Each place has a binomial law; finds one per cent."""
    shares = (0.3, 0.01, 0.0, 0.6)

    def sample(seed, n):
        return dict(zip("abcde", shared(seed, n, 1000, shares).T, strict=True))

    laws = {"a": 0.3, "b": 0.01, "d": 0.6, "e": 0.09}
    comparisons = [
        comparison
        for key, p in laws.items()
        for comparison in of_law(key, until(stats.binom(1000, p)), until(stats.binom(1000, 1.01 * p)))
    ]
    check_law(request.node.name, sample, comparisons)


@pytest.mark.parametrize("n", [0.0, 1.0, 17.0, 1e12, 2.0**53])
@pytest.mark.parametrize(
    "shares", [(0.1,) * 10, (0.3, 0.0, 0.2), (1.0,), (0.0, 1.0, 0.0), (1 / 3, 1 / 3, 1 / 3), (1e-15,)]
)
def test_multinomial_keeps_every_cell(n, shares):
    """Ten times 0.1 is not one in doubles, and yet nobody gets nothing."""
    out = shared(3, 200, n, shares)
    assert (out >= 0.0).all()
    assert (out == np.floor(out)).all()
    assert (out.sum(axis=1) == n).all()
    assert (out[:, :-1][:, np.array(shares) == 0.0] == 0.0).all()
    if abs(sum(shares) - 1.0) < 1e-12:
        assert (out[:, -1] == 0.0).all()


@pytest.mark.parametrize(
    ("n", "shares"), [(5, (0.5, -0.1, 0.0)), (5, (0.6, 0.0, 0.5)), (5, (math.nan, 0.1)), (-1, (0.5, 0.5))]
)
def test_multinomial_of_nonsense_is_not_a_number(n, shares):
    assert np.isnan(shared(3, 1, n, shares)).all()
