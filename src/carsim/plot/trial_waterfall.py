"""Waterfall of the depth of response: for each patient by how many powers of ten the disease in marrow fell at best.

Depth: MRD at the visit that finds least of it, over that at the start, as sequencing would see it (1e-6 at least).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.levels import level_at
from carsim.endpoints.response import SEQUENCING_LIMIT
from carsim.plot.layout import halo
from carsim.plot.style import FAINT, HAIRLINE, SMALL
from carsim.plot.trial_page import FATE_LOOKS, arms_of, fate_key, heading, no_data, page, plain, span
from carsim.trials.counted import Patients
from carsim.trials.fates import FATES, fates
from carsim.trials.store import part_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARMS = 4
PANEL = 2.5  # inches


def draw_waterfall(tree: xr.DataTree) -> Figure:
    """The figure of the first arms, one below the other."""
    arms = dict(list(arms_of(tree).items())[:ARMS])
    limit = f"{SEQUENCING_LIMIT:.0e}".replace("e-0", "e-")
    figure = page(
        tree,
        PANEL * len(arms) + 0.25,
        f"Least disease in marrow at a visit over that at the start (limit {limit}), by what became of the patient",
    )
    bottom, top = span(figure)
    whole = float(figure.get_figheight())
    grid = figure.add_gridspec(len(arms), 1, left=0.085, right=0.97, bottom=bottom + 0.12 / whole, top=top, hspace=0.28)
    found: set[str] = set()
    for at, (name, (data, patients)) in enumerate(arms.items()):
        axes = figure.add_subplot(grid[at, 0])
        if len(arms) > 1:
            heading(axes, name)
        found |= _panel(axes, patients, depths(data, patients, part_of(tree).visits))
    fate_key(figure, [fate for fate in FATES if fate in found], 0.30 / whole)
    return figure


def depths(data: xr.Dataset, patients: Patients, visits: tuple[float, ...]) -> np.ndarray:
    """log10 of the least MRD at a visit before death over that at the start, (n,); NaN without a visit."""
    days, end = data["time"].values, patients.alive_until
    found = np.full(patients.n, np.nan)
    for who in range(patients.n):
        course = data["mrd"].values[who].astype(float)
        seen = [level_at(days, course, day) for day in visits if day <= min(float(days[-1]), float(end[who]))]
        if seen:
            found[who] = np.log10(max(min(seen), SEQUENCING_LIMIT) / max(float(course[0]), SEQUENCING_LIMIT))
    return found


def _panel(axes: Axes, patients: Patients, depth: np.ndarray) -> set[str]:
    plain(axes)
    known = np.flatnonzero(np.isfinite(depth))
    axes.set_ylabel("change, powers of ten")
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    if known.size == 0:
        no_data(axes, "no patient was seen")
        return set()
    fate = fates(patients)
    order = known[np.lexsort((fate[known], -depth[known]))]
    colours = [FATE_LOOKS[str(fate[who])].colour for who in order]
    shown = np.where(depth[order] == 0.0, 0.02, depth[order])
    axes.bar(np.arange(order.size), shown, width=0.82 if order.size < 120 else 1.0, color=colours, linewidth=0)
    axes.set_xlim(-0.8, order.size - 0.2)
    axes.set_ylim(min(-6.3, float(depth[known].min()) - 0.3), max(1.0, float(depth[known].max()) + 0.3))
    axes.axhline(0.0, color=FAINT, linewidth=0.8)
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    axes.set_axisbelow(True)
    note = axes.text(
        0.99,
        0.94,
        f"{known.size} patients; −4: of all cells, one in 10,000 of the start is left",
        transform=axes.transAxes,
        fontsize=SMALL - 0.5,
        color=FAINT,
        ha="right",
        va="top",
    )
    halo(note)
    return set(fate[known].tolist())
