"""A lattice, where neighbours matter: cells divide only where there is room beside them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.errors import UnsupportedMechanism
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order
from tests.agents.systems import crowded
from tests.chance.comparisons import Whole
from tests.chance.rules import check, must_fail

ALL = Options(threshold=np.inf)
CORNERS = 8  # places of a lattice of side two


def neighbours(place: int, side: int) -> set[int]:
    """By hand: one step along each axis, opposite faces joined."""
    x, y, z = place % side, place // side % side, place // side**2
    steps = [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]
    return {(x + i) % side + side * ((y + j) % side + side * ((z + k) % side)) for i, j, k in steps}


def counts_by_hand(birth: float, time: float) -> np.ndarray:
    """Chance of each number of cells on a cube of eight places, from one: the master equation of all 256 patterns."""
    rates = np.zeros((2**CORNERS, 2**CORNERS))
    for pattern in range(1, 2**CORNERS):
        for place in range(CORNERS):
            free = [n for n in neighbours(place, 2) if not pattern >> n & 1]
            if pattern >> place & 1 and free:
                rates[pattern, pattern] -= birth
                for n in free:
                    rates[pattern, pattern | 1 << n] += birth / len(free)
    chances = expm(rates * time)[1]
    sizes = np.array([pattern.bit_count() for pattern in range(2**CORNERS)])
    return np.array([chances[sizes == k].sum() for k in range(CORNERS + 1)])


def test_the_number_of_cells_on_a_cube_follows_its_master_equation():
    """On eight places; without neighbours the cells would divide as long as any place is free."""
    birth, time = 1.0, 1.5

    def sample(seed, n):
        options = Options(threshold=np.inf, keep_cells=False)
        done = simulate(crowded(2, birth), t=[0.0, time], engine="agent", replicates=n, seed=seed, options=options)
        return done.of("cells")[:, -1]

    free = np.zeros((CORNERS + 1, CORNERS + 1))
    for k in range(1, CORNERS):
        free[k, k], free[k, k + 1] = -birth * k, birth * k
    comparison = Whole("", counts_by_hand(birth, time), other=expm(free * time)[1])
    check("cube", sample, [comparison], n=4_000)
    must_fail("cube", sample, [comparison], n=4_000)


def test_a_colony_fills_its_niche_and_no_more_each_cell_beside_its_mother():
    side = 6
    options = Options(threshold=np.inf, lineages=True)
    done = simulate(crowded(side, 1.0), t=[0.0, 100.0], engine="agent", replicates=3, seed=2, options=options)
    assert (done.of("cells")[:, -1] == side**3).all()
    left = done.individuals
    for course in range(3):
        mine = left.course == course
        order = np.argsort(left.identity[mine])
        sites, parents = left.site[mine][order], left.lineage_parent[left.lineage_course == course]
        assert sorted(sites) == list(range(side**3))
        assert parents[0] == -1
        assert all(int(sites[cell]) in neighbours(int(sites[parents[cell]]), side) for cell in range(1, side**3))


def test_crowded_cells_grow_at_their_surface():
    """A colony in a large niche grows as its radius does, its number as time cubed; free cells by e^10 = 22,000."""
    done = simulate(crowded(40, 1.0), t=[0.0, 5.0, 10.0], engine="agent", replicates=8, seed=3, options=ALL)
    assert (done.of("cells")[:, 2] < 4_000).all()
    ratio = done.of("cells")[:, 2].mean() / done.of("cells")[:, 1].mean()
    assert 4.0 < ratio < 30.0  # 2^3 = 8 and the approach to it; free cells would give e^5 = 148


def test_what_comes_from_elsewhere_takes_any_place_and_waits_where_none_is_free():
    net = Network("homing")
    blood = net.species("blood", unit="cells", initial=30)
    marrow = net.species("marrow", unit="cells")
    rate = first_order(rate_constant=net.parameter("homing", 5.0, unit="1/d"), amount=blood)
    net.reaction("homing", consumes={blood: 1}, produces={marrow: 1}, rate=rate)
    net.lattice("niche", [marrow], 3)
    done = simulate(net, t=[0.0, 50.0], engine="agent", replicates=4, seed=1, options=ALL)
    assert (done.of("marrow")[:, -1] == 27).all()
    assert (done.of("blood")[:, -1] == 3).all()


def test_engines_that_count_leave_the_lattice_out():
    exact = simulate(crowded(2, 1.0), t=[0.0, 6.0], engine="exact", replicates=20, seed=1).of("cells")[:, -1]
    assert exact.mean() > 100.0  # e^6 = 403 on average; on the lattice at most 8


def test_two_cells_at_once_are_refused():
    net = Network("burst")
    cell = net.species("cells", unit="cells", initial=1)
    rate = first_order(rate_constant=net.parameter("birth", 1.0, unit="1/d"), amount=cell)
    net.reaction("burst", produces={cell: 2}, rate=rate)
    net.lattice("niche", [cell], 3)
    with pytest.raises(UnsupportedMechanism, match="'burst' makes 2 cells on lattice 'niche' at once; expected one"):
        simulate(net, t=[0.0, 1.0], engine="agent", options=ALL)
