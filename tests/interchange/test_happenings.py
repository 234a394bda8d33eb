"""Events, modes and extinctions as SBML events: a simulator that knows only SBML does what the engine does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.network import Change, Condition, Event, Network, Transition
from carsim.model.processes.kinetics import constant, first_order, threefold
from carsim.model.processes.recognition import complement, share_seen
from carsim.treatment.schedule import Schedule

from .readers import UNDECLARED, findings, values
from .test_sbml import decay, of_network

TIGHT = Options(rtol=1e-11, atol=1e-11, atol_scale=1e-5)
Case = tuple[Network, Schedule | None]


def refill(**settings: Any) -> Case:
    """Decay with an event that refills when cells fall below 100, which takes 9.2 days."""
    net, cells = decay(1e4, 0.5)
    net.event(Event("refill", (Condition(cells, "below", 100.0),), (Change(cells, "set", 1e4),), **settings))
    return net, None


def counted(schedule: Schedule | None = None, **settings: Any) -> Case:
    """Decay with an event that leaves cells alone and counts how often it came."""
    net, cells = decay(1e4, 0.5)
    given, slow = net.parameter("given", 0.0, unit="cells"), net.parameter("slow", 0.01, unit="1/d")
    changes = (Change(given, "add", 1.0), Change(given, "scale", 2.0))
    net.event(Event("drug", (Condition(cells, "below", 100.0),), changes, **settings))
    net.reaction(
        "shown", produces={net.species("shown", unit="cells"): 1}, rate=first_order(rate_constant=slow, amount=given)
    )
    return net, schedule


def again(*days: float) -> Schedule:
    """Refills at these days."""
    return Schedule.of([(day, "set", "cells", 1e4, "refill") for day in days])


def thermostat(start: float = 150.0, visits: tuple[float, ...] = ()) -> Case:
    net = Network("thermostat")
    cells = net.species("cells", unit="cells", initial=start)
    rate = net.parameter("rate", 0.7, unit="1/d")
    low = Transition("high", "low", Condition(cells, "below", 100.0))
    high = Transition("low", "high", Condition(cells, "above", 200.0))
    level = net.mode("level", ("low", "high"), (low, high), visits=visits)
    off = net.quantity("off", complement(share=level))
    net.reaction("birth", produces={cells: 1}, rate=threefold(first=rate, second=off, third=cells))
    net.reaction("death", consumes={cells: 1}, rate=threefold(first=rate, second=level, third=cells))
    return net, None


def born_again(start: float = 80.0) -> Case:
    """A population that dies out, is founded anew by an inflow, and dies out again when that ends."""
    net = Network("extinction")
    marrow = net.species("marrow", unit="cells", initial=start, tolerance=1e-9)
    blood = net.species("blood", unit="cells", initial=start / 4, tolerance=1e-9)
    rate, inflow = net.parameter("rate", 0.5, unit="1/d"), net.parameter("inflow", 0.0, unit="cells/d")
    for cells in (marrow, blood):
        net.reaction(f"death.{cells.name}", consumes={cells: 1}, rate=first_order(rate_constant=rate, amount=cells))
    net.reaction("inflow", produces={marrow: 1}, rate=constant(rate=inflow, scale=1.0))
    net.extinction("clone", (marrow, blood))
    return net, Schedule.of([(12.0, "set", "inflow", 50.0, "on"), (20.0, "set", "inflow", 0.0, "off")])


def too_few_to_be_founded() -> Case:
    """Less than one cell arrives, at the start and later: what never was a population does not die out."""
    net, _ = born_again(0.0)
    return net, Schedule.of([(0.0, "add", "marrow", 0.6, "first"), (9.0, "add", "blood", 0.7, "second")])


def visit_undone_at_once() -> Case:
    """A visit tops up, which empties at once: a visit acts once, though its condition holds again that day."""
    net, cells = decay(1e4, 0.5)
    few, many = (Condition(cells, "below", 100.0),), (Condition(cells, "above", 150.0),)
    drained = net.parameter("drained", 0.0)
    net.event(Event("drain", many, (Change(cells, "set", 60.0), Change(drained, "add", 1.0)), count=None))
    net.event(Event("top up", few, (Change(cells, "add", 120.0),), visits=(4.0, 6.5, 12.0), count=None))
    return net, None


def amounts_of_one_event() -> Case:
    """Amounts are rows: a parameter that the event has changed, and a species as it was before."""
    net, cells = decay(1e4, 0.5)
    other = net.species("other", unit="cells", initial=7.0)
    dose, leak = net.parameter("dose", 3.0, unit="cells"), net.parameter("leak", 0.1, unit="1/d")
    changes = (
        Change(dose, "scale", 5.0),
        Change(cells, "set", 50.0),
        Change(other, "add", cells),
        Change(other, "add", dose),
    )
    net.event(Event("swap", (Condition(cells, "below", 1000.0),), changes, delay=0.3))
    net.reaction("leak", consumes={other: 1}, rate=first_order(rate_constant=leak, amount=other))
    return net, None


def modes_and_events_in_turn() -> Case:
    """A mode that an event waits for, which ends what the mode looks at, at one moment."""
    net, cells = decay(1e4, 0.5)
    low = Transition("fine", "low", Condition(cells, "below", 100.0))
    fine = Transition("low", "fine", Condition(cells, "above", 5000.0))
    level = net.mode("level", ("fine", "low"), (low, fine))
    change = Change(cells, "add", 8000.0)
    net.event(Event("rescue", (Condition(level, "above", 1.0),), (change,), count=3, duration=0.4))
    return net, None


CASES: dict[str, Callable[[], Case]] = {
    "once": refill,
    "three times": lambda: refill(count=3),
    "without limit": lambda: refill(count=None),
    "lasting and delayed": lambda: refill(duration=1.5, delay=2.0),
    "on visits": lambda: refill(visits=(2.0, 9.0, 9.5, 12.0, 25.0), count=None),
    "on a visit, if it has lasted": lambda: refill(visits=(10.0, 11.0, 12.0), duration=1.0),
    "on visits, apart and delayed": lambda: refill(
        visits=(10.0, 20.0, 21.0, 29.0, 30.0), count=None, apart=12.0, delay=0.5
    ),
    "repeating while it holds": lambda: counted(apart=0.75, count=4),
    "repeating and delayed": lambda: counted(apart=0.75, delay=2.0, count=None),
    "waiting until it ceased": lambda: counted(count=None),
    "cut short before it lasted": lambda: counted(again(10.0, 11.0), duration=2.0, count=None),
    "held again while it is delayed": lambda: counted(again(10.0, 11.0), delay=11.5, count=None),
    "held all the while it is delayed": lambda: counted(delay=3.0, count=None),
    "a mode with hysteresis": thermostat,
    "a mode on visits": lambda: thermostat(250.0, (-1.0, 0.0, 1.0, 2.0, 3.5, 6.0, 7.0)),
    "extinct and born again": born_again,
    "extinct at the start": lambda: born_again(0.5),
    "never enough to go extinct": too_few_to_be_founded,
    "a visit that is undone at once": visit_undone_at_once,
    "amounts that are rows": amounts_of_one_event,
    "a mode and an event in turn": modes_and_events_in_turn,
}


@pytest.mark.parametrize("name", CASES)
def test_it_happens_at_the_same_moments(name: str) -> None:
    network, schedule = CASES[name]()
    times = np.linspace(0.0, 31.7, 419)
    rows = [ref.name for ref in network.rows.values()]
    own = simulate(network, t=times, schedule=schedule, outputs=rows, options=TIGHT)
    text = of_network(network, schedule)
    assert own.status[0] == 0
    assert set(findings(text)) <= UNDECLARED
    assert values(text, times, rows) == pytest.approx(own.values[0], rel=1e-6, abs=1e-8)


def test_a_mean_over_a_trait_follows_a_parameter_that_changes() -> None:
    network, cells = decay(1e4, 0.0)
    median, half = (
        network.parameter("median", 900.0, unit="molecules"),
        network.parameter("half", 2e3, unit="molecules"),
    )
    seen = share_seen(density_median=median, density_log_sd=0.8, half_density=half, steepness=1.3)
    share = network.quantity("share", seen)
    network.reaction("killed", consumes={cells: 1}, rate=threefold(first=0.3, second=share, third=cells))
    switch = Schedule.of([(3.0, "set", "half", 150.0, "better binder")])
    times = np.linspace(0.0, 8.0, 41)
    own = simulate(network, t=times, schedule=switch, outputs=["cells", "share"], options=TIGHT)
    assert own.of("share")[0, 0] != own.of("share")[0, -1]
    assert values(of_network(network, switch), times, ["cells", "share"]) == pytest.approx(own.values[0], rel=1e-8)
