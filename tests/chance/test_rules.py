"""The rules themselves: alarms as rare as they say, effects found as surely as they say, wrong statements refused."""

import numpy as np
import pytest
from scipy import stats

from . import rules
from .comparisons import (
    Continuous,
    Mean,
    Moments,
    SameContinuous,
    SameShare,
    SameWhole,
    Share,
    Variance,
    Whole,
    moments_of,
    squares_of,
)
from .rules import check, must_fail, seed_of, verdict

RATIO = 0.93  # a geometric law: skewed, with heavy fourth moment, as clones near extinction are
GEOMETRIC = (1.0 - RATIO) * RATIO ** np.arange(600)
POISSON = stats.poisson.pmf(np.arange(80), 20.0)
MORE = stats.poisson.pmf(np.arange(80), 21.0)


def generator(seed):
    return np.random.Generator(np.random.PCG64(seed))


def geometric(seed, n):
    return generator(seed).geometric(1.0 - RATIO, n) - 1.0


def poisson(seed, n):
    return generator(seed).poisson(20.0, n).astype(float)


def exponential(seed, n):
    return generator(seed).exponential(1.0, n)


def coins(seed, n):
    return (generator(seed).random(n) < 0.03).astype(float)


def twice(draw):
    def both(seed, n):
        values = draw(seed, 2 * n)
        return {"one": values[:n], "two": values[n:]}

    return both


NULLS = {
    "mean of a known law": (geometric, Mean("", moments_of(GEOMETRIC))),
    "mean, spread of the sample": (geometric, Mean("", moments_of(GEOMETRIC).mean)),
    "variance of a known law": (geometric, Variance("", *squares_of(GEOMETRIC))),
    "share": (coins, Share("", 0.03)),
    "whole law": (geometric, Whole("", GEOMETRIC)),
    "continuous law": (exponential, Continuous("", stats.expon.cdf)),
    "same whole law": (twice(geometric), SameWhole("one", against="two")),
    "same continuous law": (twice(exponential), SameContinuous("one", against="two")),
    "same share": (twice(coins), SameShare("one", against="two")),
}
SIZE = 1000
LEVEL = 1e-2
ROUGH = 1.5  # normal and chi-square approximations may alarm up to so many times as often: 2.3e-6 over two stages


def alarms(name, level):
    """Of n samples of SIZE: whether the p-value of each is at or below a level."""
    draw, comparison = NULLS[name]

    def sample(seed, n):
        seeds = np.random.SeedSequence(seed).generate_state(n, np.uint64)
        sizes = ((draw(int(one), SIZE)) for one in seeds)
        values = (rules._column(data, comparison.keys) for data in sizes)
        return np.array([comparison.p_value(value) <= level for value in values], dtype=float)

    return sample


@pytest.mark.parametrize("name", NULLS)
def test_alarms_are_as_rare_as_stated(name):
    share = Share("", ROUGH * LEVEL, other=4.0 * LEVEL, side="above")
    check(f"calibration/{name}", alarms(name, LEVEL), [share], n=1500)


@pytest.mark.full
@pytest.mark.parametrize("name", NULLS)
def test_alarms_are_as_rare_as_stated_far_out(name):
    """At 1e-4, where the levels lie once divided by ten comparisons; there the approximations may double the rate."""
    share = Share("", 2.0 * 1e-4, other=8.0 * 1e-4, side="above")
    check(f"calibration far out/{name}", alarms(name, 1e-4), [share], n=50_000)


def test_two_stages_alarm_as_rarely_as_their_product():
    """At a stage level of 0.1 for 3 comparisons, both stages alarm in at most 0.01 of all assertions."""
    comparisons = [Mean("", moments_of(POISSON)), Variance("", *squares_of(POISSON)), Whole("", POISSON)]

    def sample(seed, n):
        return np.array([bool(verdict(f"{seed}/{k}", poisson, comparisons, 200, 0.1)) for k in range(n)], dtype=float)

    check("two stages", sample, [Share("", 0.01 * ROUGH**2, other=0.06, side="above")], n=1500)


SQUARES = squares_of(GEOMETRIC)
WIDER = Moments(1.5 * SQUARES[1].mean, 2.25 * SQUARES[1].variance, SQUARES[1].skewness)
FINDABLE = {
    "mean": (poisson, Mean("", moments_of(POISSON), moments_of(MORE))),
    "variance": (geometric, Variance("", *squares_of(GEOMETRIC), other=(SQUARES[0], WIDER))),
    "share": (coins, Share("", 0.03, other=0.05)),
    "whole law": (poisson, Whole("", POISSON, other=MORE)),
    "continuous law": (
        exponential,
        Continuous("", stats.expon.cdf, lambda x: stats.expon.cdf(x, 0, 1.2), np.linspace(0, 5, 501)),
    ),
}


