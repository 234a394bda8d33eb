"""One system as its paper printed it: simulated curves with published points on them, and shares side by side."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.endpoints.persistence import QPCR_LIMIT
from carsim.plot.layout import limit_line
from carsim.plot.scorecard import draw_fact
from carsim.plot.style import FAINT, HAIRLINE, INK, LOOKS, SETTINGS, SMALL
from carsim.plot.trial_page import arms_of, heading, month_ticks, no_data, page, plain, span
from carsim.plot.trial_survival import draw_curve
from carsim.trials.estimates import survival

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from carsim.scorecard.score import Scored

CLOCKS = {"EFS": "Event-free survival", "OS": "Overall survival", "RFS": "Relapse-free survival"}
LINE = 0.235  # inches a share
LEAST = 5.6  # inches of panels: three rows of curves
FLOOR = 1.0  # copies/ug: the lowest drawn
WHAT = "Simulated (orange; 95 % intervals) and published (blue, where it is accepted in grey)"


def of_system(name: str, scored: Iterable[Scored]) -> list[Scored]:
    """The scored numbers that are read off the trial of a system alone."""
    return [
        one
        for one in scored
        if one.agrees is not None
        and one.fact.comparison is None
        and one.fact.reading
        and {side.of for side in one.fact.reading.sides} == {name}
    ]


def draw_system(tree: xr.DataTree, scored: Iterable[Scored]) -> Figure:
    """The figure of a system's trial and its scored numbers (`of_system`)."""
    import matplotlib as mpl

    facts = list(scored)
    shares = [one for one in facts if one.fact.unit == "percent" and _clock(one) == ""]
    with mpl.rc_context(SETTINGS):
        figure = page(tree, max(LEAST, 0.5 + LINE * len(shares)), WHAT)
        bottom, top = span(figure)
        left = figure.add_gridspec(3, 1, left=0.085, right=0.46, bottom=bottom, top=top, hspace=0.62)
        clocks = [name for name in CLOCKS if name != "RFS"]
        if any(_clock(one) == "RFS" for one in facts) and not any(_clock(one) == "EFS" for one in facts):
            clocks[0] = "RFS"
        for row, clock in enumerate(clocks):
            _survival(figure.add_subplot(left[row, 0]), tree, clock, [one for one in facts if _clock(one) == clock])
        _copies(figure.add_subplot(left[2, 0]), tree)
        right = figure.add_gridspec(1, 1, left=0.68, right=0.975, bottom=bottom, top=top)
        _shares(figure.add_subplot(right[0, 0]), shares)
    return figure


def _clock(one: Scored) -> str:
    """The clock that a fact reads survival from; empty for any other fact."""
    reading = one.fact.reading
    return reading.clock if reading and reading.statistic in ("survival", "survival_median") else ""


def _survival(axes: Axes, tree: xr.DataTree, clock: str, facts: list[Scored]) -> None:
    """The curve of all counted patients of the arms, each published share or median where it stands."""
    plain(axes)
    heading(axes, CLOCKS[clock])
    curves = [survival(patients, clock) for _, patients in arms_of(tree).values()]
    for curve in curves:
        if curve.n:
            draw_curve(axes, curve, LOOKS[1], band=0.16 / len(curves))
    last = max([float(curve.stop.max()) / MONTH for curve in curves if curve.n] or [1.0])
    for one in facts:
        fact, published = one.fact, LOOKS[0]
        assert fact.value is not None
        assert fact.accept is not None
        if fact.unit == "percent" and fact.reading:
            at = fact.reading.sides[0].time or 0.0
            axes.plot([at, at], np.array(fact.accept) / 100.0, color=published.colour, linewidth=1.4)
            axes.plot([at], [fact.value / 100.0], published.marker, color=published.colour, markersize=5)
        elif fact.unit == "months":
            axes.plot(np.minimum(fact.accept, 1.02 * last), [0.5, 0.5], color=published.colour, linewidth=1.4)
            axes.plot([fact.value], [0.5], published.marker, color=published.colour, markersize=5)
    if not any(curve.n for curve in curves):
        no_data(axes, "no patient whose clock started")
    axes.set_xlim(-0.02 * last, 1.02 * last)
    axes.set_ylim(0.0, 1.03)
    axes.set_xticks(month_ticks(last))
    axes.set_yticks([0.0, 0.5, 1.0], ["0", "50", "100 %"])
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.set_xlabel("months", fontsize=SMALL, labelpad=1)


def _copies(axes: Axes, tree: xr.DataTree) -> None:
    """CAR T cells in blood of those alive: median, and the band that holds half of them."""
    plain(axes)
    heading(axes, "CAR T cells in blood, copies/µg")
    axes.set_yscale("log")
    for data, patients in arms_of(tree).values():
        if "cart_copies" not in data or not patients.n:
            continue
        copies = data["cart_copies"].values.sum(axis=2).astype(float)
        days = data["time"].values
        alive = days[None, :] <= patients.alive_until[:, None]
        seen = np.where(alive, np.maximum(copies, FLOOR), np.nan)
        enough = (alive.sum(axis=0) >= 4) & (days >= 0.0)
        low, middle, high = np.nanquantile(seen[:, enough], [0.25, 0.5, 0.75], axis=0)
        months = days[enough] / MONTH
        axes.fill_between(months, low, high, color=LOOKS[1].colour, alpha=0.16, linewidth=0)
        axes.plot(months, middle, color=LOOKS[1].colour, linewidth=1.5)
        axes.set_xticks(month_ticks(float(months[-1])))
    limit_line(axes, QPCR_LIMIT, "limit of qPCR", at_end=True)
    axes.set_ylim(bottom=FLOOR)
    axes.set_xlabel("months", fontsize=SMALL, labelpad=1)


def _shares(axes: Axes, shares: list[Scored]) -> None:
    """Published and simulated shares, a line each, in order of the groups of endpoints."""
    heading(axes, "Shares of patients")
    lines = sorted(shares, key=lambda one: (one.group, one.fact.endpoint, one.fact.id), reverse=True)
    for line, one in enumerate(lines):
        draw_fact(axes, line, one)
    axes.set_yticks(range(len(lines)), [_name(one) for one in lines], fontsize=SMALL - 0.5)
    for label, one in zip(axes.get_yticklabels(), lines, strict=True):
        label.set_color(INK if one.agrees else LOOKS[1].colour)
    axes.set_ylim(-0.7, max(len(lines), 1) - 0.3)
    axes.set_xlim(-2.0, 102.0)
    axes.set_xlabel("% of patients; orange name: not accepted", fontsize=SMALL, color=FAINT, labelpad=1)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=HAIRLINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if not lines:
        no_data(axes, "no share was published")


def _name(one: Scored) -> str:
    """What a fact is of, without the name of its system."""
    return one.fact.id.removeprefix(f"{one.fact.system}-").replace("-", " ")
