"""Maps of a sweep over two axes, as contours: a panel for each way in which courses end, or for each endpoint."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.plot.style import DPI, FAINT, INK, SMALL, TEXT, WIDTH
from carsim.sweeps.averages import HAS, SHARE
from carsim.sweeps.modes import CURE, NONE, REMISSION

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
COLUMNS, COLUMNS_WITH_BARS = 3, 2
PANEL, HEAD, FOOT = 2.35, 0.75, 0.6  # inches
LEFT, BAR = 0.095, 0.014  # shares of the width
STEPS: Final = tuple(np.linspace(0.0, 1.0, 11))
LABELLED: Final = (0.1, 0.5, 0.9)
QUARTERS: Final = [0.0, 0.25, 0.5, 0.75, 1.0]
ENDS: Final = (NONE, REMISSION, CURE)  # of which the others are relapses
DECADES: Final = 1000.0  # ratio of the ends below which ticks are written as plain numbers
RATIO: Final = 8.0  # of the ends of an axis, from which on it is drawn in its logarithm
WIDE: Final = 30.0  # the same of the values that are drawn
BANDS: Final = 9  # colours of numbers, about


@dataclass(frozen=True)
class _Scale:
    """Limits of the colours, which of them are lines with a number, and whether by their logarithm."""

    steps: tuple[float, ...]
    labelled: tuple[float, ...]
    log: bool = False


OF_SHARES: Final = _Scale(STEPS, LABELLED)


def draw_map(grid: xr.Dataset) -> Figure:
    """The figure of `probability` (mode, first axis, second axis), whose axes are named and have units."""
    modes = [str(mode) for mode in grid["mode"].values]
    along, up = (str(dim) for dim in grid["probability"].dims if dim != "mode")
    figure, places = _page(grid, along, up, len(modes), COLUMNS)
    width = 0.222
    filled: Any = None
    for number, mode in enumerate(modes):
        column, bottom, height = number % COLUMNS, *places[number // COLUMNS]
        axes = figure.add_axes((LEFT + column * (width + 0.05), bottom, width, height))
        filled = _panel(axes, grid["probability"].sel(mode=mode), along, up, OF_SHARES)
        axes.set_title(mode if mode in ENDS else f"{mode} relapse", fontsize=TEXT, color=INK)
        if column:
            axes.tick_params(labelleft=False)
    bottom, height = places[0]
    _bar(figure, (0.905, bottom, BAR, height), filled, "probability", QUARTERS)
    return figure


def draw_averages(grid: xr.Dataset) -> Figure:
    """The figure of endpoints (first axis, second axis), each a variable, as `sweeps.averages.as_grid` gives them.

    Each panel has its own scale of colours, with the unit beside it.
    """
    names = [str(name) for name in grid.data_vars if name != "n"]
    along, up = (str(dim) for dim in grid["n"].dims)
    figure, places = _page(grid, along, up, len(names), COLUMNS_WITH_BARS)
    width = 0.3
    for number, name in enumerate(names):
        column, bottom, height = number % COLUMNS_WITH_BARS, *places[number // COLUMNS_WITH_BARS]
        left, values = LEFT + column * 0.465, grid[name]
        axes = figure.add_axes((left, bottom, width, height))
        title, label = _words(values.attrs)
        axes.set_title(title, fontsize=TEXT, color=INK)
        if column:
            axes.tick_params(labelleft=False)
        if not np.isfinite(values.values).any():
            axes.text(0.5, 0.5, "nobody has one", ha="center", va="center", color=FAINT, transform=axes.transAxes)
            continue
        is_share = values.attrs["kind"] in (SHARE, HAS)
        scale = OF_SHARES if is_share else _scale_of(values.values)
        filled = _panel(axes, values, along, up, scale)
        _bar(figure, (left + width + 0.012, bottom, BAR, height), filled, label, QUARTERS if is_share else scale.steps)
    return figure


def _page(grid: xr.Dataset, along: str, up: str, panels: int, columns: int) -> tuple[Figure, list[tuple[float, float]]]:
    """A figure with its title and words, and of each row of panels bottom and height, shares of the figure's height."""
    from matplotlib.figure import Figure

    rows = math.ceil(panels / columns)
    height = HEAD + FOOT + rows * (PANEL + 0.45)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    title = "\n".join(textwrap.wrap(str(grid.attrs.get("title", "")), 70)[:2])
    figure.text(LEFT, 1.0 - 0.12 / height, title, fontsize=TEXT + 2, fontweight="bold", va="top")
    least, most = int(grid["n"].min()), int(grid["n"].max())
    who = f"{least}" if least == most else f"{least} to {most}"
    told = f"{who} virtual patients at each point, the same at all of them; dots: points of the sweep"
    if any(np.isnan(grid[name].values).any() for name in grid.data_vars):
        told += "; white: nobody has one"
    figure.text(LEFT, 1.0 - 0.4 / height, told, fontsize=SMALL, color=FAINT, va="top")
    figure.text(0.5, 0.36 / height, _name(grid, along), fontsize=TEXT, ha="center")
    figure.text(0.012, 0.5, _name(grid, up), fontsize=TEXT, va="center", rotation=90)
    note = f"carsim {grid.attrs.get('carsim_version', '')}. {NOT_FOR_TREATMENT}"
    figure.text(LEFT, 0.12 / height, note, fontsize=SMALL - 1, color=FAINT)
    bottoms = [height - HEAD - (row + 1) * (PANEL + 0.45) + 0.42 for row in range(rows)]
    return figure, [(bottom / height, (PANEL - 0.25) / height) for bottom in bottoms]


