"""The figure of a run: treatments on a strip, then CAR T cells, leukaemia, lymphocytes, toxicity, counts and drive.

A cohort is drawn as its median with the band from the 5th to the 95th percentile. Drawn with matplotlib's own objects
on the Agg canvas: no window system, no global state.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.dataset.assemble import treatments
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
from carsim.plot.layout import FIRST_MONTH, LEFT, PANELS, RIGHT, TOP, Column, columns, height_of
from carsim.plot.style import DPI, FAINT, HAIRLINE, INK, SETTINGS, SMALL, TEXT, WIDTH

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

TITLE_LETTERS, TITLE_LINE = 70, 0.021  # letters a line; height of a line, as a share of the figure
DOSE_MARKERS = ("v", "D", "*", "P", "s", "o")


def draw(data: xr.Dataset) -> Figure:
    """The figure of a dataset, not yet written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _settings():
        shown = [name for name in PANELS if any(course in data for course in panels.NEEDED.get(name, ("time",)))]
        given = _given(data)
        figure = Figure(figsize=(WIDTH, height_of(shown, len(given))), dpi=DPI)
        FigureCanvasAgg(figure)
        days = data["time"].values
        title = "\n".join(textwrap.wrap(str(data.attrs.get("title", "")), TITLE_LETTERS)[:2])
        frame = columns(
            figure, float(days[0]), float(days[-1]), TOP - TITLE_LINE * title.count("\n"), shown, len(given)
        )
        _draw_strip(frame, given)
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
        _write_frame(figure, frame, data, title)
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


def _draw_strip(frame: list[Column], given: Mapping[str, list[list[float]]]) -> None:
    """One row per treatment with a mark at each dose, a hairline through all panels, and its name after the last."""
    height = max(len(given), 1)
    for column in frame:
        column.strip.set_ylim(-0.5, height - 0.5)
        for row, (name, doses) in enumerate(given.items()):
            at = height - 1 - row
            shown = sorted({day for own in doses for day in own if column.first <= day <= column.last})
            if not shown:
                continue
            marker = DOSE_MARKERS[row % len(DOSE_MARKERS)]
            size = 8.0 if marker == "*" else 5.0
            column.strip.plot(shown, [at] * len(shown), marker, color=INK, markersize=size, clip_on=False)
            last = max(day for own in doses for day in own)
            if last < column.last or column is frame[-1]:  # once, after the last mark: no name runs into marks
                column.strip.annotate(
                    _words(name, doses),
                    (last, at),
                    xytext=(8, 0),
                    textcoords="offset points",
                    fontsize=SMALL,
                    va="center",
                )
            for panel in column.panels.values():
                for day in shown:
                    panel.axvline(day, color=HAIRLINE, linewidth=0.8, zorder=0)


def _given(data: xr.Dataset) -> dict[str, list[list[float]]]:
    """Days of each treatment, one list for each patient, in the order in which they begin."""
    patients = data.sizes["patient"]
    days: dict[str, list[list[float]]] = {}
    for patient in range(patients):
        for day, name in treatments(data, patient):
            days.setdefault(name, [[] for _ in range(patients)])[patient].append(day)
    return dict(sorted(days.items(), key=lambda pair: min(min(own) for own in pair[1] if own)))


def _words(name: str, doses: list[list[float]]) -> str:
    """What is written beside the doses: name, most doses of a patient, how many patients had any."""
    most, had = max(map(len, doses)), sum(map(bool, doses))
    return name + (f" ×{most}" if most > 1 else "") + (f" ({had} of {len(doses)})" * (had < len(doses)))


def _write_frame(figure: Figure, frame: list[Column], data: xr.Dataset, title: str) -> None:
    """Title, who is shown, the name of the time axis, and what the figure is not for."""
    patients = data.sizes["patient"]
    who = "one patient" if patients == 1 else f"{patients} patients: median, band from 5th to 95th percentile"
    failed = int(np.count_nonzero(data["status"].values)) if "status" in data else 0
    who += f", {failed} failed and left out" if failed else ""
    figure.text(LEFT, 0.985, title, fontsize=TEXT + 2, fontweight="bold", ha="left", va="top", linespacing=1.15)
    figure.text(LEFT, 0.96 - TITLE_LINE * title.count("\n"), who, fontsize=SMALL, color=FAINT, ha="left", va="top")
    time = "days after the first CAR T infusion" + (f" (scale changes at day {FIRST_MONTH:g})" if frame[1:] else "")
    figure.text(0.5 * (LEFT + RIGHT), 0.043, time, fontsize=TEXT, ha="center")
    version = data.attrs.get("carsim_version", "")
    figure.text(
        LEFT, 0.014, f"carsim {version}. {NOT_FOR_TREATMENT}".replace("  ", " "), fontsize=SMALL - 1, color=FAINT
    )
