"""The frame: a strip of treatments above the panels, all on one time axis.

The first month holds the treatments, the expansion and the response; what follows takes months. So the time axis is
drawn in two columns, days up to 30 at a larger scale and then the rest, with shared levels; a short run has one column.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.plot.style import FAINT, HAIRLINE, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FIRST_MONTH = 30.0
SHORT_RUN = 75.0  # days that one column can show
STRIP, STRIP_ROWS = 0.42, 4  # height of the strip, and the treatments that it holds; with more it grows
PANELS = {
    "cart": 1.2,
    "leukaemia": 1.6,
    "fluid": 0.9,
    "lymphocytes": 1.2,
    "toxicity": 1.1,
    "counts": 0.9,
    "drive": 1.0,
}  # heights
OF_REPLICATES = {"clone": 1.0, "outcome": 1.5}  # the same of panels that only replicates have; `clone:` and its name
INCHES, MARGINS = 1.55, 1.2  # inches per unit of height; above, below and between
LEFT, RIGHT, BOTTOM, TOP = 0.095, 0.815, 0.085, 0.93


@dataclass(frozen=True)
class Column:
    """One column: the days that it shows, its strip of treatments and its panels by name."""

    first: float
    last: float
    strip: Axes
    panels: dict[str, Axes]


def columns(
    figure: Figure, start: float, end: float, top: float = TOP, names: Sequence[str] = tuple(PANELS), rows: int = 0
) -> list[Column]:
    """Make the frame of the named panels for days `start` to `end`, from `top` (share of the height) down.

    `rows` is the number of treatments on the strip.
    """
    margin = 1.0
    heights = [_strip(rows), *(_height(name) for name in names)]
    spans = [(start - margin, end)] if end <= SHORT_RUN else [(start - margin, FIRST_MONTH), (FIRST_MONTH, end)]
    grid = figure.add_gridspec(
        len(heights),
        len(spans),
        height_ratios=heights,
        width_ratios=(1.0, 1.35)[: len(spans)],
        left=LEFT,
        right=RIGHT,
        bottom=BOTTOM,
        top=top,
        hspace=0.16,
        wspace=0.035,
    )
    made: list[Column] = []
    for place, span in enumerate(spans):
        axes: list[Axes] = []
        for row in range(len(heights)):
            beside = [made[0].strip, *made[0].panels.values()][row] if made else None
            above = axes[0] if axes else None
            axes.append(figure.add_subplot(grid[row, place], sharey=beside, sharex=above))
        made.append(Column(*span, axes[0], dict(zip(names, axes[1:], strict=True))))
    for place, column in enumerate(made):
        _dress(column, is_first=place == 0)
    return made


def height_of(names: Sequence[str], rows: int = 0) -> float:
    """Height in inches of a figure of these panels: each as high as ever, whatever their number and the treatments'."""
    return MARGINS + INCHES * (_strip(rows) + sum(_height(name) for name in names))


def _height(name: str) -> float:
    return (PANELS | OF_REPLICATES)[name.partition(":")[0]]


def _strip(rows: int) -> float:
    return STRIP * max(1.0, rows / STRIP_ROWS)


def day_ticks(first: float, last: float) -> np.ndarray:
    """Ticks of a column: weeks in the first month, later round numbers of days, at most eight."""
    span = last - first
    step = next(size for size in (7, 14, 30, 60, 90, 180, 365, 730, 1825, 3650, 36500) if span / size <= 8)
    ticks = np.arange(np.ceil(first / step) * step, last + 1e-9, step)
    return ticks[ticks > first + 0.03 * span]


def _dress(column: Column, *, is_first: bool) -> None:
    axes = [column.strip, *column.panels.values()]
    for index, panel in enumerate(axes):
        panel.set_xlim(column.first, column.last)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(axis="x", labelbottom=index == len(axes) - 1, length=3)
        panel.tick_params(axis="y", length=3)
        if not is_first:
            panel.spines["left"].set(color=HAIRLINE, linestyle=(0, (2, 2)))
            panel.tick_params(axis="y", which="both", left=False, labelleft=False)
    column.strip.spines[["left", "bottom"]].set_visible(False)
    column.strip.patch.set_visible(False)  # so that a name may reach into the next column
    column.strip.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    axes[-1].set_xticks(day_ticks(column.first, column.last))


def heading(axes: Axes, text: str) -> None:
    """Name of a panel, inside its upper left corner."""
    axes.text(
        0.0, 1.02, text, transform=axes.transAxes, fontsize=SMALL + 0.5, fontweight="bold", ha="left", va="bottom"
    )


def log_levels(axes: Axes, low: float, high: float, *, every: int = 1) -> None:
    """A logarithmic axis with a tick every so many decades."""
    axes.set_yscale("log")
    axes.set_ylim(low, high)
    powers = range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)
    axes.set_yticks([10.0**power for power in powers if power % every == 0])
    axes.minorticks_off()


def limit_line(axes: Axes, level: float, text: str | None, *, at_end: bool = False) -> None:
    """A horizontal limit with its name at its left or right end."""
    axes.axhline(level, color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    if text:
        place = (0.985, level) if at_end else (0.012, level)
        note = axes.annotate(text, place, xycoords=("axes fraction", "data"), xytext=(0, 2), **LIMIT_TEXT)
        note.set_horizontalalignment("right" if at_end else "left")
        halo(note)


LIMIT_TEXT: dict[str, Any] = {
    "textcoords": "offset points",
    "fontsize": SMALL - 1.0,
    "color": FAINT,
    "va": "bottom",
}


def halo(text: Any) -> None:
    """A white edge around letters, so that they stay readable on lines."""
    from matplotlib import patheffects

    text.set_path_effects([patheffects.withStroke(linewidth=2.5, foreground="white")])
