"""Maps of what rules where: probabilities counted by hand, and a figure that a reader can read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.endpoints.probabilities import wilson
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
