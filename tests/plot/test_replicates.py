"""The figure of replicates: zero is on the axis, clones end there, and each fate has its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from carsim.plot.figure import draw, write_figure
from carsim.plot.replicates import NO_CELL

from .sample import chances, year
from .test_figure import texts


@pytest.fixture(scope="module")
def eight() -> Figure:
    return draw(chances(replicates=8))


def panels_of(figure: Figure, title: str) -> list[Axes]:
    """The axes of a row of panels, found by its heading."""
    named = next(axes for axes in figure.axes if any(title in text.get_text() for text in axes.texts))
    row = named.get_position().y0
    return [axes for axes in figure.axes if axes.get_position().y0 == row]


def test_everything_is_named(eight: Figure) -> None:
    shown = texts(eight)
    for words in (
        *("one patient, 8 replicates", "median, bands that hold 50 % and 90 %", "8 single courses as thin lines"),
        *("CAR T cells in blood", "CD19-positive cells in the body", "CD19-negative cells in the body"),
        *("none left\nin 75 %", "left in\n25 %", "cured\n50 %", "CD19-negative\n25 %", "CD19-positive\n25 %"),
        *("limit of detection", "share of courses", "not for the treatment of any patient", "fludarabine ×4"),
    ):
        assert words in shown


def test_zero_is_a_place_on_the_axis_and_extinct_clones_lie_there(eight: Figure) -> None:
    axes = panels_of(eight, "CD19-positive cells")[0]
    assert [label.get_text() for label in axes.get_yticklabels()][:2] == ["0", "1"]
    assert axes.get_ylim()[0] < NO_CELL == axes.get_yticks()[0]
    median = max(panels_of(eight, "CD19-positive cells")[-1].lines, key=lambda line: line.get_linewidth())
    assert float(np.asarray(median.get_ydata())[-1]) == NO_CELL


def test_shares_of_relapse_rise_to_what_the_endpoints_say(eight: Figure) -> None:
    data = chances(replicates=8)
    steps = [line for line in panels_of(eight, "Relapsed by this day")[-1].lines if line.get_linewidth() == 1.7]
    ends = sorted(float(np.asarray(line.get_ydata())[-1]) for line in steps)
    assert ends == [0.25, 0.25, 0.5]
    days = np.asarray(steps[0].get_xdata())
    for line in steps:
        values = np.asarray(line.get_ydata())
        assert (np.diff(values) >= 0.0).all()
        if values[-1] == 0.25:
            first = float(days[values > 0.0][0])
            relapses = data["relapse_day"].values[np.isfinite(data["relapse_day"].values)]
            assert np.min(np.abs(np.ceil(relapses) - first)) == 0.0


def test_lines_of_fates_differ_without_colour(eight: Figure) -> None:
    steps = [line for line in panels_of(eight, "Relapsed by this day")[-1].lines if line.get_linewidth() == 1.7]
    assert len({(str(line._dash_pattern), line.get_color()) for line in steps}) == len(steps) == 3
    assert len({str(line._dash_pattern) for line in steps if line.get_color() != "#000000"}) == 2


def test_a_cohort_says_how_many_of_each() -> None:
    assert "3 patients × 4 replicates" in texts(draw(chances(patients=3, replicates=4)))


def test_courses_that_failed_are_left_out_and_said() -> None:
    data = chances(replicates=8)
    data["status"].values[0, :3] = 2
    for name in ("blasts", "cart_copies"):
        data[name].values[0, :3] = np.nan
    shown = texts(draw(data))
    assert "3 not finished and left out" in shown
    assert "5 single courses" in shown


def test_nobody_finished() -> None:
    data = chances(replicates=4)
    data["status"].values[:] = 2
    for name in ("blasts", "cart_copies", "relapse_day"):
        data[name].values[:] = np.nan
    data["remission_ongoing"].values[:] = -1
    data["cured"].values[:] = -1
    assert "4 not finished" in texts(draw(data))


@pytest.mark.parametrize("name", ["cart_copies", "blasts", "relapse_day"])
def test_what_a_result_lacks_is_left_out(name: str) -> None:
    assert "4 replicates" in texts(draw(chances(replicates=4).drop_vars(name)))


def test_a_run_without_replicates_keeps_its_figure() -> None:
    assert "Healthy lymphocytes" in texts(draw(year()))


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    data = chances(replicates=4)
    first, second = (write_figure(data, tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second
