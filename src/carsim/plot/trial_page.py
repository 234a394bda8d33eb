"""The page of a trial's figure: title, what is shown, and what it is not for; panels in a grid between them."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.plot.style import DPI, FAINT, INK, LOOKS, SMALL, TEXT, WIDTH, Look
from carsim.trials.counted import Patients, counted, everyone
from carsim.trials.fates import DIED, LASTING, NONE, OTHER_RELAPSE, RELAPSES
from carsim.trials.store import arms_in, part_of

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEAD, FOOT = 0.78, 0.62  # inches above and below the panels
TITLE_LETTERS = 80
DAYS = (0, 7, 28, 90, 180, 365, 730, 1095, 1825, 3650)
FATE_LOOKS = {
    LASTING: LOOKS[2],
    RELAPSES["CD19-positive"]: LOOKS[0],
    RELAPSES["CD19-negative"]: LOOKS[1],
    OTHER_RELAPSE: LOOKS[3],
    DIED: LOOKS[4],
    NONE: Look("#8a8a8a", (0, (2, 2)), "x"),
}


def page(tree: xr.DataTree, height: float, what: str) -> Figure:
    """An empty page, `height` inches of it for panels; `what` says what they show."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    whole = height + HEAD + FOOT
    figure = Figure(figsize=(WIDTH, whole), dpi=DPI)
    FigureCanvasAgg(figure)
    title = textwrap.shorten(str(tree.attrs.get("title", "")), TITLE_LETTERS, placeholder=" …")
    figure.text(0.03, 1.0 - 0.12 / whole, title, fontsize=TEXT + 2, fontweight="bold", ha="left", va="top")
    figure.text(0.03, 1.0 - 0.38 / whole, what, fontsize=SMALL, color=FAINT, ha="left", va="top")
    version = tree.attrs.get("carsim_version", "")
    note = f"carsim {version}. {NOT_FOR_TREATMENT}".replace("  ", " ")
    figure.text(0.03, 0.1 / whole, note, fontsize=SMALL - 1, color=FAINT)
    return figure


def span(figure: Figure) -> tuple[float, float]:
    """Bottom and top of the panels, as shares of the page."""
    height = float(figure.get_figheight())
    return FOOT / height, 1.0 - HEAD / height


def arms_of(tree: xr.DataTree) -> dict[str, tuple[xr.Dataset, Patients]]:
    """The counted patients of each arm: their courses, and their columns."""
    trial = part_of(tree)
    found = {}
    for name, data in arms_in(tree).items():
        chosen = counted(data, trial)
        found[name] = data.isel(patient=chosen.nonzero()[0]), everyone(data, trial, chosen)
    return found


def heading(axes: Axes, text: str) -> None:
    """Name of a panel above its upper left corner."""
    axes.set_title(text, fontsize=SMALL + 0.5, fontweight="bold", loc="left", pad=4)


def plain(axes: Axes) -> None:
    """Two spines, short ticks."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=3)


def month_ticks(last: float) -> list[float]:
    """Ticks of an axis in months, at most seven."""
    step = next(size for size in (1, 2, 3, 6, 12, 24, 60, 120) if last / size <= 6.5)
    return [float(step * number) for number in range(int(last / step + 1e-9) + 1)]


def days_by_root(axes: Axes, last: float) -> None:
    """An axis of days up to the last by their square root: the first month holds the expansion and the response."""
    axes.set_xscale("function", functions=(_root, _square))
    axes.set_xlim(0.0, last)
    axes.set_xticks([day for day in DAYS if day <= last])
    axes.set_xlabel("days after the infusion", fontsize=SMALL, labelpad=2)


def _root(day: np.ndarray) -> np.ndarray:
    root: np.ndarray = np.sqrt(np.maximum(day, 0.0))
    return root


def _square(root: np.ndarray) -> np.ndarray:
    return np.asarray(root) ** 2


def no_data(axes: Axes, text: str) -> None:
    """Say in an empty panel why it is empty."""
    axes.text(0.5, 0.5, text, transform=axes.transAxes, fontsize=SMALL, color=FAINT, ha="center", va="center")


def fate_key(figure: Figure, shown: Sequence[str], bottom: float) -> None:
    """The colours of what became of patients, in a row at a height (share of the page)."""
    from matplotlib.patches import Patch

    keys = [
        Patch(facecolor=FATE_LOOKS[fate].colour, edgecolor="none", label=fate) for fate in FATE_LOOKS if fate in shown
    ]
    figure.legend(
        handles=keys,
        loc="lower left",
        bbox_to_anchor=(0.02, bottom),
        ncols=6,
        fontsize=SMALL - 0.5,
        frameon=False,
        handlelength=1.0,
        handleheight=0.9,
        handletextpad=0.4,
        columnspacing=1.1,
        labelcolor=INK,
    )
