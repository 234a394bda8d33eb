"""Every closed form on every engine that it applies to, each with a negative control.

The effect that a test finds is one parameter of the law off by what `System.wrong` says (10 to 80 per cent) at README
size, and by a quarter of that at full size, with sixteen times as many courses. A leap's bias is of the order of its
epsilon and standard errors fall as one over the square root of n, so epsilon is a quarter at full size as well.
The reference, plain NumPy, runs first: it shows that the matrix itself is right.
"""

from functools import lru_cache

import numpy as np
import pytest
from scipy import stats
from scipy.linalg import expm

from carsim.engines.protocol import Options
from carsim.model.network import Change, Condition, Event, Network
from carsim.treatment.schedule import Schedule

from . import closed_forms as closed
from .comparisons import Continuous, Mean, Moments, Share
from .networks import SECOND_DOSE, drug_at, hazard, linear
from .rules import check, must_fail, seed_of
from .systems import CELLS, ENGINES, REFERENCE, SYSTEMS, courses, drawn

README, FULL, FINER = 1000, 16_000, 4.0
EVERY = (REFERENCE, *ENGINES)


@pytest.mark.parametrize(("name", "engine"), CELLS)
def test_the_law_is_the_closed_form(name, engine):
    comparisons = SYSTEMS[name].comparisons()
    check(f"{name}/{engine}", lambda seed, n: drawn(name, engine, seed, n), comparisons, README)


@pytest.mark.parametrize(("name", "engine"), CELLS)
def test_another_law_is_told_apart(name, engine):
    comparisons = SYSTEMS[name].comparisons()
    must_fail(f"{name}/{engine}", lambda seed, n: drawn(name, engine, seed, n), comparisons, README)


@pytest.mark.full
@pytest.mark.parametrize(("name", "engine"), CELLS)
def test_the_law_is_the_closed_form_at_full_size(name, engine):
    comparisons, epsilon = SYSTEMS[name].comparisons(1.0 / FINER), 0.03 / FINER
    check(f"{name}/{engine}/full", lambda seed, n: drawn(name, engine, seed, n, epsilon), comparisons, FULL)


@pytest.mark.full
@pytest.mark.parametrize(("name", "engine"), CELLS)
def test_another_law_is_told_apart_at_full_size(name, engine):
    comparisons, epsilon = SYSTEMS[name].comparisons(1.0 / FINER), 0.03 / FINER
    must_fail(f"{name}/{engine}/full", lambda seed, n: drawn(name, engine, seed, n, epsilon), comparisons, FULL)


@pytest.mark.parametrize("engine", EVERY)
def test_birth_and_death_dies_out_as_often_as_known(engine):
    """0.0025053574 at day 10 from 5 cells; the control is the share from 4 cells, 0.0083."""
    found = closed.extinct_by(0.3, 0.1, 5, 10.0)
    share = [Share("cells at 10: none", found, other=closed.extinct_by(0.3, 0.1, 4, 10.0))]
    check(f"extinct/{engine}", lambda seed, n: drawn("birth-death", engine, seed, n), share, 10 * README)
    must_fail(f"extinct/{engine}", lambda seed, n: drawn("birth-death", engine, seed, n), share, 10 * README)


@pytest.mark.parametrize("engine", EVERY)
def test_the_final_size_is_met_exactly(engine):
    """Divisions stop at 1000 cells: in a course that counts one by one, never more."""
    run = courses(
        SYSTEMS["mutants"].network(), [0.0, 60.0], engine, 200, seed_of(f"final size/{engine}"), outputs=("total",)
    )
    total = run.of("total")[:, -1]
    most = 1000.0 * (1.0 + 2.0 * Options().epsilon) if engine == "leap" else 1000.0  # a leap may step over the end
    assert total.min() >= 1000.0
    assert total.max() <= most


def firing_times(result, name, n):
    """When an event fired in each course; an infinite time where it did not."""
    times = np.full(n, np.inf)
    if isinstance(result.events, dict):
        happened = result.events[name]
    else:
        happened = [(e.patient, e.time) for e in result.events if e.kind == "event" and e.name == name]
    for course, time in happened:
        assert np.isinf(times[course]), f"{name} fired twice in course {course}"
        times[course] = time
    return times


def last_death(net: Network) -> Network:
    """The same with an event at the death of the last cell."""
    cells, seen = net.rows["cells"], net.parameter("seen", 0.0)
    net.event(Event("extinct", (Condition(cells, "below", 1.0),), (Change(seen, "set", 1.0),)))
    return net


@pytest.mark.parametrize("engine", EVERY)
def test_the_time_of_the_last_death_has_its_law(engine):
    """Three cells that die at 0.2 a day: P(gone by t) = (1 - exp(-0.2 t))^3, continuous; day 200 is beyond all."""

    def gone(rate):
        return lambda t: stats.expon.cdf(t, scale=1.0 / rate) ** 3

    @lru_cache(maxsize=2)
    def sample(seed, n):
        result = courses(last_death(linear("three", 3.0, death=0.2)), [0.0, 200.0], engine, n, seed)
        return firing_times(result, "extinct", n)

    law = [Continuous("", gone(0.2), gone(0.25), np.linspace(0.0, 60.0, 601))]
    check(f"last death/{engine}", sample, law, 2 * README)
    must_fail(f"last death/{engine}", sample, law, 2 * README)


