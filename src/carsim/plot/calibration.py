"""A calibration in two figures: each free parameter before and after, and each fact as predicted without its trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsim.calibrate import design
from carsim.dataset.provenance import NOT_FOR_TREATMENT, version
from carsim.plot.style import DPI, FAINT, HAIRLINE, INK, LOOKS, SETTINGS, SMALL, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from carsim.calibrate.conduct import Calibrated
    from carsim.calibrate.validation import Predicted

LINE = 0.27  # inches a parameter
HEAD, FOOT = 0.8, 0.85
COLUMNS = 3  # of the panels of groups
PANEL = 2.35  # inches


def draw(found: Calibrated) -> dict[str, Figure]:
    """The figures by name: `parameters` and `facts`."""
    import matplotlib as mpl

    with mpl.rc_context(SETTINGS):
        return {"parameters": _parameters(found), "facts": _facts(found.validated)}


def _parameters(found: Calibrated) -> Figure:
    """Scores of each parameter: the middle 95 % of the prior and of the draws, and the contraction in words."""
    from matplotlib.figure import Figure

    study = found.study
    height = HEAD + FOOT + LINE * len(study.names)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    axes = figure.add_axes((0.27, FOOT / height, 0.48, 1.0 - (HEAD + FOOT) / height))
    low, middle, high = np.quantile(found.posterior.draws, [0.025, 0.5, 0.975], axis=0)
    ends = [design.values(study, end) for end in (low, high)]
    lines = np.arange(len(study.names))[::-1]
    axes.barh(lines, 2 * design.END, left=-design.END, height=0.62, color="#ebebeb", zorder=0)
    axes.hlines(lines, low, high, color=LOOKS[0].colour, linewidth=1.6)
    axes.plot(middle, lines, LOOKS[0].marker, color=LOOKS[0].colour, markersize=4.5)
    axes.set_yticks(lines, [free.name for free in study.parameters], fontsize=SMALL)
    axes.tick_params(axis="y", length=0)
    for k, (free, known) in enumerate(zip(study.parameters, found.identified, strict=True)):
        kind = f"spread {free.median:g}" if free.spread else f"factor {free.median:g}"
        text = f"{kind}: {ends[0][k]:.2g} to {ends[1][k]:.2g} ({100 * known.contraction:.0f} % known)"
        axes.text(design.END + 0.15, lines[k], text, va="center", fontsize=SMALL - 1, color=FAINT)
    axes.axvline(0.0, color=HAIRLINE, linewidth=0.8, zorder=0)
    axes.set_xlim(-design.END - 0.1, design.END + 0.1)
    axes.set_xlabel("score: 0 at the median of the prior, in its standard deviations")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    _frame(
        figure, height, "Free parameters before and after", "Grey: prior. Blue: median and middle 95 % of the draws."
    )
    return figure


def _facts(predictions: list[Predicted]) -> Figure:
    """Published against predicted shares, a panel for each group of endpoints."""
    from matplotlib.figure import Figure

    groups = list(dict.fromkeys(one.target.group for one in predictions))
    rows = -(-len(groups) // COLUMNS)
    height = HEAD + FOOT + PANEL * rows
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    grid = figure.add_gridspec(
        rows, COLUMNS, left=0.08, right=0.98, bottom=FOOT / height, top=1.0 - HEAD / height, wspace=0.32, hspace=0.5
    )
    for place, group in enumerate(groups):
        axes = figure.add_subplot(grid[place // COLUMNS, place % COLUMNS])
        _panel(axes, group, [one for one in predictions if one.target.group == group])
    _frame(
        figure,
        height,
        "Each fact, predicted by a fit without its trial",
        "Bars: 95 % of trials of the published size. Orange: published value outside. A published median is 50 %.",
    )
    return figure


def _panel(axes: Axes, group: str, members: list[Predicted]) -> None:
    for one in members:
        look = LOOKS[0] if one.inside else LOOKS[1]
        at = one.target.offered
        axes.plot([at, at], [one.low, one.high], color=look.colour, linewidth=0.8, alpha=0.6)
        axes.plot([at], [one.median], look.marker, color=look.colour, markersize=3.2)
    axes.plot([0.0, 100.0], [0.0, 100.0], color=HAIRLINE, linewidth=0.8, zorder=0)
    axes.set_xlim(-3.0, 103.0)
    axes.set_ylim(-3.0, 103.0)
    axes.set_xticks([0, 50, 100])
    axes.set_yticks([0, 50, 100])
    inside = sum(one.inside for one in members)
    axes.set_title(f"{group}: {inside} of {len(members)} inside", fontsize=SMALL, loc="left", color=INK)
    axes.set_xlabel("published, %", fontsize=SMALL)
    axes.set_ylabel("predicted, %", fontsize=SMALL)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _frame(figure: Figure, height: float, title: str, words: str) -> None:
    figure.text(0.02, 1.0 - 0.2 / height, title, va="top", weight="bold")
    figure.text(0.02, 1.0 - 0.42 / height, words, va="top", fontsize=SMALL, color=FAINT)
    note = f"carsim {version()}. {NOT_FOR_TREATMENT}"
    figure.text(0.02, 0.12 / height, note, fontsize=SMALL - 1, color=FAINT)
