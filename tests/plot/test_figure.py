"""The figure shows what it should, readable without colour, and is written whole with the run it comes from."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from carsim.dataset.store import OutputRefused, run_of
from carsim.plot.band import band
from carsim.plot.figure import draw, write_figure
from carsim.plot.labels import spread
from carsim.plot.layout import day_ticks
from carsim.plot.style import CLONE_LOOKS, DPI, LOOKS, WIDTH, clone_looks

from .sample import year


def texts(figure: Figure) -> str:
    """Every text that the figure shows, in one."""
    found = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        found += [text.get_text() for text in axes.texts] + [axes.get_ylabel()]
        legend = axes.get_legend()
        found += [text.get_text() for text in legend.get_texts()] if legend else []
    return "\n".join(found)


@pytest.fixture(scope="module")
def one() -> Figure:
    return draw(year())


def test_everything_is_named(one: Figure) -> None:
    shown = texts(one)
    for word in (
        *("Antigen escape", "one patient", "fludarabine ×4", "cyclophosphamide ×2", "tisagenlecleucel"),
        *("copies/µg", "cells/µL", "CD19-positive", "CD19-negative", "B cells", "host T cells", "IL-7/IL-15"),
        *("5 % of marrow", "MRD 0.01 %", "limits of detection", "aplasia", "days after the first CAR T infusion"),
        "not for the treatment of any patient",
    ):
        assert word in shown


def test_the_fluid_has_a_panel_where_the_site_is_simulated(one: Figure) -> None:
    data = year()
    for course, level in (("csf_blasts", 40.0), ("csf_cart", 0.5)):
        data[course] = (("patient", "time"), np.full((1, data.sizes["time"]), level), {"units": "cells/uL"})
    shown = texts(draw(data))
    assert "Cerebrospinal fluid" in shown
    assert "CNS-3: 5/µL" in shown
    assert "Cerebrospinal fluid" not in texts(one)


def test_panels_share_the_time_axis(one: Figure) -> None:
    limits = {tuple(np.round(axes.get_xlim(), 6)) for axes in one.axes}
    assert limits == {(-7.0, 30.0), (30.0, 365.0)}


def test_lines_of_a_panel_differ_without_colour(one: Figure) -> None:
    for axes in one.axes:
        lines = [line for line in axes.lines if len(line.get_xdata()) > 100 and line.get_linewidth() > 1.5]
        assert len({(str(line.get_linestyle()), line.get_marker(), str(line._dash_pattern)) for line in lines}) == len(
            lines
        )


def test_looks_differ_in_every_way() -> None:
    assert len({look.colour for look in LOOKS}) == len({look.marker for look in LOOKS}) == len(LOOKS)
    assert len({str(look.dash) for look in LOOKS}) == len(LOOKS)


def test_an_extinct_clone_ends_in_a_cross(one: Figure) -> None:
    crosses = [line for axes in one.axes for line in axes.lines if line.get_marker() == "x"]
    assert {float(line.get_xdata()[0]) for line in crosses} == {40.0}


def test_the_day_of_relapse_is_marked(one: Figure) -> None:
    data = year()
    assert "relapse, day 214" in texts(draw(data.assign(relapse_day=("patient", [213.6]))))
    assert "relapse" not in texts(draw(data.assign(relapse_day=("patient", [np.nan]))))
    assert "relapse" not in texts(one)


def test_a_cohort_is_a_median_with_a_band() -> None:
    figure = draw(year(patients=20))
    assert "20 patients: median, band from 5th to 95th percentile" in texts(figure)
    assert any(axes.collections for axes in figure.axes)


def test_a_short_run_has_one_column() -> None:
    figure = draw(year(end=60.0))
    assert {tuple(np.round(axes.get_xlim(), 6)) for axes in figure.axes} == {(-7.0, 60.0)}
    assert "scale changes" not in texts(figure)


def test_failed_patients_are_said_and_left_out() -> None:
    data = year(patients=5)
    data["status"].values[0] = 2
    for name in ("cart_copies", "blasts", "bcells"):
        data[name].values[0] = np.nan
    assert "5 patients: median, band from 5th to 95th percentile, 1 failed and left out" in texts(draw(data))


@pytest.mark.parametrize(
    "name", ["cart_copies", "cart_cells", "blasts", "bcells", "fludarabine", "homeostatic_cytokine"]
)
def test_what_a_result_lacks_is_left_out(name: str) -> None:
    assert "Antigen escape" in texts(draw(year().drop_vars(name)))


def test_nobody_finished() -> None:
    data = year()
    for name in (
        "cart_copies",
        "cart_cells",
        "blasts",
        "bcells",
        "host_t_cells",
        "marrow_cells",
        "homeostatic_cytokine",
    ):
        data[name].values[:] = np.nan
    data["status"].values[:] = 2
    assert "1 failed" in texts(draw(data))


def test_a_long_title_takes_two_lines_and_no_more() -> None:
    data = year()
    data.attrs["title"] = "A title of many words " * 9
    assert draw(data).texts[0].get_text().count("\n") == 1


def test_the_file_is_a_png_of_the_stated_size_that_names_its_run(tmp_path: Path) -> None:
    data = year()
    path = write_figure(data, tmp_path / "figure.png")
    head = path.read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20], "big") == round(WIDTH * DPI)
    assert (run_of(path) or {})["scenario_sha256"] == data.attrs["scenario_sha256"]
    assert write_figure(data, path) == path
    data.attrs["seed"] = 2
    with pytest.raises(OutputRefused, match="another seed"):
        write_figure(data, path)


@pytest.mark.parametrize("kind", ["pdf", "svg"])
def test_vector_figures_name_their_run_and_are_the_same_bytes(tmp_path: Path, kind: str) -> None:
    data = year()
    path = write_figure(data, str(tmp_path / f"figure.{kind}"))
    first = path.read_bytes()
    assert (run_of(path) or {}) == {
        key: str(data.attrs[key]) for key in ("scenario_sha256", "seed", "engine", "carsim_version")
    }
    assert write_figure(data, path).read_bytes() == first
    data.attrs["seed"] = 2
    with pytest.raises(OutputRefused, match="another seed"):
        write_figure(data, path)
    path.write_text("mine")
    with pytest.raises(OutputRefused, match="not a result of carsim"):
        write_figure(data, path, force=True)


def test_a_figure_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputRefused, match=r"\.png, \.pdf, \.svg"):
        write_figure(year(), tmp_path / "figure.jpg")


def test_a_title_in_any_script_gives_no_warning(tmp_path: Path) -> None:
    data = year()
    data.attrs["title"] = "白血病"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert write_figure(data, tmp_path / "figure.png").is_file()


def test_a_clone_keeps_its_look_whatever_the_order() -> None:
    states = {"CD19-positive": "positive", "CD19-negative": "absent", "CD19-dim": "dim", "late": "absent"}
    looks = clone_looks(states)
    assert looks == clone_looks(dict(reversed(states.items())))
    assert [looks[name] for name in list(states)[:3]] == list(CLONE_LOOKS.values())
    assert len(set(looks.values())) == 4


def test_a_clone_that_never_exists_is_neither_drawn_nor_named() -> None:
    data = year(patients=4)
    data["blasts"].values[:, :, 1] = 0.0
    data.attrs["title"] = ""
    assert "CD19-negative" not in texts(draw(data))


def test_a_clone_that_is_gone_has_no_line_after_its_cross() -> None:
    for data in (year(), year(patients=4)):
        for axes in draw(data).axes:
            for line in axes.lines:
                if line.get_color() == CLONE_LOOKS["positive"].colour and axes.get_ylim()[1] == 3e13:
                    days = np.asarray(line.get_xdata(), dtype=float)
                    assert days[np.isfinite(np.asarray(line.get_ydata(), dtype=float))].max() <= 41.0


def test_treatments_of_a_cohort_are_those_of_every_patient() -> None:
    data = year(patients=4)
    data["treatment_given"].values[0] = 0
    assert "fludarabine ×4 (3 of 4)" in texts(draw(data))


def test_two_products_are_two_lines() -> None:
    data = year().reindex(product=["first", "second"])
    for name in ("cart_copies", "cart_cells"):
        data[name].values[:] = 100.0
    shown = texts(draw(data))
    for words in ("first, copies/µg", "first, cells/µL", "second, copies/µg", "second, cells/µL"):
        assert words in shown


def test_the_same_result_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = (write_figure(year(), tmp_path / name).read_bytes() for name in ("a.png", "b.png"))
    assert first == second


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ([0.5], [0.5]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.0, 0.01, 0.9], [0.0, 0.1, 0.9]),
        ([1.0, 1.0, 1.0], [0.8, 0.9, 1.0]),
        ([0.9, 0.1], [0.9, 0.1]),
    ],
)
def test_labels_move_apart_and_stay_inside(wanted: list[float], expected: list[float]) -> None:
    assert spread(wanted, 0.1, 0.0, 1.0) == pytest.approx(expected)


def test_band_of_a_cohort_is_its_percentiles() -> None:
    found = band(np.tile(np.arange(101.0)[:, None], (1, 3)))
    assert found is not None
    assert found.low is not None
    assert (found.low[0], found.middle[0]) == (5.0, 50.0)
    assert band(np.full((2, 3), np.nan)) is None


def test_ticks_are_few_and_round() -> None:
    assert day_ticks(-7.0, 30.0).tolist() == [0.0, 7.0, 14.0, 21.0, 28.0]
    assert day_ticks(30.0, 365.0).tolist() == [60.0, 120.0, 180.0, 240.0, 300.0, 360.0]
    assert day_ticks(30.0, 3650.0).size <= 8


def test_a_treatment_of_both_columns_is_named_once_with_all_its_doses() -> None:
    data = year()
    later = int(np.searchsorted(data["time"].values, 60.0))
    data["treatment_given"].values[0, later] = data["treatment_given"].values[0, 0]  # fludarabine once more
    named = [text.get_text() for axes in draw(data).axes for text in axes.texts]
    assert [words for words in named if "fludarabine" in words] == ["fludarabine ×5"]


def test_each_scale_of_toxicity_is_named() -> None:
    data = year()
    data["crs_grade"].attrs["scale"], data["icans_grade"].attrs["scale"] = "penn-2014", "astct-2019"
    assert "toxicity by penn-2014 and astct-2019 (right)" in texts(draw(data))


def test_many_treatments_have_rows_of_their_own() -> None:
    data, few = year(), draw(year()).get_size_inches()[1]
    names = [f"drug{number}" for number in range(9)]
    data["treatment_given"].values[:] = 0
    data["treatment_given"].values[0, :9] = 2 ** np.arange(9)
    data["treatment_given"].attrs["flag_meanings"] = " ".join(names)
    figure = draw(data)
    assert figure.get_size_inches()[1] > few
    written = [text for axes in figure.axes for text in axes.texts if text.get_text() in names]
    heights = sorted(text.get_window_extent().y0 for text in written)
    assert len(written) == 9
    assert min(np.diff(heights)) > 0.9 * written[0].get_window_extent().height
