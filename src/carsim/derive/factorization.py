"""Symbolic sparse LU: in which order to eliminate, what fills in, and the flat lists a kernel follows.

The matrix is factorised along its diagonal without pivoting (for W = I/(gamma h) - J the controller shortens the step
where a pivot is poor: the error then is large or not a number). The order is Markowitz's: the next unknown is the one
with the smallest product of other entries in its row and its column, ties in order of statement.

The unknowns are the states AND the aggregates that rates depend on. Keeping the aggregates as unknowns states the
chain rule as part of the factorisation (eliminating an aggregate first substitutes it), and the order decides itself
whether that is cheaper than the dense block which many clones coupled by one aggregate would make.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from carsim.derive.tables import Factors


def eliminate(
    size: int, pattern: Iterable[tuple[int, int]], first_row: int, driven: int | None = None
) -> tuple[Factors, dict[tuple[int, int], int]]:
    """Factors of a matrix with this pattern, and the workspace row of each entry, fill included.

    Rows are numbered from `first_row` on, the diagonal first. Right sides are zero but for the first `driven` unknowns
    (default: all).
    """
    across = [set[int]() for _ in range(size)]
    below = [set[int]() for _ in range(size)]
    for i, j in pattern:
        if i != j:
            across[i].add(j)
            below[j].add(i)
    remaining = set(range(size))
    steps: list[tuple[int, list[int], list[int]]] = []
    while remaining:
        pivot = min(remaining, key=lambda k: (len(across[k]) * len(below[k]), len(across[k]) + len(below[k]), k))
        remaining.remove(pivot)
        rows, columns = sorted(below[pivot]), sorted(across[pivot])
        steps.append((pivot, rows, columns))
        for i in rows:
            across[i].discard(pivot)
            across[i].update(j for j in columns if j != i)
        for j in columns:
            below[j].discard(pivot)
            below[j].update(i for i in rows if i != j)
    entry = {(i, i): first_row + i for i in range(size)}
    for pivot, rows, columns in steps:
        for place in (*((i, pivot) for i in rows), *((pivot, j) for j in columns)):
            entry[place] = first_row + len(entry)
    return _lists(steps, entry, size if driven is None else driven), entry


def _lists(steps: list[tuple[int, list[int], list[int]]], entry: dict[tuple[int, int], int], driven: int) -> Factors:
    position = {pivot: k for k, (pivot, _, _) in enumerate(steps)}
    moved = set(range(driven))  # unknowns that the forward pass finds or makes other than zero
    left: list[list[int]] = [[] for _ in steps]
    for pivot, rows, _ in steps:
        if pivot in moved:
            moved.update(rows)
            for i in rows:
                left[position[i]].append(pivot)
    # what is known first is taken first, so that a sum need not wait for what is known last
    steps = [(pivot, rows, sorted(columns, key=lambda j: -position[j])) for pivot, rows, columns in steps]

    def flat(values: Iterable[int]) -> np.ndarray:
        return np.array(list(values), dtype=np.int64)

    return Factors(
        size=len(steps),
        unknown=flat(pivot for pivot, _, _ in steps),
        diagonal=flat(entry[pivot, pivot] for pivot, _, _ in steps),
        column_start=np.cumsum([0, *(len(rows) for _, rows, _ in steps)]).astype(np.int64),
        column=flat(entry[i, pivot] for pivot, rows, _ in steps for i in rows),
        column_unknown=flat(i for _, rows, _ in steps for i in rows),
        left_start=np.cumsum([0, *map(len, left)]).astype(np.int64),
        left=flat(entry[pivot, j] for (pivot, _, _), known in zip(steps, left, strict=True) for j in known),
        left_unknown=flat(j for known in left for j in known),
        across_start=np.cumsum([0, *(len(columns) for _, _, columns in steps)]).astype(np.int64),
        across=flat(entry[pivot, j] for pivot, _, columns in steps for j in columns),
        across_unknown=flat(j for _, _, columns in steps for j in columns),
        target=flat(entry[i, j] for _, rows, columns in steps for i in rows for j in columns),
    )
