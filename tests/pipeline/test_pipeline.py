"""From a scenario to its dataset, through the engine: the whole path on a short run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import carsim
from carsim import Network, pipeline
from carsim.dataset.variables import problems
from carsim.errors import ResourceRefused, UnsupportedMechanism

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="module")
def short() -> xr.Dataset:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml", ["run.until=40 d", "run.assay_noise=true"])
    return carsim.run(scenario)


def test_the_result_keeps_the_contract(short: xr.Dataset) -> None:
    assert problems(short) == []
    assert short["status"].values.tolist() == [0]
    for name in ("cart_copies", "blasts", "bcells", "fludarabine", "marrow_cells", "mrd", "homeostatic_cytokine"):
        assert np.isfinite(short[name].values).all()


def test_every_declared_course_of_this_version_is_there(short: xr.Dataset) -> None:
    from carsim.dataset.variables import COURSES

    elsewhere = {  # courses of what this scenario does not have
        "hazard_transplant_mortality",
        "hazard_graft_versus_host",
        "csf_blasts",
        "csf_cart",
        "tocilizumab",
        "steroid_effect",
    }
    assert {course.name for course in COURSES if course.name not in short} <= elsewhere


def test_antigens_and_treatments_are_those_of_the_scenario(short: xr.Dataset) -> None:
    from carsim.dataset.assemble import treatments

    antigens = dict(zip(short.clone.values.tolist(), short.clone_cd19.values.tolist(), strict=True))
    assert antigens == {"CD19-positive": "positive", "CD19-negative": "absent", "CD19-dim": "dim"}
    given = treatments(short)
    assert [name for _, name in given].count("fludarabine") == 4
    assert [name for _, name in given].count("cyclophosphamide") == 2
    assert given[-1] == (0.0, "tisagenlecleucel")


def test_assay_noise_stands_beside_the_state(short: xr.Dataset) -> None:
    state, seen = short.cart_copies.values.sum(axis=2), short.cart_qpcr_observed.values
    above = short.cart_qpcr_below_limit.values == 0
    assert above.any()
    assert 0.1 < np.std(np.log(seen[above] / state[above])) < 0.5


def test_provenance_says_what_was_run(short: xr.Dataset) -> None:
    scenario = carsim.loads(short.attrs["scenario"])
    assert scenario.digest == short.attrs["scenario_sha256"]
    assert any(line.startswith("run.until=") for line in json.loads(short.attrs["overrides"]))
    assert json.loads(short.attrs["status_counts"]) == {"ok": 1}


def test_endpoints_are_computed_again_from_a_stored_result(short: xr.Dataset, tmp_path: Path) -> None:
    again = carsim.read_netcdf(carsim.write_netcdf(short, tmp_path / "short.nc"))
    found = carsim.endpoints_of(again, ["cart_peak_day", "relapse_phenotype"])
    assert found.cart_peak_day.values == short.cart_peak_day.values
    assert found.relapse_phenotype.values == short.relapse_phenotype.values


def test_any_network_gives_a_dataset() -> None:
    network = Network("decay")
    cells = network.species("cells", unit="cells", initial=1000.0)
    rate = network.parameter("rate", 0.1, unit="1/d")
    network.reaction("death", consumes={cells: 1}, rate=rate * cells)
    data = carsim.simulate(network, t=[0.0, 10.0])
    assert data["cells"].attrs["units"] == "cells"
    np.testing.assert_allclose(data["cells"].values, [[1000.0, 1000.0 * np.exp(-1.0)]], rtol=1e-4)


def test_what_this_version_lacks_is_named() -> None:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml", ["run.draws=10"])
    with pytest.raises(UnsupportedMechanism, match=r"run\.draws"):
        carsim.run(scenario)


def test_memory_is_estimated_first(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml")
    pipeline.refuse_beyond_memory(scenario, 1, 731)
    monkeypatch.setattr("carsim.engines.memory.memory", lambda: 1_000_000)
    with pytest.raises(ResourceRefused, match=r"1 patients at 731 times need about"):
        pipeline.refuse_beyond_memory(scenario, 1, 731)


def test_output_every_second_is_refused_before_anything_is_allocated() -> None:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml", ["run.every=1 s", "run.until=3650 d"])
    with pytest.raises(ResourceRefused, match="times need about"):
        carsim.run(scenario)


COHORT = """
format: carsim/1
title: half of them
cohort: {{population: paediatric-rr-ball, n: {n}}}
treatment:
  - {{name: ld, give: fludarabine-cyclophosphamide, fludarabine: {{dose: 30 mg/m^2, start: -6 d, doses: 4}},
     cyclophosphamide: {{dose: 500 mg/m^2, start: -6 d, doses: 2}}, share: 50 %}}
  - {{name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}}
run: {{until: 40 d}}
"""


def test_a_patient_is_the_same_bits_alone_and_in_a_cohort() -> None:
    alone, many = (carsim.run(carsim.loads(COHORT.format(n=n))) for n in (1, 20))
    for name, variable in alone.data_vars.items():
        if "patient" in variable.dims:
            np.testing.assert_array_equal(variable.isel(patient=0), many[name].isel(patient=0), err_msg=name)


def test_public_names_are_there_and_import_is_quick() -> None:
    assert sorted(carsim.__all__) == sorted(carsim._PUBLIC)
    for name in carsim.__all__:
        assert getattr(carsim, name) is not None
    assert set(carsim.__all__) <= set(dir(carsim))
    with pytest.raises(AttributeError, match="nonsense"):
        carsim.nonsense  # noqa: B018
    program = "import sys, carsim; print(carsim.__version__, sorted(set(sys.modules) & {'numpy', 'xarray', 'click'}))"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    assert shown.endswith(" []\n")


def test_a_path_is_told_to_be_loaded() -> None:
    with pytest.raises(TypeError, match=r"got 'file\.yaml'; expected a Scenario.*carsim\.load"):
        carsim.run("file.yaml")  # type: ignore[arg-type]
