"""The lineage tree of a clone: who descends from whom, when, and who died.

A mother lives on as one of her two daughters, so each cell is one line, from its birth to its death, and a step leads
to it from its mother's line at its birth. Lines are ordered so that no step crosses another line: below a mother stand
her daughters, the latest nearest to her, and the largest family comes first. Time runs to the day of the clone's last
single cells.

Up to `MOST` cells all are drawn, those without a descendant among the last ones in grey. Above that only last cells and
their ancestors are; of more than `MOST` last cells those of the largest families that fit in whole, or where the
largest does not, every k-th of all by order of birth. The heading says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.cells import Last, last_cells
from carsim.dataset.replicates import flat, replicates_of
from carsim.plot.layout import heading
from carsim.plot.style import FAINT, SMALL, Look

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

MOST = 200  # lines that can be told apart in 4.4 inches
DEAD = "#b5b5b5"
ESCAPED = 0.1
DIMS = ("lineage", "cell")


@dataclass(frozen=True)
class Tree:
    """Cells of a clone in a course, in order of birth: mother (place, -1: none), born, drawn until, and whether it is a
    last cell (`is_last`) or has one among its descendants (`leads`)."""

    clone: str
    where: str
    mother: NDArray[np.int64]
    born: NDArray[np.float64]
    until: NDArray[np.float64]
    is_last: NDArray[np.bool_]
    leads: NDArray[np.bool_]
    day: float
    at_end: bool
    said: str


def tree_of(data: xr.Dataset) -> Tree | None:
    """The tree of an escape clone, else of the main clone, in the first course in which it has last cells.

    An escape clone is one that arose or was rare and has at least `ESCAPED` of the leukaemic cells at the end; of
    several it is the one with most.
    """
    clones = [str(name) for name in data["clone"].values] if "clone" in data.dims else []
    end, replicates = float(data["time"].values[-1]), replicates_of(data)
    cells = flat(data)["blasts"].values[:, -1].sum(axis=2)
    course, alive = (data[f"{dim}_patient"].values * replicates + data[f"{dim}_replicate"].values for dim in DIMS)
    for numbers in (range(1, len(clones)), range(len(clones))[:1]):
        for k in np.unique(course).tolist():
            rows, own = np.flatnonzero(course == k), alive == k
            columns = {name: data[f"lineage_{name}"].values[rows] for name in ("identity", "parent", "born", "died")}
            clone = data["lineage_clone"].values[rows]
            for number in sorted(numbers, key=lambda number: -cells[k, number]):
                if not cells[k, number] > (ESCAPED * cells[k].sum() if number else 0.0):
                    continue
                left = data["cell_identity"].values[own & (data["cell_clone"].values == number)]
                last = last_cells(columns["identity"], columns["parent"], columns["died"], clone, number, left, end)
                if last is not None:
                    member = (clone == number) | np.isin(columns["identity"], last.cells)
                    return _made(clones[number], _where(data, k), member, columns, last, end)
    return None


def _where(data: xr.Dataset, course: int) -> str:
    patient, turn = divmod(course, replicates_of(data))
    words = [f"patient {data['patient'].values[patient]}"] if data.sizes["patient"] > 1 else []
    words += [f"replicate {turn}"] if replicates_of(data) > 1 else []
    return ", ".join(words)


def _made(
    clone: str,
    where: str,
    own: NDArray[np.bool_],
    columns: dict[str, NDArray[np.float64]],
    last: Last,
    end: float,
) -> Tree:
    """The tree of the cells that are the clone's `own`, thinned by the rule."""
    day = last.day
    identity, parent = columns["identity"][own].astype(int), columns["parent"][own].astype(int)
    place = {int(number): k for k, number in enumerate(identity)}
    mother = np.array([place.get(int(number), -1) for number in parent], dtype=int)
    died = np.where(np.isfinite(columns["died"][own]), columns["died"][own], day)
    drawn, said = _drawn(last, "left" if day == end else f"of day {day:.0f}")
    is_last = np.isin(identity, drawn)
    leads = is_last.copy()
    for k in range(identity.size - 1, -1, -1):  # daughters come after their mothers
        if leads[k] and mother[k] >= 0:
            leads[mother[k]] = True
    born = columns["born"][own]
    whole = identity.size <= MOST
    kept = (born <= day) & (np.ones_like(leads) if whole else leads)
    until = np.minimum(died, day)
    if not whole:  # of an ancestor that died or is left out, only the line that leads to a daughter
        latest = np.full(identity.size, -np.inf)
        np.maximum.at(latest, mother[kept & (mother >= 0)], born[kept & (mother >= 0)])
        until = np.where(is_last, until, latest)
    renumbered = np.full(identity.size + 1, -1)
    renumbered[:-1][kept] = np.arange(kept.sum())
    if "families" not in said:
        said += " and all that died before" if whole and not leads.all() else " and their ancestors"
    columns_kept = (renumbered[mother[kept]], born[kept], until[kept], is_last[kept], leads[kept])
    return Tree(clone, where, *columns_kept, day, day == end, said)


