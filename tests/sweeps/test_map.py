"""Maps of a sweep: what rules where and endpoints, counted by hand, and figures that a reader can read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.endpoints.probabilities import wilson
from carsim.sweeps.averages import MEAN, MEDIAN, SHARE, as_grid, average
from carsim.sweeps.block import Computed
from carsim.sweeps.columns import columns_of
from carsim.sweeps.metadata import create
from carsim.sweeps.modes import CURE, NONE, REMISSION, probabilities
from carsim.sweeps.plan import Plan, plan
from carsim.sweeps.read import on_grid, open_sweep
from tests.sweeps.small import scenario

AXES = """
sweep:
  axes:
    - {path: leukaemia.clones.CD19-negative.fraction, name: share, log: [1e-12, 1e-6], n: 3}
    - {path: parameters.kill_max, name: kill-rate, linear: [1 1/d, 2 1/d], n: 2}
  keep: [relapse_phenotype, remission_ongoing, cured]
"""
PATIENTS = 10
# of ten patients at each point: none, cured, in remission with disease, CD19-positive, CD19-negative, both, failed
ENDS = (
    (5, 0, 0, 2, 1, 0, 2),
    (2, 5, 1, 1, 1, 0, 0),
    (1, 4, 0, 0, 3, 2, 0),
    (0, 2, 2, 0, 4, 2, 0),
    (0, 1, 0, 0, 9, 0, 0),
    (0, 0, 0, 0, 10, 0, 0),
)
PHENOTYPES = ("", "", "", "CD19-positive", "CD19-negative", "CD19-positive+CD19-negative", "")


def made() -> Plan:
    return plan(scenario(AXES).with_(**{"cohort.n": PATIENTS}))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep whose ends are those of `ENDS`."""
    found = create(made(), tmp_path_factory.mktemp("map") / "store")
    column = columns_of(["relapse_phenotype"], [])[0]
    for number, ends in enumerate(ENDS):
        kinds = np.repeat(np.arange(7), ends)
        arrays = {
            "relapse_phenotype": column.encoded(np.array(PHENOTYPES)[kinds]),
            "remission_ongoing": np.isin(kinds, (1, 2)).astype(np.int8),
            "cured": (kinds == 1).astype(np.int8),
            "status": np.where(kinds == 6, 2, 0).astype(np.int8),
        }
        found.commit(found.plan.block_of(number), Computed({k: v[None] for k, v in arrays.items()}, {}))
    return found.path


def test_probabilities_are_shares_of_whose_end_is_known(path: Path) -> None:
    found = probabilities(open_sweep(path))
    assert found["mode"].values.tolist() == [NONE, REMISSION, CURE, "CD19-positive", "CD19-negative"]
    assert found["n"].values.tolist() == [8, 10, 10, 10, 10, 10]
    by_mode = {str(mode): found["probability"].sel(mode=mode).values for mode in found["mode"].values}
    np.testing.assert_allclose(by_mode[NONE], [5 / 8, 0.2, 0.1, 0.0, 0.0, 0.0])
    np.testing.assert_allclose(by_mode[REMISSION], [0.0, 0.6, 0.4, 0.4, 0.1, 0.0])
    np.testing.assert_allclose(by_mode[CURE], [0.0, 0.5, 0.4, 0.2, 0.1, 0.0])
    np.testing.assert_allclose(by_mode["CD19-positive"], [0.25, 0.1, 0.2, 0.2, 0.0, 0.0])
    np.testing.assert_allclose(by_mode["CD19-negative"], [0.125, 0.1, 0.5, 0.6, 0.9, 1.0])
    low, high = wilson(5, 8)
    assert (float(found["low"][0, 0]), float(found["high"][0, 0])) == (float(low), float(high))


def test_what_is_not_simulated_counts_in_nothing(tmp_path: Path) -> None:
    found = create(made(), tmp_path / "store")
    empty = probabilities(open_sweep(found.path))
    assert empty["n"].values.tolist() == [0] * 6
    assert np.isnan(empty["probability"].values).all()


