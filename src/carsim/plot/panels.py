"""The panels, from CAR T cells and leukaemia to toxicity, blood counts, drugs and the cytokine drive.

Each takes the columns of the frame and a dataset, draws what the dataset has, and leaves out what it has not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.bcells import APLASIA_LIMIT
from carsim.endpoints.cytopenia import LIMITS
from carsim.endpoints.persistence import FLOW_LIMIT, QPCR_LIMIT
from carsim.endpoints.response import FLOW_LIMIT as MRD_LIMIT
from carsim.model.remission import CSF_LIMITS, MARROW_LIMIT
from carsim.plot.band import Band, band
from carsim.plot.labels import end_labels
from carsim.plot.layout import Column, halo, heading, limit_line, log_levels
from carsim.plot.style import FAINT, INK, SMALL, Look, clone_looks, look

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

NEEDED = {
    "fluid": ("csf_blasts",),
    "toxicity": ("il6",),
    "counts": ("platelets",),
}  # panels that are left out without any of these courses
GRADES = {"crs": "release syndrome (right)", "icans": "neurotoxicity (right)"}
FLOW_PER_QPCR = FLOW_LIMIT / QPCR_LIMIT  # puts the limits of both assays at the same height
ONE_CELL = 1.0
SEVERE = LIMITS["severe_neutropenia_days"][1]  # neutrophils per uL
BAND_OPACITY = 0.18
COARSE = 0.3  # days between outputs


def draw_cart(columns: list[Column], data: xr.Dataset) -> None:
    """CAR T in blood: transgene on the left axis, cells on the right, their detection limits at one height."""
    days = data["time"].values
    lines = _cart_lines(data)
    tops = [1e4, *(2.0 * _highest(level) / bottom for _, level, _, bottom in lines)]
    top = 10.0 ** math.ceil(math.log10(max(tops)))
    for place, column in enumerate(columns):
        axes = column.panels["cart"]
        twin = axes.twinx()
        for target, bottom in ((axes, 1.0), (twin, FLOW_PER_QPCR)):
            log_levels(target, bottom, bottom * top)
            for _, level, style, own in lines:
                if own == bottom:
                    _draw(target, days, level.above(0.5 * bottom), style)
        limit_line(axes, QPCR_LIMIT, "limits of detection" if place == 0 else None, at_end=True)
        _hide_twin(twin, shown=place == len(columns) - 1)
        twin.set_ylabel("cells/µL" if place == len(columns) - 1 else "")
    columns[0].panels["cart"].set_ylabel("copies/µg DNA")
    heading(columns[0].panels["cart"], "CAR T cells in blood")
    _legend(columns[-1].panels["cart"], [(name, style) for name, _, style, _ in lines])


def _cart_lines(data: xr.Dataset) -> list[tuple[str, Band, Look, float]]:
    """(name, level, look, bottom of its axis) of transgene and cells of each product, named where there are several."""
    products = [str(name) for name in data["product"].values] if "product" in data.dims else []
    lines = []
    for number, product in enumerate(products):
        of = f"{product}, " if len(products) > 1 else ""
        for kind, (course, unit, bottom) in enumerate(
            (("cart_copies", "copies/µg (left)", 1.0), ("cart_cells", "cells/µL (right)", FLOW_PER_QPCR))
        ):
            level = band(data[course].values[:, :, number]) if course in data else None
            if level is not None:
                lines.append((of + unit, level, look(2 * number + kind), bottom))
    return lines


def draw_leukaemia(columns: list[Column], data: xr.Dataset) -> None:
    """Leukaemic cells of each clone in the body, down to one cell; a clone that is gone ends in a cross."""
    if "blasts" not in data:
        return
    days = data["time"].values
    clones = [str(clone) for clone in data["clone"].values]
    antigens = data["clone_cd19"].values.tolist() if "clone_cd19" in data else [""] * len(clones)
    looks = clone_looks(dict(zip(clones, antigens, strict=True)))
    curves = []
    for index, clone in enumerate(clones):
        cells = band(data["blasts"].values[:, :, index].sum(axis=-1))
        if cells is not None and _highest(cells) >= ONE_CELL:
            curves.append((clone, cells, looks[clone], _gone(data, index, cells.middle)))
    marrow = _level(data, "marrow_cells")
    for place, column in enumerate(columns):
        axes = column.panels["leukaemia"]
        log_levels(axes, 0.5, 3e13, every=3)
        for share, text in (
            (MARROW_LIMIT, f"{100 * MARROW_LIMIT:g} % of marrow"),
            (MRD_LIMIT, f"MRD {100 * MRD_LIMIT:g} %"),
        ):
            if marrow is not None:
                _share_line(axes, days, share * marrow.middle, text if place == len(columns) - 1 else None)
        for _, cells, style, gone in curves:
            _draw_clone(axes, days, cells, style, gone)
    _mark_relapse(columns, data)
    columns[0].panels["leukaemia"].set_ylabel("cells in the body")
    heading(columns[0].panels["leukaemia"], "Leukaemia by clone (× gone: below one cell)")
    last = columns[-1].panels["leukaemia"]
    end_labels(
        last, [(name, ONE_CELL if gone is not None else _last(cells), style) for name, cells, style, gone in curves]
    )


def draw_fluid(columns: list[Column], data: xr.Dataset) -> None:
    """Blasts and CAR T cells in the cerebrospinal fluid, with the number of blasts that is a relapse there."""
    lines = (("blasts", "csf_blasts", look(0)), ("CAR T cells", "csf_cart", look(1)))
    highest = max(
        (_highest(level) for _, course, _ in lines if (level := _level(data, course)) is not None), default=1.0
    )
    top = 10.0 ** max(2, math.ceil(math.log10(2.0 * highest)))
    _draw_together(columns, data, "fluid", lines, (1e-3, top))
    for place, column in enumerate(columns):
        text = f"CNS-3: {CSF_LIMITS[1]:g}/µL" if place == len(columns) - 1 else None
        limit_line(column.panels["fluid"], CSF_LIMITS[1], text, at_end=len(columns) == 1)
    columns[0].panels["fluid"].set_ylabel("cells/µL")
    heading(columns[0].panels["fluid"], "Cerebrospinal fluid")


def draw_lymphocytes(columns: list[Column], data: xr.Dataset) -> None:
    """Healthy B cells and host T cells in blood, with the limit of B-cell aplasia."""
    _draw_together(
        columns,
        data,
        "lymphocytes",
        (("B cells", "bcells", look(0)), ("host T cells", "host_t_cells", look(1))),
        (0.1, 1e4),
    )
    for place, column in enumerate(columns):
        text = "B-cell aplasia: below 50/µL" if place == len(columns) - 1 else None
        limit_line(column.panels["lymphocytes"], APLASIA_LIMIT, text, at_end=len(columns) == 1)
    columns[0].panels["lymphocytes"].set_ylabel("cells/µL")
    heading(columns[0].panels["lymphocytes"], "Healthy lymphocytes in blood")


def draw_toxicity(columns: list[Column], data: xr.Dataset) -> None:
    """IL-6 and interferon in serum on the left axis; grades of release syndrome and neurotoxicity on the right."""
    days = data["time"].values
    cytokines = [
        (name, level, look(number))
        for number, (name, course) in enumerate((("IL-6", "il6"), ("interferon γ", "ifn")))
        if (level := _level(data, course)) is not None
    ]
    grades = [
        (name, level, look(2 + number))
        for number, (toxicity, name) in enumerate(GRADES.items())
        if (level := _level(data, f"{toxicity}_grade")) is not None
    ]
    top = 10.0 ** max(4, math.ceil(math.log10(2.0 * max(_highest(level) for _, level, _ in cytokines))))
    for place, column in enumerate(columns):
        axes = column.panels["toxicity"]
        log_levels(axes, 1.0, top)
        for _, level, style in cytokines:
            _draw(axes, days, level.above(0.5), style)
        twin = axes.twinx()
        twin.set_ylim(0.0, 4.3)
        twin.set_yticks([0, 1, 2, 3, 4])
        for _, level, style in grades:
            twin.step(days, level.middle, where="post", **(style.line() | {"marker": ""}))
        _hide_twin(twin, shown=place == len(columns) - 1)
        twin.set_ylabel("grade" if place == len(columns) - 1 else "")
    first = columns[0].panels["toxicity"]
    first.set_ylabel("pg/mL")
    scales = [str(data[f"{name}_grade"].attrs.get("scale", "")) for name in GRADES if f"{name}_grade" in data]
    by = " and ".join(dict.fromkeys(scale for scale in scales if scale))
    heading(first, "Cytokines in serum (left), toxicity" + (f" by {by} (right)" if by else " (right)"))
    plain = [(name, Look(style.colour, style.dash, "")) for name, _, style in grades]
    _legend(columns[-1].panels["toxicity"], [(name, style) for name, _, style in cytokines] + plain)


def draw_counts(columns: list[Column], data: xr.Dataset) -> None:
    """Neutrophils and platelets in blood, with the limit of severe neutropenia."""
    lines = (("neutrophils", "neutrophils", look(0)), ("platelets", "platelets", look(1)))
    _draw_together(columns, data, "counts", lines, (10.0, 1e6))
    for place, column in enumerate(columns):
        text = "neutrophils: severe below 500/µL" if place == len(columns) - 1 else None
        limit_line(column.panels["counts"], SEVERE, text, at_end=len(columns) == 1)
    columns[0].panels["counts"].set_ylabel("cells/µL")
    heading(columns[0].panels["counts"], "Blood counts, without transfusion")


def draw_drive(columns: list[Column], data: xr.Dataset) -> None:
    """Drugs in plasma on the left axis; the homeostatic cytokine drive on the right, relative to no T cells."""
    drugs = (("fludarabine", "fludarabine", look(0)), ("cyclophosphamide", "cyclophosphamide", look(1)))
    present = [drug for drug in drugs if (level := _level(data, drug[1])) is not None and _highest(level) > 0.0]
    if float(np.min(np.diff(data["time"].values))) > COARSE:
        present = []  # drugs rise and fall within hours: daily levels would mislead
    days, cytokine = data["time"].values, _level(data, "homeostatic_cytokine")
    for place, column in enumerate(columns):
        log_levels(column.panels["drive"], 1e-3, 1e3, every=2)
        for _, variable, style in present:
            _draw_drug(column.panels["drive"], days, _level(data, variable), style)
        twin = column.panels["drive"].twinx()
        twin.set_ylim(0.0, 1.05)
        twin.set_yticks([0.0, 0.5, 1.0])
        if cytokine is not None:
            _draw(twin, days, cytokine, look(2))
        _hide_twin(twin, shown=place == len(columns) - 1)
        if place == len(columns) - 1:
            twin.set_ylabel("cytokine drive")
    first = columns[0].panels["drive"]
    if present:
        first.set_ylabel("mg/L")
        heading(first, "Drugs in plasma (left), homeostatic cytokine drive (right)")
    else:
        first.tick_params(axis="y", left=False, labelleft=False)
        heading(first, "Homeostatic cytokine drive")
    handles = [(name, Look(style.colour, style.dash, "")) for name, _, style in present]
    handles += [] if cytokine is None else [("IL-7/IL-15 drive (right)", look(2))]
    _legend(columns[-1].panels["drive"], handles)


def _level(data: xr.Dataset, name: str) -> Band | None:
    """Band of a course, summed over whatever dimensions it has beside patient and time."""
    if name not in data:
        return None
    values = data[name].values
    return band(values.reshape(*values.shape[:2], -1).sum(axis=2))


def _draw(axes: Axes, days: np.ndarray, level: Band, style: Look) -> None:
    if level.low is not None and level.high is not None:
        axes.fill_between(days, level.low, level.high, color=style.colour, alpha=BAND_OPACITY, linewidth=0)
    axes.plot(days, level.middle, **style.line())


def _draw_drug(axes: Axes, days: np.ndarray, level: Band | None, style: Look) -> None:
    """A thin line without markers: a drug rises and falls within hours."""
    if level is not None:
        axes.plot(days, level.above(1e-4).middle, color=style.colour, linestyle=style.dash, linewidth=1.1)


def _draw_together(
    columns: list[Column],
    data: xr.Dataset,
    panel: str,
    lines: list[tuple[str, str, Look]] | tuple[tuple[str, str, Look], ...],
    limits: tuple[float, float],
) -> None:
    """Courses on one logarithmic axis, each named at its end."""
    levels = [(name, level, style) for name, course, style in lines if (level := _level(data, course)) is not None]
    for column in columns:
        axes = column.panels[panel]
        log_levels(axes, *limits)
        for _, level, style in levels:
            _draw(axes, data["time"].values, level.above(0.3 * limits[0]), style)
    end_labels(columns[-1].panels[panel], [(name, level.middle[-1], style) for name, level, style in levels])


def _highest(level: Band) -> float:
    return float(np.max(level.middle if level.high is None else level.high))


def _last(cells: Band) -> float:
    """Level beside which a clone is named: the end of its line, or of its band where the median has no cell."""
    end = cells.middle if cells.high is None or cells.middle[-1] >= ONE_CELL else cells.high
    return max(float(end[-1]), ONE_CELL)


def _draw_clone(axes: Axes, days: np.ndarray, cells: Band, style: Look, gone: float | None) -> None:
    """A clone where it has a cell or more; a cross where it is gone."""
    if cells.low is not None and cells.high is not None:
        low, there = np.maximum(cells.low, ONE_CELL), cells.high >= ONE_CELL
        axes.fill_between(
            days, low, cells.high, where=there.tolist(), color=style.colour, alpha=BAND_OPACITY, linewidth=0
        )
    there = cells.middle >= ONE_CELL
    if there.any():
        axes.plot(days, np.where(there, cells.middle, np.nan), **style.line())
    if gone is not None:
        last = int(np.flatnonzero(there)[-1])
        axes.plot([days[last], gone], [cells.middle[last], ONE_CELL], **(style.line() | {"marker": ""}))
        axes.plot([gone], [ONE_CELL], marker="x", color=style.colour, markersize=7, markeredgewidth=2)


def _gone(data: xr.Dataset, clone: int, middle: np.ndarray) -> float | None:
    """Day on which a drawn clone falls below one cell for good; None where it does not, or never had a cell.

    For one patient the recorded day of extinction; for a cohort the first output time of a median below one cell.
    """
    there = np.flatnonzero(middle >= ONE_CELL)
    if there.size == 0 or there[-1] == middle.size - 1:
        return None
    recorded = math.nan
    if data.sizes["patient"] == 1 and "clone_extinct_day" in data:
        recorded = float(data["clone_extinct_day"].values[0, clone])
    days = data["time"].values
    return recorded if recorded >= days[there[-1]] else float(days[there[-1] + 1])


def _mark_relapse(columns: list[Column], data: xr.Dataset) -> None:
    """A thin labelled line on the day of relapse of one patient; a cohort has no single day."""
    day = float(data["relapse_day"].values[0]) if data.sizes["patient"] == 1 and "relapse_day" in data else math.nan
    column = next((column for column in columns if column.first <= day <= column.last), None)
    if column is None:
        return
    axes = column.panels["leukaemia"]
    axes.axvline(day, color=INK, linewidth=0.9, linestyle=(0, (4, 2)), zorder=1.5)
    is_late = day > 0.5 * (column.first + column.last)
    note = axes.annotate(
        f"relapse, day {day:.0f}",
        (day, 0.03),
        xycoords=("data", "axes fraction"),
        xytext=(-4 if is_late else 4, 0),
        textcoords="offset points",
        fontsize=SMALL - 0.5,
        ha="right" if is_late else "left",
        va="bottom",
        zorder=4,
    )
    halo(note)


def _share_line(axes: Axes, days: np.ndarray, level: np.ndarray, text: str | None) -> None:
    axes.plot(days, level, color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)), zorder=1)
    if text:
        at = axes.get_xlim()[0] + 0.012 * (axes.get_xlim()[1] - axes.get_xlim()[0])
        note = axes.text(
            at, float(np.interp(at, days, level)) * 1.3, text, fontsize=SMALL - 1.0, color=FAINT, va="bottom"
        )
        halo(note)


def _legend(axes: Axes, names: list[tuple[str, Look]]) -> None:
    """Names of lines in the upper right corner, where a course of months leaves room."""
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], **(style.line() | {"markevery": None})) for _, style in names]
    axes.legend(
        handles,
        [name for name, _ in names],
        frameon=True,  # white, so that names stay legible where a course rises into them
        framealpha=0.6,
        edgecolor="none",
        fontsize=SMALL,
        loc="upper right",
        handlelength=3.4,
        borderaxespad=0.0,
        labelspacing=0.3,
    )


def _hide_twin(twin: Axes, *, shown: bool) -> None:
    twin.spines[["top", "left", "bottom"]].set_visible(False)
    twin.spines["right"].set_visible(shown)
    twin.spines["right"].set_color(INK)
    twin.tick_params(axis="y", which="both", right=shown, labelright=shown, length=3)
