"""What listens to a species, and species that move rates steeply told from those that do so about in proportion."""

import numpy as np
import pytest

from carsim import spec
from carsim.derive import listening
from carsim.derive.listening import listeners_of, steep_species
from carsim.derive.programs import Lowering
from carsim.derive.rows import rows_of
from carsim.derive.watching import watch_of
from carsim.engines import hybrid
from carsim.engines.kernels import looking
from carsim.model.build import build
from carsim.model.law import exp, law
from carsim.model.network import Change, Condition, Event, Network
from carsim.spec.prepare import cast_of
from tests.scenarios.test_one_set import FOLDER


def steep(net: Network) -> dict[str, bool]:
    low = Lowering(rows_of(net))
    running, watched = set(low.rows.formulas), set(watch_of(low.rows)[1])
    moved = range(len(net.all_species))
    found = steep_species(low, running, watched, listeners_of(low, running, watched), moved)
    return {species.name: k in found for k, species in enumerate(net.all_species)}


def listeners(net: Network) -> dict[str, set[str]]:
    """Names of what listens to each species."""
    low = Lowering(rows_of(net))
    names = {row: name for name, row in (low.rows.names | low.rows.rates).items()}
    found = listeners_of(low, set(low.rows.formulas), set(watch_of(low.rows)[1]))
    return {species.name: {names[row] for row in rows} for species, rows in zip(net.all_species, found, strict=True)}


def one(rate) -> Network:
    """Cells whose birth has this rate, and others that die in proportion."""
    net = Network("one rate")
    cells, others = net.species("cells", unit="cell", initial=100.0), net.species("others", unit="cell", initial=9.0)
    net.reaction("birth", produces={cells: 1}, rate=rate(net, cells, others))
    net.reaction("death", consumes={others: 1}, rate=net.parameter("death", 0.1) * others)
    return net


def test_the_numbers_are_those_of_the_engine():
    assert listening.STALE == hybrid.DRIFT_LIMIT
    assert listening.NEAR == looking.NEAR


MILD = {
    "in proportion": lambda net, x, y: net.parameter("b", 0.3) * x,
    "a product": lambda net, x, y: net.parameter("b", 0.3) * x * y,
    "saturating": lambda net, x, y: net.parameter("b", 0.3) * x * y / (1e6 + y),
    "inhibited by a total": lambda net, x, y: net.parameter("b", 0.3) * x * 1e8 / (1e8 + net.total("all", [x, y])),
    "the square": lambda net, x, y: net.parameter("b", 0.3) * x * y * y,
}


def fire(net: Network, total):
    """A quantity that follows the eighth power of a total, and so does not listen to its species itself."""
    return net.quantity("fire", total**8 / (1e6**8 + total**8))


STEEP = {
    "logistic": lambda net, x, y: net.parameter("b", 0.3) * x * (1 - y / 900.0),
    "free places": lambda net, x, y: net.parameter("b", 0.3) * (500.0 - y),
    "a high power": lambda net, x, y: net.parameter("b", 0.3) * x * fire(net, net.total("all", [x, y])),
}


@pytest.mark.parametrize("rate", MILD)
def test_what_follows_about_in_proportion_is_mild(rate):
    assert steep(one(MILD[rate])) == {"cells": False, "others": False}


@pytest.mark.parametrize("rate", STEEP)
def test_a_difference_and_a_high_power_are_steep(rate):
    assert steep(one(STEEP[rate]))["others"]


def test_what_reads_a_species_beyond_proportion_listens_to_it():
    net = one(MILD["inhibited by a total"])
    assert listeners(net) == {"cells": {"all"}, "others": {"all"}}
    net = one(MILD["saturating"])
    assert listeners(net) == {"cells": {"birth"}, "others": {"birth"}}
    net = one(MILD["in proportion"])
    net.event(Event("many", (Condition(net.rows["others"], "above", 9.0),), (Change(net.rows["cells"], "add", 1.0),)))
    assert listeners(net) == {"cells": set(), "others": {"others"}}


@law
def growth(rate, cells, population, capacity):
    return rate * cells * (1 - population / capacity)


def alone(rate) -> Network:
    """Cells of one kind whose birth has this rate."""
    net = Network("alone")
    cells = net.species("cells", unit="cell", initial=20.0)
    net.reaction("birth", produces={cells: 1}, rate=rate(net, cells))
    net.reaction("death", consumes={cells: 1}, rate=net.parameter("death", 0.1) * cells)
    return net


LISTENING = {
    "itself in two places of a law": lambda net, x: growth(
        rate=net.parameter("b", 1.0), cells=x, population=x, capacity=net.parameter("K", 100.0)
    ),
    "itself on a scale of a number": lambda net, x: net.parameter("b", 1.0) * x / (1 + (x / 100.0) ** 8),
}