def test_a_map_has_a_panel_for_each_mode_over_both_axes(path: Path) -> None:
    from carsim.plot.sweep_map import draw_map

    data = open_sweep(path)
    figure = draw_map(on_grid(probabilities(data).assign_attrs(data.attrs), data))
    panels = [axes for axes in figure.axes if axes.get_title()]
    assert [axes.get_title() for axes in panels] == [
        NONE,
        REMISSION,
        CURE,
        "CD19-positive relapse",
        "CD19-negative relapse",
    ]
    assert {axes.get_xscale() for axes in panels} == {"log"}
    assert {axes.get_yscale() for axes in panels} == {"linear"}
    texts = [text.get_text() for text in figure.texts]
    assert "kill-rate (1/d)" in texts
    assert "8 to 10 virtual patients at each point, the same at all of them; dots: points of the sweep" in texts
    assert any("not for the treatment of any patient" in text for text in texts)


def test_the_command_draws_and_prints(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figure = tmp_path / "map.png"
    assert main(["sweep", "map", str(path), "--plot", str(figure)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split("\t") == ["share", "kill-rate", "n", NONE, REMISSION, CURE, "CD19-positive", "CD19-negative"]
    assert lines[1].split("\t")[:4] == ["1e-12", "1", "8", "0.62 (0.31-0.86)"]
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert main(["sweep", "map", str(path), "--plot", str(figure), "--quiet"]) == 0  # the same figure of the same sweep


def test_a_sweep_that_kept_something_else_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create(plan(scenario()), tmp_path / "store")
    assert main(["sweep", "map", str(tmp_path / "store")]) == 2
    assert "did not keep relapse_phenotype" in capsys.readouterr().err


def test_a_grid_of_a_dataset_keeps_units(path: Path) -> None:
    data = open_sweep(path)
    grid = on_grid(probabilities(data), data)
    assert isinstance(grid, xr.Dataset)
    assert grid["probability"].dims == ("share", "kill-rate", "mode")
    assert grid["kill-rate"].attrs["units"] == "1/d"
    assert float(grid["probability"].sel(mode="CD19-negative")[2, 1]) == 1.0


KEPT = "keep: [relapse_day, remission_ongoing, relapse_phenotype, infection_grade_max, cart_peak_copies, age]"


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished sweep with endpoints of every kind; patient k of point p relapses on day 100 p + 10 k, where k < 2 p.

    The last of the ten patients failed everywhere.
    """
    axes = AXES.replace("keep: [relapse_phenotype, remission_ongoing, cured]", KEPT)
    found = create(plan(scenario(axes).with_(**{"cohort.n": PATIENTS})), tmp_path_factory.mktemp("endpoints") / "store")
    who = np.arange(PATIENTS)
    columns = {column.name: column for column in found.plan.columns}
    for point in range(6):
        relapses = who < 2 * point
        arrays = {
            "relapse_day": np.where(relapses, 100.0 * point + 10.0 * who, np.nan),
            "remission_ongoing": np.where(who == 0, -1, ~relapses).astype(np.int8),  # of the first it is not known
            "relapse_phenotype": columns["relapse_phenotype"].encoded(np.where(relapses, "CD19-negative", "")),
            "infection_grade_max": np.where(who < 3, 3, 0).astype(np.int8),
            "cart_peak_copies": 10.0**point * (1.0 + who),
            "age": 1.0 * who,
            "status": np.where(who == 9, 2, 0).astype(np.int8),
        }
        found.commit(found.plan.block_of(point), Computed({name: each[None] for name, each in arrays.items()}, {}))
    return found.path


def test_a_number_is_averaged_over_those_who_have_one(endpoints: Path) -> None:
    """At points 0 to 5 there relapse 0, 2, 4, 6, 8 and, the failed one left out, 9 of 9."""
    found = average(open_sweep(endpoints), "relapse_day")
    assert (found.kind, found.unit) == (MEAN, "d")
    np.testing.assert_allclose(found.estimate, [np.nan, 105.0, 215.0, 325.0, 435.0, 540.0])
    np.testing.assert_allclose(found.has, np.array([0, 2, 4, 6, 8, 9]) / 9)
    assert found.n.tolist() == [9] * 6
    assert np.isnan([found.low[0], found.high[0]]).all()
    assert (found.low[1:] < found.estimate[1:]).all()
    assert (found.estimate[1:] < found.high[1:]).all()


def test_a_median_lies_between_two_of_its_numbers_in_most_samples(endpoints: Path) -> None:
    """Ranks of 95 % by the binomial: of 6, 1 and 6; of 9, 2 and 8; of fewer than 6 there are none."""
    found = average(open_sweep(endpoints), "relapse_day", median=True)
    assert found.kind == MEDIAN
    np.testing.assert_allclose(found.estimate, [np.nan, 105.0, 215.0, 325.0, 435.0, 540.0])
    np.testing.assert_allclose(found.low, [np.nan, np.nan, np.nan, 300.0, 400.0, 510.0])
    np.testing.assert_allclose(found.high, [np.nan, np.nan, np.nan, 350.0, 470.0, 570.0])


def test_words_and_yes_are_shares_and_grades_are_numbers(endpoints: Path) -> None:
    data = open_sweep(endpoints)
    word = average(data, "relapse_phenotype=CD19-negative", median=True)
    assert word.kind == SHARE
    np.testing.assert_allclose(word.estimate, np.array([0, 2, 4, 6, 8, 9]) / 9)
    low, high = wilson(4, 9)
    assert (word.low[2], word.high[2]) == (float(low), float(high))
    ongoing = average(data, "remission_ongoing")
    assert ongoing.kind == SHARE
    np.testing.assert_allclose(ongoing.estimate, np.array([8, 7, 5, 3, 1, 0]) / 8)  # of those in whom it is known
    np.testing.assert_allclose(ongoing.has, 8 / 9)
    grade = average(data, "infection_grade_max")
    assert grade.kind == MEAN
    np.testing.assert_allclose(grade.estimate, 1.0)


def test_the_mean_is_that_which_the_best_point_is_chosen_by(endpoints: Path) -> None:
    from carsim.sweeps.optimum import optimum

    data = open_sweep(endpoints)
    best, mapped = optimum(data, "cart_peak_copies"), average(data, "cart_peak_copies")
    np.testing.assert_array_equal(best.estimate, mapped.estimate)
    np.testing.assert_array_equal(best.low, mapped.low)
    np.testing.assert_array_equal(best.high, mapped.high)


def test_a_map_of_endpoints_has_a_scale_of_colours_with_unit_for_each(endpoints: Path) -> None:
    from matplotlib.colors import LogNorm, Normalize

    from carsim.plot.sweep_map import draw_averages

    data = open_sweep(endpoints)
    asked = ("relapse_day", "cart_peak_copies", "relapse_phenotype=CD19-negative", "infection_grade_max")
    figure = draw_averages(as_grid([average(data, what) for what in asked], data))
    panels = [axes for axes in figure.axes if axes.get_title()]
    bars = [axes for axes in figure.axes if not axes.get_title()]
    assert [axes.get_title() for axes in panels] == [
        "relapse day",
        "who has one: relapse day",
        "cart peak copies",
        "relapse phenotype: CD19-negative",
        "infection grade max",
    ]
    assert [axes.get_ylabel() for axes in bars] == [
        "mean of who has one (d)",
        "share of patients",
        "mean (copies/ug)",
        "share of patients",
        "mean",
    ]
    low, high = bars[0].get_ylim()
    assert low <= 105.0 < 540.0 <= high
    norms = [type(axes.collections[0].norm) for axes in panels]
    assert norms == [Normalize, Normalize, LogNorm, Normalize, Normalize]  # peaks differ by five decades
    assert bars[2].get_ylim() == (5.0, 500_000.0)
    assert len({label.get_text() for label in bars[4].get_yticklabels()}) == len(bars[4].get_yticks()) > 1  # 1 anywhere
    assert bars[1].get_ylim() == (0.0, 1.0)
    texts = [text.get_text() for text in figure.texts]
    assert "kill-rate (1/d)" in texts
    assert (
        "9 virtual patients at each point, the same at all of them; dots: points of the sweep; white: nobody has one"
        in texts
    )
    assert any("not for the treatment of any patient" in text for text in texts)


def test_a_map_of_what_nobody_has_says_so(tmp_path: Path) -> None:
    from carsim.plot.sweep_map import draw_averages

    data = open_sweep(create(made(), tmp_path / "store").path)
    figure = draw_averages(as_grid([average(data, "cured")], data))
    assert [text.get_text() for text in figure.axes[0].texts] == ["nobody has one"]


def test_the_command_draws_and_prints_endpoints(
    endpoints: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "map", str(endpoints), "--on", "relapse_day", "--on", "age"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    headings = ["share", "kill-rate", "n", "relapse_day (mean, d)", "who has one", "age (mean, year)"]
    assert lines[0].split("\t") == headings
    assert lines[1].split("\t")[:5] == ["1e-12", "1", "9", "–", "0.00"]
    assert lines[3].split("\t")[4] == "0.44"
    assert lines[-1] == f"Wrote {endpoints.with_name('store_map_relapse_day_age.png')}"
    assert main([*words, "--median", "--json", "--plot", str(tmp_path / "map.svg")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["on"] == {"relapse_day": {"kind": "median", "unit": "d"}, "age": {"kind": "median", "unit": "year"}}
    assert found["points"][0]["values"]["relapse_day"]["estimate"] is None
    assert found["points"][5]["values"]["relapse_day"] == {"estimate": 540.0, "low": 510.0, "high": 570.0, "has": 1.0}
    assert found["files"] == [str(tmp_path / "map.svg")]
    assert "median of who has one (d)" in (tmp_path / "map.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--on", "relapse_dya"], "got `relapse_dya`; expected an endpoint or covariate that the sweep keeps: age, "),
        (["--on", "efs_day"], "got `efs_day`, which the sweep does not keep; expected one of age, cart_peak_copies, "),
        (["--on", "efs_day"], "add it to `sweep.keep` of the scenario and simulate the sweep into another store"),
        (["--on", "relapse_phenotype"], "expected relapse_phenotype=WORD with one of: CD19-positive, "),
        (["--on", "status"], "got `status`; expected an endpoint or covariate"),
        (["--median"], "got --median without --on"),
    ],
)
def test_what_cannot_be_drawn_is_told(
    words: list[str], told: str, endpoints: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "map", str(endpoints), *words]) == 2
    assert told in capsys.readouterr().err


def test_another_number_of_axes_is_printed_and_not_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    axes = [line for line in AXES.splitlines() if "kill-rate" not in line]
    store = create(plan(scenario("\n".join(axes))), tmp_path / "store").path
    assert main(["sweep", "map", str(store), "--on", "cured"]) == 0
    told = capsys.readouterr()
    assert told.out.splitlines()[0].split("\t") == ["share", "n", "cured (share)"]
    assert told.err == "note: no figure: a map needs two axes of numbers; this sweep has share\n"
    assert main(["sweep", "map", str(store), "--on", "cured", "--plot", str(tmp_path / "map.png")]) == 2
    assert "a map needs two axes of numbers; this sweep has share" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.png"))


def test_axes_are_in_the_order_of_the_scenario(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever order the files of the store are found in."""
    opened = xr.open_zarr

    def backwards(*given: object, **settings: object) -> xr.Dataset:
        found = opened(*given, **settings)
        turned = {name: found.variables[name] for name in reversed(list(found.variables))}
        return xr.Dataset(turned, attrs=found.attrs).set_coords(list(found.coords))

    for way in (opened, backwards):
        monkeypatch.setattr(xr, "open_zarr", way)
        data = open_sweep(path)
        assert [name for name in data.coords if name != "patient"] == ["share", "kill-rate"]
        assert list(data) == sorted(data)


def test_an_axis_that_moves_several_values_names_them_all(tmp_path: Path) -> None:
    from carsim.plot.sweep_map import draw_averages

    together = AXES.replace(
        "    - {path: parameters.kill_max, name: kill-rate, linear: [1 1/d, 2 1/d], n: 2}",
        "    - zip:\n"
        "        - {path: parameters.kill_max, name: kill-rate, linear: [1 1/d, 2 1/d], n: 2}\n"
        "        - {path: parameters.effector_death.4-1BB, name: death, linear: [0.1 1/d, 0.2 1/d], n: 2}",
    )
    data = open_sweep(create(plan(scenario(together)), tmp_path / "store").path)
    grid = as_grid([average(data, "cured")], data)
    assert grid["kill-rate"].attrs["with"] == "death"
    assert "with" not in grid["share"].attrs
    assert "kill-rate (1/d), with death" in [text.get_text() for text in draw_averages(grid).texts]
