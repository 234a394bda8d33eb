"""Swimmer plot: a bar for each patient from the infusion to death or the end, with what happened on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.plot.style import FAINT, INK, SMALL
from carsim.plot.trial_page import FATE_LOOKS, arms_of, fate_key, heading, month_ticks, no_data, page, plain, span
from carsim.trials.columns import day_of, number
from carsim.trials.counted import Patients
from carsim.trials.fates import DIED, LASTING, NONE, fates

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST, ARMS = 60, 3  # patients of an arm, arms
LANE = 0.098  # inches of height for a patient
MARKS = {  # what happened -> marker, size
    "transplant": ("^", 4.6),
    "new therapy": ("D", 3.6),
    "death": ("X", 5.0),
    "in follow-up": (">", 4.4),
}


def draw_swimmer(tree: xr.DataTree) -> Figure:
    """The figure of the first arms, side by side."""
    arms = {name: patients for name, (_, patients) in list(arms_of(tree).items())[:ARMS]}
    lanes = max(1, *(min(patients.n, MOST) for patients in arms.values()))
    shown = [f"the first {MOST} of {name}" for name, patients in arms.items() if patients.n > MOST]
    what = "A bar for each patient from the infusion on" + (f" ({', '.join(shown)})" if shown else "")
    figure = page(tree, max(LANE * lanes, 1.6) + 0.55, what)
    bottom, top = span(figure)
    whole = float(figure.get_figheight())
    grid = figure.add_gridspec(1, len(arms), left=0.045, right=0.97, bottom=bottom + 0.55 / whole, top=top, wspace=0.08)
    found: set[str] = set()
    for at, (name, patients) in enumerate(arms.items()):
        axes = figure.add_subplot(grid[0, at])
        if len(arms) > 1:
            heading(axes, name)
        found |= _panel(axes, patients, lanes)
    fate_key(figure, [LASTING, *(found - {DIED})], 0.47 / whole)
    _mark_key(figure, 0.30 / whole)
    return figure


def _panel(axes: Axes, patients: Patients, lanes: int) -> set[str]:
    """Bars in order of time in remission; what became of the patients shown."""
    plain(axes)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    axes.set_ylim(lanes - 0.4, -0.6)
    if patients.n == 0:
        no_data(axes, "no patient")
        return set()
    number_shown = min(patients.n, MOST)
    fate = fates(patients)[:number_shown]
    stop = np.minimum(number(patients.data, "followed_day"), patients.alive_until)[:number_shown]
    remission = number(patients.data, "remission_day")[:number_shown]
    relapse = number(patients.data, "relapse_day")[:number_shown]
    begun = np.where(remission < stop, remission, np.inf)
    left = np.where(relapse < stop, relapse, stop)
    order = np.lexsort((stop, np.where(np.isfinite(begun), left - begun, -1.0)))[::-1]
    last = float(stop.max()) / MONTH
    for lane, who in enumerate(order.tolist()):
        parts = [(0.0, min(begun[who], stop[who]), NONE)]
        if np.isfinite(begun[who]):
            parts += [(begun[who], left[who], LASTING), (left[who], stop[who], str(fate[who]))]
        for start, until, words in parts:
            if until > start:
                colour = FATE_LOOKS[words].colour
                axes.barh(lane, (until - start) / MONTH, left=start / MONTH, height=0.66, color=colour)
        _marks(axes, lane, _happened(patients, who, float(stop[who])))
    axes.set_xlim(0.0, 1.03 * last)
    axes.set_xticks(month_ticks(last))
    axes.set_xlabel("months from infusion", fontsize=SMALL, labelpad=2)
    return set(fate.tolist()) | {NONE}


def _happened(patients: Patients, who: int, stop: float) -> list[tuple[str, float]]:
    """(what, day) of the marks of one patient, up to the end of the bar."""
    days = {
        "transplant": float(day_of(patients.data, "treatment", "hsct")[who]),
        "new therapy": float(number(patients.data, "new_therapy_day")[who]),
    }
    ended = "death" if float(patients.alive_until[who]) <= stop else "in follow-up"
    return [*((what, day) for what, day in days.items() if 0.0 <= day <= stop), (ended, stop)]


def _marks(axes: Axes, lane: int, happened: list[tuple[str, float]]) -> None:
    for what, day in happened:
        marker, size = MARKS[what]
        colour = FAINT if what == "in follow-up" else INK
        axes.plot(
            day / MONTH,
            lane,
            marker,
            color=colour,
            markersize=size,
            markeredgecolor="white",
            markeredgewidth=0.5,
            clip_on=False,
            zorder=4,
        )


def _mark_key(figure: Figure, bottom: float) -> None:
    from matplotlib.lines import Line2D

    keys = [
        Line2D(
            [],
            [],
            linestyle="",
            marker=marker,
            markersize=size + 0.6,
            color=FAINT if what == "in follow-up" else INK,
            label=what,
        )
        for what, (marker, size) in MARKS.items()
    ]
    figure.legend(
        handles=keys,
        loc="lower left",
        bbox_to_anchor=(0.02, bottom),
        ncols=4,
        fontsize=SMALL - 0.5,
        frameon=False,
        handletextpad=0.1,
        columnspacing=1.2,
    )
