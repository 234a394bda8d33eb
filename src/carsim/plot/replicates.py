"""The figure of replicates: what chance decides when everything else is the same.

CAR T cells in blood and each clone of the leukaemia as fans: bands that hold 50 % and 90 % of the courses, their
median, and single courses as thin lines. Levels are logarithmic, and zero has a line of its own below one cell: a
clone that dies out is seen to reach it, and beside it stands in how many courses. Below them the share of courses that
have relapsed by each day, by phenotype, and of those in which no leukaemic cell is left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.replicates import flat, replicates_of
from carsim.endpoints.persistence import QPCR_LIMIT
from carsim.endpoints.probabilities import ALWAYS, outcomes, over_patients
from carsim.plot.frame import framed
from carsim.plot.labels import end_labels
from carsim.plot.layout import Column, heading, limit_line, log_levels
from carsim.plot.style import CLONE_LOOKS, HAIRLINE, LOOKS, OTHER_CLONES, Look, clone_looks, look

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

QUANTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
OUTER, INNER, INTERVAL = 0.14, 0.28, 0.14  # opacity of the bands
SINGLE = 12  # courses drawn as thin lines
ONE_CELL, NO_CELL, BOTTOM = 1.0, 0.01, 0.003  # zero is drawn as `NO_CELL` on an axis of logarithms
NONE = "#ededed"  # the strip of zero
MOST_CELLS = 3e13
LEAST_COPIES = 1.0  # copies/ug: a tenth of the limit of detection
CURED = Look("#000000", "-", "")


def draw_replicates(data: xr.Dataset) -> Figure:
    """The figure of a dataset with replicates, not yet written."""
    courses = flat(data)
    clones = _clones(courses)
    shown = [*(["cart"] if "cart_copies" in data else []), *(f"clone:{name}" for name in clones)]
    is_known = "relapse_day" in data and "cured" in data
    figure, frame = framed(courses, [*shown, *(["outcome"] if is_known else [])], _who(data))
    if "cart_copies" in data:
        _draw_cart(frame, courses)
    looks = _looks(courses)
    for name, cells in clones.items():
        _draw_clone(frame, f"clone:{name}", name, courses["time"].values, cells, looks[name])
    if is_known:
        _draw_outcomes(frame, data, courses)
    return figure


def _who(data: xr.Dataset) -> str:
    patients, replicates = data.sizes["patient"], replicates_of(data)
    left_out = int(np.count_nonzero(data["status"].values)) if "status" in data else 0
    drawn = min(SINGLE, patients * replicates - left_out)
    who = (
        f"one patient, {replicates:,} replicates"
        if patients == 1
        else f"{patients:,} patients × {replicates:,} replicates"
    )
    who += f", {left_out:,} not finished and left out" if left_out else ""
    return f"{who}: median, bands that hold 50 % and 90 %, {drawn} single courses as thin lines"


def _clones(courses: xr.Dataset) -> dict[str, np.ndarray]:
    """Cells in the body of each clone that any course ever has, (course, time), of courses that were finished."""
    if "blasts" not in courses:
        return {}
    found = {}
    for index, name in enumerate(courses["clone"].values):
        cells = _finished(courses["blasts"].values[:, :, index].sum(axis=-1))
        if cells.size and cells.max() >= ONE_CELL:
            found[str(name)] = cells
    return found


def _finished(levels: np.ndarray) -> np.ndarray:
    whole: np.ndarray = levels[np.isfinite(levels).all(axis=1)]
    return whole


def _looks(courses: xr.Dataset) -> dict[str, Look]:
    names = [str(name) for name in courses["clone"].values] if "clone" in courses.dims else []
    states = courses["clone_cd19"].values.tolist() if "clone_cd19" in courses else [""] * len(names)
    return clone_looks(dict(zip(names, states, strict=True)))


def _draw_cart(frame: list[Column], courses: xr.Dataset) -> None:
    """Transgene of all products in blood, down to a tenth of the limit of detection."""
    levels = _finished(courses["cart_copies"].values.sum(axis=2))
    top = 10.0 ** max(4, math.ceil(math.log10(2.0 * max(float(levels.max(initial=1.0)), 1.0))))
    for place, column in enumerate(frame):
        axes = column.panels["cart"]
        log_levels(axes, LEAST_COPIES, top)
        _fan(axes, courses["time"].values, np.maximum(levels, 0.5 * LEAST_COPIES), look(0))
        limit_line(axes, QPCR_LIMIT, "limit of detection" if place == 0 else None, at_end=True)
    frame[0].panels["cart"].set_ylabel("copies/µg DNA")
    heading(frame[0].panels["cart"], "CAR T cells in blood")


def _draw_clone(frame: list[Column], panel: str, name: str, days: np.ndarray, cells: np.ndarray, style: Look) -> None:
    """Cells of one clone, with zero on a line of its own; the heading says how many courses have none."""
    for column in frame:
        axes = column.panels[panel]
        log_levels(axes, BOTTOM, MOST_CELLS, every=3)
        axes.set_yticks([NO_CELL, *(10.0**power for power in range(0, 14, 3))])
        axes.set_yticklabels(["0", "1", *(f"$10^{{{power}}}$" for power in range(3, 14, 3))])
        axes.axhspan(BOTTOM, 3.0 * NO_CELL, color=NONE, linewidth=0, zorder=0)
        _fan(axes, days, np.where(cells >= ONE_CELL, cells, NO_CELL), style)
    frame[0].panels[panel].set_ylabel("cells")
    heading(frame[0].panels[panel], f"{name} cells in the body")
    last = cells[:, -1]
    left = last >= ONE_CELL
    names = [(f"none left\nin {_share(1.0 - left.mean())}", NO_CELL)] if not left.all() else []
    names += [(f"left in\n{_share(left.mean())}", float(np.median(last[left])))] if left.any() else []
    end_labels(frame[-1].panels[panel], [(*pair, style) for pair in names])


def _fan(axes: Axes, days: np.ndarray, levels: np.ndarray, style: Look) -> None:
    """Bands, median and single courses of levels (course, time)."""
    if not levels.size:
        return
    low, lower, middle, upper, high = np.percentile(levels, QUANTILES, axis=0, method="closest_observation")
    axes.fill_between(days, low, high, color=style.colour, alpha=OUTER, linewidth=0)
    axes.fill_between(days, lower, upper, color=style.colour, alpha=INNER, linewidth=0)
    picked = np.unique(np.linspace(0, len(levels) - 1, SINGLE).astype(int))
    axes.plot(days, levels[picked].T, color=style.colour, linewidth=0.45, alpha=0.6)
    axes.plot(days, middle, color=style.colour, linewidth=1.9)


def _draw_outcomes(frame: list[Column], data: xr.Dataset, courses: xr.Dataset) -> None:
    """Share of courses that have relapsed by each day, by phenotype, and of those without a leukaemic cell left."""
    days = _whole_days(courses["time"].values)
    curves = _outcome_curves(data, courses, days)
    for column in frame:
        axes = column.panels["outcome"]
        axes.set_ylim(0.0, 1.0)
        axes.set_yticks([0.0, 0.25, 0.5, 0.75, 1.0])
        axes.set_yticklabels(["0", "25 %", "50 %", "75 %", "100 %"])
        axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
        for shares, style in curves.values():
            axes.fill_between(
                days,
                shares[:, 1],
                shares[:, 2],
                where=(shares[:, 0] > 0.0).tolist(),
                step="post",
                color=style.colour,
                alpha=INTERVAL,
                linewidth=0,
            )
            axes.plot(
                days, shares[:, 0], drawstyle="steps-post", color=style.colour, linestyle=style.dash, linewidth=1.7
            )
    frame[0].panels["outcome"].set_ylabel("share of courses")
    heading(frame[0].panels["outcome"], "Relapsed by this day, by phenotype, and cured (bands: 95 % CI)")
    names = [
        (f"{_in_lines(word)}\n{_share(shares[-1, 0])}", float(shares[-1, 0]), style)
        for word, (shares, style) in curves.items()
    ]
    end_labels(frame[-1].panels["outcome"], names)


def _in_lines(word: str) -> str:
    """Phenotypes of one relapse on lines of their own."""
    return word.replace("+", " +\n")


def _whole_days(days: np.ndarray) -> np.ndarray:
    return np.unique(np.floor(days[days >= 0.0]))


def _outcome_curves(data: xr.Dataset, courses: xr.Dataset, days: np.ndarray) -> dict[str, tuple[np.ndarray, Look]]:
    """By outcome: estimate and both ends of its interval on each day (day, 3), and its look."""
    shape = data.sizes["patient"], replicates_of(data)
    found, relapse = outcomes(data), data["relapse_day"].values.reshape(shape)
    looks = _relapse_looks(courses, [word for word in found if word in ALWAYS or "+" in word or "-" in word])
    curves = {}
    for word, style in looks.items():
        if np.nansum(found[word]) > 0:
            curves[word] = _over_time(np.where(found[word] == 1.0, relapse, np.inf), found[word], days), style
    if "blasts" in courses and np.isfinite(found["cure"]).any():
        cured = _cure_day(courses).reshape(shape)
        curves["cured"] = _over_time(cured, found["cure"], days), CURED
    return curves


def _over_time(day_of: np.ndarray, known: np.ndarray, days: np.ndarray) -> np.ndarray:
    """Probability that it has happened by each day, with its interval, of courses in which the answer is known."""
    by_day = (np.where(np.isfinite(known), (day_of <= day).astype(float), np.nan) for day in days)
    return np.array([(p.estimate, p.low, p.high) for p in map(over_patients, by_day)])


def _cure_day(courses: xr.Dataset) -> np.ndarray:
    """First output time from which no leukaemic cell is left; infinity where some are left at the end."""
    cells = courses["blasts"].values.sum(axis=(2, 3))
    left = np.where(np.isfinite(cells), cells, 1.0) > 0.0
    last = left.shape[1] - 1 - np.argmax(left[:, ::-1], axis=1)  # last time with a cell
    days = np.append(courses["time"].values, np.inf)
    gone: np.ndarray = np.where(left.any(axis=1), days[last + 1], days[0])
    return gone


def _relapse_looks(courses: xr.Dataset, words: list[str]) -> Mapping[str, Look]:
    """The look of each phenotype: that of the clone named by it, else one that is free."""
    looks = _looks(courses)
    clones = courses["clone_phenotype"].values.tolist() if "clone_phenotype" in courses else []
    names = [str(name) for name in courses["clone"].values] if "clone" in courses.dims else []
    of = {word: looks[name] for word, name in reversed(list(zip(clones, names, strict=True)))}
    of |= {"CD19-positive": CLONE_LOOKS["positive"], "CD19-negative": CLONE_LOOKS["absent"]}
    free = [style for style in (*OTHER_CLONES, *LOOKS) if style not in of.values()]
    return {word: of.get(word) or free[place % len(free)] for place, word in enumerate(words)}


def _share(share: float) -> str:
    return f"{100.0 * share:.0f} %" if share in (0.0, 1.0) or 0.01 <= share <= 0.99 else f"{100.0 * share:.1f} %"
