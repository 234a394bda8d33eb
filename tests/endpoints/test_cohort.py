"""What an endpoint answers for a patient depends on that patient alone, to the bit, whoever else is in the dataset."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carsim.dataset.variables import VARIABLES, attributes
from carsim.endpoints import compute

from .course import DAYS

N = 24
SITES, CLONES = ("marrow", "blood", "extramedullary"), ("first", "second", "third")
TREATMENTS = ("bridging", "blinatumomab", "hsct", "car")
HAZARDS = ("syndrome_death", "infection_death", "leukaemia_death", "severe_infection", "new_therapy")


def varied() -> xr.Dataset:
    """Patients with all that endpoints read: falls, returns and zeros at other times and sizes in each of them."""
    chance = np.random.default_rng(5)

    def waves(height: float, *more: int) -> np.ndarray:
        shape = (N, 1, *more)
        days = DAYS.reshape(1, -1, *[1] * len(more))
        fall = np.exp(-((days - chance.uniform(5, 40, shape)) ** 2) / chance.uniform(20, 4000, shape))
        back = np.exp(chance.uniform(-0.02, 0.06, shape) * (days - chance.uniform(60, 360, shape)))
        start = chance.uniform(0, 20, shape) * np.exp((DAYS[0] - days) / 5.0)
        found = height * (start + fall * chance.uniform(0.1, 3, shape) + back * chance.uniform(0, 0.2, shape))
        return found * (chance.random((N, DAYS.size, *more)) > 0.02)

    hazards = {f"hazard_{name}": np.cumsum(chance.uniform(0, 0.01, (N, DAYS.size)), axis=1) for name in HAZARDS}
    thresholds = {f"threshold_{name}": chance.uniform(0.1, 5.0, N) for name in HAZARDS}
    given = chance.uniform(-60, 120, (N, len(TREATMENTS)))
    courses = {
        "marrow_blast_fraction": np.minimum(waves(0.02), 1.0),
        "mrd": np.minimum(waves(0.01), 1.0),
        "leucocytes": 100.0 + waves(5000.0),
        "blasts_blood": waves(4.0),
        "csf_blasts": waves(0.2),
        "blasts": waves(1e7, len(CLONES), len(SITES)),
        "neutrophils": waves(1500.0),
        "platelets": waves(150_000.0),
        "haemoglobin": waves(10.0),
        "bcells": waves(60.0),
        "infection_rate": waves(0.02),
        "fludarabine": np.exp(-DAYS - 6.0) * np.ones((N, 1)),
        "fludarabine_exposure": waves(1.0),
        "cart_copies": waves(100.0, 1),
        "cart_cells": waves(30.0, 1),
        "il6": waves(100.0),
        "crs_worst": np.floor(waves(2.0)),
        "icans_worst": np.floor(waves(1.0)),
        "treatment_given": chance.integers(0, 16, (N, DAYS.size)),
        "treatment_day": np.where(given > 60.0, np.nan, given),
        **hazards,
        **thresholds,
    }
    data = xr.Dataset(
        {name: (VARIABLES[name].dims, values, attributes(VARIABLES[name])) for name, values in courses.items()},
        coords={
            "patient": [str(k) for k in range(N)],
            "time": DAYS,
            "product": ["car"],
            "site": list(SITES),
            "clone": list(CLONES),
            "treatment": list(TREATMENTS),
            "clone_phenotype": ("clone", ["CD19-positive", "CD19-negative", "CD19-positive"]),
            "clone_cd19": ("clone", ["positive", "absent", "positive"]),
        },
        attrs={"engine": "hybrid"},
    )
    data["status"] = ("patient", (np.arange(N) == 3).astype(np.int8))
    for patient, name in enumerate(("bcells", "cart_copies", "marrow_blast_fraction", "neutrophils", "mrd")):
        data[name][2 * patient + 5, 50] = np.nan
    return data


def test_a_patient_alone_has_the_same_endpoints_as_among_others() -> None:
    data = varied()
    together = compute(data)
    for patient in (0, 3, 5, 7, 11, 12, 19, 23):  # of whom one failed and some have courses with holes
        alone = compute(data.isel(patient=[patient]))
        for name in together.data_vars:
            known = together[name].values[patient]
            if name in alone:
                np.testing.assert_array_equal(alone[name].values[0], known, err_msg=f"{name} of patient {patient}")
            else:
                assert str(name).endswith("_reason"), name
                assert known == "", name


def test_the_patients_differ_in_what_they_answer() -> None:
    """The comparison above would pass for endpoints that answer nothing."""
    found = compute(varied())
    for name in ("response_day28", "best_response", "relapse_phenotype", "relapse_site", "death_cause", "efs_cause"):
        assert len(set(found[name].values.tolist())) >= 3, name
    for name in ("relapse_day", "bcell_aplasia_days", "cart_persistence_day", "cart_auc_0_28_copies"):
        values = found[name].values
        assert np.unique(values[np.isfinite(values)]).size >= 5, name