def _panel(axes: Axes, drawn: xr.DataArray, along: str, up: str, scale: _Scale) -> Any:
    """Values as filled contours, some as labelled lines, and where the points are."""
    from matplotlib.colors import LogNorm, Normalize

    values = drawn.transpose(up, along).values
    x, y = (np.asarray(drawn[name].values, dtype=float) for name in (along, up))
    norm = (LogNorm if scale.log else Normalize)(scale.steps[0], scale.steps[-1])
    filled = axes.contourf(x, y, values, levels=scale.steps, cmap="cividis", norm=norm)
    if np.isfinite(values).any() and np.nanmin(values) < np.nanmax(values):
        lines = axes.contour(x, y, values, levels=scale.labelled, colors="white", linewidths=0.9)
        axes.clabel(lines, fmt="%.1f" if scale is OF_SHARES else "%g", fontsize=SMALL - 1)
    across, over = np.meshgrid(x, y)
    axes.plot(across.ravel(), over.ravel(), ".", color="white", markersize=1.2, alpha=0.6)
    for name, coordinate in (("x", x), ("y", y)):
        if coordinate.min() > 0.0 and coordinate.max() / coordinate.min() >= RATIO:
            getattr(axes, f"set_{name}scale")("log")
            if coordinate.max() / coordinate.min() < DECADES:
                inside = _round_numbers(0.999 * coordinate.min(), 1.001 * coordinate.max())
                getattr(axes, f"set_{name}ticks")(inside, labels=[f"{step:g}" for step in inside])
                getattr(axes, f"set_{name}ticks")([], minor=True)
    return filled


def _bar(figure: Figure, place: tuple[float, ...], filled: Any, label: str, ticks: Any) -> None:
    bar = figure.add_axes(place)  # type: ignore[arg-type]
    figure.colorbar(filled, cax=bar, ticks=ticks, format="%.2f" if ticks is QUARTERS else "%g").set_label(
        label, fontsize=SMALL
    )
    bar.tick_params(labelsize=SMALL - 1)
    bar.minorticks_off()


def _scale_of(values: Array) -> _Scale:
    """Round limits around values; in decades where they span many."""
    from matplotlib.ticker import MaxNLocator

    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    if low > 0.0 and high / low >= WIDE:
        ends = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
        steps = _round_numbers(*ends)
        first = max(step for step in steps if step <= low * 1.001)
        last = min(step for step in steps if step >= high * 0.999)
        inside = tuple(step for step in steps if first <= step <= last)
        return _Scale(inside, inside[1:-1:2], log=True)
    if high - low <= 1e-9 * abs(high):  # the same everywhere
        low, high = low - 0.1 * (abs(low) or 1.0), high + 0.1 * (abs(high) or 1.0)
    limits = tuple(map(float, MaxNLocator(BANDS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)))
    return _Scale(limits, limits[1:-1:2])


def _round_numbers(low: float, high: float) -> list[float]:
    """1, 2 and 5 of each decade between two ends: matplotlib labels few decades too densely."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    return [step for step in steps if low <= step <= high]


def _words(attrs: dict[str, str]) -> tuple[str, str]:
    """Title of a panel and words beside its colours."""
    name, _, word = attrs["what"].partition("=")
    title = name.replace("_", " ") + (f": {word}" if word else "")
    if attrs["kind"] == SHARE:
        return title, "share of patients"
    if attrs["kind"] == HAS:
        return f"who has one: {title}", "share of patients"
    of = " of who has one" if attrs["whole"] == "no" else ""
    return title, attrs["kind"] + of + ("" if attrs["units"] == "1" else f" ({attrs['units']})")


def _name(grid: xr.Dataset, name: str) -> str:
    """The name of an axis with its unit, and what moves with it."""
    unit, others = grid[name].attrs.get("units", "1"), grid[name].attrs.get("with", "")
    return name.replace("_", " ") + ("" if unit == "1" else f" ({unit})") + (f", with {others}" if others else "")
