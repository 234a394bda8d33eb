"""The figure of a run: treatments on a strip, then CAR T cells, leukaemia, lymphocytes, toxicity, counts and drive.

A cohort is drawn as its median with the band from the 5th to the 95th percentile; replicates have a figure of their
own (`replicates`). Drawn with matplotlib's own objects
on the Agg canvas: no window system, no global state.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.dataset.store import (
    FIGURE_KEYS,
    FIGURE_SUFFIXES,
    OutputRefused,
    check_writable,
    figure_mark,
    write_atomically,
)
from carsim.plot import panels
from carsim.plot.frame import framed
from carsim.plot.layout import PANELS
from carsim.plot.replicates import draw_replicates
from carsim.plot.style import DPI, SETTINGS

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def draw(data: xr.Dataset) -> Figure:
    """The figure of a dataset, not yet written; of replicates it is one of what chance decides."""
    if "replicate" in data.dims:
        with _settings():
            return draw_replicates(data)
    with _settings():
        shown = [name for name in PANELS if any(course in data for course in panels.NEEDED.get(name, ("time",)))]
        figure, frame = framed(data, shown, _who(data))
        panels.draw_cart(frame, data)
        panels.draw_leukaemia(frame, data)
        if "fluid" in shown:
            panels.draw_fluid(frame, data)
        panels.draw_lymphocytes(frame, data)
        if "toxicity" in shown:
            panels.draw_toxicity(frame, data)
        if "counts" in shown:
            panels.draw_counts(frame, data)
        panels.draw_drive(frame, data)
    return figure


def write_figure(
    data: xr.Dataset, path: Path | str, *, force: bool = False, draw: Callable[[xr.Dataset], Figure] = draw
) -> Path:
    """Draw a dataset into a PNG, PDF or SVG at `path`, whole or not at all; raises OutputRefused where it may not.

    `draw` makes the figure; default: that of a scenario.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind not in FIGURE_SUFFIXES:
        raise OutputRefused(f"{path}: a figure is a file that ends in {', '.join(FIGURE_SUFFIXES)}")
    check_writable(path, data.attrs, force=force)
    metadata = _metadata(data.attrs, kind)
    with _settings():
        figure = draw(data)
        return write_atomically(
            path, lambda temporary: figure.savefig(temporary, format=kind[1:], dpi=DPI, metadata=metadata)
        )


@contextmanager
def _settings() -> Iterator[None]:
    """Carsim's look; without matplotlib's warnings on letters that its font lacks (a title may be in any script)."""
    import matplotlib

    with matplotlib.rc_context(SETTINGS), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


def _metadata(attributes: Mapping[str, Any], kind: str) -> Mapping[str, str | None]:
    """Text that the file carries: the run it shows, so that it is recognised as carsim's own; no date of writing."""
    if kind == ".pdf":
        return {"Creator": "carsim", "Keywords": figure_mark(attributes), "Producer": None, "CreationDate": None}
    if kind == ".svg":
        return {"Creator": "carsim", "Keywords": figure_mark(attributes), "Date": None}
    kept = {key: str(attributes[key]) for key in FIGURE_KEYS if key in attributes}
    return {"Software": "carsim", "Comment": NOT_FOR_TREATMENT} | kept


def _who(data: xr.Dataset) -> str:
    patients = data.sizes["patient"]
    who = "one patient" if patients == 1 else f"{patients} patients: median, band from 5th to 95th percentile"
    failed = int(np.count_nonzero(data["status"].values)) if "status" in data else 0
    return who + (f", {failed} failed and left out" if failed else "")
