"""What listens to a species, and species that move rates steeply told from those that do so about in proportion."""

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
from carsim.model.network import Change, Condition, Event, Network
from carsim.spec.prepare import cast_of
from tests.scenarios.test_one_set import FOLDER


def steep(net: Network) -> dict[str, bool]:
    low = Lowering(rows_of(net))
    running, watched = set(low.rows.formulas), set(watch_of(low.rows)[1])
    found = steep_species(low, running, watched, listeners_of(low, running, watched))
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
    assert listeners(net) == {"cells": set(), "others": {"birth"}}
    net = one(MILD["in proportion"])
    net.event(Event("many", (Condition(net.rows["others"], "above", 9.0),), (Change(net.rows["cells"], "add", 1.0),)))
    assert listeners(net) == {"cells": set(), "others": {"others"}}


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
