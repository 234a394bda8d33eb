"""Events, modes and extinctions: located where the solution says, with duration, delay, refractory time and count."""

import numpy as np
import pytest

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.model.network import Change, Condition, Event, Network, Transition
from carsim.treatment.schedule import Schedule

from .problems import decay

TIGHT = Options(rtol=1e-10, atol=1e-10)
START, RATE = 1e4, 0.5


def happened(result, kind):
    return [(item.time, item.name) for item in result.events if item.kind == kind]


def below(cells, threshold):
    return (Condition(cells, "below", threshold),)


def time_at(value: float, start: float = START) -> float:
    """When the decay from `start` reaches a value."""
    return float(np.log(start / value) / RATE)


def with_event(**settings):
    """Decay with one event that refills to the start when cells fall below 100."""
    net, cells = decay(START, RATE)
    net.event(Event("refill", below(cells, 100.0), (Change(cells, "set", START),), **settings))
    return net


def test_an_event_is_located_and_its_change_is_exact():
    result = simulate(with_event(), t=[0.0, 20.0], options=TIGHT)
    ((time, name),) = happened(result, "event")
    assert name == "refill"
    assert time == pytest.approx(time_at(100.0), rel=1e-10)
    assert result.of("cells")[0, -1] == pytest.approx(START * np.exp(-RATE * (20.0 - time)), rel=1e-8)


def test_an_event_repeats_as_often_as_it_may():
    period = time_at(100.0)
    times = [time for time, _ in happened(simulate(with_event(count=3), t=[0.0, 60.0], options=TIGHT), "event")]
    assert times == pytest.approx([period, 2 * period, 3 * period], rel=1e-9)
    endless = happened(simulate(with_event(count=None), t=[0.0, 60.0], options=TIGHT), "event")
    assert len(endless) == int(60.0 / period)


def test_delay_and_duration_add_up():
    result = simulate(with_event(duration=1.5, delay=2.0), t=[0.0, 30.0], options=TIGHT)
    ((time, _),) = happened(result, "event")
    assert time == pytest.approx(time_at(100.0) + 3.5, rel=1e-10)


def test_a_condition_that_does_not_last_does_not_fire():
    net = with_event(duration=2.0)
    rescue = Schedule.of([(time_at(100.0) + 1.0, "set", "cells", START, "rescue")])
    result = simulate(net, t=[0.0, time_at(100.0) + 5.0], schedule=rescue, options=TIGHT)
    assert happened(result, "event") == []


def test_an_event_that_keeps_holding_repeats_after_its_refractory_time():
    net, cells = decay(START, RATE)
    given = net.parameter("given", 0.0)
    net.event(Event("drug", below(cells, 100.0), (Change(given, "add", 1.0),), apart=0.75, count=4))
    result = simulate(net, t=[0.0, 30.0], outputs=["given"], options=TIGHT)
    times = [time for time, _ in happened(result, "event")]
    assert np.diff(times) == pytest.approx([0.75] * 3, abs=1e-12)
    assert result.of("given")[0].tolist() == [0.0, 4.0]


def test_without_refractory_time_it_waits_until_the_condition_was_lost():
    net, cells = decay(START, RATE)
    given = net.parameter("given", 0.0)
    net.event(Event("drug", below(cells, 100.0), (Change(given, "add", 1.0),), count=None))
    assert len(happened(simulate(net, t=[0.0, 30.0], options=TIGHT), "event")) == 1


def test_visits_look_on_their_days_only():
    days = (2.0, 9.0, 9.5, 12.0)
    times = [t for t, _ in happened(simulate(with_event(visits=days, count=None), t=[0.0, 15.0]), "event")]
    assert times == [9.5]  # 100 is reached on day 9.21; the refill on day 9.5 keeps day 12 above it


def test_a_visit_asks_whether_it_has_lasted():
    days = (10.0, 11.0, 12.0)
    times = [t for t, _ in happened(simulate(with_event(visits=days, duration=1.0), t=[0.0, 15.0]), "event")]
    assert times == [11.0]


def test_an_event_that_holds_at_the_start_fires_there():
    net, cells = decay(50.0, RATE)
    net.event(Event("refill", below(cells, 100.0), (Change(cells, "set", 80.0),)))
    result = simulate(net, t=[0.0, 1.0])
    assert happened(result, "event") == [(0.0, "refill")]
    assert result.of("cells")[0, 0] == 80.0


def test_all_conditions_must_hold():
    net, cells = decay(START, RATE)
    clock = net.species("clock", kind="continuous")
    net.reaction("tick", produces={clock: 1}, rate=1.0)
    conditions = (Condition(cells, "below", 1000.0), Condition(clock, "above", 7.25))
    net.event(Event("both", conditions, (Change(cells, "scale", 0.5),)))
    ((time, _),) = happened(simulate(net, t=[0.0, 10.0], options=TIGHT), "event")
    assert time == pytest.approx(7.25, rel=1e-10)


