"""Conjugates: their limit is the law of killing, and a killer that has killed goes on."""

from __future__ import annotations

import numpy as np
import pytest

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.check import check as problems_of
from tests.agents.systems import conjugates

FAST = 1e5  # of meeting and parting beside killing


def balance(killers, targets, k):
    """Conjugates in balance, exactly: the root of C^2 - (K + E + L) C + E L = 0."""
    total = k + killers + targets
    return 0.5 * (total - np.sqrt(total**2 - 4.0 * killers * targets))


@pytest.mark.parametrize(
    ("killers", "targets", "k"),
    [(1e3, 1e3, 1e6), (10.0, 1e4, 100.0), (1e4, 10.0, 100.0), (1e3, 1e3, 1e4)],
)
def test_the_quasi_steady_state_is_the_saturating_law(killers, targets, k):
    """killing E L / (K + E + L), to first order in E L / (K + E + L)^2, of which it is the bound."""
    killing = 1.0
    meeting = (FAST + killing) / k
    network = conjugates(killers, targets, meeting, FAST, killing)
    done = simulate(network, t=[0.0, 0.01], engine="ode")
    bound = done.of("conjugates")[0, -1]
    free_k, free_t = done.of("killers")[0, -1], done.of("targets")[0, -1]
    in_all_k, in_all_t = free_k + bound, free_t + bound
    assert bound == pytest.approx(balance(in_all_k, in_all_t, k), rel=1e-4)  # parting is FAST = 1e5 times killing
    law = in_all_k * in_all_t / (k + in_all_k + in_all_t)
    order = in_all_k * in_all_t / (k + in_all_k + in_all_t) ** 2
    assert 0.0 <= bound / law - 1.0 <= 2.0 * order + 1e-4


def test_far_from_its_limit_the_law_gives_half_of_the_conjugates():
    """As many killers as targets and K far below both: every cell is bound, and the law says half."""
    network = conjugates(1e4, 1e4, FAST, FAST, 1e-3)
    done = simulate(network, t=[0.0, 0.01], engine="ode")
    law = 1e4 * 1e4 / (1.0 + 2e4)
    assert law / done.of("conjugates")[0, -1] == pytest.approx(0.5, rel=0.02)  # 1 % are free: sqrt(K 1e4) = 100


def test_units_balance():
    assert problems_of(conjugates(1.0, 1.0, 1.0, 1.0, 1.0)) == []


def test_a_killer_outlives_its_kills_and_goes_on():
    """Serial killing: 20 killers clear 300 targets; each kill is on somebody's record, and no killer is lost."""
    network = conjugates(20, 300, 0.05, 1.0, 5.0)
    options = Options(threshold=np.inf, lineages=True)
    done = simulate(network, t=[0.0, 50.0], engine="agent", replicates=5, seed=1, options=options)
    left = done.individuals
    assert set(done.of("targets")[:, -1] + done.of("conjugates")[:, -1]) == {0.0}
    for course in range(5):
        mine = left.course == course
        killers = left.kind[mine] == left.species.index("killers")
        assert killers.sum() == 20
        assert sorted(left.identity[mine][killers]) == list(range(20))  # they were founded first, and are the same
        assert left.kills[mine][killers].sum() == 300
        assert (left.kills[mine][killers] > 1).all()  # chance of a killer with fewer: below 1e-5 at 15 each on average
        died = left.lineage_died[left.lineage_course == course]
        assert np.isfinite(died).sum() == 300
