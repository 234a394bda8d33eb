"""What `carsim run` says and writes about single cells, around hand-made ones; no engine runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.cli.summary_of_cells import single_cells
from carsim.dataset import provenance
from carsim.dataset.cells import listed, summed
from carsim.endpoints import compute
from carsim.population.patients import Patients
from carsim.spec import Scenario
from tests.dataset.single_cells import dataset, individuals, network, one_course
from tests.plot.sample import year

CHILD = str(Path(__file__).parents[2] / "scenarios" / "tisagenlecleucel_child.yaml")
Printed = pytest.CaptureFixture[str]


def said(data: xr.Dataset) -> dict[str, str]:
    return {label.strip(): answer for label, answer in single_cells(data)}


def test_one_course_in_plain_words() -> None:
    assert said(one_course()) == {
        "Single cells left": "5 CD19-positive, 4 CD19-negative",
        "CD19 on them": "CD19-positive: median 300 molecules (5–95 %: 120 to 480); "
        "at the start 5,000 (2,200 to 11,400)",
        "CAR T clonotypes left": "2 among 4 tisa cells, the largest is 75 % of them",
        "Founders": "CD19-positive: many; no one has more than 20 % of its last single cells as descendants",
        "Founder": "CD19-negative: one cell, from day 12 on; all of its last single cells descend from it",
    }


def test_a_weight_and_a_clone_that_became_too_many_are_said() -> None:
    words = said(one_course(weight=10.0, handed_over=True))
    assert words["Single cells left"] == (
        "50 CD19-positive; too many to be simulated one by one: CD19-negative; each simulated one stands for 10 cells"
    )
    assert words["Founder"].startswith("CD19-negative: one cell, from day 12 on")


def test_many_courses_are_counted_and_failed_ones_left_out() -> None:
    words = said(dataset())
    assert words["Single cells left"] == (
        "CD19-positive in 5 of 5 (median 5 there), CD19-negative in 5 of 5 (median 4 there)"
    )
    assert words["CAR T clonotypes left"] == (
        "median 2 among 4 tisa cells in 5 of 5 courses, the largest is 75 % of them"
    )
    assert words["Founder of most"] == (
        "CD19-negative: from day 12 on (median of 5 courses); all of its last single cells descend from it"
    )


def test_none_left_and_none_finished() -> None:
    data = one_course(lineages=False)
    for name in ("clone_single_cells", "cart_single_cells"):
        data[name].values[:] = 0.0
    for name in ("clone_cd19_left", "cart_clonotype_largest"):
        data[name].values[:] = np.nan
    data["blasts"].values[:] = 0.0
    assert said(data) == {"Single cells left": "none of any clone"}
    data["clone_single_cells"].values[:] = np.nan
    assert said(data) == {"Single cells left": "not known: no course was finished"}


def test_other_engines_say_nothing() -> None:
    assert single_cells(year()) == []


def run(scenario: Scenario, events: object = None, notify: object = None) -> xr.Dataset:
    """What the pipeline would give: a year of one patient, and the cells of the first hand-made course."""
    data = year().drop_vars("clone_extinct_day").assign_coords(product=["tisa"], phenotype=["effector"])
    data = data.merge(compute(data))
    found, net, status = individuals(), network(), np.r_[0, np.full(5, 2)].astype(np.int8)
    courses = data.isel(patient=np.zeros(status.size, dtype=int)).assign(status=("patient", status))
    sums = summed(found, courses, net, Patients.of(net, status.size)).isel(patient=[0])
    data = data.merge(sums).merge(listed(found, data, status))
    data.attrs |= provenance.attributes(
        title=scenario.title,
        scenario_text="",
        scenario_sha256=scenario.digest,
        overrides=[],
        seed=1,
        engine="agent",
        tolerances={},
        status_counts={"ok": 1},
        started=provenance.now(),
    )
    return data


def test_a_run_writes_a_figure_of_its_cells_and_ends_its_summary_with_them(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("carsim.pipeline.run", run)
    monkeypatch.chdir(tmp_path)
    assert main(["run", CHILD, "--engine", "agent"]) == 0
    shown = capsys.readouterr().out
    assert "Single cells left     5 CD19-positive" in shown
    assert shown.index("Fludarabine exposure") < shown.index("Single cells left")
    stem = "results/tisagenlecleucel_child"
    assert f"Wrote {stem}.nc, {stem}.png and {stem}_cells.png" in shown
    assert Path(f"{stem}_cells.png").stat().st_size > 10_000
    Path(f"{stem}_cells.png").write_text("not of carsim")
    assert main(["run", CHILD, "--engine", "agent"]) == 2
    assert re.search(r"_cells\.png exists and is not a result of carsim", capsys.readouterr().err)
