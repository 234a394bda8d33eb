"""Kinetics by outcome: CAR T cells in blood and residual disease in marrow of patients who fared alike.

Medians with bands that hold half of the patients alive. Time is drawn by its square root, since the first month holds
the expansion and the response, and relapse takes a year.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.persistence import QPCR_LIMIT
from carsim.endpoints.response import FLOW_LIMIT
from carsim.plot.layout import limit_line, log_levels
from carsim.plot.style import SMALL
from carsim.plot.trial_page import FATE_LOOKS, arms_of, days_by_root, heading, no_data, page, plain, span
from carsim.trials.fates import FATES, fates

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARMS = 4
PANEL = 2.75  # inches
LEAST_COPIES, LEAST_MRD = 1.0, 1e-7


def draw_kinetics(tree: xr.DataTree) -> Figure:
    """The figure of the first arms, one below the other: CAR T cells at the left, residual disease at the right."""
    arms = dict(list(arms_of(tree).items())[:ARMS])
    figure = page(tree, PANEL * len(arms), "By what became of the patients: median, band that holds half of them")
    bottom, top = span(figure)
    grid = figure.add_gridspec(
        len(arms), 2, left=0.085, right=0.975, bottom=bottom + 0.01, top=top, hspace=0.36, wspace=0.24
    )
    for row, (name, (data, patients)) in enumerate(arms.items()):
        fate = fates(patients)
        several = len(arms) > 1
        panels = [figure.add_subplot(grid[row, column]) for column in range(2)]
        copies = data["cart_copies"].values.sum(axis=2) if "cart_copies" in data else None
        for axes, course, words, low, limit, limit_words in (
            (panels[0], copies, "CAR T cells in blood, copies/µg", LEAST_COPIES, QPCR_LIMIT, "limit of qPCR"),
            (
                panels[1],
                data["mrd"].values,
                "Residual disease in marrow",
                LEAST_MRD,
                FLOW_LIMIT,
                "limit of flow cytometry",
            ),
        ):
            heading(axes, name if several else words)
            axes.set_ylabel(words if several else "", fontsize=SMALL)
            _panel(axes, data["time"].values, course, fate, patients.alive_until, low, limit)
            limit_line(axes, limit, limit_words, at_end=True)
        if fate.size:
            panels[0].legend(
                fontsize=SMALL - 1.0,
                frameon=False,
                loc="upper right",
                handlelength=1.8,
                labelspacing=0.25,
                borderaxespad=0.0,
            )
    return figure


def _panel(
    axes: Axes,
    days: np.ndarray,
    course: np.ndarray | None,
    fate: np.ndarray,
    death: np.ndarray,
    low: float,
    limit: float,
) -> None:
    """Medians and bands of a course (n, time) by fate (n,), of each patient up to death (day, (n,))."""
    plain(axes)
    after = days >= 0.0
    days_by_root(axes, float(days[-1]))
    if course is None or fate.size == 0:
        no_data(axes, "no such course")
        return
    highest = float(np.nanmax(course[:, after], initial=10.0 * limit))
    log_levels(
        axes, low, 10.0 ** math.ceil(math.log10(1.2 * highest)) if low >= 1.0 else 1.5, every=1 if low >= 1.0 else 2
    )
    for words in FATES:
        own = np.where(days <= death[:, None], course, np.nan)[np.ix_(fate == words, after)]
        known = np.isfinite(own).any(axis=0)  # until the last of them has died
        if not known.any():
            continue
        lower, middle, upper = np.maximum(np.nanpercentile(own[:, known], (25.0, 50.0, 75.0), axis=0), 0.5 * low)
        style, shown = FATE_LOOKS[words], days[after][known]
        if own.shape[0] > 2:
            axes.fill_between(shown, lower, upper, color=style.colour, alpha=0.13, linewidth=0)
        axes.plot(
            shown, middle, color=style.colour, linestyle=style.dash, linewidth=1.6, label=f"{words} ({own.shape[0]})"
        )
