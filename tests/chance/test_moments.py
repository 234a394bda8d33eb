"""Moments and whole cells: conditions of the equations beside jumps, what a factor leaves, starts below one cell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from carsim.engines.run import simulate
from carsim.model.network import Change, Condition, Event, Network
from carsim.treatment.schedule import Schedule

from .comparisons import Share, Whole
from .rules import check, must_fail, seed_of
from .systems import ENGINES

EQUATIONS = ("leap", "hybrid", "agent", "exact")


def drug_beside_cells() -> Network:
    """A drug that decays from 8 at 1 per day, an event where it falls below 1, and cells that jump meanwhile."""
    net = Network("drug beside cells")
    drug = net.species("drug", unit="mg", kind="continuous", initial=8.0, tolerance=1e-9)
    fallen = net.species("fallen", unit="1", kind="continuous", tolerance=1e-9)
    cells = net.species("cells", unit="cells", initial=20)
    net.reaction("loss", consumes={drug: 1}, rate=net.parameter("k", 1.0, unit="1/d") * drug)
    net.reaction("birth", produces={cells: 1}, rate=net.parameter("birth", 0.2, unit="1/d") * cells)
    net.reaction("death", consumes={cells: 1}, rate=net.parameter("death", 0.2, unit="1/d") * cells)
    net.event(Event("fallen", (Condition(drug, "below", 1.0),), (Change(fallen, "set", 1.0),)))
    return net


@pytest.mark.parametrize("engine", EQUATIONS)
def test_what_the_equations_trigger_happens_at_its_moment_while_cells_jump(engine):
    """At ln 8 to 1e-6 d, whatever fires meanwhile; an end of a step's part would be hours away."""
    done = simulate(drug_beside_cells(), t=[0.0, 5.0], engine=engine, replicates=20, seed=seed_of(f"moment/{engine}"))
    times = [event.time for event in done.events if event.name == "fallen"]
    assert len(times) == 20
    assert np.abs(np.array(times) - math.log(8.0)).max() < 1e-6


def conditioned(cells: float) -> Network:
    """Cells at rest that a factor may act on; below one there are none."""
    net = Network("conditioned")
    cell = net.species("cells", unit="cells", initial=cells)
    net.reaction("death", consumes={cell: 1}, rate=net.parameter("death", 0.0, unit="1/d") * cell)
    net.extinction("cells", [cell])
    return net


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("cells", "survival"), [(500, 1e-3), (40, 0.25), (1_000_000, 1e-6)])
def test_each_cell_survives_a_factor_by_itself(engine, cells, survival):
    """Of n cells a binomial number is left: of 500 at 0.1 %, none in 61 %; a rounded product would say half."""
    schedule = Schedule.of([(1.0, "scale", "cells", survival, "conditioning")])

    def sample(seed, n):
        done = simulate(conditioned(cells), t=[0.0, 2.0], engine=engine, schedule=schedule, replicates=n, seed=seed)
        return done.of("cells")[:, -1]

    sizes = np.arange(60)
    law, other = stats.binom(cells, survival).pmf(sizes), stats.binom(cells, 1.5 * survival).pmf(sizes)
    comparison = Whole("", law, other=other)
    check(f"conditioning/{engine}/{cells}", sample, [comparison], n=2_000)
    must_fail(f"conditioning/{engine}/{cells}", sample, [comparison], n=2_000)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_start_of_less_than_one_cell_is_one_cell_in_some_courses(engine):
    def sample(seed, n):
        return simulate(conditioned(0.3), t=[0.0, 1.0], engine=engine, replicates=n, seed=seed).of("cells")[:, -1]

    check(f"start/{engine}", lambda seed, n: sample(seed, n) == 1.0, [Share("", 0.3, other=0.4)], n=1_000)
