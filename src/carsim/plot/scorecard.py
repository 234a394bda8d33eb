"""Published values beside simulated ones, a line each, with both intervals: a figure for each group of endpoints."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.provenance import NOT_FOR_TREATMENT, version
from carsim.plot.style import DPI, FAINT, HAIRLINE, INK, LOOKS, SETTINGS, SMALL, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from carsim.scorecard.score import Scored

LINE = 0.21  # inches a fact
HEAD, FOOT = 0.75, 0.85  # inches above and below all lines
SHIFT = 0.17  # of a line: published above it, simulated below


def draw(scored: Iterable[Scored]) -> dict[str, Figure]:
    """The figures of all shares that were read, by group of endpoints."""
    import matplotlib as mpl

    shares = [one for one in scored if one.agrees is not None and one.fact.unit == "percent"]
    with mpl.rc_context(SETTINGS):
        return {
            group: _figure(group, [one for one in shares if one.group == group])
            for group in dict.fromkeys(one.group for one in shares)
        }


def _figure(group: str, members: list[Scored]) -> Figure:
    from matplotlib.figure import Figure

    members = sorted(members, key=lambda one: (one.fact.endpoint, one.fact.system, one.fact.id), reverse=True)
    height = HEAD + FOOT + LINE * len(members)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    axes = figure.add_axes((0.36, FOOT / height, 0.61, 1.0 - (HEAD + FOOT) / height))
    for line, one in enumerate(members):
        draw_fact(axes, line, one)
    axes.set_yticks(range(len(members)), [one.fact.id for one in members], fontsize=SMALL)
    for label, one in zip(axes.get_yticklabels(), members, strict=True):
        label.set_color(INK if one.agrees else LOOKS[1].colour)
    axes.set_ylim(-0.7, len(members) - 0.3)
    axes.set_xlim(-2.0, 102.0)
    axes.set_xlabel("% of patients")
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color=HAIRLINE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    agree = sum(bool(one.agrees) for one in members)
    figure.text(
        0.02, 1.0 - 0.2 / height, f"{group.capitalize()}: {agree} of {len(members)} agree", va="top", weight="bold"
    )
    figure.text(
        0.02,
        1.0 - 0.42 / height,
        "Published (circle, 95 % interval) and simulated (square, 95 % of trials of that size). Grey: accepted. "
        "Orange name: not within.",
        va="top",
        fontsize=SMALL,
        color=FAINT,
    )
    note = f"carsim {version()}. {NOT_FOR_TREATMENT}"
    figure.text(0.02, 0.12 / height, note, fontsize=SMALL - 1, color=FAINT)
    return figure


def draw_fact(axes: Axes, line: int, one: Scored) -> None:
    """A fact on its line: where it is accepted, what was published above and what is simulated below."""
    fact = one.fact
    if fact.accept:
        low, high = fact.accept
        axes.barh(line, high - low, left=low, height=0.8, color="#ebebeb", zorder=0)
    for shift, centre, ends, style in (
        (SHIFT, fact.value, fact.ci95, LOOKS[0]),
        (-SHIFT, one.simulated, (one.low, one.high), LOOKS[1]),
    ):
        if ends is not None and np.isfinite(ends).all():
            axes.plot(ends, [line + shift] * 2, color=style.colour, linewidth=1.2, solid_capstyle="butt")
        axes.plot(
            [np.nan if centre is None else centre], [line + shift], style.marker, color=style.colour, markersize=4
        )
