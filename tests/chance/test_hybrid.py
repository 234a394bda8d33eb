"""The hybrid against the exact engine, where populations are large and small by turns, for a tenth, once and ten times
its threshold.

Each case is one that a hybrid can get wrong: a population that crosses the threshold upwards, downwards or both; a rare
one that an abundant one founds; rare killers that act on abundant targets; few cells that exchange with many, or with
few, many times a day. What the exact engine gives is compared as a whole law at several times; the control is the
hybrid with one parameter off.

Above the threshold T chance is not simulated. What grows from few cells lacks a share of about 1 / T of the squared
mean in its variance, 2 per cent for T = 100: less than these samples can tell. What declines from many to x cells lacks
a share x / T of its variance, so its law is compared once no more than T / HIDES are left; and what is abundant
throughout shows no chance at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import pytest

from carsim.engines.run import simulate
from carsim.model.law import law
from carsim.model.network import Network
from carsim.treatment.schedule import Schedule

from .comparisons import SameShare, SameWhole, Share
from .networks import linear, saturating
from .rules import check, must_fail
from .systems import columns, courses

THRESHOLDS = (100.0, 1_000.0, 10_000.0)
README, FULL = 400, 4_000
HIDES = 20.0


@dataclass(frozen=True, eq=False)
class Case:
    """A network, its schedule, what is compared at which times, and the parameter that is off in the control.

    declined: how many cells are left of many, by the times at which they decline.
    """

    build: Callable[..., Network]
    t: tuple[float, ...]
    outputs: tuple[str, ...]
    wrong: Mapping[str, float]
    changes: tuple[tuple[float, str, str, float, str], ...] = ()
    right: Mapping[str, float] = field(default_factory=dict)
    declined: Mapping[float, float] = field(default_factory=dict)

    def comparisons(self, threshold):
        """The whole law of each output at each time that this threshold does not hide, and how often none is left."""
        shown = [t for t in self.t[1:] if self.declined.get(t, 0.0) <= threshold / HIDES]
        every = [f"{output} at {t:g}" for output in self.outputs for t in shown]
        last = [f"{output} at {self.t[-1]:g}: none" for output in self.outputs]
        return [SameWhole(f"exact {key}", against=key) for key in every] + [
            SameShare(f"exact {key}", against=key) for key in last
        ]

    def drawn(self, engine, n, seed, values=None, **options):
        """n courses, by column."""
        schedule = Schedule.of(list(self.changes)) if self.changes else None
        net = self.build(**{**self.right, **(values or {})})
        found = courses(net, self.t, engine, n, seed, schedule=schedule, outputs=self.outputs, **options)
        return columns(found, self.t)


def clone(start: float, birth: float, death: float) -> Network:
    return linear("clone", start, birth=birth, death=death)


def founded(wild: float, mutation: float, growth: float) -> Network:
    """An abundant population at each of whose divisions one daughter may mutate, to grow on its own."""
    net = Network("founded by many")
    many, few = net.species("wild", unit="cell", initial=wild), net.species("mutant", unit="cell")
    rate, u = net.parameter("division", 0.4, unit="1/d"), net.parameter("mutation", mutation)
    own = net.parameter("growth", growth, unit="1/d")
    net.reaction("division", produces={many: 1}, rate=rate * (1 - u) * many)
    net.reaction("mutating division", consumes={many: 1}, produces={many: 1, few: 1}, rate=rate * u * many)
    net.reaction("death", consumes={many: 1}, rate=0.3 * many)
    net.reaction("loss of the antigen", consumes={many: 1}, produces={few: 1}, rate=1e-4 * many)
    net.reaction("mutant division", produces={few: 1}, rate=own * few)
    net.reaction("mutant death", consumes={few: 1}, rate=0.3 * few)
    return net


def hunted(killers: float, targets: float, kill: float) -> Network:
    """Few killers, each of which kills many targets a day, divides where it is fed and dies where it is not."""
    net = Network("few killers of many")
    a, b = net.species("killers", unit="cell", initial=killers), net.species("targets", unit="cell", initial=targets)
    rate, half = net.parameter("kill", kill, unit="1/d"), net.parameter("half", 1500.0, unit="cell")
    net.reaction("kill", consumes={b: 1}, rate=saturating(rate=rate, eaters=a, food=b, half=half))
    net.reaction("response", produces={a: 1}, rate=saturating(rate=1.0, eaters=a, food=b, half=half))
    net.reaction("tiring", consumes={a: 1}, rate=net.parameter("tire", 0.45, unit="1/d") * a)
    net.reaction("growth", produces={b: 1}, rate=net.parameter("grow", 0.3, unit="1/d") * b)
    return net


def exchange(few: float, many: float, leave: float, enter: float, death: float) -> Network:
    """Two sites whose cells change place many times in a life; births and deaths in one of them."""
    net = Network("two sites")
    a, b = net.species("blood", unit="cell", initial=few), net.species("marrow", unit="cell", initial=many)
    net.reaction("homing", consumes={a: 1}, produces={b: 1}, rate=net.parameter("leave", leave, unit="1/d") * a)
    net.reaction("release", consumes={b: 1}, produces={a: 1}, rate=net.parameter("enter", enter, unit="1/d") * b)
    net.reaction("birth", produces={b: 1}, rate=0.2 * b)
    net.reaction("death", consumes={b: 1}, rate=net.parameter("death", death, unit="1/d") * b)
    net.total("both", [a, b], unit="cell")
    return net


CASES = {
    # 5 cells grow to 5,000 by day 11.5, are treated and die out by about day 22
    "growth and decline": Case(
        clone,
        (0.0, 6.0, 11.5, 16.0, 22.0),
        ("cells",),
        {"birth": 0.84},
        ((11.5, "set", "death rate", 1.6, "treatment"),),
        {"start": 5.0, "birth": 0.8, "death": 0.2},
        {22.0: 1.1},
    ),
    # 3,000 cells decline to one or two, which grow again in half of all courses
    "bottleneck": Case(
        clone,
        (0.0, 4.0, 8.0, 14.0, 20.0),
        ("cells",),
        {"birth": 0.84},
        ((0.0, "set", "death rate", 1.75, "treatment"), (8.0, "set", "death rate", 0.2, "its end")),
        {"start": 3_000.0, "birth": 0.8, "death": 0.2},
        {4.0: 67.0, 8.0: 1.5},
    ),
    "founded by many": Case(
        founded,
        (0.0, 2.0, 6.0, 12.0),
        ("mutant",),
        {"growth": 0.8},
        right={"wild": 2_000.0, "mutation": 1e-3, "growth": 0.7},
    ),
    "few killers of many": Case(
        hunted,
        (0.0, 3.0, 6.0, 12.0),
        ("killers", "targets"),
        {"kill": 48.0},
        right={"killers": 12.0, "targets": 3_000.0, "kill": 40.0},
    ),
    "few that exchange with many": Case(
        exchange,
        (0.0, 3.0, 8.0, 14.0),
        ("blood", "marrow", "both"),
        {"death": 0.75},
        right={"few": 30.0, "many": 1_500.0, "leave": 20.0, "enter": 0.4, "death": 0.7},
        declined={3.0: 350.0, 8.0: 30.0, 14.0: 1.6},
    ),
    "few that exchange with few": Case(
        exchange,
        (0.0, 4.0, 8.0),
        ("blood", "marrow", "both"),
        {"death": 0.8},
        right={"few": 60.0, "many": 60.0, "leave": 40.0, "enter": 40.0, "death": 0.7},
    ),
}


def drawn(name, threshold, values=None):
    """The exact engine and the hybrid, as columns to be compared; the exact engine is the same for all thresholds."""

    def sample(seed, n):
        other = CASES[name].drawn("hybrid", n, seed, values, threshold=threshold)
        return {f"exact {key}": column for key, column in exactly(name, seed, n).items()} | other

    return sample


@lru_cache(maxsize=2)
def exactly(name, seed, n):
    return CASES[name].drawn("exact", n, seed)


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("name", CASES)
def test_the_law_is_that_of_the_exact_engine_whatever_the_threshold(name, threshold):
    check(f"{name}/hybrid", drawn(name, threshold), CASES[name].comparisons(threshold), README)


@pytest.mark.full
@pytest.mark.parametrize("name", CASES)
def test_another_law_is_told_from_that_of_the_exact_engine(name):
    case = CASES[name]
    with pytest.raises(AssertionError, match="alarm in both stages"):
        check(f"{name}/hybrid", drawn(name, 1_000.0, case.wrong), case.comparisons(1_000.0), README)


@pytest.mark.full
@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("name", CASES)
def test_the_law_is_that_of_the_exact_engine_at_full_size(name, threshold):
    check(f"{name}/hybrid/full", drawn(name, threshold), CASES[name].comparisons(threshold), FULL)


def extinct_after(start: int, phases) -> float:
    """P(none left) of `start` cells after phases (birth, death, days): one cell's generating functions, from the last.

    f(s) = 1 - (b - d) (1 - s) / (b (1 - s) (1 - exp(-(b - d) t)) + (b - d) exp(-(b - d) t))
    """
    s = 0.0
    for birth, death, days in reversed(phases):
        net = birth - death
        decay = np.exp(-net * days)
        s = 1.0 - net * (1.0 - s) / (birth * (1.0 - s) * (1.0 - decay) + net * decay)
    return float(s**start)


@pytest.mark.parametrize("engine", ["exact", "hybrid"])
def test_cure_in_a_bottleneck_is_as_likely_as_known(engine):
    """3,000 cells under treatment for 8 days, then growth: none is left on day 20 in half of all courses."""
    cured = extinct_after(3_000, [(0.8, 1.75, 8.0), (0.8, 0.2, 12.0)])
    other = extinct_after(3_000, [(0.8, 1.6, 8.0), (0.8, 0.2, 12.0)])
    assert 0.4 < cured < 0.6

    @lru_cache(maxsize=2)
    def sample(seed, n):
        return CASES["bottleneck"].drawn(engine, n, seed)["cells at 20: none"]

    check(f"bottleneck/{engine}", sample, [Share("", cured, other)], 300)
    must_fail(f"bottleneck/{engine}", sample, [Share("", cured, other)], 300)


def logistic(capacity: float) -> Network:
    """Births that end at a capacity: near it one cell changes their rate by a large part."""
    net = Network("logistic")
    cells = net.species("cells", unit="cell", initial=0.6 * capacity)
    most = net.parameter("capacity", capacity)
    net.reaction("birth", produces={cells: 1}, rate=net.parameter("birth", 1.0) * cells * (1 - cells / most))
    return net


def receptors(number: float) -> Network:
    """Free places that are taken, and left now and then: few are free most of the time."""
    net = Network("receptors")
    bound = net.species("bound", unit="cell", initial=0.0)
    free = net.parameter("number", number) - bound
    net.reaction("binding", produces={bound: 1}, rate=net.parameter("on", 1.0) * free)
    net.reaction("parting", consumes={bound: 1}, rate=net.parameter("off", 0.01) * bound)
    return net


@pytest.mark.parametrize(("network", "most"), [(logistic(900.0), 900), (logistic(100.0), 100), (receptors(500.0), 500)])
def test_a_rate_that_ends_at_a_number_ends_there(network: Network, most: int) -> None:
    """Such a rate is evaluated after every jump: left as it was for some, it would go on below zero."""
    found = simulate(network, t=np.linspace(0.0, 30.0, 61), engine="hybrid", replicates=50, seed=3)
    assert (found.status == 0).all()
    assert found.values.max() <= most


@law
def limited(rate, cells, population, capacity):
    """Growth that its own population limits; both are the same species here."""
    return rate * cells / (1 + population / capacity)


def crowded() -> Network:
    net = Network("crowded")
    x = net.species("x", unit="cell", initial=20.0)
    rate, capacity = net.parameter("rate", 1.0, unit="1/d"), net.parameter("capacity", 100.0, unit="cell")
    net.reaction("birth", produces={x: 1}, rate=limited(rate=rate, cells=x, population=x, capacity=capacity))
    net.reaction("death", consumes={x: 1}, rate=net.parameter("death", 0.3, unit="1/d") * x)
    return net


def fed(half: float) -> Network:
    """Eaters that turn food into themselves: the rate is proportional to them and saturates in what they take away."""
    net = Network("fed")
    x, y = net.species("x", unit="cell", initial=100.0), net.species("y", unit="cell", initial=500.0)
    rate = net.parameter("rate", 20.0, unit="1/d")
    net.reaction("convert", consumes={y: 1}, produces={x: 1}, rate=rate * x * y / (half + y))
    net.reaction("death", consumes={x: 1}, rate=net.parameter("death", 0.3, unit="1/d") * x)
    return net


@pytest.mark.parametrize(("network", "t"), [(crowded(), [0.0, 3.0, 8.0]), (fed(6000.0), [0.0, 1.0, 2.0])])
def test_what_listens_to_few_cells_does_not_let_their_law_slip(network: Network, t: list[float]) -> None:
    """Five standard errors of the difference of means and 1 % of it; before, means were 7 to 500 % off."""
    outputs = [species.name for species in network.all_species]
    one, other = (courses(network, t, engine, 2_000, 11, outputs=outputs) for engine in ("exact", "hybrid"))
    for name in outputs:
        for k in range(1, len(t)):
            first, second = one.of(name)[:, k], other.of(name)[:, k]
            error = np.sqrt((first.var(ddof=1) + second.var(ddof=1)) / first.size)
            assert abs(second.mean() - first.mean()) < 5.0 * error + 0.01 * first.mean(), (name, t[k])


def test_what_follows_few_cells_lags_by_less_than_the_drift_allows() -> None:
    """300 cells that divide make a substance, in steps that fast cells beside them cut into many nodes.

    What is made is the integral of the cells: looked at every hour, the trapezoidal rule is right to 1e-4. The
    equations may lag behind the cells by 2 % in one step, by half of it on average, and by what is too little to be
    looked at between nodes.
    """
    net = Network("made by few")
    few, fast = net.species("few", unit="cell", initial=300.0), net.species("fast", unit="cell", initial=0.0)
    drug = net.species("drug", unit="mg", kind="continuous", initial=1.0)
    made = net.species("made", unit="pg", kind="continuous")
    net.reaction("birth", produces={few: 1}, rate=net.parameter("b", 0.01) * few)
    net.reaction("making", produces={made: 1.0}, rate=net.parameter("s", 1.0) * few)
    net.reaction("loss", consumes={drug: 1.0}, rate=net.parameter("k", 0.05) * drug)
    net.reaction("arrival", produces={fast: 1}, rate=net.parameter("a", 300.0) * drug)
    net.reaction("leaving", consumes={fast: 1}, rate=net.parameter("l", 10.0) * fast)
    days = np.linspace(0.0, 60.0, 1441)
    found = simulate(net, t=days, engine="hybrid", replicates=50, seed=1)
    cells = found.of("few")
    steps = 0.5 * (cells[:, 1:] + cells[:, :-1]) * np.diff(days)
    lag = 1.0 - found.of("made")[:, -1] / steps.sum(axis=1)
    assert 0.0 < lag.mean() < 0.015
    assert lag.max() < 0.02