def _drawn(last: Last, when: str) -> tuple[NDArray[np.int64], str]:
    """Which of the last cells are drawn, and in words."""
    size = last.cells.size
    if size <= MOST:
        return last.cells, f"{size:,} cells {when}"
    names, family, counts = np.unique(last.founders, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    fit = int(np.searchsorted(np.cumsum(counts[order]), MOST, side="right"))
    if not fit:
        step = -(-size // MOST)
        return last.cells[::step], f"1 in {step:,} of {size:,} cells {when}"
    drawn = last.cells[np.isin(family, order[:fit])]
    largest = "the largest" if fit == 1 else f"the {fit} largest"
    return drawn, f"{largest} of {names.size:,} families, {drawn.size} of {size:,} cells {when}"


def heights(mother: NDArray[np.int64], born: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of each line from the top: the largest family first, below a mother her daughters, the latest first."""
    daughters: list[list[int]] = [[] for _ in mother]
    roots: list[int] = []
    lines = np.ones(mother.size, dtype=np.int64)
    in_order = np.argsort(born, kind="stable").tolist()
    for k in in_order:
        (daughters[mother[k]] if mother[k] >= 0 else roots).append(k)
    for k in in_order[::-1]:
        if mother[k] >= 0:
            lines[mother[k]] += lines[k]
    rows = np.zeros(mother.size, dtype=np.int64)
    waiting, row = sorted(roots, key=lambda k: lines[k]), 0
    while waiting:
        k = waiting.pop()
        rows[k] = row
        row += 1
        waiting += daughters[k]  # the earliest are taken last
    return rows


def draw_tree(axes: Axes, tree: Tree, style: Look) -> None:
    """Draw the tree into empty axes."""
    from matplotlib.collections import LineCollection

    rows = heights(tree.mother, tree.born)
    colours = np.where(tree.leads, style.colour, DEAD)
    lines = [[(b, y), (u, y)] for b, u, y in zip(tree.born, tree.until, rows, strict=True)]
    has = np.flatnonzero(tree.mother >= 0)
    steps = [[(tree.born[k], rows[tree.mother[k]]), (tree.born[k], rows[k])] for k in has.tolist()]
    width = float(np.clip(150.0 / max(rows.size, 1), 0.5, 1.4))
    axes.add_collection(LineCollection(steps, colors=colours[has].tolist(), linewidths=0.8 * width, zorder=1))
    axes.add_collection(LineCollection(lines, colors=colours.tolist(), linewidths=width, zorder=2))
    founders = tree.mother < 0
    axes.plot(tree.born[founders], rows[founders], "o", color=style.colour, markersize=3.0 if rows.size > 60 else 4.5)
    ended = ~tree.leads
    if ended.any() and rows.size <= MOST:
        axes.plot(tree.until[ended], rows[ended], "x", color=FAINT, markersize=3.5, markeredgewidth=0.8)
    span = max(tree.day - float(tree.born.min()), 1e-6)
    axes.set_xlim(float(tree.born.min()) - 0.03 * span, tree.day + 0.01 * span)
    axes.set_ylim(rows.max(initial=0) + 1.5, -1.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    until = "" if tree.at_end else f"; from day {tree.day:.0f} on the clone is too many and follows equations"
    axes.set_xlabel(f"days after the first CAR T infusion{until}")
    where = f", {tree.where}" if tree.where else ""
    heading(axes, f"Lineage of the {tree.clone} clone{where}: {tree.said}")
    known = ["dot: founder, which arose, or was there when the clone became rare"] + (
        ["grey to ×: died without descendants left"] if ended.any() else []
    )
    axes.text(
        1.0, -0.125, "; ".join(known), transform=axes.transAxes, fontsize=SMALL - 1.0, color=FAINT, ha="right", va="top"
    )
