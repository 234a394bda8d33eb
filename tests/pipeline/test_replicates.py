"""Replicates through the whole path, with the hybrid engine: patients times replicates, and no one changes another."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import carsim
from carsim import Network, Patients, pipeline
from carsim.dataset.variables import problems
from carsim.errors import ResourceRefused

TEXT = """
format: carsim/1
title: replicates of a cohort
cohort: {{population: paediatric-rr-ball, n: {n}}}
leukaemia: {{clones: [{{name: rare, cd19: absent, fraction: 1e-11}}]}}
treatment: [{{name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}}]
run: {{until: 30 d, replicates: {replicates}, assay_noise: true}}
"""


def result(n: int, replicates: int) -> xr.Dataset:
    return carsim.run(carsim.loads(TEXT.format(n=n, replicates=replicates)))


@pytest.fixture(scope="module")
def cohort() -> xr.Dataset:
    return result(2, 3)


def test_the_result_keeps_the_contract(cohort: xr.Dataset) -> None:
    assert problems(cohort) == []
    assert (cohort.sizes["patient"], cohort.sizes["replicate"]) == (2, 3)
    assert cohort.attrs["engine"] == "hybrid"
    assert cohort["status"].dims == ("patient", "replicate")
    assert (cohort["status"].values == 0).all()
    assert cohort["weight"].dims == cohort["probability_cure"].dims == ("patient",)
    first = cohort["blasts"].isel(time=0).sel(clone="rare").values
    np.testing.assert_array_equal(first, np.round(first))
    assert np.unique(cohort["threshold_leukaemia_death"].values).size == 6
    assert (cohort["engine_events"].values > 0).all()


def test_endpoints_are_computed_again(cohort: xr.Dataset) -> None:
    found = carsim.endpoints_of(cohort, ["cart_peak_day", "response_day28", "cured"])
    for name in ("cart_peak_day", "response_day28", "cured"):
        np.testing.assert_array_equal(found[name].values, cohort[name].values)


def test_a_course_is_the_same_bits_with_fewer_patients_and_fewer_replicates(cohort: xr.Dataset) -> None:
    few = result(1, 2)
    for name, variable in few.data_vars.items():
        if "replicate" in variable.dims:
            many = cohort[name].isel(patient=0, replicate=slice(2))
            np.testing.assert_array_equal(variable.isel(patient=0), many, err_msg=str(name))


def births() -> Network:
    network = Network("births")
    cells = network.species("cells", unit="cells", initial=5.0, kind="count")
    rate = network.parameter("rate", 0.3, unit="1/d")
    network.reaction("birth", produces={cells: 1}, rate=rate * cells)
    return network


def test_any_network_has_replicates() -> None:
    network = births()
    data = carsim.simulate(network, t=[0.0, 5.0], engine="exact", replicates=4, patients=Patients.of(network, 2))
    assert data["cells"].dims == ("patient", "replicate", "time")
    assert data["cells"].shape == (2, 4, 2)
    assert data["patient"].values.tolist() == ["1", "2"]
    assert np.unique(data["cells"].values[..., -1]).size > 1
    repeated = Patients.of(network, 2).repeated(4)
    again = carsim.simulate(network, t=[0.0, 5.0], engine="exact", patients=repeated)
    np.testing.assert_array_equal(again["cells"].values, data["cells"].values)


def test_without_chance_every_replicate_is_the_same_course() -> None:
    assert carsim.simulate(births(), t=[0.0, 5.0], replicates=4)["cells"].dims == ("patient", "time")


def test_memory_counts_the_replicates(monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = carsim.loads(TEXT.format(n=10, replicates=50))
    needed = "10 patients with 50 replicates each at 700 times need about"
    monkeypatch.setattr("carsim.engines.memory.memory", lambda: 400_000_000)
    pipeline.refuse_beyond_memory(scenario, 10, 700)
    with pytest.raises(ResourceRefused, match=needed) as caught:
        pipeline.refuse_beyond_memory(scenario, 10, 700, 50)
    assert "fewer replicates" in str(caught.value)


def test_too_many_replicates_are_refused_before_anything_is_drawn() -> None:
    with pytest.raises(ResourceRefused, match="4,000,000,000 replicates"):
        result(1, 4_000_000_000)


def test_an_interruption_before_any_course_is_finished_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from carsim.engines import run as engines
    from carsim.engines.protocol import Status, Trajectories

    real = engines.simulate

    def interrupted(*arguments: object, **settings: object) -> Trajectories:
        found = real(*arguments, **{**settings, "engine": "ode"})  # type: ignore[arg-type]
        found.status[:] = Status.INTERRUPTED
        return found

    monkeypatch.setattr(engines, "simulate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        result(1, 2)
