"""The figure of single cells: what those that are left show, how many founders they have, and how one clone descends.

    density       of each antigen, the cells left of each clone (filled) against the clone before selection (dashed)
    clonotypes    of CAR T cells: size against rank, both logarithmic; left out where each is one cell
    lineage       of one clone in one course: a line for each cell from birth to death, a step from mother to daughter

Densities and clonotypes take the cells of all courses together; a clonotype belongs to one course. Which clone's tree
it is, and of which course, `lineage` says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.catalog import antigens
from carsim.dataset.provenance import NOT_FOR_TREATMENT
from carsim.dataset.replicates import flat, replicates_of
from carsim.plot.layout import LEFT, heading
from carsim.plot.lineage import Tree, draw_tree, tree_of
from carsim.plot.style import DPI, FAINT, HAIRLINE, INK, SMALL, TEXT, WIDTH, Look, clone_looks, look

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

RIGHT = 0.97
FEW = 40  # cells below which each is drawn as a tick rather than all as a histogram
BINS_PER_DECADE = 12
HEIGHTS = {"density": 1.75, "clonotypes": 1.75, "tree": 4.4}  # inches
ABOVE, BELOW, BETWEEN = 0.95, 0.95, 0.75  # inches
SPREAD = 3.2  # standard deviations of the start that the axis of a density holds


def has_cells(data: xr.Dataset) -> bool:
    """Whether a result has single cells to draw."""
    return bool(_panels(data)[0])


def draw_cells(data: xr.Dataset) -> Figure:
    """The figure of the single cells of a dataset, not yet written."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown, tree = _panels(data)
    heights = [HEIGHTS[name.partition(":")[0]] for name in shown]
    height = ABOVE + BELOW + sum(heights) + BETWEEN * (len(shown) - 1)
    figure = Figure(figsize=(WIDTH, height), dpi=DPI)
    FigureCanvasAgg(figure)
    top = height - ABOVE
    for name, own in zip(shown, heights, strict=True):
        axes = figure.add_axes((LEFT, (top - own) / height, RIGHT - LEFT, own / height))
        axes.spines[["top", "right"]].set_visible(False)
        top -= own + BETWEEN
        kind, _, what = name.partition(":")
        if kind == "density":
            _draw_density(axes, data, what)
        elif kind == "clonotypes":
            _draw_clonotypes(axes, data)
        elif tree is not None:
            draw_tree(axes, tree, _looks(data)[tree.clone])
    title = f"Single cells: {data.attrs.get('title', '')}"
    figure.text(LEFT, 1.0 - 0.18 / height, title, fontsize=TEXT + 2, fontweight="bold", va="top")
    figure.text(LEFT, 1.0 - 0.42 / height, _who(data), fontsize=SMALL, color=FAINT, va="top")
    version = data.attrs.get("carsim_version", "")
    note = f"carsim {version}. {NOT_FOR_TREATMENT}".replace("  ", " ")
    figure.text(LEFT, 0.12 / height, note, fontsize=SMALL - 1, color=FAINT)
    return figure


def _panels(data: xr.Dataset) -> tuple[list[str], Tree | None]:
    """Panels that have something to show, and the tree."""
    shown = []
    if "cell_clone" in data:
        followed = [name for name in sorted(antigens()) if _shown_by(data, name)]
        shown = [f"density:{name}" for name in followed]
        shown += ["clonotypes"] if any(sizes.max() > 1 for sizes in _clonotypes(data).values()) else []
    tree = tree_of(data) if "lineage_clone" in data and "cell_clone" in data else None
    return [*shown, *(["tree"] if tree else [])], tree


def _who(data: xr.Dataset) -> str:
    patients, replicates = data.sizes["patient"], replicates_of(data)
    who = "one patient" if patients == 1 else f"{patients:,} patients"
    who += f", {replicates:,} replicates" if replicates > 1 else ""
    cells = data.sizes.get("cell", 0)
    each = weight_of(data)
    weight = f", each of which stands for {each:,.3g} cells" if each != 1.0 else ""
    return f"{who}, at day {float(data['time'].values[-1]):.0f}: {cells:,} single cells are left{weight}"


