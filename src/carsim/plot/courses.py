"""The figure of a published model: its observables over time, one panel for each unit, and the numbers of its paper.

Levels are logarithmic over twelve decades at most. Numbers that the paper prints for these very settings are marked.
Of many courses by chance the first MOST are drawn, each until its progression.
"""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.assemble import treatments
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.plot.labels import end_labels
from carsim.plot.layout import LEFT, day_ticks, log_levels
from carsim.plot.style import FAINT, HAIRLINE, INK, SMALL, TEXT, WIDTH, look

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Marks = Mapping[str, Sequence[tuple[float, float]]]  # observable -> (day, published level)

DECADES = 12
TITLE, PANEL, FOOT = 0.95, 3.0, 0.85  # inches
RIGHT = 0.80
LETTERS = 70
MOST = 60  # courses of one observable
ONE_CELL, LEAST = 1.0, 1e-12  # levels below are as good as none, in cells and in other units


def draw_courses(data: xr.Dataset, marks: Marks) -> Figure:
    """The figure of a run of a published model, not yet written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups = _by_unit(data)
    height = TITLE + PANEL * len(groups) + FOOT
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    grid = figure.add_gridspec(
        len(groups), left=LEFT, right=RIGHT, bottom=FOOT / height, top=1.0 - TITLE / height, hspace=0.14
    )
    days = data["time"].values
    first: Axes | None = None
    number = 0
    for place, (unit, names) in enumerate(groups.items()):
        axes = figure.add_subplot(grid[place, 0], sharex=first)
        first = axes if first is None else first
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylabel(unit)
        axes.tick_params(labelbottom=place == len(groups) - 1)
        _draw(axes, data, names, marks, number)
        number += len(names)
    assert first is not None
    first.set_xlim(float(days[0]), float(days[-1]))
    first.set_xticks(day_ticks(-1.0, float(days[-1])))
    _name_doses(first, data, figure)
    _write_frame(figure, data, height, has_marks=any(marks.get(name) for names in groups.values() for name in names))
    return figure


def _by_unit(data: xr.Dataset) -> dict[str, list[str]]:
    """Observables of each unit, in their order."""
    groups: dict[str, list[str]] = {}
    for name in json.loads(data.attrs["observables"]):
        unit = str(data[name].attrs["units"]).replace("uL", "µL").replace("ug", "µg").replace("1e9cells", "10⁹ cells")
        groups.setdefault(unit, []).append(name)
    return groups


def _draw(axes: Axes, data: xr.Dataset, names: list[str], marks: Marks, number: int) -> None:
    days = data["time"].values
    every = {name: _courses(data, name) for name in names}
    levels = {name: courses[0] for name, courses in every.items()}
    least = ONE_CELL if data[names[0]].attrs["units"] == "cells" else LEAST
    bottom, top = _limits(
        [
            *(course for courses in every.values() for course in courses),
            *(np.array([y for _, y in marks.get(n, ())]) for n in names),
        ],
        least,
    )
    log_levels(axes, bottom, top, every=max(1, math.ceil(math.log10(top / bottom) / 6)))
    labels = []
    for place, (name, level) in enumerate(levels.items()):
        style = look(number + place)
        if not np.isfinite(level).any():  # a simulation that failed at its start
            continue
        faint = {} if len(every[name]) == 1 else {"linewidth": 0.7, "alpha": 0.5, "marker": "", "linestyle": "-"}
        for course in every[name]:
            axes.plot(days, np.maximum(course, 0.5 * bottom), **(style.line() | faint))
        axes.plot(
            [day for day, _ in marks.get(name, ())],
            [y for _, y in marks.get(name, ())],
            linestyle="none",
            marker="X",
            markersize=8,
            markerfacecolor=style.colour,
            markeredgecolor="white",
            zorder=4,
            clip_on=False,
        )
        labels.append((_short(data[name].attrs["long_name"]), float(level[np.isfinite(level)][-1]), style))
    for day, _ in treatments(data):
        axes.axvline(day, color=HAIRLINE, linewidth=0.8, zorder=0)
    axes.set_xlim(float(days[0]), float(days[-1]))
    end_labels(axes, labels)


def _courses(data: xr.Dataset, name: str) -> np.ndarray:
    """The courses of an observable that are drawn (n, n_times); of many by chance, NaN after their progression."""
    values = data[name].values
    courses: np.ndarray = values.reshape(-1, values.shape[-1])[:MOST]
    if "progression_day" not in data:
        return courses[:1]
    ended = data["progression_day"].values.ravel()[:MOST, None]
    return np.where(data["time"].values >= ended + 1.0, np.nan, courses)  # a comparison with no day is false


def _limits(levels: Sequence[np.ndarray], least: float) -> tuple[float, float]:
    """Powers of ten around all levels above `least`, at most twelve decades below the highest."""
    every = np.concatenate([level[level > least] for level in levels])
    if every.size == 0:
        return 0.1, 1.0
    top = math.ceil(math.log10(float(every.max())) + 1e-9)
    low = math.floor(math.log10(float(every.min())))
    return 10.0 ** max(min(low, top - 1), top - DECADES), 10.0**top


def _short(meaning: str) -> str:
    return "\n".join(textwrap.wrap(meaning, 18))


def _name_doses(axes: Axes, data: xr.Dataset, figure: Figure) -> None:
    """Say at the top of the figure what the hairlines are."""
    given: dict[str, list[float]] = {}
    for day, name in treatments(data):
        given.setdefault(name.replace("_", " "), []).append(day)
    words = [f"{name} on day {', '.join(f'{day:g}' for day in days)}" for name, days in given.items()]
    if words:
        axes.annotate(
            "; ".join(words), (0.0, 1.0), xycoords="axes fraction", xytext=(0, 6), textcoords="offset points",
            fontsize=SMALL, color=INK, va="bottom",
        )  # fmt: skip


def _write_frame(figure: Figure, data: xr.Dataset, height: float, *, has_marks: bool) -> None:
    title = "\n".join(textwrap.wrap(str(data.attrs["title"]), LETTERS)[:2])
    figure.text(LEFT, 1.0 - 0.12 / height, title, fontsize=TEXT + 2, fontweight="bold", va="top", linespacing=1.15)
    note = f"{data.attrs['references']}; × published" if has_marks else str(data.attrs["references"])
    figure.text(0.5 * (LEFT + RIGHT), 0.42 / height, "days", fontsize=TEXT, ha="center")
    figure.text(LEFT, 0.26 / height, note, fontsize=SMALL - 1, color=FAINT)
    text = f"carsim {data.attrs.get('carsim_version', '')}. {NOT_FOR_TREATMENT}"
    figure.text(LEFT, 0.1 / height, text, fontsize=SMALL - 1, color=FAINT)