def test_a_mode_switches_with_hysteresis_and_feeds_rates():
    """A thermostat: death while high, birth while low; it turns at 200 and at 100."""
    net = Network("thermostat")
    cells = net.species("cells", unit="cells", initial=150.0)
    rate = net.parameter("rate", 0.7, unit="1/d")
    low = Transition("high", "low", Condition(cells, "below", 100.0))
    high = Transition("low", "high", Condition(cells, "above", 200.0))
    level = net.mode("level", ("low", "high"), (low, high))
    net.reaction("birth", produces={cells: 1}, rate=rate * cells * (1 - level))
    net.reaction("death", consumes={cells: 1}, rate=rate * cells * level)
    result = simulate(net, t=np.linspace(0.0, 5.0, 501), outputs=["cells", "level"], options=TIGHT)
    switches = happened(result, "mode")
    first, turn = np.log(200 / 150) / 0.7, np.log(2.0) / 0.7
    assert [name for _, name in switches[:3]] == ["level.high", "level.low", "level.high"]
    expected = first + turn * np.arange(len(switches))
    assert [time for time, _ in switches] == pytest.approx(expected, rel=1e-9)
    assert set(result.of("level")[0]) == {0.0, 1.0}
    assert result.of("cells").max() <= 200.0 * (1 + 1e-9)


def test_events_that_trigger_one_another_for_ever_end_the_patient():
    net = Network("loop")
    cells = net.species("cells", initial=1.0)
    net.reaction("growth", produces={cells: 1}, rate=1.0)
    net.event(Event("down", (Condition(cells, "above", 2.0),), (Change(cells, "set", 0.5),), count=None))
    net.event(Event("up", (Condition(cells, "below", 1.0),), (Change(cells, "set", 2.5),), count=None))
    result = simulate(net, t=[0.0, 5.0])
    assert result.status[0] == Status.EVENT_LOOP
    assert result.status_time[0] == pytest.approx(1.0, rel=1e-9)
    assert "apart" in result.problem(0)


def extinct(start: float, inflow: float = 0.0) -> Network:
    """Decay in two sites, gone together below one cell, with an optional inflow."""
    net = Network("extinction")
    marrow = net.species("marrow", unit="cells", initial=start, tolerance=1e-9)
    blood = net.species("blood", unit="cells", initial=start / 4, tolerance=1e-9)
    rate, source = net.parameter("rate", RATE, unit="1/d"), net.parameter("inflow", inflow, unit="cells/d")
    for cells in (marrow, blood):
        net.reaction(f"death.{cells.name}", consumes={cells: 1}, rate=rate * cells)
    net.reaction("inflow", produces={marrow: 1}, rate=source)
    net.extinction("clone", (marrow, blood))
    return net


def test_a_population_below_one_cell_is_gone_exactly():
    result = simulate(extinct(80.0), t=[0.0, 9.0, 10.0], options=TIGHT)
    ((time, name),) = happened(result, "extinction")
    assert name == "clone"
    assert time == pytest.approx(time_at(1.0, 100.0), rel=1e-10)
    assert result.values[0, 1].min() > 0.0
    assert result.values[0, 2].tolist() == [0.0, 0.0]


def test_a_population_that_starts_below_its_limit_is_gone_at_the_start():
    result = simulate(extinct(0.5), t=[0.0, 1.0])
    assert happened(result, "extinction") == [(0.0, "clone")]
    assert result.values[0].max() == 0.0
    assert happened(simulate(extinct(0.0), t=[0.0, 1.0]), "extinction") == []


def test_a_population_can_be_born_again_and_die_again():
    turns = [(12.0, "set", "inflow", 50.0, "on"), (20.0, "set", "inflow", 0.0, "off")]
    result = simulate(extinct(80.0), t=[0.0, 40.0], schedule=Schedule.of(turns), options=TIGHT)
    times = [time for time, _ in happened(result, "extinction")]
    level = 50.0 / RATE * (1.0 - np.exp(-RATE * 8.0))
    assert times == pytest.approx([time_at(1.0, 100.0), 20.0 + time_at(1.0, level)], rel=1e-9)
    assert result.values[0, -1].tolist() == [0.0, 0.0]


def test_where_nothing_flows_in_nothing_appears():
    result = simulate(extinct(80.0), t=np.arange(0.0, 400.0, 10.0))
    assert result.values[0, 2:].max() == 0.0


def test_a_population_that_rises_between_stops_can_go_extinct():
    """A -> B -> nothing at rates 1 and 2 a day: B = 1000 (exp(-t) - exp(-2 t)), and no stop while it is above one."""
    net = Network("chain")
    first = net.species("first", unit="cells", initial=1000.0, tolerance=1e-9)
    second = net.species("second", unit="cells", tolerance=1e-9)
    net.reaction("step", consumes={first: 1}, produces={second: 1}, rate=1.0 * first)
    net.reaction("death", consumes={second: 1}, rate=2.0 * second)
    net.extinction("second", (second,))
    result = simulate(net, t=[0.0, 12.0], options=TIGHT)
    ((time, name),) = happened(result, "extinction")
    assert name == "second"
    share = 0.5 - np.sqrt(0.25 - 1e-3)  # exp(-t) where 1000 (x - x^2) = 1
    assert time == pytest.approx(-np.log(share), rel=1e-8)


def test_what_holds_only_within_a_step_is_seen():
    """Time itself needs few long steps: one goes from before day 4.8 to after day 8.8, between which it holds."""
    net = Network("clock")
    clock = net.species("clock", kind="continuous")
    net.reaction("tick", produces={clock: 1}, rate=1.0)
    distance = net.quantity("distance", (clock - 6.8) ** 2)
    net.event(Event("near", (Condition(distance, "below", 4.0),), (Change(clock, "add", 0.0),)))
    result = simulate(net, t=[0.0, 20.0])
    ((time, _),) = happened(result, "event")
    assert time == pytest.approx(4.8, rel=1e-9)
