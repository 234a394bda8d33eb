"""Cumulative incidence of relapse by its phenotype, death without relapse competing: a panel for each arm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.plot.labels import end_labels
from carsim.plot.style import CLONE_LOOKS, HAIRLINE, LOOKS, SMALL, Look
from carsim.plot.trial_page import arms_of, heading, month_ticks, no_data, page, plain, span
from carsim.trials.estimates import OTHER, SITES, relapses
from carsim.trials.estimators.incidence import Incidence

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST, ACROSS = 6, 2  # arms drawn, panels in a row
PANEL, KEY = 2.7, 0.3  # inches: height of a panel with its labels, of the key below
CLONES = {"CD19-positive": CLONE_LOOKS["positive"], "CD19-negative": CLONE_LOOKS["absent"]}
DEATH = Look("#5c5c5c", (0, (2, 2)), "")
FREE = (LOOKS[3], LOOKS[5], LOOKS[6], LOOKS[7], LOOKS[2])


def draw_incidence(tree: xr.DataTree) -> Figure:
    """The figure of the arms."""
    arms = {name: patients for name, (_, patients) in list(arms_of(tree).items())[:MOST]}
    across = min(ACROSS, len(arms))
    rows = -(-len(arms) // across)
    what = "Cumulative incidence of relapse by phenotype (Aalen–Johansen, 95 % intervals), death competing"
    figure = page(tree, PANEL * rows + KEY + 0.1, what)
    bottom, top = span(figure)
    whole = float(figure.get_figheight())
    grid = figure.add_gridspec(
        rows, across, left=0.085, right=0.93, bottom=bottom + (KEY + 0.2) / whole, top=top, hspace=0.42, wspace=0.32
    )
    curves = {name: _by_phenotype(relapses(patients)) for name, patients in arms.items()}
    looks = _looks(curves)
    for at, (name, found) in enumerate(curves.items()):
        axes = figure.add_subplot(grid[at // across, at % across])
        heading(axes, name if len(arms) > 1 else "From the first remission on")
        _panel(axes, found, looks, _highest(curves))
    _key(figure, looks, 0.36 / whole)
    return figure


def _by_phenotype(found: Mapping[str, Incidence]) -> dict[str, Incidence]:
    """What is drawn of an arm: phenotypes that occur, those of CD19 in any case, and death."""
    return {
        cause: rise
        for cause, rise in found.items()
        if cause not in (*SITES, "relapse") and (cause in (*CLONES, OTHER) or (rise.incidence > 0.0).any())
    }


def _highest(curves: Mapping[str, Mapping[str, Incidence]]) -> float:
    """The top of the axes: that of the bands, a round number."""
    levels = [
        rise.high if np.isfinite(rise.high).any() else rise.incidence for f in curves.values() for rise in f.values()
    ]
    highest = max((float(np.nanmax(level)) for level in levels if level.size), default=0.0)
    return min(1.0, max(0.2, float(np.ceil(10.0 * highest)) / 10.0))


def _looks(curves: Mapping[str, Mapping[str, Incidence]]) -> dict[str, Look]:
    """The look of each cause: that of its clone, else one that is free."""
    others = sorted({cause for found in curves.values() for cause in found} - {*CLONES, OTHER})
    return CLONES | {cause: FREE[at % len(FREE)] for at, cause in enumerate(others)} | {OTHER: DEATH}


def _key(figure: Figure, looks: Mapping[str, Look], bottom: float) -> None:
    keys = [
        figure.axes[0].plot([], [], color=style.colour, linestyle=style.dash, label=cause.replace("+", " + "))[0]
        for cause, style in looks.items()
    ]
    figure.legend(
        handles=keys,
        loc="lower left",
        bbox_to_anchor=(0.02, bottom),
        ncols=3 if any("+" in cause for cause in looks) else 5,  # two phenotypes at once have long names
        frameon=False,
        fontsize=SMALL - 0.5,
        handlelength=2.4,
        columnspacing=1.3,
    )


def _panel(axes: Axes, curves: Mapping[str, Incidence], looks: Mapping[str, Look], highest: float) -> None:
    from matplotlib.ticker import MultipleLocator

    plain(axes)
    n = next(iter(curves.values())).n
    finite = [rise.last for rise in curves.values() if np.isfinite(rise.last)]
    last = max([*finite, *(float(rise.times.max(initial=MONTH)) for rise in curves.values())]) / MONTH
    axes.set_xlim(0.0, last)
    axes.set_ylim(0.0, 1.02 * highest)
    axes.set_xticks(month_ticks(last))
    axes.yaxis.set_major_locator(MultipleLocator(0.2 if highest > 0.6 else 0.1))
    axes.yaxis.set_major_formatter(lambda level, _: f"{100.0 * level:.0f} %")
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.set_xlabel(f"months from remission of {n} patients", fontsize=SMALL, labelpad=2)
    if n == 0:
        no_data(axes, "nobody reached a remission")
        return
    labels = []
    for cause, rise in curves.items():
        days = np.concatenate([[0.0], rise.times / MONTH, [last]])
        middle, low, high = (
            np.concatenate([[0.0], side, side[-1:] if side.size else [0.0]])
            for side in (rise.incidence, rise.low, rise.high)
        )
        style = looks[cause]
        if cause != OTHER:
            axes.fill_between(days, low, high, step="post", color=style.colour, alpha=0.13, linewidth=0)
        axes.plot(days, middle, drawstyle="steps-post", color=style.colour, linestyle=style.dash, linewidth=1.7)
        labels.append((f"{100.0 * middle[-1]:.0f} %", float(middle[-1]), style))
    end_labels(axes, labels, aside=0.0)
