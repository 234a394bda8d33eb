"""Events, modes, extinctions and doses happen when the solution says so."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.selftest.check import Check, measures
from carsim.selftest.networks import Array, decay, thermostat

if TYPE_CHECKING:
    from carsim.engines.protocol import Trajectories
    from carsim.model.network import Network

GROUP = "events"
START, RATE, LEVEL = 1e4, 0.5, 100.0
PERIOD = math.log(START / LEVEL) / RATE  # days until the decay reaches the level


def _refilled(**settings: Any) -> Network:
    """Decay with one event: back to the start when cells fall below the level."""
    from carsim.model.network import Change, Condition, Event

    net, cells = decay(START, RATE)
    net.event(Event("refill", (Condition(cells, "below", LEVEL),), (Change(cells, "set", START),), **settings))
    return net


def _simulated(network: Network, times: Any, **more: Any) -> Trajectories:
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate

    return simulate(network, t=times, options=Options(rtol=1e-10, atol=1e-10), **more)


def _times(found: Trajectories, kind: str) -> Array:
    return np.array([item.time for item in found.events if item.kind == kind])


def _error(times: Array, expected: Any) -> float:
    """Largest relative error; infinite where the number of times differs."""
    known = np.asarray(expected, dtype=np.float64)
    return float(np.abs(times / known - 1.0).max()) if times.shape == known.shape else math.inf


@measures(
    GROUP,
    Check("time of an event", "relative error against log(N0 / c) / r", 1e-9),
    Check("state after an event", "relative error against N0 exp(-r (t - event))", 1e-8),
)
def one_event() -> list[float]:
    """Cells fall below a level, and are set back."""
    found = _simulated(_refilled(), [0.0, 15.0])
    times = _times(found, "event")
    after = START * math.exp(-RATE * (15.0 - PERIOD))
    return [_error(times, [PERIOD]), abs(found.of("cells")[0, -1] / after - 1.0)]


@measures(GROUP, Check("an event repeated", "relative error of three times", 1e-9))
def repeated() -> list[float]:
    """No more often than it may."""
    found = _simulated(_refilled(count=3), [0.0, 60.0])
    return [_error(_times(found, "event"), PERIOD * np.arange(1, 4))]


@measures(GROUP, Check("duration and delay", "relative error of the time: both are waited for", 1e-9))
def delayed() -> list[float]:
    """The condition lasts for 1.5 d, then 2 d pass."""
    return [_error(_times(_simulated(_refilled(duration=1.5, delay=2.0), [0.0, 30.0]), "event"), [PERIOD + 3.5])]


@measures(GROUP, Check("visits", "days away from the first visit at which the condition holds", 1e-12, "d"))
def visits() -> list[float]:
    """The level is reached on day 9.21."""
    times = _times(_simulated(_refilled(visits=(2.0, 9.0, 9.5, 12.0), count=None), [0.0, 15.0]), "event")
    return [abs(float(times[0]) - 9.5) if times.size == 1 else math.inf]


@measures(GROUP, Check("a mode with two thresholds", "relative error of its switches", 1e-8))
def modes() -> list[float]:
    """Up from 150 to 200 cells, then down to 100 and up again."""
    found = _simulated(thermostat(0.7, 100.0, 200.0, 150.0), np.linspace(0.0, 5.0, 51), outputs=["cells", "level"])
    times = _times(found, "mode")
    return [_error(times, math.log(200.0 / 150.0) / 0.7 + math.log(2.0) / 0.7 * np.arange(max(times.size, 4)))]


@measures(
    GROUP,
    Check("time of an extinction", "relative error: below one cell", 1e-8),
    Check("after an extinction", "cells left", 0.0, "cells"),
)
def extinction() -> list[float]:
    """The last cell is gone, not an ever smaller share of it."""
    net, cells = decay(80.0, RATE)
    net.extinction("clone", (cells,))
    found = _simulated(net, [0.0, 9.0, 12.0])
    return [_error(_times(found, "extinction"), [math.log(80.0) / RATE]), float(found.of("cells")[0, 1:].max())]


@measures(
    GROUP,
    Check("output at the time of a dose", "relative error: the state after it", 1e-9),
    Check("doses of one time", "relative error: in the order of statement", 1e-9),
)
def doses() -> list[float]:
    """Add 500, then double; the other order would give half of that in addition."""
    from carsim.treatment.schedule import Schedule

    net, _ = decay(START, RATE)
    schedule = Schedule.of([(3.0, "add", "cells", 500.0, "dose"), (6.0, "add", "cells", 500.0, "dose")])
    found = _simulated(net, [0.0, 3.0, 6.0], schedule=schedule).of("cells")[0]
    third = START * math.exp(-RATE * 3.0) + 500.0
    net, _ = decay(START, RATE)
    both = Schedule.of([(3.0, "set", "cells", 40.0, "first"), (3.0, "add", "cells", 500.0, "second")])
    ordered = _simulated(net, [0.0, 3.0], schedule=both).of("cells")[0, -1]
    sixth = third * math.exp(-RATE * 3.0) + 500.0
    return [max(abs(found[1] / third - 1.0), abs(found[2] / sixth - 1.0)), abs(ordered / 540.0 - 1.0)]


MEASURES = (one_event, repeated, delayed, visits, modes, extinction, doses)
