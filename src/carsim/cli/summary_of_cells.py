"""What the summary of a run says about single cells: how many are left, what they show, and who founded them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsim.catalog import antigens
from carsim.dataset.replicates import flat

if TYPE_CHECKING:
    import xarray as xr

Answers = list[tuple[str, str]]


def single_cells(data: xr.Dataset) -> Answers:
    """Label and sentence for each question about single cells; none where the engine has none."""
    if "clone_single_cells" not in data:
        return []
    courses = flat(data)
    finished = np.isfinite(courses["clone_single_cells"].values).all(axis=1)
    if not finished.any():
        return [("Single cells left", "not known: no course was finished")]
    courses = courses.isel(patient=finished)
    names = [str(name) for name in courses["clone"].values]
    words = [("Single cells left", _left(courses, names))]
    for number, name in enumerate(names):
        words += _shown(courses, number, name)
    words += _clonotypes(courses)
    for number, name in enumerate(names):
        words += _founded(courses, number, name)
    return words


def _left(courses: xr.Dataset, names: list[str]) -> str:
    """How many single cells of each clone, and which clones have become too many."""
    counts = courses["clone_single_cells"].values
    of_all = courses.sizes["patient"]
    said = []
    for number, name in enumerate(names):
        own = counts[:, number]
        if of_all == 1 and own[0] > 0.0:
            said.append(f"{_whole(own[0])} {name}")
        elif (own > 0.0).any():
            median = _whole(float(np.median(own[own > 0.0])))
            said.append(f"{name} in {(own > 0.0).sum()} of {of_all} (median {median} there)")
    many = [name for number, name in enumerate(names) if _follows_equations(courses, number).any()]
    followed = f"; too many to be simulated one by one: {', '.join(many)}" if many else ""
    weight = float(courses["clone_single_cells"].attrs.get("weight", 1.0))
    each = f"; each simulated one stands for {_whole(weight)} cells" if weight != 1.0 else ""
    return (", ".join(said) or "none of any clone") + followed + each


def _follows_equations(courses: xr.Dataset, number: int) -> np.ndarray:
    """Courses in which a clone has cells at the end and none of them is simulated one by one."""
    if "blasts" not in courses:
        return np.zeros(courses.sizes["patient"], dtype=bool)
    cells = courses["blasts"].values[:, -1, number].sum(axis=1)
    return np.asarray((cells >= 1.0) & (courses["clone_single_cells"].values[:, number] == 0.0))


def _shown(courses: xr.Dataset, number: int, name: str) -> Answers:
    """Molecules of each antigen on the cells left of a clone, beside those of the clone at the start."""
    words = []
    for antigen in sorted(antigens()):
        key = f"clone_{antigen.lower()}"
        if f"{key}_left" not in courses or f"{key}_start" not in courses:
            continue
        left, low, high, start, log_sd = (
            courses[f"{key}_{what}"].values[:, number]
            for what in ("left", "left_low", "left_high", "start", "start_log_sd")
        )
        known = np.isfinite(left)
        if not known.any() or not (start[known] > 0.0).all():
            continue
        now, before = float(np.median(left[known])), float(np.median(start[known]))
        reach = 1.645 * float(np.median(log_sd[known]))
        if known.sum() == 1:
            range_now = f"{_whole(float(low[known][0]))} to {_whole(float(high[known][0]))}"
            said = f"median {_whole(now)} molecules (5–95 %: {range_now})"
        else:
            said = f"median {_whole(now)} molecules (median over {known.sum()} courses)"
        ends = f"{_whole(before * np.exp(-reach))} to {_whole(before * np.exp(reach))}"
        words.append((f"  {antigen} on them", f"{name}: {said}; at the start {_whole(before)} ({ends})"))
    return words


def _clonotypes(courses: xr.Dataset) -> Answers:
    """How many founders the CAR T cells left have."""
    if "cart_clonotypes" not in courses:
        return []
    words = []
    for number, name in enumerate(courses["product"].values):
        cells, kinds, largest = (
            courses[f"cart_{what}"].values[:, number] for what in ("single_cells", "clonotypes", "clonotype_largest")
        )
        known = cells > 0.0
        if not known.any():
            continue
        share = f"the largest is {_percent(float(np.median(largest[known])))} of them"
        if known.size == 1:
            said = f"{_whole(kinds[0])} among {_whole(cells[0])} {name} cells, {share}"
            said = said if kinds[0] > 1.0 else f"one, of {_whole(cells[0])} {name} cell{'s' * (cells[0] > 1.0)}"
        else:
            middle = f"median {_whole(float(np.median(kinds[known])))} among {_whole(float(np.median(cells[known])))}"
            said = f"{middle} {name} cells in {known.sum()} of {known.size} courses, {share}"
        words.append(("CAR T clonotypes left", said))
    return words


def _founded(courses: xr.Dataset, number: int, name: str) -> Answers:
    """When the founder of a clone's last single cells was born, where lineages are kept."""
    if "clone_founder_day" not in courses:
        return []
    day, share = courses["clone_founder_day"].values[:, number], courses["clone_founder_share"].values[:, number]
    known = np.isfinite(day)
    if not known.any():
        return []
    if not (share[known] >= 0.5).any():
        most = _percent(float(share[known].max()))
        return [("Founders", f"{name}: many; no one has more than {most} of its last single cells as descendants")]
    if known.size == 1:
        when = "there at the start" if day[0] <= float(courses["time"].values[0]) else f"from day {day[0]:.0f} on"
        return [("Founder", f"{name}: one cell, {when}; {_percent(share[0])} of its last single cells descend from it")]
    middle, part = float(np.median(day[known])), _percent(float(np.median(share[known])))
    said = f"{name}: from day {middle:.0f} on (median of {known.sum()} courses); {part} of its last single cells"
    return [("Founder of most", f"{said} descend from it")]


def _percent(share: float) -> str:
    return "all" if share == 1.0 else f"{100.0 * share:.0f} %" if share >= 0.095 else f"{100.0 * share:.2g} %"


def _whole(value: float) -> str:
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100.0 else f"{value:.3g}"
