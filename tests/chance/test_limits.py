"""Limits: many cells follow the equations, the hybrid's threshold and the leap's step do not show in the law.

Crowded growth has births r N and crowding deaths r N^2 / K; its law at every size is the master equation's, from which
it follows how |mean - ODE| and the coefficient of variation fall. Engines are compared with that law at each size.
Growth and decline through the hybrid's threshold are linear, so that their laws are known at any size.
"""

from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.network import Network

from . import closed_forms as closed
from .comparisons import Continuous, Mean, Moments, SameWhole, Share, Variance, Whole, moments_of, squares_of
from .networks import linear, predators
from .rules import check, must_fail, seed_of
from .systems import ENGINES, REFERENCE, courses

GROWTH, HORIZON = 0.8, 4.0
SIZES = (40, 160, 640)


def crowded(capacity: float, growth: float = GROWTH) -> Network:
    """Growth from a tenth of the capacity."""
    net = Network("crowded growth")
    cells = net.species("cells", unit="cell", initial=capacity / 10.0)
    rate, room = net.parameter("growth", growth, unit="1/d"), net.parameter("room", capacity, unit="cell")
    net.reaction("birth", produces={cells: 1}, rate=rate * cells)
    net.reaction("crowding", consumes={cells: 1}, rate=rate * cells**2 / room)
    return net


