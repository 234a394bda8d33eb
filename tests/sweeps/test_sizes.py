"""Points that differ in how many patients they have, or for how long these are followed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carsim.spec import load
from carsim.sweeps.columns import ABSENT
from carsim.sweeps.conduct import conduct
from carsim.sweeps.plan import plan
from carsim.sweeps.read import open_sweep

from .small import HEAD, scenario

TABLES = """
sweep:
  axes: [{name: who, each: [{name: two, set: {cohort.from: two.csv}}, {name: three, set: {cohort.from: three.csv}}]}]
  keep: [age]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "two.csv").write_text("id,age\nA,11\nB,12\n", encoding="utf-8")
    (tmp_path / "three.csv").write_text("id,age\nC,13\nD,14\nE,15\n", encoding="utf-8")
    head = HEAD.replace("n: 2}", "from: two.csv}", 1).replace("n: 1, ", "")
    (tmp_path / "tables.yaml").write_text(head + TABLES, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("block", [(1, 1), (1, 3), (2, 3)])
def test_every_point_has_the_patients_of_its_own_table(folder: Path, block: tuple[int, int]) -> None:
    outcome = conduct(plan(load(folder / "tables.yaml"), block=block), folder / "out.zarr", workers=0)
    assert (outcome.done, outcome.refused) == (2, {})
    found = open_sweep(folder / "out.zarr")
    np.testing.assert_array_equal(found["age"].values, [[11.0, 12.0, np.nan], [13.0, 14.0, 15.0]])
    assert found["status"].values.tolist() == [[0, 0, ABSENT], [0, 0, 0]]
    assert "identifiers" not in found["patient"].attrs  # who is patient 1 depends on the table


def test_a_store_has_a_table_of_its_own(folder: Path) -> None:
    """What becomes of the user's file after the store was made changes nothing in it."""
    conduct(plan(load(folder / "tables.yaml"), block=(1, 3)), folder / "whole.zarr", workers=0)
    made = plan(load(folder / "tables.yaml"), block=(1, 3))

    def spoil(_: str) -> None:
        (folder / "three.csv").write_text("id,age\nC,90\nD,90\nE,90\n", encoding="utf-8")

    conduct(made, folder / "spoilt.zarr", workers=0, notify=spoil)
    both = [open_sweep(folder / name)["age"].values for name in ("whole.zarr", "spoilt.zarr")]
    np.testing.assert_array_equal(*both)


def test_of_many_sizes_the_largest_counts_wherever_it_stands() -> None:
    values = [2] * 100 + [4] + [2] * 104
    made = plan(scenario(f"sweep: {{axes: [{{path: cohort.n, values: {values}}}], keep: [age]}}\n"))
    assert made.patients == 4


def test_courses_reach_to_the_end_of_the_longest_follow_up() -> None:
    axes = (
        "sweep: {axes: [{path: run.until, values: [20 d, 60 d]}], keep: [age], courses: [cart_copies], every: 10 d}\n"
    )
    made = plan(scenario(axes))
    assert made.times.tolist() == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
