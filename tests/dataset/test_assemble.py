"""Trajectories written by hand arrive in the declared variables, every number in its place."""

from __future__ import annotations

import numpy as np
import pytest

from carsim.dataset.assemble import assemble, claimed, from_network, treatments
from carsim.dataset.variables import COURSES, DIMENSIONS, VARIABLES, problems

from .hand_made import ROWS, TIMES, patients, schedule, trajectories

CD19 = {"CD19-positive": "positive", "late": "absent"}


def test_the_contract_holds() -> None:
    data = assemble(trajectories(), patients=patients(), schedule=schedule(), clone_words={"clone_cd19": CD19})
    assert problems(data) == []
    assert set(data.dims) <= set(DIMENSIONS)


def test_every_number_is_in_its_place() -> None:
    data = assemble(trajectories(), patients=patients(), clone_words={"clone_cd19": CD19})
    for row, where in {
        "cart.car-a.memory.marrow": data.cart_phenotype.sel(product="car-a", phenotype="memory", site="marrow"),
        "cart_cells.car-a": data.cart_cells.sel(product="car-a"),
        "blasts.late.blood": data.blasts.sel(clone="late", site="blood"),
        "blasts_marrow_fraction": data.marrow_blast_fraction,
        "bcells_blood": data.bcells,
    }.items():
        expected = 1000.0 * np.arange(2)[:, None] + 10.0 * ROWS.index(row) + np.arange(TIMES.size)
        np.testing.assert_array_equal(where.values, expected)
    assert data.bcells.attrs["units"] == "cells/uL"


def test_rows_that_no_variable_declares_are_left_out() -> None:
    assert claimed(ROWS) == [row for row in ROWS if row not in ("cart_cells", "an_inner_quantity")]
    assert "an_inner_quantity" not in assemble(trajectories(), patients=patients())


def test_antigens_of_clones_are_coordinates() -> None:
    data = assemble(trajectories(), patients=patients(), clone_words={"clone_cd19": CD19})
    assert data.clone_cd19.sel(clone="late").item() == "absent"


def test_extinction_days_are_recorded_per_clone() -> None:
    days = assemble(trajectories(), patients=patients()).clone_extinct_day
    assert days.sel(clone="CD19-positive").values[0] == 17.5
    assert np.isnan(days.sel(clone="late")).all()


def test_covariates_are_kept_by_their_declared_names() -> None:
    data = assemble(trajectories(), patients=patients())
    np.testing.assert_array_equal(data.weight, [39.0, 70.0])
    np.testing.assert_array_equal(data.host_t_cells_initial, [400.0, 500.0])
    assert "shoe" not in data


def test_treatments_are_marked_when_they_begin() -> None:
    data = assemble(trajectories(), patients=patients(), schedule=schedule())
    assert treatments(data, 0) == [(-5.0, "drug"), (-4.0, "drug"), (0.0, "car-a")]
    assert treatments(data, 1) == [(0.0, "car-a")]


def test_a_failed_patient_has_day_and_row() -> None:
    failed = trajectories(
        status=np.array([0, 3], dtype=np.int8), status_time=np.array([np.nan, 12.5]), status_row=("", "bcells_blood")
    )
    data = assemble(failed, patients=patients())
    assert data.status.values.tolist() == [0, 3]
    assert data.status.attrs["flag_meanings"].split()[3] == "negative_state"
    assert data.status_day.values[1] == 12.5
    assert data.status_row.values[1] == "bcells_blood"


def test_what_the_engine_counted_is_reported_per_patient() -> None:
    counted = {"steps": [120, 90], "rejected": [7, 4], "negative": [1, 0], "clipped": [3, 0]}
    known = trajectories(statistics={name: np.array(counts) for name, counts in counted.items()})
    data = assemble(known, patients=patients())
    assert problems(data) == []
    assert data.engine_steps.values.tolist() == [120, 90]
    assert data.engine_rejected.values.tolist() == [7, 4]
    assert data.engine_rejected_negative.values.tolist() == [1, 0]
    assert data.engine_clipped.values.tolist() == [3, 0]
    assert from_network(known, patients=patients(), units={}).engine_clipped.values.tolist() == [3, 0]


def test_any_network_keeps_every_row_with_its_unit() -> None:
    data = from_network(trajectories(), patients=patients(), units={"bcells_blood": "cells/uL"})
    assert [name for name in data.data_vars if not str(name).startswith("status")] == list(ROWS)
    assert data["bcells_blood"].attrs["units"] == "cells/uL"
    assert data["an_inner_quantity"].values[1, 2] == 1132.0


@pytest.mark.parametrize("variable", VARIABLES.values(), ids=lambda variable: variable.name)
def test_declarations_are_complete(variable: object) -> None:
    assert variable.unit  # type: ignore[attr-defined]
    assert variable.meaning  # type: ignore[attr-defined]
    assert set(variable.dims) <= set(DIMENSIONS)  # type: ignore[attr-defined]


def test_every_course_names_its_rows() -> None:
    assert all(course.rows for course in COURSES)


def test_problems_are_seen() -> None:
    data = assemble(trajectories(), patients=patients())
    data["strange"] = ("patient", [1.0, 2.0])
    data["bcells"] = data.bcells.astype("float32").transpose()
    data["weight"].attrs["units"] = "lb"
    data.attrs["good"] = True
    found = problems(data)
    assert "strange: not declared" in found
    assert any(line.startswith("bcells: dimensions") for line in found)
    assert any(line.startswith("bcells: type float32") for line in found)
    assert any(line.startswith("weight: unit 'lb'") for line in found)
    assert "attribute good: True cannot be stored" in found
