"""The compiled exact engine against its readable twin: the same draws, the same whole counts at a fine grid of times.

Rates are sums and products in another order of arithmetic, so times differ by rounding. Counts are then still equal,
save where a draw falls on a boundary: a course whose twin came within 1e-12 of one (`Course.nearest`) is left out, and
at most one in a hundred may be. A course has at most some thousands of draws, each so near with probability 1e-12.
"""

import numpy as np
import pytest

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.model.network import Change, Condition, Event, Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

from . import twin
from .networks import linear, predators
from .rules import seed_of
from .systems import SYSTEMS

COURSES = 6
GRID = np.linspace(0.0, 10.0, 1001)


def constant() -> Network:
    """A rate that is a number, one that is a handle, one that is never positive."""
    net = Network("constant rates")
    cells, rate = net.species("cells", unit="cell", initial=2.0), net.parameter("rate", 1.5, unit="cell/d")
    net.reaction("never", consumes={cells: 1}, rate=0.0)
    net.reaction("number", produces={cells: 1}, rate=2.0)
    net.reaction("handle", produces={cells: 3}, rate=rate)
    net.reaction("death", consumes={cells: 1}, rate=0.4 * cells)
    return net


def repeating() -> Network:
    """Death starts at 15 cells or more together with a second condition, refills come up to three times."""
    net = linear("repeating", 6.0, birth=0.5, death=0.1)
    cells, rate = net.rows["cells"], net.rows["death rate"]
    level, given = net.parameter("level", 15.0, unit="cell"), net.parameter("given", 0.0)
    gap = net.quantity("gap", cells - level)
    high = (Condition(gap, "above", 0.0), Condition(given, "below", 3.0))
    net.event(Event("drug", high, (Change(rate, "set", 2.0), Change(given, "add", 1.0)), count=None))
    low = (Condition(cells, "below", 5.0),)
    net.event(Event("rescue", low, (Change(rate, "scale", 0.25), Change(cells, "add", 4.0)), count=3))
    return net


MIXED = Schedule.of(
    [
        (0.0, "add", "prey0", 3.0, "at the start"),
        (2.0, "add", "eater0", 5.0, "first of two"),
        (2.0, "scale", "prey0", 2.0, "second of two"),
        (4.123, "set", "tire", 0.8, "between"),
        (6.5, "set", "prey1", 40.0, "set"),
        (10.0, "add", "prey0", 1.0, "at the end"),
    ]
)
CASES = {
    "birth-death": (SYSTEMS["birth-death"].network, None),
    "doses": (SYSTEMS["doses"].network, SYSTEMS["doses"].schedule),
    "triggers": (SYSTEMS["triggers"].network, None),
    "batches": (SYSTEMS["batches"].network, None),
    "kill": (SYSTEMS["kill"].network, None),
    "two types": (SYSTEMS["two types"].network, None),
    "predators": (predators, None),
    "predators with doses": (predators, MIXED),
    "constant": (constant, None),
    "repeating": (repeating, None),
}


def compiled(net, schedule, replicates, seed, t=GRID, **settings):
    outputs = (*(species.name for species in net.all_species), *(row.name for row in net.quantities))
    result = simulate(
        net, t=t, engine="exact", schedule=schedule, replicates=replicates, seed=seed, outputs=outputs, **settings
    )
    assert (result.status == Status.OK).all(), result.problem(int(np.argmax(result.status)))
    return result


def moments_of(result, course, kind):
    return [(event.time, event.name) for event in result.events if (event.patient, event.kind) == (course, kind)]


@pytest.mark.parametrize("name", CASES)
def test_the_compiled_engine_and_its_twin_go_in_lockstep(name):
    build, schedule = CASES[name]
    seed, unclear, reactions = seed_of(f"lockstep/{name}"), 0, 0
    net = build()
    result = compiled(net, schedule, COURSES, seed)
    for replicate in range(COURSES):
        course = twin.run(net, GRID, seed=seed, replicate=replicate, schedule=schedule, outputs=result.outputs)
        if course.nearest < twin.NEAR:
            unclear += 1
            continue
        reactions += len(course.reactions)
        for species in net.all_species:
            assert result.of(species.name)[replicate].tolist() == course.states[species.name], (species.name, replicate)
        for row in net.quantities:
            expected = course.states[row.name]
            assert result.of(row.name)[replicate] == pytest.approx(expected, rel=1e-12, abs=1e-12), row.name
        for kind, expected in (("event", course.events), ("dose", course.doses)):
            happened = moments_of(result, replicate, kind)
            assert [what for _, what in happened] == [what for _, what in expected]
            assert [time for time, _ in happened] == pytest.approx([time for time, _ in expected], rel=1e-10)
    assert unclear <= COURSES // 100
    assert reactions >= 20 * COURSES


def test_another_seed_and_another_replicate_are_other_courses():
    """The control: what lockstep compares is not the same for all."""
    seed, net = seed_of("lockstep/control"), predators()
    result = compiled(net, None, 2, seed)
    course = twin.run(net, GRID, seed=seed, replicate=0, outputs=("prey0",))
    other = twin.run(net, GRID, seed=seed + 1, replicate=0, outputs=("prey0",))
    assert result.of("prey0")[0].tolist() == course.states["prey0"]
    assert result.of("prey0")[1].tolist() != course.states["prey0"]
    assert other.states["prey0"] != course.states["prey0"]


def test_patients_have_their_own_streams_values_and_replicates():
    """Course k is patient k // R, replicate k % R."""
    net, seed = linear("three patients", 5.0, birth=0.3, death=0.2), seed_of("lockstep/patients")
    births, starts = np.array([0.1, 0.3, 0.5]), np.array([8.0, 5.0, 3.0])
    patients = Patients.of(net, 3, {"birth rate": births, "cells": starts})
    result = compiled(net, None, 4, seed, patients=patients)
    for course in range(12):
        patient, replicate = divmod(course, 4)
        values = {"birth rate": births[patient], "cells": starts[patient]}
        single = twin.run(net, GRID, seed=seed, patient=patient, replicate=replicate, values=values)
        assert result.of("cells")[course].tolist() == single.states["cells"], course


def test_a_long_course_stays_in_lockstep():
    """Some ten thousand reactions one after the other: errors of rounding in time do not add up to another course."""
    net, seed = linear("long", 40.0, death=0.5), seed_of("lockstep/long")
    net.reaction("arrival", produces={net.rows["cells"]: 1}, rate=net.parameter("arrival", 25.0))
    t = np.linspace(0.0, 200.0, 801)
    result = compiled(net, None, 1, seed, t, options=Options(max_steps=1_000_000))
    course = twin.run(net, t, seed=seed)
    assert len(course.reactions) > 5_000
    assert result.of("cells")[0].tolist() == course.states["cells"]