@pytest.mark.parametrize("engine", EVERY)
def test_the_time_of_death_under_a_changing_hazard_has_its_law(engine):
    """One cell, a drug that decays and is given again: P(dead by t) = 1 - exp(-integral of the hazard).

    Cells that outlive the horizon are the share exp(-integral to 12); those that do not have the law cut there.
    """
    clear, dose, horizon = 0.5, 2.0, 12.0
    schedule = Schedule.of([(SECOND_DOSE, "add", "drug", dose, "drug")])

    def exposure(t):
        second = np.where(t > SECOND_DOSE, 1.0 - np.exp(-clear * np.maximum(t - SECOND_DOSE, 0.0)), 0.0)
        return dose / clear * (1.0 - np.exp(-clear * t) + second)

    def dead(potency):
        whole = -np.expm1(-potency * exposure(np.array(horizon)))
        return lambda t: -np.expm1(-potency * exposure(np.asarray(t))) / whole

    @lru_cache(maxsize=2)
    def sample(seed, n):
        net = last_death(hazard(0.0, 0.3, clear, dose, 1.0))
        times = firing_times(courses(net, [0.0, horizon], engine, n, seed, schedule=schedule), "extinct", n)
        return {"alive": np.isinf(times).astype(float), "time": times[np.isfinite(times)]}

    alive = float(np.exp(-0.3 * exposure(np.array(horizon))))
    assert drug_at(5.0, clear, dose) == pytest.approx(2.0 * (np.exp(-2.5) + np.exp(-1.0)), rel=1e-12)
    law = [
        Continuous("time", dead(0.3), dead(0.5), np.linspace(0.0, 12.0, 401)),
        Share("alive", alive, float(np.exp(-0.5 * exposure(np.array(horizon))))),
    ]
    check(f"hazard/{engine}", sample, law, README)
    must_fail(f"hazard/{engine}", sample, law, README)


def secretion_moments(birth, death, secrete, clear, start, t):
    """Means of cells and of what they secrete, and the variance of the latter, by the linear moment equations."""
    r, g = birth - death, birth + death
    matrix = np.zeros((5, 5))  # N, C, var N, cov, var C
    matrix[0, 0], matrix[1] = r, [secrete, -clear, 0, 0, 0]
    matrix[2, 0], matrix[2, 2] = g, 2 * r
    matrix[3, 2], matrix[3, 3] = secrete, r - clear
    matrix[4, 3], matrix[4, 4] = 2 * secrete, -2 * clear
    return expm(matrix * t) @ np.array([start, 0.0, 0.0, 0.0, 0.0])


@pytest.mark.parametrize("engine", EVERY)
def test_what_counted_cells_secrete_flows_between_their_jumps(engine):
    """A cytokine made by each cell and cleared: its mean and variance over courses, by the moment equations."""
    values = (0.2, 0.15, 1.3, 0.8, 10.0)

    @lru_cache(maxsize=2)
    def sample(seed, n):
        birth, death, secrete, clear, start = values
        net = linear("secretion", start, birth=birth, death=death)
        cytokine = net.species("cytokine", unit="pg", kind="continuous", tolerance=1e-9)
        net.reaction("secretion", produces={cytokine: 1}, rate=net.parameter("secrete", secrete) * net.rows["cells"])
        net.reaction("clearance", consumes={cytokine: 1}, rate=net.parameter("clear", clear) * cytokine)
        run = courses(net, [0.0, 6.0], engine, n, seed, outputs=("cells", "cytokine"))
        level = run.of("cytokine")[:, -1]
        return {"cytokine": level, "squares": (level - mean) ** 2}

    _, mean, _, _, variance = secretion_moments(*values, 6.0)
    _, more, _, _, wider = secretion_moments(0.2, 0.15, 1.3 * 1.15, 0.8, 10.0, 6.0)
    law = [Mean("cytokine", Moments(mean, variance), Moments(more, wider)), Mean("squares", variance)]
    check(f"secretion/{engine}", sample, law, README)
    must_fail(f"secretion/{engine}", sample, law, README)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_extinction_is_recorded_however_short_a_clone_lived(engine):
    """A cell a day arrives and lives a third of a day: P(none) = exp(-1/3), so exp(-1/3) clones start and end a day.

    From none at day 0 it is less than one more or fewer; counts vary less than those of a Poisson law. The control has
    a fifth more.
    """

    def clones(arrival, days=60.0, death=3.0):
        return arrival * days * np.exp(-arrival / death)

    @lru_cache(maxsize=2)
    def sample(seed, n):
        net = Network("clones")
        cells = net.species("cells", unit="cell")
        net.reaction("arrival", produces={cells: 1}, rate=1.0 * net.parameter("arrivals", 1.0, unit="cell/d"))
        net.reaction("death", consumes={cells: 1}, rate=net.parameter("death rate", 3.0, unit="1/d") * cells)
        net.extinction("extinct", [cells])
        run = courses(net, [0.0, 60.0], engine, n, seed)
        ended = np.zeros(n)
        for event in run.events:
            ended[event.patient] += event.kind == "extinction"
        return ended

    law = [Mean("", Moments(clones(1.0), clones(1.0)), Moments(clones(1.2), clones(1.2)), allow=1.0)]
    check(f"clones/{engine}", sample, law, 200)
    must_fail(f"clones/{engine}", sample, law, 200)
