"""A scenario cell by cell, from its file to its dataset: the cells that are left are those that the courses count."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import carsim
from carsim.dataset.variables import problems

SCENARIO = Path(__file__).parents[2] / "scenarios" / "low_density_survivors.yaml"


@pytest.mark.parametrize(("weight", "replicates", "lineages"), [(1, 1, "true"), (20, 2, "false")])
def test_the_cells_left_are_those_of_the_courses(weight: int, replicates: int, lineages: str) -> None:
    settings = {
        "run.until": "40 d",
        "run.rtol": 1e-7,  # in longer steps the marrow is not yet counted on the last day
        "run.threshold": "2e5 cells",
        "run.weight": f"{weight} cells",
        "run.replicates": replicates,
        "run.lineages": lineages == "true",
    }
    data = carsim.run(carsim.load(SCENARIO).with_(**settings))
    assert problems(data) == []
    assert ("lineage" in data.dims) is (lineages == "true")
    assert data["clone_single_cells"].attrs["weight"] == weight
    cells = data["blasts"].isel(time=-1).sum("site")
    counted = data["clone_single_cells"]
    alone = counted.values > 0.0
    assert alone.any()
    np.testing.assert_array_equal(counted.values[alone], cells.values[alone])  # at 40 days at one site: marrow
    listed = np.bincount(data["cell_clone"].values[data["cell_clone"].values >= 0], minlength=data.sizes["clone"])
    np.testing.assert_array_equal(weight * listed, counted.values.reshape(-1, data.sizes["clone"]).sum(axis=0))
