"""Single cells in a result: where each belongs, what they sum to, who founded them; and what a file keeps of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.dataset.cells import last_cells
from carsim.dataset.replicates import flat
from carsim.dataset.store import read_netcdf, write_netcdf
from carsim.dataset.variables import DIMENSIONS, problems

from .single_cells import BORN, COURSES, DIED, FAILED, IDENTITY, KIND_BORN, KINDS, PARENT, dataset

PLACE = FAILED // 3, FAILED % 3


def test_the_contract_holds_and_cells_of_a_failed_course_are_left_out() -> None:
    data = dataset()
    assert problems(data) == []
    assert {"cell", "lineage"} <= set(data.dims) <= set(DIMENSIONS)
    assert data.sizes["cell"] == (COURSES - 1) * KINDS.size
    assert data.sizes["lineage"] == (COURSES - 1) * IDENTITY.size
    courses = set(zip(data["cell_patient"].values.tolist(), data["cell_replicate"].values.tolist(), strict=True))
    assert courses == {(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)}


def test_each_cell_says_where_it_belongs() -> None:
    data = dataset().isel(cell=slice(0, KINDS.size))
    names = str(data["cell_population"].attrs["flag_meanings"]).split()
    assert [names[k] for k in data["cell_population"].values[[0, 8, 9, 13]]] == [
        *("blasts.CD19-positive.marrow", "blasts.CD19-negative.blood", "cart.tisa.effector.blood", "host_t_cells")
    ]
    assert data["cell_clone"].values.tolist() == [0] * 5 + [1] * 4 + [-1] * 5
    assert data["cell_site"].values.tolist() == [0] * 8 + [1] * 5 + [-1]
    assert data["cell_product"].values.tolist() == [-1] * 9 + [0] * 4 + [-1]
    assert data["cell_phenotype"].values.tolist() == [-1] * 9 + [0] * 4 + [-1]
    assert data["cell_cd19"].values[:5].tolist() == [100.0, 200.0, 300.0, 400.0, 500.0]
    assert np.isnan(data["cell_cd19"].values[5:]).all()
    assert data["cell_cd19"].attrs["units"] == "molecules"


def test_what_the_cells_of_a_course_sum_to() -> None:
    data = dataset(weight=10.0)
    first = data.isel(patient=0, replicate=0)
    assert first["clone_single_cells"].values.tolist() == [50.0, 40.0]
    assert first["clone_single_cells"].attrs == {
        **{"units": "cells", "weight": 10.0},
        "long_name": "cells of the clone at the end that are simulated one by one",
    }
    assert first["clone_cd19_left"].values[0] == 300.0
    assert first["clone_cd19_left_low"].values[0] == pytest.approx(120.0)
    assert first["clone_cd19_left_high"].values[0] == pytest.approx(480.0)
    assert np.isnan(first["clone_cd19_left"].values[1])  # a clone without the antigen
    assert (first["cart_single_cells"].item(), first["cart_clonotypes"].item()) == (40.0, 2.0)
    assert first["cart_clonotype_largest"].item() == 0.75
    assert data["clone_cd19_start"].dims == ("patient", "clone")
    assert data["clone_cd19_start"].values[:, 0].tolist() == [5000.0, 5000.0]
    assert data["clone_cd19_start_log_sd"].values[:, 0].tolist() == [0.5, 0.5]
    failed = data.isel(patient=PLACE[0], replicate=PLACE[1])
    for name in ("clone_single_cells", "clone_cd19_left", "clone_founder_day", "cart_clonotypes"):
        assert np.isnan(failed[name].values).all(), name


def test_the_founder_of_the_clone_that_is_left_is_the_one_that_changed_and_lived() -> None:
    """Not the cell of day 10, which is gone, nor the CD19-positive mother: the first CD19-negative cell of the line."""
    first = dataset().isel(patient=0, replicate=0).sel(clone="CD19-negative")
    assert first["clone_founder_day"].item() == 12.0
    assert first["clone_founder_share"].item() == 1.0
    assert first["clone_lineage_day"].item() == 40.0
    positive = dataset().isel(patient=0, replicate=0).sel(clone="CD19-positive")
    assert positive["clone_founder_share"].item() == pytest.approx(1 / 5)


def test_it_is_known_of_a_clone_that_became_too_many_too() -> None:
    first = dataset(handed_over=True).isel(patient=0, replicate=0).sel(clone="CD19-negative")
    assert first["clone_single_cells"].item() == 0.0
    assert (first["clone_founder_day"].item(), first["clone_lineage_day"].item()) == (12.0, 16.0)


def test_a_clone_that_died_out_has_no_last_cells() -> None:
    clone = np.where(KIND_BORN == 0, 0, 1)
    died = np.where(np.isfinite(DIED), DIED, BORN + 17.0)
    nothing = np.zeros(0, dtype=np.int64)
    assert last_cells(IDENTITY, PARENT, died, clone, 1, nothing, 40.0) is None
    assert last_cells(IDENTITY, PARENT, died, clone, 3, nothing, 40.0) is None
    assert last_cells(nothing, nothing, np.zeros(0), nothing, 0, nothing, 40.0) is None


def test_a_cell_that_passed_to_another_clone_belongs_to_that_one() -> None:
    """Cell 10 was born to the clone and left it; cell 4 was not, and came: its line in the clone begins with itself."""
    clone = np.where(KIND_BORN == 0, 0, 1)
    last = last_cells(IDENTITY, PARENT, DIED, clone, 1, np.array([4, 8, 9]), 40.0)
    assert last is not None
    assert last.cells.tolist() == [4, 8, 9]
    assert last.founders.tolist() == [4, 7, 7]


def test_a_line_of_many_daughters_has_one_founder() -> None:
    n = 1000
    parent = np.arange(-1, n - 1)  # each the daughter of the one before
    clone = np.zeros(n, dtype=np.int64)
    last = last_cells(np.arange(n), parent, np.full(n, np.nan), clone, 0, np.arange(n), 1.0)
    assert last is not None
    assert set(last.founders.tolist()) == {0}
    assert last.cells.size == n


def test_without_lineages_nothing_is_said_of_founders() -> None:
    data = dataset(lineages=False)
    assert problems(data) == []
    assert "lineage" not in data.dims
    assert "clone_founder_day" not in data


@pytest.mark.parametrize("empty", [False, True])
def test_a_file_gives_back_what_it_was_given(tmp_path: Path, empty: bool) -> None:
    data = dataset()
    data = data.isel(cell=slice(0, 0)) if empty else data
    again = read_netcdf(write_netcdf(data, tmp_path / "cells.nc"))
    assert problems(again) == []
    xr.testing.assert_equal(again, data)
    assert again["cell_population"].attrs["flag_meanings"] == data["cell_population"].attrs["flag_meanings"]
    assert np.isnan(again["lineage_died"].values[0])


def test_courses_in_a_row_keep_their_cells() -> None:
    data = dataset()
    assert flat(data)["cell_cd19"].identical(data["cell_cd19"])
    assert flat(data)["clone_single_cells"].dims == ("patient", "clone")
