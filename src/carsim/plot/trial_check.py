"""The visual predictive check: percentiles of a table of measurements in the intervals that simulated ones have.

One pair of panels for each variable: above, values and their 5th, 50th and 95th percentile (lines) in the intervals of
virtual patients (bands); below, the share below the limit of detection.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.dataset.variables import VARIABLES
from carsim.plot.layout import limit_line, log_levels
from carsim.plot.style import FAINT, INK, LOOKS, SMALL
from carsim.plot.trial_page import heading, page, plain, span
from carsim.trials.predictive import NODE

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANEL: Final = 3.5  # inches of a pair of panels
DAYS: Final = (0, 7, 14, 28, 60, 90, 180, 365, 730, 1095, 1825, 3650)
WIDE: Final = 20.0  # ratio of the largest to the smallest value above which an axis is logarithmic
OUTER, MIDDLE = LOOKS[0].colour, LOOKS[1].colour
WORDS: Final = ("5th percentile", "median", "95th percentile")


def draw_check(tree: xr.DataTree) -> Figure:
    """The figure of a trial that was checked by a table."""
    check = tree[NODE].to_dataset()
    variables = check["variable"].values.astype(str).tolist()
    draws = "" if check.attrs["draws"] == 1 else f" under {check.attrs['draws']} draws of the parameters"
    words = (
        f"{check.attrs['table']}: {check.sizes['measurement']} values of {check.attrs['patients']} patients (lines); "
        f"{check.attrs['simulated']} virtual patients{draws} (bands: 95 %)"
    )
    figure = page(tree, PANEL * len(variables), words)
    bottom, top = span(figure)
    outer = figure.add_gridspec(len(variables), 1, left=0.1, right=0.975, bottom=bottom + 0.01, top=top, hspace=0.3)
    days = check["measured_day"].values
    for row, name in enumerate(variables):
        of = check.sel(variable=name)
        limited = np.isfinite(check["measured_limit"].values[check["measured_variable"].values.astype(str) == name])
        parts = outer[row].subgridspec(2, 1, height_ratios=(3.0, 1.0), hspace=0.1) if limited.any() else [outer[row]]
        panels = [figure.add_subplot(parts[at]) for at in range(2 if limited.any() else 1)]
        _values(panels[0], of, check, name)
        for axes in panels[1:]:
            _below(axes, of)
        for axes in panels:
            set_days(axes, float(days.min()), float(days.max()))
        panels[0].tick_params(labelbottom=len(panels) == 1)
        panels[-1].set_xlabel("days after the infusion", fontsize=SMALL, labelpad=2)
    return figure


def _values(axes: Axes, of: xr.Dataset, check: xr.Dataset, name: str) -> None:
    plain(axes)
    heading(axes, f"{VARIABLES[name].meaning}, {of['unit'].item()}".removesuffix(", 1"))
    measured = check["measured_variable"].values.astype(str) == name
    seen = measured & (check["measured_below"].values == 0)
    values = check["measured_value"].values
    ends = np.concatenate([values[seen], *(of[f"simulated_{end}"].values.ravel() for end in ("low", "high"))])
    ends = ends[np.isfinite(ends) & (ends > 0.0)]
    limits = check["measured_limit"].values[measured]
    floor = float(np.min(np.concatenate([ends, limits[~np.isnan(limits)]]))) if ends.size else 1.0
    highest = float(ends.max()) if ends.size else 10.0
    if highest > WIDE * floor:
        decades = math.log10(highest / floor)
        log_levels(axes, 0.5 * floor, 2.0 * highest, every=1 if decades < 7 else 2)
        floor *= 0.5
    else:
        axes.set_ylim(0.0, 1.1 * highest)
        floor = 0.0
    days = of["day"].values
    order = np.flatnonzero(np.isfinite(days))
    axes.plot(check["measured_day"].values[seen], values[seen], ".", color=FAINT, markersize=2.5, alpha=0.45, zorder=1)
    for number, words in enumerate(WORDS):
        colour = MIDDLE if number == 1 else OUTER
        one = of.isel(percentile=number, bin=order)
        low = np.nan_to_num(one["simulated_low"].values, nan=floor)
        high = np.nan_to_num(one["simulated_high"].values, nan=floor)
        axes.fill_between(days[order], low, high, color=colour, alpha=0.2, linewidth=0)
        axes.vlines(days[order], low, high, color=colour, alpha=0.25, linewidth=2.5)
        style = "-" if number == 1 else (0, (4, 2)) if number == 2 else (0, (1.5, 1.5))
        observed = one["observed"].values
        axes.plot(days[order], observed, color=colour, linestyle=style, marker="o", markersize=3.2, label=words)
        out = one["inside"].values == 0
        axes.plot(days[order][out], observed[out], "o", markersize=8, markerfacecolor="none", color=INK, zorder=4)
    for limit in np.unique(limits[~np.isnan(limits)]):
        limit_line(axes, float(limit), "limit of detection", at_end=True)
    axes.legend(fontsize=SMALL - 1.0, frameon=False, loc="upper right", ncols=3, borderaxespad=0.0, handlelength=2.2)


def _below(axes: Axes, of: xr.Dataset) -> None:
    plain(axes)
    days = of["day"].values
    order = np.flatnonzero(np.isfinite(days))
    low, high, seen = (of[name].values[order] for name in ("below_low", "below_high", "below"))
    axes.fill_between(days[order], low, high, color=FAINT, alpha=0.25, linewidth=0)
    axes.vlines(days[order], low, high, color=FAINT, alpha=0.35, linewidth=2.5)
    axes.plot(days[order], seen, color=INK, linewidth=1.2, marker="o", markersize=3.2)
    axes.set_ylim(-0.04, 1.04)
    axes.set_yticks([0.0, 0.5, 1.0], ["0 %", "50 %", "100 %"])
    axes.set_ylabel("below limit", fontsize=SMALL)


def set_days(axes: Axes, first: float, last: float) -> None:
    """Time by its square root from the infusion on, since the first month holds the expansion; plain before it."""
    if first < 0.0:
        axes.set_xlim(first - 1.0, last + 1.0)
        return
    axes.set_xscale(
        "function", functions=(lambda day: np.sqrt(np.maximum(day, 0.0)), lambda root: np.asarray(root) ** 2)
    )
    axes.set_xlim(0.0, 1.05 * last)
    axes.set_xticks([day for day in DAYS if day <= 1.05 * last])
