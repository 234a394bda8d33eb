"""Assays: limits, flags, the law of the noise, and that a measurement keeps its value when others are added."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from carsim import catalog
from carsim.dataset.assays import observe
from carsim.dataset.variables import VARIABLES, problems


def constant(level: float, patients: int = 1, days: np.ndarray | None = None) -> xr.Dataset:
    days = np.arange(28.0) if days is None else days
    data = xr.Dataset(coords={"patient": [str(p) for p in range(patients)], "time": ("time", days, {"units": "d"})})
    data["mrd"] = (("patient", "time"), np.full((patients, days.size), level), {"units": "1"})
    return data


@pytest.mark.parametrize(("level", "flow", "sequencing"), [(1e-3, 1e-3, 1e-3), (1e-5, 0.0, 1e-5), (1e-7, 0.0, 0.0)])
def test_limits_without_noise(level: float, flow: float, sequencing: float) -> None:
    seen = observe(constant(level), seed=1, noise=False)
    assert seen.mrd_flow_observed.values[0, 0] == flow
    assert seen.mrd_sequencing_observed.values[0, 0] == sequencing
    assert (seen.mrd_flow_below_limit.values == int(flow == 0.0)).all()
    assert "cart_qpcr_observed" not in seen
    assert problems(seen) == []


def test_noise_is_log_normal_with_the_stated_spread() -> None:
    """200,000 draws: standard error of mean and spread 7e-4 and 5e-4; limits at 5 of them (false alarm 1e-6)."""
    logs = np.log(observe(constant(1e-2, patients=2000, days=np.arange(100.0)), seed=3).mrd_flow_observed.values / 1e-2)
    log_sd = catalog.assays()["mrd_flow"].log_sd.value
    assert abs(logs.mean()) < 5 * log_sd / np.sqrt(logs.size)
    assert abs(logs.std() - log_sd) < 5 * log_sd / np.sqrt(2 * logs.size)


def test_noise_of_a_measurement_depends_on_nothing_else() -> None:
    few = observe(constant(1e-2, patients=2, days=np.array([0.0, 28.0])), seed=5).mrd_flow_observed.values
    many = observe(constant(1e-2, patients=5, days=np.arange(-6.0, 60.0)), seed=5).mrd_flow_observed.sel(
        time=[0.0, 28.0]
    )
    np.testing.assert_array_equal(few, many.values[:2])
    assert not np.array_equal(few, observe(constant(1e-2, 2, np.array([0.0, 28.0])), seed=6).mrd_flow_observed.values)


def test_assays_do_not_share_their_noise() -> None:
    seen = observe(constant(1e-2), seed=5)
    assert not np.array_equal(seen.mrd_flow_observed.values, seen.mrd_sequencing_observed.values)


def test_missing_levels_are_unknown_not_below() -> None:
    seen = observe(constant(np.nan), seed=5)
    assert (seen.mrd_flow_below_limit.values == -1).all()
    assert np.isnan(seen.mrd_flow_observed.values).all()


def test_each_assay_measures_a_course_of_the_results_in_its_unit() -> None:
    for assay in catalog.assays().values():
        assert assay.limit.unit == VARIABLES[assay.course].unit
