"""The figure of single cells: every panel says what it shows, trees are thinned by the rule, no step crosses a line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from carsim.plot.cells import draw_cells, has_cells
from carsim.plot.figure import write_figure
from carsim.plot.lineage import MOST, heights, tree_of
from tests.dataset.single_cells import dataset, one_course

from .cells import yule
from .test_figure import texts as in_axes


def texts(figure: Figure) -> str:
    """All that is written, the names of the axes too."""
    return "\n".join([in_axes(figure), *(axes.get_xlabel() for axes in figure.axes)])


def test_everything_is_named() -> None:
    shown = texts(draw_cells(yule()))
    for words in (
        *("Single cells: Hand-made cells", "one patient, at day", "1,940 single cells are left"),
        *("CD19 on the leukaemic cells left (filled) and on their clone at the start (dashed)", "400 left, median 9"),
        *("at the start, 5,000", "CD19 molecules on a cell", "clonotypes among 1,500 cells", "rank of the clonotype"),
        *("Lineage of the CD19-negative clone: 40 cells left and all that died before", "dot: founder"),
        *("grey to ×: died without descendants left", "not for the treatment of any patient"),
    ):
        assert words in shown


def test_above_the_number_that_can_be_read_last_cells_are_thinned_and_it_is_said() -> None:
    tree = tree_of(yule(1000))
    assert tree is not None
    assert tree.is_last.sum() == MOST
    assert tree.leads.all()
    assert "Lineage of the CD19-negative clone: 1 in 5 of 1,000 cells left" in texts(draw_cells(yule(1000)))


def test_a_clone_of_few_cells_is_no_escape_and_the_main_one_is_drawn() -> None:
    data = dataset()
    data["blasts"].values[..., 1, :] = 0.1
    tree = tree_of(data)
    assert tree is not None
    assert tree.clone == "CD19-positive"


def test_of_many_families_the_largest_are_drawn_whole() -> None:
    data = yule(450)
    parent, born = data["lineage_parent"].values, data["lineage_born"].values
    parent[born < np.sort(born)[30]] = -1  # the first thirty cells each found a family
    tree = tree_of(data)
    assert tree is not None
    assert " largest of " in tree.said
    assert 100 < tree.is_last.sum() <= MOST
    rows = heights(tree.mother, tree.born)
    first = rows[tree.mother < 0]
    assert (np.diff(np.diff(np.sort([*first, rows.size]))) <= 0).all()  # from large to small


def test_clonotypes_of_one_cell_each_are_left_to_the_summary() -> None:
    data = yule()
    data["cell_clonotype"].values[:] = np.arange(data.sizes["cell"])
    assert "Clonotypes" not in texts(draw_cells(data))


@pytest.mark.parametrize("leaves", [40, 1000])
def test_no_step_crosses_a_line_and_no_line_has_the_row_of_another(leaves: int) -> None:
    tree = tree_of(yule(leaves))
    assert tree is not None
    rows = heights(tree.mother, tree.born)
    assert sorted(rows.tolist()) == list(range(rows.size))
    assert (tree.until >= tree.born).all()
    for cell in np.flatnonzero(tree.mother >= 0):
        mother, day = tree.mother[cell], tree.born[cell]
        assert tree.born[mother] <= day <= tree.until[mother] + 1e-12
        between = (rows > rows[mother]) & (rows < rows[cell])
        assert (tree.born[between] >= day).all()


def test_a_clone_that_became_too_many_is_drawn_until_then() -> None:
    tree = tree_of(dataset(handed_over=True))
    assert tree is not None
    assert (tree.clone, tree.day, tree.at_end, tree.where) == ("CD19-negative", 16.0, False, "patient A, replicate 0")
    shown = texts(draw_cells(dataset(handed_over=True)))
    assert "4 cells of day 16 and all that died before" in shown
    assert "from day 16 on the clone is too many and follows equations" in shown


def test_few_cells_are_ticks_and_a_weight_is_said() -> None:
    shown = texts(draw_cells(one_course(weight=10.0)))
    assert "(each a tick)" in shown
    assert "14 single cells are left, each of which stands for 10 cells" in shown
    assert "tisa: 2 clonotypes among 40 cells" in shown


def test_replicates_are_drawn_together_and_said() -> None:
    shown = texts(draw_cells(dataset()))
    assert "2 patients, 3 replicates" in shown
    assert "all 6 courses together" in shown
    assert "tisa: 10 clonotypes among 20 cells" in shown


@pytest.mark.parametrize("lineages", [True, False])
def test_what_a_result_lacks_is_left_out(lineages: bool) -> None:
    data = dataset(lineages=lineages)
    assert has_cells(data)
    assert ("Lineage of" in texts(draw_cells(data))) is lineages
    assert not has_cells(data.drop_vars([name for name in data if str(name).startswith(("cell_", "lineage_"))]))
    assert not has_cells(dataset(lineages=False).isel(cell=slice(0, 0)))


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    data = yule()
    first, second = (write_figure(data, tmp_path / name, draw=draw_cells).read_bytes() for name in ("a.png", "b.png"))
    assert first == second
