"""Sparse LU along the diagonal and its solution, driven by lists of rows (see derive.factorization)."""

from carsim.engines.kernels.lanes import kernel, load, splat, store


@kernel
def factorise(lanes, workspace, factors, inverse):
    """Overwrite the matrix by its factors; inverse diagonals go to rows `inverse` + unknown. Zero if pivots are finite.

    The inverse of an infinite pivot is zero, and the solution would be finite: it must be told apart here.

    Right-looking: one multiplier, then a run over the pivot's row, whose targets are listed in the same order.
    """
    place = 0
    defect = splat(lanes, 0.0)
    for k in range(factors.size):
        pivot = load(lanes, workspace, factors.diagonal[k])
        defect = defect + (pivot - pivot)
        reciprocal = splat(lanes, 1.0) / pivot
        store(workspace, inverse + factors.unknown[k], reciprocal)
        first, last = factors.across_start[k], factors.across_start[k + 1]
        for c in range(factors.column_start[k], factors.column_start[k + 1]):
            multiplier = load(lanes, workspace, factors.column[c]) * reciprocal
            store(workspace, factors.column[c], multiplier)
            for a in range(first, last):
                row = factors.target[place]
                product = multiplier * load(lanes, workspace, factors.across[a])
                store(workspace, row, load(lanes, workspace, row) - product)
                place += 1
    return defect


@kernel
def solve_linear(lanes, workspace, factors, inverse, right):
    """Solve in place for the right side at rows `right` + unknown."""
    n = factors.size
    for k in range(n):
        value = load(lanes, workspace, right + factors.unknown[k])
        for c in range(factors.column_start[k], factors.column_start[k + 1]):
            row = right + factors.column_unknown[c]
            store(workspace, row, load(lanes, workspace, row) - load(lanes, workspace, factors.column[c]) * value)
    for back in range(n):
        k = n - 1 - back
        unknown = factors.unknown[k]
        value = load(lanes, workspace, right + unknown)
        for a in range(factors.across_start[k], factors.across_start[k + 1]):
            known = load(lanes, workspace, right + factors.across_unknown[a])
            value = value - load(lanes, workspace, factors.across[a]) * known
        store(workspace, right + unknown, value * load(lanes, workspace, inverse + unknown))
