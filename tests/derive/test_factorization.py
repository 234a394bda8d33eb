"""The elimination lists reproduce a dense solution, and cost little where the pattern is sparse."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from carsim.derive.factorization import eliminate


def solve(matrix: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Follow the lists in plain Python."""
    n = len(matrix)
    pattern = [(int(i), int(j)) for i, j in np.argwhere(matrix)]
    f, place = eliminate(n, pattern, 0)
    value = np.zeros(len(place))
    for (i, j), row in place.items():
        value[row] = matrix[i, j]
    x = right.astype(float).copy()
    target = iter(f.target)
    for k in range(f.size):
        for c in range(f.column_start[k], f.column_start[k + 1]):
            value[f.column[c]] /= value[f.diagonal[k]]
            for a in range(f.across_start[k], f.across_start[k + 1]):
                value[next(target)] -= value[f.column[c]] * value[f.across[a]]
            x[f.column_unknown[c]] -= value[f.column[c]] * x[f.unknown[k]]
    for k in reversed(range(f.size)):
        for a in range(f.across_start[k], f.across_start[k + 1]):
            x[f.unknown[k]] -= value[f.across[a]] * x[f.across_unknown[a]]
        x[f.unknown[k]] /= value[f.diagonal[k]]
    return x


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 12), st.floats(0.0, 1.0), st.integers(0, 2**32 - 1))
def test_elimination_solves_the_system(n, density, seed):
    rng = np.random.default_rng(seed)
    matrix = np.where(rng.random((n, n)) < density, rng.normal(size=(n, n)), 0.0)
    matrix += np.diag(np.abs(matrix).sum(axis=1) + 1.0)  # as W is for small steps
    right = rng.normal(size=n)
    np.testing.assert_allclose(solve(matrix, right), np.linalg.solve(matrix, right), rtol=1e-10, atol=1e-12)


def test_states_coupled_by_one_aggregate_cost_linearly():
    """n states that all feed and feel one aggregate: kept as an unknown, it costs n operations, not n cubed."""

    def work(n: int) -> int:
        pattern = [(i, i) for i in range(n + 1)] + [(i, n) for i in range(n)] + [(n, i) for i in range(n)]
        return len(eliminate(n + 1, pattern, 0)[0].target)

    assert work(64) == 64
    assert work(128) == 2 * work(64)
