"""Replicates: a dimension of the result, and a row of courses for what is worked out course by course."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import carsim
from carsim.dataset.assays import observe
from carsim.dataset.assemble import assemble
from carsim.dataset.replicates import flat, folded, replicates_of
from carsim.dataset.variables import problems
from carsim.endpoints import REGISTRY
from carsim.engines.protocol import Trajectories
from tests.plot.sample import chances

from .hand_made import ROWS, TIMES, patients, schedule, trajectories


def courses(replicates: int = 3) -> xr.Dataset:
    """The hand-made trajectories of both patients, each course another number higher."""
    one = trajectories()
    values = np.repeat(one.values, replicates, axis=0)
    values += 0.01 * np.arange(2 * replicates)[:, None, None]
    n = 2 * replicates
    made = Trajectories(TIMES, ROWS, values, np.zeros(n, dtype=np.int8), np.full(n, np.nan), ("",) * n, ())
    who = patients().repeated(replicates)
    return assemble(made, patients=who, schedule=schedule().repeated(replicates))


def test_courses_of_a_patient_lie_along_the_replicates() -> None:
    data = folded(courses(), 3)
    assert problems(data) == []
    assert data["patient"].values.tolist() == ["P1", "P2"]
    assert data["replicate"].values.tolist() == [0, 1, 2]
    assert data["bcells"].dims == ("patient", "replicate", "time")
    first = data["bcells"].sel(patient="P2", replicate=2).values
    np.testing.assert_array_equal(first, courses()["bcells"].values[5])
    assert data["status"].dims == ("patient", "replicate")
    assert replicates_of(data) == 3


def test_what_is_of_the_patient_has_no_replicate() -> None:
    data = folded(courses(), 3)
    assert data["weight"].dims == ("patient",)
    assert data["weight"].values.tolist() == [39.0, 70.0]
    assert "replicate" not in data["time"].dims


def test_in_a_row_and_back_is_the_same() -> None:
    data = folded(courses(), 3)
    xr.testing.assert_identical(flat(data), courses())
    xr.testing.assert_identical(folded(flat(data), 3), data)
    turned = data.transpose("replicate", "time", "patient", ...)
    xr.testing.assert_identical(flat(turned)["bcells"], courses()["bcells"])


def test_one_replicate_leaves_the_result_as_it_is() -> None:
    data = courses(1)
    assert folded(data, 1) is data
    assert flat(data) is data
    assert replicates_of(data) == 1


def test_a_replicate_where_none_belongs_is_a_problem() -> None:
    data = folded(courses(), 3)
    data["weight"] = (("patient", "replicate"), np.full((2, 3), 39.0), data["weight"].attrs)
    data["bcells"] = (("patient", "time"), data["bcells"].values[:, 0], data["bcells"].attrs)
    assert sorted(line.split(":")[0] for line in problems(data)) == ["bcells", "weight"]


def test_a_stored_result_is_read_back_and_its_endpoints_computed_again(tmp_path: Path) -> None:
    data = chances(patients=2, replicates=4)
    data.attrs["scenario"] = ""
    again = carsim.read_netcdf(carsim.write_netcdf(data, tmp_path / "replicates.nc"))
    assert again.sizes["replicate"] == 4
    found = carsim.endpoints_of(again)
    for name in REGISTRY:
        np.testing.assert_array_equal(found[name].values, data[name].values, err_msg=name)
    assert found["relapse_phenotype"].dims == ("patient", "replicate")
    assert found["relapse_phenotype"].values[1].tolist() == ["CD19-negative", "CD19-positive", "", ""]


@pytest.mark.parametrize("replicates", [1, 2])
def test_noise_of_a_replicate_does_not_depend_on_how_many_there_are(replicates: int) -> None:
    few, many = observe(courses(replicates), 1, replicates=replicates), observe(courses(3), 1, replicates=3)
    noise = [
        seen["cart_qpcr_observed"] / data["cart_copies"].sum("product")
        for seen, data in ((few, courses(replicates)), (many, courses(3)))
    ]
    np.testing.assert_allclose(noise[0].values[-1], noise[1].values[3 + replicates - 1])
    assert not np.array_equal(noise[1].values[0], noise[1].values[1])
