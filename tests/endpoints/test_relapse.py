"""Relapse of an exponentially growing clone: the day, the visit that sees it, its phenotype."""

from __future__ import annotations

import math

import numpy as np
import pytest
import xarray as xr

from carsim.endpoints import compute
from carsim.endpoints.outcome import MONTH

from .course import DAYS, disease, reason, value

GROWTH = 0.1


def relapsing(day: float, blood: np.ndarray | float = 0.0, **shares: float) -> xr.Dataset:
    """60 % at entry, 1e-4 by day 14, 5 % again on `day`; `shares` of CD19 positive, dim, absent at all times."""
    fall = 0.6 * (1e-4 / 0.6) ** np.clip((DAYS + 6.0) / 20.0, 0.0, 1.0)
    marrow = np.minimum(np.maximum(fall, 0.05 * np.exp(GROWTH * (DAYS - day))), 0.9)
    data = disease(DAYS, marrow, blood)
    if shares:
        cells = 1e12 * marrow[:, None] * np.array(list(shares.values()))
        words = [f"CD19-{'negative' if state == 'absent' else state}" for state in shares]
        data = data.assign_coords(
            clone=list(shares), clone_cd19=("clone", list(shares)), clone_phenotype=("clone", words)
        )
        data["blasts"] = (("patient", "time", "clone", "site"), cells[None, :, :, None])
    return data


def test_relapse_day_is_the_crossing_and_the_next_visit_sees_it() -> None:
    data = relapsing(200.4)
    assert value(data, "relapse_day") == pytest.approx(200.4, abs=1e-9)
    assert value(data, "relapse_detected_day") == pytest.approx(7 * MONTH)
    assert value(data, "relapse_site") == "marrow"


def test_blood_may_relapse_first() -> None:
    data = relapsing(200.4, blood=0.01 * np.exp(GROWTH * (DAYS - 180.5)) * (DAYS > 0))
    assert value(data, "relapse_day") == pytest.approx(180.5, abs=1e-9)
    assert value(data, "relapse_site") == "blood"


def test_marrow_before_blood_is_a_relapse_of_marrow() -> None:
    data = relapsing(200.4, blood=0.01 * np.exp(GROWTH * (DAYS - 230.0)) * (DAYS > 0))
    assert value(data, "relapse_day") == pytest.approx(200.4, abs=1e-9)
    assert value(data, "relapse_site") == "marrow"


@pytest.mark.parametrize(
    ("shares", "phenotype", "cd19"),
    [
        ({"positive": 0.85, "dim": 0.05, "absent": 0.1}, "CD19-positive", "positive"),
        ({"positive": 0.1, "dim": 0.0, "absent": 0.9}, "CD19-negative", "negative"),
        ({"positive": 0.05, "dim": 0.9, "absent": 0.05}, "CD19-dim", "dim"),
        ({"positive": 0.3, "dim": 0.1, "absent": 0.6}, "CD19-positive+CD19-negative", "positive+negative"),
    ],
)
def test_phenotype_names_every_share_of_a_fifth(shares: dict[str, float], phenotype: str, cd19: str) -> None:
    data = relapsing(200.4, **shares)
    assert value(data, "relapse_phenotype") == phenotype
    assert value(data, "relapse_cd19") == cd19


def test_lasting_remission() -> None:
    data = relapsing(2000.0, positive=1.0)
    for name in ("relapse_day", "relapse_detected_day"):
        assert math.isnan(value(data, name))
        assert reason(data, name) == "in remission at day 365"
    for name in ("relapse_phenotype", "relapse_cd19", "relapse_site"):
        assert value(data, name) == ""


def test_disease_that_never_went_away_is_no_relapse() -> None:
    assert reason(disease(DAYS, np.full(DAYS.size, 0.6)), "relapse_day") == "no remission"


def test_relapse_after_the_last_visit_is_not_detected() -> None:
    data = relapsing(360.0)
    assert value(data, "relapse_day") == pytest.approx(360.0)
    assert reason(data, "relapse_detected_day") == "relapse after the last visit"


def test_unknown_antigens_are_a_reason() -> None:
    data = relapsing(200.4, positive=1.0).drop_vars(["clone_phenotype", "clone_cd19"])
    assert reason(data, "relapse_phenotype") == "the antigens of the clones are not known"


def test_the_nervous_system_relapses_from_five_cells_on_after_less_than_one() -> None:
    data = relapsing(2000.0)
    fluid = np.maximum(40.0 * np.exp(-0.5 * (DAYS + 6.0)), 5.0 * np.exp(GROWTH * (DAYS - 150.25)))
    data["csf_blasts"] = (("patient", "time"), np.minimum(fluid, 1e4)[None, :])
    assert value(data, "relapse_day") == pytest.approx(150.25, abs=1e-9)
    assert value(data, "relapse_site") == "CNS"
    data["csf_blasts"] = (("patient", "time"), np.full((1, DAYS.size), 2.0))  # neither a remission nor a relapse
    assert reason(data, "relapse_day") == "no remission"


def test_extramedullary_disease_relapses_from_a_thousand_million_cells_on() -> None:
    data = relapsing(2000.0).drop_vars("site").assign_coords(site=["extramedullary"], clone=["a"])
    cells = np.maximum(1e10 * np.exp(-0.5 * (DAYS + 6.0)), 1e9 * np.exp(GROWTH * (DAYS - 120.5)))
    data["blasts"] = (("patient", "time", "clone", "site"), cells[None, :, None, None])
    assert value(data, "relapse_day") == pytest.approx(120.5, abs=1e-9)
    assert value(data, "relapse_site") == "extramedullary"


def test_words_of_other_antigens_are_there_where_they_are_targeted() -> None:
    data = relapsing(200.4, positive=0.6, absent=0.4)
    assert reason(data, "relapse_cd22") == "not targeted"
    data = data.assign_coords(clone_cd22=("clone", ["positive", "dim"]), clone_lineage=("clone", ["B", "myeloid"]))
    found = compute(data)
    assert found["relapse_cd22"].item() == "positive+dim"
    assert found["relapse_lineage"].item() == "B+myeloid"
