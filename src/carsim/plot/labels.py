"""Names at the ends of lines, moved apart so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from carsim.plot.style import SMALL, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions nearest to those wanted, in their order, `gap` or more apart, inside `low` to `high` if they fit."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed: list[list[float]] = []  # groups of touching labels: [centre, count]
    for index in order:
        placed.append([min(max(wanted[index], low), high), 1.0])
        while len(placed) > 1 and _top(placed[-2], gap) + gap > _bottom(placed[-1], gap):
            last, before = placed.pop(), placed.pop()
            count = last[1] + before[1]
            placed.append([(last[0] * last[1] + before[0] * before[1]) / count, count])
            half = 0.5 * (count - 1.0) * gap
            placed[-1][0] = max(min(placed[-1][0], high - half), low + half)
    positions = [_bottom(group, gap) + step * gap for group in placed for step in range(int(group[1]))]
    result = [0.0] * len(wanted)
    for index, position in zip(order, positions, strict=True):
        result[index] = position
    return result


def _bottom(group: list[float], gap: float) -> float:
    return group[0] - 0.5 * (group[1] - 1.0) * gap


def _top(group: list[float], gap: float) -> float:
    return group[0] + 0.5 * (group[1] - 1.0) * gap


def end_labels(axes: Axes, names: Sequence[tuple[str, float, Look]], *, aside: float = 6.0) -> None:
    """Write (name, last level, look) right of a panel whose limits are final; `aside` is the distance in points."""
    height = axes.get_window_extent().height / axes.figure.dpi * 72.0  # points
    places = []
    for _, level, _ in names:
        bottom = axes.get_ylim()[0]
        pixel = axes.transData.transform((axes.get_xlim()[1], max(level, bottom)))
        places.append(float(axes.transAxes.inverted().transform(pixel)[1]))
    lines = [1 + name.count("\n") for name, _, _ in names]
    gap = 1.25 * SMALL * max(lines, default=1) / height
    for (name, _, look), level, place in zip(names, places, spread(places, gap, 0.02, 0.98), strict=True):
        axes.annotate(
            name,
            (1.0, min(max(level, 0.0), 1.0)),
            xycoords="axes fraction",
            xytext=(aside + 8.0, (place - min(max(level, 0.0), 1.0)) * height),
            textcoords="offset points",
            fontsize=SMALL,
            color=look.colour,
            ha="left",
            va="center",
            linespacing=0.95,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": look.colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 1},
        )