def weight_of(data: xr.Dataset) -> float:
    """Cells that each single cell stands for."""
    return float(data["clone_single_cells"].attrs.get("weight", 1.0)) if "clone_single_cells" in data else 1.0


def _looks(data: xr.Dataset) -> dict[str, Look]:
    names = [str(name) for name in data["clone"].values]
    states = data["clone_cd19"].values.tolist() if "clone_cd19" in data.coords else [""] * len(names)
    return clone_looks(dict(zip(names, states, strict=True)))


def _shown_by(data: xr.Dataset, antigen: str) -> dict[str, np.ndarray]:
    """Molecules of an antigen on each cell left of each clone that shows it."""
    key = f"cell_{antigen.lower()}"
    if key not in data or f"clone_{antigen.lower()}_start" not in data:
        return {}
    found, clone = {}, data["cell_clone"].values
    for number, name in enumerate(data["clone"].values):
        values = data[key].values[clone == number]
        values = values[np.isfinite(values) & (values > 0.0)]
        if values.size:
            found[str(name)] = values
    return found


def _draw_density(axes: Axes, data: xr.Dataset, antigen: str) -> None:
    """Share of cells by their molecules of an antigen: a histogram of those left, a line for the clone at the start."""
    from matplotlib.ticker import MaxNLocator

    shown, looks = _shown_by(data, antigen), _looks(data)
    starts = {name: _start(data, antigen, name) for name in shown}
    ends = [np.log10(values) for values in shown.values()]
    for median, log_sd in starts.values():
        reach = SPREAD * max(float(log_sd.max()), 0.1) / np.log(10.0)
        ends.append(np.array([np.log10(median.min()) - reach, np.log10(median.max()) + reach]))
    low, high = min(float(end.min()) for end in ends), max(float(end.max()) for end in ends)
    edges = np.linspace(low, high, max(12, round(BINS_PER_DECADE * (high - low))) + 1)
    width, grid = edges[1] - edges[0], np.linspace(low, high, 400)
    top = 0.0
    for row, (name, values) in enumerate(shown.items()):
        style = looks[name]
        median, log_sd = starts[name]
        line = _log_normal(grid, median, log_sd) * width
        axes.plot(10.0**grid, line, color=style.colour, linestyle=(0, (4, 2)), linewidth=1.3)
        top = max(top, float(line.max()))
        if values.size >= FEW:
            counts = np.histogram(np.log10(values), edges)[0] / values.size
            axes.stairs(counts, 10.0**edges, fill=True, color=style.colour, alpha=0.30)
            axes.stairs(counts, 10.0**edges, color=style.colour, linewidth=1.3)
            top = max(top, float(counts.max()))
        else:
            axes.plot(
                values,
                np.full(values.size, 0.03),
                "|",
                color=style.colour,
                markersize=10,
                transform=axes.get_xaxis_transform(),
            )
        text = (
            f"{name}: {values.size:,} left, median {_molecules(values)}\n(dashed: at the start, {_molecules(median)})"
        )
        axes.text(
            1.0,
            0.98 - 0.24 * row,
            text,
            transform=axes.transAxes,
            fontsize=SMALL,
            color=style.colour,
            ha="right",
            va="top",
            linespacing=1.15,
        )
    axes.set_xscale("log")
    axes.set_xlim(10.0**low, 10.0**high)
    ticks = [base * 10.0**power for power in range(-3, 9) for base in (1.0, 3.0)]
    _plain_ticks(axes.xaxis, [tick for tick in ticks if 10.0**low <= tick <= 10.0**high])
    axes.set_ylim(0.0, 1.2 * top)
    axes.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.yaxis.set_major_formatter(lambda value, _: f"{100.0 * value:.0f} %")
    axes.set_xlabel(f"{antigen} molecules on a cell")
    axes.set_ylabel("share of cells")
    few = [values.size < FEW for values in shown.values()]
    kind = "each a tick" if all(few) else "filled, or each a tick" if any(few) else "filled"
    heading(axes, f"{antigen} on the leukaemic cells left ({kind}) and on their clone at the start (dashed)")


