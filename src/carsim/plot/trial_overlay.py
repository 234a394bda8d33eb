"""Several strategies over one another: survival, relapse, and the medians of CAR T cells and blasts.

event-free survival          overall survival          Kaplan and Meier
relapse, all phenotypes      CD19-negative relapse     Aalen and Johansen, death competing
CAR T cells in blood         blasts in marrow          median of those alive, band that holds half of them
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.endpoints.persistence import QPCR_LIMIT
from carsim.endpoints.response import FLOW_LIMIT
from carsim.plot.labels import end_labels
from carsim.plot.layout import limit_line, log_levels
from carsim.plot.style import HAIRLINE, SMALL, look
from carsim.plot.trial_page import arms_of, days_by_root, heading, month_ticks, no_data, page, plain, span
from carsim.plot.trial_survival import BANDS, draw_curve
from carsim.trials.counted import Patients
from carsim.trials.estimates import relapses, survival
from carsim.trials.estimators.incidence import Incidence
from carsim.trials.store import part_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Arms = Mapping[str, tuple["xr.Dataset", Patients]]
MOST: Final = 8  # strategies drawn
PANEL, KEY = 2.45, 0.34  # inches: height of a row of panels with its labels, of the key above
CLOCKS: Final = {"EFS": "Event-free survival", "OS": "Overall survival"}
CAUSES: Final = {"relapse": "Relapse, all phenotypes", "CD19-negative": "CD19-negative relapse"}
LEAST_COPIES, LEAST_SHARE = 1.0, 1e-7


def draw_overlay(tree: xr.DataTree) -> Figure:
    """The figure of the first strategies."""
    arms = dict(list(arms_of(tree).items())[:MOST])
    n = max(patients.n for _, patients in arms.values())
    figure = page(tree, 3 * PANEL + KEY, f"The same {n} virtual patients under each strategy")
    bottom, top = span(figure)
    whole = float(figure.get_figheight())
    grid = figure.add_gridspec(
        3, 2, left=0.085, right=0.94, bottom=bottom + 0.01, top=top - KEY / whole, hspace=0.42, wspace=0.3
    )
    for at, (clock, words) in enumerate(CLOCKS.items()):
        axes = figure.add_subplot(grid[0, at])
        heading(axes, words)
        _survival(axes, arms, clock, getattr(part_of(tree).clocks, clock).start)
    rises = {name: relapses(patients) for name, (_, patients) in arms.items()}
    highest = _highest([found[cause] for found in rises.values() for cause in CAUSES])
    for at, (cause, words) in enumerate(CAUSES.items()):
        axes = figure.add_subplot(grid[1, at])
        heading(axes, words)
        _incidence(axes, {name: found[cause] for name, found in rises.items()}, highest)
    for at, (words, course, low, limit, limit_words) in enumerate(
        (
            ("CAR T cells in blood, copies/µg", "cart_copies", LEAST_COPIES, QPCR_LIMIT, "limit of qPCR"),
            ("Blasts in marrow, share of cells", "mrd", LEAST_SHARE, FLOW_LIMIT, "limit of flow cytometry"),
        )
    ):
        axes = figure.add_subplot(grid[2, at])
        heading(axes, words)
        _courses(axes, arms, course, low, limit)
        limit_line(axes, limit, limit_words, at_end=True)
    _key(figure, arms, 1.0 - (whole * (1.0 - top) - 0.16) / whole)
    return figure


def _key(figure: Figure, arms: Arms, top: float) -> None:
    keys = [
        figure.axes[0].plot([], [], color=look(at).colour, linestyle=look(at).dash, linewidth=1.7, label=name)[0]
        for at, name in enumerate(arms)
    ]
    figure.legend(
        handles=keys,
        loc="upper left",
        bbox_to_anchor=(0.022, top),
        ncols=4 if len(arms) > 4 else len(arms),
        frameon=False,
        fontsize=SMALL,
        handlelength=2.6,
        columnspacing=1.6,
    )


def _survival(axes: Axes, arms: Arms, clock: str, start: str) -> None:
    plain(axes)
    curves = [survival(patients, clock) for _, patients in arms.values()]
    last = max((float(curve.stop.max()) / MONTH for curve in curves if curve.n), default=1.0)
    axes.set_xlim(-0.02 * last, 1.02 * last)
    axes.set_ylim(0.0, 1.03)
    axes.set_xticks(month_ticks(last))
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100 %"])
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.set_xlabel(f"months from {start}", fontsize=SMALL, labelpad=2)
    if not any(curve.n for curve in curves):
        no_data(axes, "no patient whose clock started")
    for at, curve in enumerate(curves):
        if curve.n:
            draw_curve(axes, curve, look(at), band=0.10 if len(curves) <= BANDS else 0.0)


def _highest(rises: list[Incidence]) -> float:
    """The top of both panels of relapse, a round number."""
    levels = [float(rise.incidence.max(initial=0.0)) for rise in rises]
    return min(1.0, max(0.2, math.ceil(10.0 * max(levels, default=0.0) + 0.5) / 10.0))


def _incidence(axes: Axes, rises: Mapping[str, Incidence], highest: float) -> None:
    plain(axes)
    finite = [rise.last for rise in rises.values() if np.isfinite(rise.last)]
    last = max([*finite, *(float(rise.times.max(initial=MONTH)) for rise in rises.values())]) / MONTH
    axes.set_xlim(0.0, last)
    axes.set_ylim(0.0, 1.02 * highest)
    axes.set_xticks(month_ticks(last))
    axes.yaxis.set_major_formatter(lambda level, _: f"{100.0 * level:.0f} %")
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.set_xlabel("months from remission, death competing", fontsize=SMALL, labelpad=2)
    if not any(rise.n for rise in rises.values()):
        no_data(axes, "nobody reached a remission")
        return
    labels = []
    for at, rise in enumerate(rises.values()):
        if rise.n:
            days = np.concatenate([[0.0], rise.times / MONTH, [last]])
            level = np.concatenate([[0.0], rise.incidence, rise.incidence[-1:] if rise.incidence.size else [0.0]])
            style = look(at)
            axes.plot(days, level, drawstyle="steps-post", color=style.colour, linestyle=style.dash, linewidth=1.7)
            labels.append((f"{100.0 * level[-1]:.0f} %", float(level[-1]), style))
    end_labels(axes, labels, aside=0.0)


def _courses(axes: Axes, arms: Arms, course: str, low: float, limit: float) -> None:
    """Median and band of a course of each strategy, of each patient up to death."""
    plain(axes)
    found = {}
    for at, (data, patients) in enumerate(arms.values()):
        if course in data and patients.n:
            levels = data[course].transpose("patient", "time", ...).values.astype(float)
            levels = levels.reshape(*levels.shape[:2], -1).sum(axis=2)  # over products
            days = data["time"].values
            found[at] = days, np.where(days <= patients.alive_until[:, None], levels, np.nan)
    days_by_root(axes, max((float(days[-1]) for days, _ in found.values()), default=1.0))
    if not found:
        no_data(axes, "no such course")
        return
    highest = max(float(np.nanmax(levels[:, days >= 0.0], initial=10.0 * limit)) for days, levels in found.values())
    counts = low >= 1.0
    log_levels(axes, low, 10.0 ** math.ceil(math.log10(1.2 * highest)) if counts else 1.5, every=1 if counts else 2)
    for at, (days, levels) in found.items():
        shown = (days >= 0.0) & np.isfinite(levels).any(axis=0)  # until the last of them has died
        below, middle, above = np.maximum(np.nanpercentile(levels[:, shown], (25.0, 50.0, 75.0), axis=0), 0.5 * low)
        style = look(at)
        if levels.shape[0] > 2 and len(found) <= BANDS:
            axes.fill_between(days[shown], below, above, color=style.colour, alpha=0.13, linewidth=0)
        axes.plot(days[shown], middle, color=style.colour, linestyle=style.dash, linewidth=1.6)
