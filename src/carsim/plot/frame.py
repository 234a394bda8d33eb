"""What is around the panels of a run's figure: title and who is shown, treatments on a strip, what it is not for."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from carsim.dataset.assemble import treatments
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.plot.layout import FIRST_MONTH, LEFT, RIGHT, TOP, Column, columns, height_of
from carsim.plot.style import DPI, FAINT, HAIRLINE, INK, SMALL, TEXT, WIDTH

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

TITLE_LETTERS, TITLE_LINE = 70, 0.021  # letters a line; height of a line, as a share of the figure
DOSE_MARKERS = ("v", "D", "*", "P", "s", "o")


def framed(data: xr.Dataset, shown: Sequence[str], who: str) -> tuple[Figure, list[Column]]:
    """A figure of the panels `shown`, still empty, of courses in a row along `patient`; `who` says which they are."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    given = _given(data)
    figure = Figure(figsize=(WIDTH, height_of(shown, len(given))), dpi=DPI)
    FigureCanvasAgg(figure)
    days = data["time"].values
    title = "\n".join(textwrap.wrap(str(data.attrs.get("title", "")), TITLE_LETTERS)[:2])
    frame = columns(figure, float(days[0]), float(days[-1]), TOP - TITLE_LINE * title.count("\n"), shown, len(given))
    _draw_strip(frame, given)
    figure.text(LEFT, 0.985, title, fontsize=TEXT + 2, fontweight="bold", ha="left", va="top", linespacing=1.15)
    figure.text(LEFT, 0.96 - TITLE_LINE * title.count("\n"), who, fontsize=SMALL, color=FAINT, ha="left", va="top")
    time = "days after the first CAR T infusion" + (f" (scale changes at day {FIRST_MONTH:g})" if frame[1:] else "")
    figure.text(0.5 * (LEFT + RIGHT), 0.043, time, fontsize=TEXT, ha="center")
    version = data.attrs.get("carsim_version", "")
    figure.text(
        LEFT, 0.014, f"carsim {version}. {NOT_FOR_TREATMENT}".replace("  ", " "), fontsize=SMALL - 1, color=FAINT
    )
    return figure, frame


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
