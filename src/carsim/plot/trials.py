"""The figures that a trial paper prints, by their kinds, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from carsim.plot.figure import write_figure
from carsim.plot.trial_check import draw_check
from carsim.plot.trial_incidence import draw_incidence
from carsim.plot.trial_kinetics import draw_kinetics
from carsim.plot.trial_overlay import draw_overlay
from carsim.plot.trial_survival import draw_groups, draw_survival
from carsim.plot.trial_swimmer import draw_swimmer
from carsim.plot.trial_waterfall import draw_waterfall
from carsim.trials.store import part_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

KINDS: Final[Mapping[str, Callable[[xr.DataTree], Figure]]] = {
    "survival": draw_survival,
    "groups": draw_groups,
    "incidence": draw_incidence,
    "swimmer": draw_swimmer,
    "waterfall": draw_waterfall,
    "kinetics": draw_kinetics,
}
OVERLAID: Final[Mapping[str, Callable[[xr.DataTree], Figure]]] = {"overlay": draw_overlay}  # of a comparison
CHECKED: Final[Mapping[str, Callable[[xr.DataTree], Figure]]] = {"check": draw_check}  # of a trial that was checked


def write_figures(tree: xr.DataTree, places: Mapping[str, Path], *, force: bool = False) -> list[Path]:
    """Write the figure of each kind to its place (.png, .pdf or .svg); that of groups where the trial has any.

    Raises OutputRefused where a figure may not be written.
    """
    shown = {kind: path for kind, path in places.items() if kind != "groups" or part_of(tree).groups}
    root, kinds = (
        tree.to_dataset(),
        {**KINDS, **CHECKED, **OVERLAID},
    )  # the attributes, which say what run a figure shows
    return [
        write_figure(root, path, force=force, draw=partial(_of_tree, kinds[kind], tree)) for kind, path in shown.items()
    ]


def _of_tree(draw: Callable[[xr.DataTree], Figure], tree: xr.DataTree, _: xr.Dataset) -> Figure:
    return draw(tree)
