"""Kaplan–Meier curves of the four clocks, with 95 % intervals, censored patients as ticks and numbers at risk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.plot.style import FAINT, HAIRLINE, SMALL, Look, look
from carsim.plot.trial_page import arms_of, heading, month_ticks, no_data, page, plain, span
from carsim.trials.conduct import ONLY_ARM
from carsim.trials.counted import Patients, within_group
from carsim.trials.estimates import survival
from carsim.trials.estimators.kaplan_meier import Survival
from carsim.trials.members import membership
from carsim.trials.store import part_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLOCKS = {
    "EFS": "Event-free survival",
    "OS": "Overall survival",
    "RFS": "Relapse-free survival",
    "DOR": "Duration of remission",
}
MOST, BANDS = 6, 2  # curves that a panel can hold, and with bands
PANEL, LINE = 2.35, 0.155  # inches: height of a panel, of a line of numbers at risk


def draw_survival(tree: xr.DataTree) -> Figure:
    """The figure of the arms."""
    arms = {name: patients for name, (_, patients) in list(arms_of(tree).items())[:MOST]}
    bands = ", bands: 95 % intervals (log–log)" if len(arms) <= BANDS else ""
    return _draw(tree, arms, f"Kaplan–Meier, censored patients as ticks{bands}")


def draw_groups(tree: xr.DataTree) -> Figure:
    """The figure of the groups of the first arm, each with the time that its patients belong to it."""
    trial = part_of(tree)
    name, (data, patients) = next(iter(arms_of(tree).items()))
    groups = {group.name: within_group(patients, membership(data, group, trial)) for group in trial.groups[:MOST]}
    of = "" if len(tree["arms"].children) == 1 else f"Arm {name}. "
    return _draw(tree, groups, f"{of}Groups; who joins a group later is at risk in it from then on")


def _draw(tree: xr.DataTree, curves: Mapping[str, Patients], what: str) -> Figure:
    lines = len(curves)
    row = PANEL + 0.74 + LINE * lines
    figure = page(tree, 2 * row - 0.3, what)
    top = span(figure)[1]
    whole, records = float(figure.get_figheight()), part_of(tree).clocks
    widest = max(len("at risk" if name == ONLY_ARM else name) for name in curves)
    left = min(0.085 + 0.0095 * max(widest - 4, 0), 0.21)
    width = (0.975 - 2 * left + 0.02) / 2
    for at, (clock, words) in enumerate(CLOCKS.items()):
        column, line = at % 2, at // 2
        place = (left + column * (width + left - 0.01), top - (line * row + PANEL + 0.08) / whole, width, PANEL / whole)
        axes = figure.add_axes(place)
        heading(axes, words)
        found = {name: survival(patients, clock) for name, patients in curves.items()}
        _panel(axes, found, getattr(records, clock).start)
    return figure


def _panel(axes: Axes, curves: Mapping[str, Survival], start: str) -> None:
    plain(axes)
    last = max((float(curve.stop.max()) / MONTH for curve in curves.values() if curve.n), default=1.0)
    ticks = month_ticks(last)
    axes.set_xlim(-0.02 * last, 1.02 * last)
    axes.set_ylim(0.0, 1.03)
    axes.set_xticks(ticks)
    axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0], ["0", "25", "50", "75", "100 %"])
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.set_xlabel(f"months from {start}", fontsize=SMALL, labelpad=2)
    if not any(curve.n for curve in curves.values()):
        no_data(axes, "no patient whose clock started")
    alone = len(curves) == 1
    for at, curve in enumerate(curves.values()):
        if curve.n:
            draw_curve(axes, curve, look(at), band=0.16 if alone else 0.10 if len(curves) <= BANDS else 0.0)
    height = PANEL * 72.0  # points
    for at, (name, curve) in enumerate(curves.items()):
        y = -(33.0 + LINE * 72.0 * at) / height
        colour = look(at).colour
        axes.annotate(
            "at risk" if name == ONLY_ARM else name,
            (ticks[0], y),
            xycoords=("data", "axes fraction"),
            xytext=(-13, 0),
            textcoords="offset points",
            fontsize=SMALL - 0.5,
            color=FAINT if name == ONLY_ARM else colour,
            fontweight="normal" if name == ONLY_ARM else "bold",
            ha="right",
            va="center",
            annotation_clip=False,
        )
        for tick in ticks:
            count = curve.at_risk(tick * MONTH)
            axes.text(
                tick,
                y,
                f"{count}",
                transform=axes.get_xaxis_transform(),
                fontsize=SMALL - 0.5,
                ha="center",
                va="center",
            )


def draw_curve(axes: Axes, curve: Survival, style: Look, *, band: float) -> None:
    """Steps with their band to the last observation, and a tick where somebody is censored."""
    end = float(curve.stop.max())
    begin = max(float(curve.start.min()), 0.0)  # of a group that is joined later: where its first patient is at risk
    days = np.concatenate([[begin], curve.times, [max(end, curve.times.max(initial=0.0))]]) / MONTH
    levels = np.concatenate([[1.0], curve.survival, curve.survival[-1:] if curve.times.size else [1.0]])
    low, high = (
        np.concatenate([[1.0], side, side[-1:] if curve.times.size else [1.0]]) for side in (curve.low, curve.high)
    )
    axes.fill_between(days, low, high, step="post", color=style.colour, alpha=band, linewidth=0)
    axes.plot(days, levels, drawstyle="steps-post", color=style.colour, linestyle=style.dash, linewidth=1.7)
    censored = np.unique(curve.stop[~curve.event])
    at = np.searchsorted(curve.times, censored, side="right")
    heights = np.concatenate([[1.0], curve.survival])[at]
    axes.plot(censored / MONTH, heights, "|", color=style.colour, markersize=5.5, markeredgewidth=0.9)
