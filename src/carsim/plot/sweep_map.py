"""The map of a sweep: a panel for each way in which courses end, its probability over two axes as contours."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.plot.style import DPI, FAINT, INK, SMALL, TEXT, WIDTH
from carsim.sweeps.modes import CURE, NONE, REMISSION

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS: Final = 3
PANEL, HEAD, FOOT = 2.35, 0.75, 0.6  # inches
STEPS: Final = tuple(np.linspace(0.0, 1.0, 11))
LABELLED: Final = (0.1, 0.5, 0.9)
ENDS: Final = (NONE, REMISSION, CURE)  # of which the others are relapses
DECADES: Final = 1000.0  # ratio of the ends below which ticks are written as plain numbers
RATIO: Final = 8.0  # of the ends of an axis, from which on it is drawn in its logarithm


def draw_map(grid: xr.Dataset) -> Figure:
    """The figure of `probability` (mode, first axis, second axis), whose axes are named and have units."""
    from matplotlib.figure import Figure

    modes = [str(mode) for mode in grid["mode"].values]
    rows = math.ceil(len(modes) / COLUMNS)
    height = HEAD + FOOT + rows * (PANEL + 0.45)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    along, up = (dim for dim in grid["probability"].dims if dim != "mode")
    width, left = 0.222, 0.095
    filled: Any = None
    for number, mode in enumerate(modes):
        row, column = divmod(number, COLUMNS)
        bottom = height - HEAD - (row + 1) * (PANEL + 0.45) + 0.42
        axes = figure.add_axes((left + column * (width + 0.05), bottom / height, width, (PANEL - 0.25) / height))
        filled = _panel(axes, grid, mode, str(along), str(up))
        axes.set_title(mode if mode in ENDS else f"{mode} relapse", fontsize=TEXT, color=INK)
        if column:
            axes.tick_params(labelleft=False)
    bar = figure.add_axes((0.905, 1.0 - (HEAD + PANEL) / height, 0.014, (PANEL - 0.35) / height))
    figure.colorbar(filled, cax=bar, ticks=[0.0, 0.25, 0.5, 0.75, 1.0]).set_label("probability", fontsize=SMALL)
    bar.tick_params(labelsize=SMALL - 1)
    title = "\n".join(textwrap.wrap(str(grid.attrs.get("title", "")), 70)[:2])
    figure.text(left, 1.0 - 0.12 / height, title, fontsize=TEXT + 2, fontweight="bold", va="top")
    least, most = int(grid["n"].min()), int(grid["n"].max())
    who = f"{least}" if least == most else f"{least} to {most}"
    told = f"{who} virtual patients at each point, the same at all of them; dots: points of the sweep"
    figure.text(left, 1.0 - 0.4 / height, told, fontsize=SMALL, color=FAINT, va="top")
    figure.text(0.5, 0.36 / height, _name(grid, str(along)), fontsize=TEXT, ha="center")
    figure.text(0.012, 0.5, _name(grid, str(up)), fontsize=TEXT, va="center", rotation=90)
    note = f"carsim {grid.attrs.get('carsim_version', '')}. {NOT_FOR_TREATMENT}"
    figure.text(left, 0.12 / height, note, fontsize=SMALL - 1, color=FAINT)
    return figure


def _panel(axes: Axes, grid: xr.Dataset, mode: str, along: str, up: str) -> Any:
    """One probability as filled contours, three of them as labelled lines, and where the points are."""
    values = grid["probability"].sel(mode=mode).transpose(up, along).values
    x, y = (np.asarray(grid[name].values, dtype=float) for name in (along, up))
    filled = axes.contourf(x, y, values, levels=STEPS, cmap="cividis", vmin=0.0, vmax=1.0)
    if np.isfinite(values).any() and np.nanmin(values) < np.nanmax(values):
        lines = axes.contour(x, y, values, levels=LABELLED, colors="white", linewidths=0.9)
        axes.clabel(lines, fmt="%.1f", fontsize=SMALL - 1)
    across, over = np.meshgrid(x, y)
    axes.plot(across.ravel(), over.ravel(), ".", color="white", markersize=1.2, alpha=0.6)
    for name, coordinate in (("x", x), ("y", y)):
        if coordinate.min() > 0.0 and coordinate.max() / coordinate.min() >= RATIO:
            getattr(axes, f"set_{name}scale")("log")
            if coordinate.max() / coordinate.min() < DECADES:
                _few_ticks(axes, name, coordinate)
    return filled


def _few_ticks(axes: Axes, name: str, coordinate: np.ndarray) -> None:
    """Ticks at 1, 2 and 5 of each decade, as plain numbers: matplotlib labels few decades too densely."""
    powers = range(math.floor(math.log10(coordinate.min())), math.ceil(math.log10(coordinate.max())) + 1)
    steps = [step * 10.0**power for power in powers for step in (1, 2, 5)]
    inside = [step for step in steps if 0.999 * coordinate.min() <= step <= 1.001 * coordinate.max()]
    getattr(axes, f"set_{name}ticks")(inside, labels=[f"{step:g}" for step in inside])
    getattr(axes, f"set_{name}ticks")([], minor=True)


def _name(grid: xr.Dataset, name: str) -> str:
    unit = grid[name].attrs.get("units", "1")
    return name.replace("_", " ") + ("" if unit == "1" else f" ({unit})")