@pytest.mark.parametrize("rate", LISTENING)
def test_a_rate_that_a_species_limits_listens_to_it(rate):
    assert listeners(alone(LISTENING[rate])) == {"cells": {"birth"}}


def test_a_rate_that_is_proportional_to_one_and_saturates_in_another_listens_to_both():
    """Scaled by one and heard by the other, the two could cancel and never be heard."""
    assert listeners(one(MILD["saturating"])) == {"cells": {"birth"}, "others": {"birth"}}


HIDDEN = {
    "crowding that is off at first": lambda net, x: (
        net.parameter("b", 1.0) * x * (1 - net.parameter("crowd", 0.0) * net.total("all", [x]))
    ),
    "a floor under a difference": lambda net, x: net.parameter("b", 1.0) * x * floor(net, net.total("all", [x])),
}


def floor(net: Network, total):
    """1 - total / 500, bent so that it stays a little above zero."""
    rest = 1 - total / 500.0
    return net.quantity("room", ((rest**2 + 0.005**2) ** 0.5 + rest) / 2 + 0.0005)


@pytest.mark.parametrize("rate", HIDDEN)
def test_a_difference_that_hides_is_found(rate):
    assert steep(alone(HIDDEN[rate]))["cells"]


def test_what_does_not_count_is_steep_too_where_jumps_change_it():
    net = Network("with a signal")
    cells = net.species("cells", unit="cell", initial=50.0)
    signal = net.species("signal", kind="continuous")
    level = net.total("level", [signal])
    net.reaction(
        "birth", produces={cells: 1, signal: 1}, rate=net.parameter("b", 1.0) * cells * (1 - level / 200.0) ** 2
    )
    net.reaction("death", consumes={cells: 1}, rate=net.parameter("death", 0.03) * cells)
    assert steep(net)["signal"]


def test_a_condition_on_a_difference_is_steep_and_one_on_a_number_is_not():
    net = one(MILD["in proportion"])
    rows = net.rows
    lead = net.quantity("lead", rows["others"] - net.parameter("level", 440.0))
    net.event(Event("leads", (Condition(lead, "above", 0.0),), (Change(rows["cells"], "add", 1.0),)))
    net.event(Event("many", (Condition(rows["cells"], "above", 440.0),), (Change(rows["cells"], "add", 1.0),)))
    assert steep(net) == {"cells": False, "others": True}


@pytest.mark.parametrize("name", ["relapse-biology", "pan-seq"])
def test_no_cells_of_the_published_systems_are_steep(name):
    """So that the engine of cohorts is as fast there as it can be."""
    stated = spec.load(FOLDER / "systems" / f"{name}.yaml")
    net = build(stated.title, cast_of(stated))
    counted = {species.name for species in net.all_species if species.kind == "count"}
    assert counted
    assert not [name for name, flag in steep(net).items() if flag and name in counted]


@pytest.mark.parametrize("rate", MILD | STEEP)
def test_a_sweep_finds_the_same_at_once_and_point_by_point(rate, monkeypatch):
    """Point by point where a law refuses arrays, as one does that calls `math`."""
    net = one((MILD | STEEP)[rate])
    low = Lowering(rows_of(net))
    rows = low.rows
    values = listening._place(low, 1)
    order = sorted(rows.formulas, key=lambda r: (low.level[r], r))
    looked = list(rows.rates.values())
    points = np.exp(np.linspace(0.0, 9.0, 40))
    species = rows.species + 1
    at_once = listening._sweep(rows, values, species, order, looked, points)
    monkeypatch.setattr(listening, "_formula", refusing_arrays(listening._formula))
    one_by_one = listening._sweep(rows, values, species, order, looked, points)
    assert at_once.shape == (len(looked), points.size)
    np.testing.assert_allclose(at_once, one_by_one, rtol=1e-12)
    assert np.ptp(at_once[looked.index(rows.rates["death"])]) > 0.0


def refusing_arrays(formula):
    """The same, of numbers alone."""

    def of_numbers(each, values):
        found = formula(each, values)
        if isinstance(found, np.ndarray):
            raise TypeError("only numbers")
        return found

    return of_numbers


def test_a_sweep_ends_where_a_rate_is_not_defined():
    net = one(lambda net, x, y: net.parameter("b", 0.3) * x * exp(y))
    low = Lowering(rows_of(net))
    rows = low.rows
    order = sorted(rows.formulas, key=lambda r: (low.level[r], r))
    points = np.array([1.0, 10.0, 1e3, 1e4])
    found = listening._sweep(rows, listening._place(low, 0), rows.species + 1, order, [rows.rates["birth"]], points)
    assert found.shape == (1, 3)
    assert np.isnan(found[0]).tolist() == [False, False, True]