@pytest.mark.parametrize("name", ["mean", "share", "whole law", "continuous law"])
def test_effects_are_found_as_surely_as_stated(name):
    """Samples of one law against another: alarms at least as often as `power` says, where it is not yet certain."""
    draw, comparison = FINDABLE[name]
    swapped, level = comparison.swapped(), 1e-3
    size = next(n for n in range(100, 20_000, 50) if swapped.power(n, level) > 0.7)
    stated = swapped.power(size, level)

    def sample(seed, n):
        seeds = np.random.SeedSequence(seed).generate_state(n, np.uint64)
        return np.array([swapped.p_value((draw(int(one), size),)) > level for one in seeds], dtype=float)

    missed = 1.0 - stated
    check(f"power/{name}", sample, [Share("", 1.15 * missed, other=2.0 * missed, side="above")], n=800)


@pytest.mark.parametrize("name", FINDABLE)
def test_each_comparison_passes_what_is_right_and_stops_what_is_not(name):
    draw, comparison = FINDABLE[name]
    size = 20_000
    check(f"right/{name}", draw, [comparison], size)
    must_fail(f"wrong/{name}", draw, [comparison], size)


@pytest.mark.parametrize(
    ("comparison", "effect"),
    [
        (SameWhole("one", against="two"), lambda x: x + (x > 20)),
        (SameContinuous("one", against="two"), lambda x: 1.1 * x),
        (SameShare("one", against="two"), lambda x: x * (np.arange(x.size) % 3 > 0)),
    ],
    ids=["whole", "continuous", "share"],
)
def test_two_samples_of_different_laws_are_told_apart(comparison, effect):
    draw = coins if isinstance(comparison, SameShare) else geometric

    def sample(seed, n):
        both = twice(draw)(seed, n)
        return {"one": both["one"], "two": effect(both["two"])}

    check(f"same/{type(comparison).__name__}", twice(draw), [comparison], n=20_000)
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check(f"different/{type(comparison).__name__}", sample, [comparison], n=20_000)


def test_an_effect_too_small_to_find_is_not_claimed():
    slightly = Mean("", moments_of(POISSON), moments_of(stats.poisson.pmf(np.arange(80), 20.1)))
    with pytest.raises(AssertionError, match="would find the stated effect with probability 0"):
        check("too small", poisson, [slightly], n=1000)


def test_a_bias_within_what_is_allowed_is_no_alarm_and_beyond_it_is():
    off = moments_of(stats.poisson.pmf(np.arange(80), 20.5))
    check("allowed", poisson, [Mean("", off, allow=0.5)], n=10_000)
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check("not allowed", poisson, [Mean("", off, allow=0.1)], n=10_000)


def test_a_single_alarm_is_tried_again_with_four_times_as_many():
    seen = []

    def sample(seed, n):
        seen.append((seed, n))
        return np.full(n, 1e3) if len(seen) == 1 else poisson(seed, n)

    check("again", sample, [Whole("", POISSON)], n=500)
    assert seen == [(seed_of("again", 1), 500), (seed_of("again", 2), 2000)]
    assert seen[0][0] != seen[1][0]


@pytest.mark.parametrize(("value", "text"), [(np.nan, "are no numbers"), (np.inf, "are no numbers")])
def test_values_that_are_no_numbers_are_refused(value, text):
    with pytest.raises(AssertionError, match=text):
        check("no numbers", lambda seed, n: np.full(n, value), [Whole("", POISSON)], n=100)


@pytest.mark.parametrize("value", [-1.0, 2.5])
def test_what_is_no_count_is_an_alarm(value):
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check(
            "no counts", lambda seed, n: np.where(np.arange(n) == 7, value, poisson(seed, n)), [Whole("", POISSON)], 100
        )


def test_a_law_without_spread_must_be_met_exactly():
    sure = np.array([0.0, 0.0, 1.0])
    comparisons = [Mean("", moments_of(sure)), Variance("", *squares_of(sure)), Whole("", sure)]
    check("sure", lambda seed, n: np.full(n, 2.0), comparisons, n=100)
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check("not sure", lambda seed, n: np.where(np.arange(n) == 3, 1.0, 2.0), comparisons, n=100)
