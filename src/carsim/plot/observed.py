"""The measurements of one patient beside the course by the most probable parameters, and by the usual ones."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.dataset.variables import VARIABLES
from carsim.plot.layout import limit_line, log_levels
from carsim.plot.style import DPI, FAINT, INK, LOOKS, SMALL, TEXT, WIDTH
from carsim.plot.trial_check import set_days
from carsim.plot.trial_page import TITLE_LETTERS, heading, plain

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from carsim.dataset.measured import Measured

PANEL, HEAD, FOOT = 2.6, 0.85, 0.75  # inches
Z: Final = 1.959963984540054  # standard normal quantile of 97.5 %


def draw_observed(data: xr.Dataset, *, usual: xr.Dataset, table: Measured) -> Figure:
    """One panel for each course measured: values (triangles: below the limit), the course found and the usual one."""
    import textwrap

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    courses = table.courses
    height = PANEL * len(courses) + HEAD + FOOT
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    FigureCanvasAgg(figure)
    title = textwrap.shorten(str(data.attrs.get("title", "")), TITLE_LETTERS, placeholder=" …")
    figure.text(0.03, 1.0 - 0.12 / height, title, fontsize=TEXT + 2, fontweight="bold", ha="left", va="top")
    words = f"{table.name}: {table.day.size} measurements of {table.patients[0]}; band: 95 % of repeated measurements"
    figure.text(0.03, 1.0 - 0.38 / height, words, fontsize=SMALL, color=FAINT, ha="left", va="top")
    note = f"carsim {data.attrs.get('carsim_version', '')}. {NOT_FOR_TREATMENT}"
    figure.text(0.03, 0.1 / height, note, fontsize=SMALL - 1, color=FAINT)
    grid = figure.add_gridspec(
        len(courses), 1, left=0.1, right=0.975, bottom=FOOT / height, top=1.0 - HEAD / height, hspace=0.4
    )
    for row, course in enumerate(courses):
        axes = figure.add_subplot(grid[row])
        _panel(axes, course, data, usual, table)
        set_days(axes, min(0.0, float(table.day.min())), float(table.day.max()))
    axes.set_xlabel("days after the infusion", fontsize=SMALL, labelpad=2)
    return figure


def _panel(axes: Axes, course: str, data: xr.Dataset, usual: xr.Dataset, table: Measured) -> None:
    plain(axes)
    unit = VARIABLES[course].unit
    heading(axes, VARIABLES[course].meaning + (f", {unit}" if unit != "1" else ""))
    own = table.of(course)
    day, value, below, limit = (part[own] for part in (table.day, table.value, table.below, table.limit))
    least, most = float(np.nanmin([*value, *limit])), float(value.max())
    log_levels(axes, 0.3 * least, 10.0 ** math.ceil(math.log10(2.0 * most)), every=1 if most < 1e7 * least else 2)
    noise = math.exp(Z * float(table.log_sd[own].max()))
    found, typical = (_level(part, course) for part in (data, usual))
    axes.fill_between(data["time"], found / noise, found * noise, color=LOOKS[0].colour, alpha=0.13, linewidth=0)
    axes.plot(data["time"], found, color=LOOKS[0].colour, linewidth=1.7, label="most probable")
    axes.plot(usual["time"], typical, color=FAINT, linewidth=1.2, linestyle=(0, (4, 2)), label="usual")
    seen = np.logical_not(below)
    axes.plot(day[seen], value[seen], "o", color=INK, markersize=4.5, label="measured")
    if below.any():
        axes.plot(
            day[below], value[below], "v", color=INK, markersize=5.5, markerfacecolor="white", label="below limit"
        )
    for one in np.unique(limit[~np.isnan(limit)]):
        limit_line(axes, float(one), "limit of detection", at_end=True)
    axes.legend(fontsize=SMALL - 1.0, frameon=False, loc="upper right", ncols=4, borderaxespad=0.0)


def _level(data: xr.Dataset, course: str) -> np.ndarray:
    level = data[course].values[0]
    summed: np.ndarray = level.reshape(level.shape[0], -1).sum(axis=1)
    return np.where(summed > 0.0, summed, np.nan)
