"""Sparse LU along the diagonal and its solution, driven by lists of rows (see derive.factorization)."""

from carsim.engines.kernels.lanes import apart, kernel, load, splat, store


@kernel
def factorise(lanes, workspace, factors, inverse):
    """Overwrite the matrix by its factors; inverse diagonals go to rows `inverse` + unknown. Zero if pivots are finite.

    The inverse of an infinite pivot is zero, and the solution would be finite: it must be told apart here.

    Right-looking: one multiplier, then a run over the pivot's row, whose targets are listed in the same order.
    """
    apart()
    diagonal, unknown, target = factors.diagonal, factors.unknown, factors.target
    column, column_start, across, across_start = (
        factors.column,
        factors.column_start,
        factors.across,
        factors.across_start,
    )
    place = 0
    defect = splat(lanes, 0.0)
    for k in range(factors.size):
        pivot = load(lanes, workspace, diagonal[k])
        defect = defect + (pivot - pivot)
        reciprocal = splat(lanes, 1.0) / pivot
        store(workspace, inverse + unknown[k], reciprocal)
        first, last = across_start[k], across_start[k + 1]
        for c in range(column_start[k], column_start[k + 1]):
            multiplier = load(lanes, workspace, column[c]) * reciprocal
            store(workspace, column[c], multiplier)
            for a in range(first, last):
                row = target[place]
                product = multiplier * load(lanes, workspace, across[a])
                store(workspace, row, load(lanes, workspace, row) - product)
                place += 1
    return defect


@kernel
def solve_linear(lanes, workspace, factors, inverse, right):
    """Solve in place for the right side at rows `right` + unknown; both passes sum along rows, which stores least."""
    apart()
    n, unknown = factors.size, factors.unknown
    left, left_start, left_unknown = factors.left, factors.left_start, factors.left_unknown
    across, across_start, across_unknown = factors.across, factors.across_start, factors.across_unknown
    for k in range(n):
        first, last = left_start[k], left_start[k + 1]
        if first == last:
            continue
        own = right + unknown[k]
        value = load(lanes, workspace, own)
        for a in range(first, last):
            known = load(lanes, workspace, right + left_unknown[a])
            value = value - load(lanes, workspace, left[a]) * known
        store(workspace, own, value)
    for back in range(n):
        k = n - 1 - back
        own = unknown[k]
        value = load(lanes, workspace, right + own)
        for a in range(across_start[k], across_start[k + 1]):
            known = load(lanes, workspace, right + across_unknown[a])
            value = value - load(lanes, workspace, across[a]) * known
        store(workspace, right + own, value * load(lanes, workspace, inverse + own))