def crowded_law(capacity: int, growth: float = GROWTH):
    """Its law at the horizon; more than twice the capacity plus 60 is out of reach."""
    reactions = [((1,), lambda n: growth * n), ((-1,), lambda n: growth * n * n / capacity)]
    system = closed.MasterEquation((2 * capacity + 60,), reactions)
    return system.after(system.start(capacity // 10), HORIZON)


def crowded_equation(capacity: float, growth: float = GROWTH) -> float:
    """The logistic curve at the horizon."""
    return capacity / (1.0 + 9.0 * np.exp(-growth * HORIZON))


def last(network, t, engine, n, seed, output="cells", **options):
    return courses(network, [0.0, t], engine, n, seed, outputs=(output,), **options).of(output)[:, -1]


def test_the_equations_are_the_limit_of_many_cells():
    """From each size to one four times as large, |mean - ODE| falls to a quarter and the coefficient to a half.

    Both have corrections of relative order 1 / start: a quarter at 4 cells, 6 per cent at 16.
    """
    laws = [moments_of(crowded_law(size)) for size in SIZES]
    apart = [1.0 - law.mean / crowded_equation(size) for law, size in zip(laws, SIZES, strict=True)]
    spread = [np.sqrt(law.variance) / law.mean for law in laws]
    assert apart[0] / apart[1] == pytest.approx(4.0, rel=0.25)
    assert apart[1] / apart[2] == pytest.approx(4.0, rel=0.07)
    assert spread[0] / spread[1] == pytest.approx(2.0, rel=0.25)
    assert spread[1] / spread[2] == pytest.approx(2.0, rel=0.07)


@pytest.mark.parametrize("engine", [REFERENCE, *ENGINES])
@pytest.mark.parametrize("size", [*SIZES[:2], pytest.param(SIZES[2], marks=pytest.mark.full)])
def test_crowded_growth_has_its_law_at_every_size(engine, size):
    """The control grows 10 per cent faster (for the leap, whose bias hides more, 25 per cent).

    The leap may be off: a leap over which rates change by a share epsilon misses epsilon / 2 of the change made in it;
    crowding dampens what was missed, so the mean is off by at most epsilon / 2 x log(final / initial), and the
    variance, a square, by twice that and by epsilon for the chance added in a leap at its start's rate.
    """
    law, faster = crowded_law(size), crowded_law(size, (1.25 if engine == "leap" else 1.1) * GROWTH)
    moments, (mean, squares) = moments_of(law), squares_of(law)
    missed = 0.03 * np.log(10.0 * moments.mean / size) / 2.0 if engine == "leap" else 0.0
    more = (2.0 * missed + 0.03) * squares.mean if engine == "leap" else 0.0
    laws = [
        Mean("", moments, moments_of(faster), allow=missed * mean),
        Variance("", mean, squares, allow=more + (missed * mean) ** 2),
    ]
    if engine != "leap":
        laws.append(Whole("", law, faster))

    @lru_cache(maxsize=2)
    def sample(seed, n):
        return last(crowded(size), HORIZON, engine, n, seed)

    check(f"crowded/{engine}/{size}", sample, laws, 1000)
    must_fail(f"crowded/{engine}/{size}", sample, laws, 1000)


@pytest.mark.parametrize(("engine", "capacity", "chance"), [("hybrid", 1e9, 0.0), ("leap", 1e7, 7e-3)])
def test_abundant_cells_follow_the_equations(engine, capacity, chance):
    """The course is that of the equations to 1e-3.

    A leap counts each reaction against its limit and so starts from 1e6 cells; it also has its chance, sqrt(2 / 1e6)
    of the mean at most, of which 5 are allowed, and misses epsilon / 2 of the logarithmic growth.
    """
    t = np.linspace(0.0, 8.0, 33)
    equations = simulate(crowded(capacity), t=t, options=Options(rtol=1e-9)).of("cells")[0]
    found = courses(crowded(capacity), t, engine, 2, seed_of(f"abundant/{engine}")).of("cells")
    allowed = 1e-3 + chance + (0.03 / 2.0 * np.log(10.0) if engine == "leap" else 0.0)
    assert np.abs(found / equations - 1.0).max() <= allowed


THRESHOLDS = (100.0, 1_000.0, 10_000.0)
SOME = (*THRESHOLDS[:2], pytest.param(THRESHOLDS[2], marks=pytest.mark.full))  # the last fires millions of reactions
BIRTH, DEATH, FOUNDERS, DAYS = 0.6, 0.2, 12, 18.0


def grown(birth=BIRTH):
    """Distribution function of growth from 12 cells, as a sum over how many founders have descendants."""
    growth = np.exp((birth - DEATH) * DAYS)
    none = DEATH * (growth - 1.0) / (birth * growth - DEATH)
    more = birth * (growth - 1.0) / (birth * growth - DEATH)

    def height(x):
        founders = [(j, stats.binom.pmf(j, FOUNDERS, 1.0 - none)) for j in range(1, FOUNDERS + 1)]
        alive = sum(share * stats.nbinom.cdf(np.floor(x) - j, j, 1.0 - more) for j, share in founders)
        return none**FOUNDERS + alive

    return height


def grown_moments(birth=BIRTH):
    """Mean and variance of the same, and its skewness (that of a gamma law, to a tenth: many cells)."""
    growth, both = np.exp((birth - DEATH) * DAYS), (birth + DEATH) / (birth - DEATH)
    variance = FOUNDERS * both * growth * (growth - 1.0)
    return Moments(FOUNDERS * growth, variance, 2.0 * np.sqrt(variance) / (FOUNDERS * growth))


@pytest.mark.parametrize("threshold", SOME)
def test_growth_through_the_threshold_has_the_same_law(threshold):
    """12 cells grow to 16,000; above the threshold T they are an equation, without the chance of later divisions.

    That chance is (birth + death) / (birth - death) / T of the squared mean: 2 per cent for T = 100, and what the
    variance may lack. None dies out (2e-6 of all courses).
    """
    moments = grown_moments()
    lacking = (BIRTH + DEATH) / (BIRTH - DEATH) / threshold * moments.mean**2
    laws = [
        Continuous("", grown(), grown(1.1 * BIRTH), np.linspace(0.0, 5e4, 2001)),
        Mean("", moments, grown_moments(1.1 * BIRTH)),
        Variance("", moments.mean, moments.variance, allow=lacking),
    ]

    @lru_cache(maxsize=2)
    def sample(seed, n):
        return last(linear("growth", FOUNDERS, birth=BIRTH, death=DEATH), DAYS, "hybrid", n, seed, threshold=threshold)

    check(f"growth through {threshold:g}", sample, laws, 200)
    must_fail(f"growth through {threshold:g}", sample, laws, 200)


def declined(death, start, t, size):
    """Law of decline from many cells: the power of one cell's generating function, on the unit circle."""
    growth = np.exp((0.2 - death) * t)
    none = death * (growth - 1.0) / (0.2 * growth - death)
    one = closed.modified_geometric(none, 0.2 * (growth - 1.0) / (0.2 * growth - death), size)
    return closed.kept(np.fft.irfft(np.fft.rfft(one) ** start, size))


@pytest.mark.parametrize("engine", ["hybrid", "exact", "leap", REFERENCE])
def test_decline_to_extinction_has_its_law(engine):
    """5,000 cells decline to one on average: below the threshold chance decides who is cured, about a half."""
    law, other = declined(0.7, 5000, 17.0, 256), declined(0.68, 5000, 17.0, 256)
    # A leap's step misses at most epsilon / 2 of the logarithmic decline: the cells left are off by so large a share.
    laws = [Whole("", law, other), Mean("", moments_of(law), moments_of(other))]
    options = {"epsilon": 0.003} if engine == "leap" else {}

    @lru_cache(maxsize=2)
    def sample(seed, n):
        return last(linear("decline", 5000.0, birth=0.2, death=0.7), 17.0, engine, n, seed, **options)

    check(f"decline/{engine}", sample, laws, 500)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_decline_through_the_threshold_has_the_same_law(threshold):
    """The same for a tenth, once and ten times the default; the control dies at 0.65 a day instead of 0.7."""
    law, other = declined(0.7, 5000, 17.0, 256), declined(0.65, 5000, 17.0, 256)
    laws = [Whole("cells", law, other), Share("none", float(law[0]), float(other[0]))]

    @lru_cache(maxsize=2)
    def sample(seed, n):
        net = linear("decline", 5000.0, birth=0.2, death=0.7)
        left = last(net, 17.0, "hybrid", n, seed, threshold=threshold)
        return {"cells": left, "none": (left == 0.0).astype(float)}

    check(f"decline through {threshold:g}", sample, laws, 500)
    must_fail(f"decline through {threshold:g}", sample, laws, 500)


def test_the_bias_of_leaping_is_within_its_bound_and_halves_with_epsilon():
    """1e5 cells double each two days: each leap misses at most epsilon / 2 of the logarithmic growth of its time.

    `apart` is |mean - exact| of 400 courses, of which chance is at most 5 standard errors, 6e-7 of all tests.
    """
    start, birth, death, t = 1e5, 0.4, 0.05, 4.0
    growth = np.exp((birth - death) * t)
    variance = start * (birth + death) / (birth - death) * growth * (growth - 1.0)
    chance = 5.0 * np.sqrt(variance / 400) / (start * growth)
    apart = {}
    for epsilon in (0.2, 0.1, 0.05):
        net = linear("leaps", start, birth=birth, death=death)
        found = last(net, t, "leap", 400, seed_of(f"leaps/{epsilon:g}"), epsilon=epsilon)
        apart[epsilon] = abs(found.mean() / (start * growth) - 1.0)
        assert apart[epsilon] <= epsilon / 2.0 * np.log(growth) + chance
    assert apart[0.1] <= 0.6 * apart[0.2] + 2.0 * chance  # a half, and a tenth for the next order
    assert apart[0.05] <= 0.6 * apart[0.1] + 2.0 * chance


OTHERS = [pytest.param(REFERENCE, marks=pytest.mark.full), *(engine for engine in ENGINES if engine != "exact")]


@lru_cache(maxsize=8)
def hunts(engine, seed, n, eat=2.0):
    """Predators and prey on day 6: every output of n courses."""
    outputs = ("prey0", "eater0", "mouths")
    run = courses(predators(eat), [0.0, 6.0], engine, n, seed, outputs=outputs)
    return {f"{output}/{engine}": run.of(output)[:, -1] for output in outputs}


@pytest.mark.parametrize("engine", OTHERS)
def test_engines_agree_where_no_law_is_known(engine):
    """Predators and prey: two samples, exact and another engine; the control eats half as much again."""
    laws = [SameWhole(f"{output}/exact", against=f"{output}/{engine}") for output in ("prey0", "eater0", "mouths")]

    def sample(eat):
        return lambda seed, n: hunts("exact", seed, n) | hunts(engine, seed ^ 1, n, eat)

    check(f"predators/{engine}", sample(2.0), laws, 1500)
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check(f"predators/{engine}", sample(3.0), laws, 1500)