def _plain_ticks(axis: Axis, places: list[float]) -> None:
    """Ticks of a logarithmic axis at these places, written out."""
    axis.set_ticks(places, [f"{place:,.0f}" if place >= 1.0 else f"{place:g}" for place in places])
    axis.set_ticks([], minor=True)


def _molecules(values: np.ndarray) -> str:
    rounded = float(f"{float(np.median(values)):.3g}")
    return f"{rounded:,.0f}" if rounded >= 10.0 else f"{rounded:g}"


def _start(data: xr.Dataset, antigen: str, clone: str) -> tuple[np.ndarray, np.ndarray]:
    """Median and log standard deviation of a clone in each patient."""
    own = data.sel(clone=clone)
    key = f"clone_{antigen.lower()}_start"
    median, log_sd = own[key].values, own[f"{key}_log_sd"].values
    is_known = np.isfinite(median) & (median > 0.0)
    return median[is_known], log_sd[is_known]


def _log_normal(grid: np.ndarray, median: np.ndarray, log_sd: np.ndarray) -> np.ndarray:
    """Density by the decimal logarithm, mean over patients."""
    spread = np.maximum(log_sd, 0.02)[:, None] / np.log(10.0)
    distance = (grid[None, :] - np.log10(median)[:, None]) / spread
    density: np.ndarray = (np.exp(-0.5 * distance**2) / (spread * np.sqrt(2.0 * np.pi))).mean(axis=0)
    return density


def _clonotypes(data: xr.Dataset) -> dict[str, np.ndarray]:
    """Sizes of the clonotypes of each product that has any, largest first, in single cells."""
    course = data["cell_patient"].values * replicates_of(data) + data["cell_replicate"].values
    product, found = data["cell_product"].values, {}
    for number in np.unique(product[product >= 0]):
        pairs = np.stack([course, data["cell_clonotype"].values])[:, product == number]
        sizes = np.unique(pairs, axis=1, return_counts=True)[1]
        found[str(data["product"].values[number])] = np.sort(sizes)[::-1]
    return found


def _draw_clonotypes(axes: Axes, data: xr.Dataset) -> None:
    """Cells of each clonotype of CAR T cells against its rank."""
    weight = weight_of(data)
    for number, (name, counts) in enumerate(_clonotypes(data).items()):
        sizes, style = counts * weight, look(number)
        axes.plot(
            np.arange(1, sizes.size + 1),
            sizes,
            color=style.colour,
            drawstyle="steps-mid",
            linewidth=1.6,
            marker="o" if sizes.size < FEW else "",
            markersize=3.5,
        )
        text = f"{name}: {sizes.size:,} clonotypes among {sizes.sum():,.0f} cells"
        written: dict[str, Any] = {"fontsize": SMALL, "color": style.colour, "ha": "right", "va": "top"}
        axes.text(1.0, 0.98 - 0.13 * number, text, transform=axes.transAxes, **written)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(0.8, max(axes.get_xlim()[1], 10.5))
    axes.set_ylim(0.8 * weight, max(1.5 * axes.get_ylim()[1], 20.0 * weight))
    axes.grid(axis="y", color=HAIRLINE, linewidth=0.4)
    powers = 10.0 ** np.arange(np.ceil(np.log10(max(axes.get_xlim()[1], axes.get_ylim()[1]))))
    for axis, (least, last) in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        _plain_ticks(axis, [float(place) for place in powers if least <= place <= last])
    axes.set_xlabel("rank of the clonotype, largest first", color=INK)
    axes.set_ylabel("cells")
    courses = flat(data).sizes["patient"]
    where = "" if courses == 1 else f", all {courses:,} courses together"
    heading(axes, f"Clonotypes of the CAR T cells left: descendants of one founder{where}")
