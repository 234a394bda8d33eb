"""Trials written by hand: an arm is columns of endpoints, a tree is arms with the part `trial:` of a scenario."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carsim.spec import loads
from carsim.spec.trial import Trial
from carsim.trials.conduct import assembled

HEAD = """
format: carsim/1
title: Two arms by hand
cohort: {population: paediatric-rr-ball, n: 6}
leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 1e-8}]}
treatment:
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 1e6 cells/kg}
  - {name: transplant, give: hsct, at: 60 d}
run: {until: 24 months}
"""
NONE = np.nan


def arm(n: int = 6, **columns: object) -> xr.Dataset:
    """Patients in remission from day 28 to the end of two years, without toxicity, save what the columns say.

    A day that is stated without its clock's cause is that of an end of observation.
    """
    day = np.array([0.0, 28.0, 365.0, 730.0])
    given: dict[str, object] = {
        "status": np.zeros(n, dtype=np.int8),
        "best_response": np.full(n, "CR"),
        "remission_day": np.full(n, 28.0),
        "complete_remission_day": np.full(n, 28.0),
        "mrd_negative_remission_day": np.full(n, 28.0),
        "death_day": np.full(n, NONE),
        "relapse_phenotype": np.full(n, ""),
        "relapse_site": np.full(n, ""),
        "relapse_day": np.full(n, NONE),
        "cart_persistence_day": np.full(n, 730.0),
        "cart_persistence_ongoing": np.ones(n, dtype=np.int8),
        "cart_peak_copies": np.arange(n, dtype=float) + 1.0,
        "cart_peak_day": np.full(n, 10.0),
        "bcell_aplasia_days": np.full(n, 700.0),
        "bcell_recovery_day": np.full(n, NONE),
        "age": np.arange(n, dtype=float) + 5.0,
    }
    for name in ("crs_grade_max", "icans_grade_max"):
        given[name] = np.zeros(n)
    for clock, zero in (("efs", 0.0), ("rfs", 28.0), ("dor", 28.0), ("os", 0.0)):
        given |= {f"{clock}_zero": np.full(n, zero), f"{clock}_day": np.full(n, 730.0 - zero)}
        given[f"{clock}_cause"] = np.full(n, "")
    given |= columns
    data = xr.Dataset(
        {name: ("patient", np.asarray(values)) for name, values in given.items() if not name.startswith("given_")},
        coords={
            "patient": [str(number + 1) for number in range(n)],
            "time": day,
            "product": ["tisagenlecleucel"],
            "treatment": ["tisagenlecleucel", "hsct"],
            "entry": ["car", "transplant"],
            "site": ["marrow", "blood"],
        },
    )
    transplant = np.asarray(columns.get("given_transplant", np.full(n, NONE)), dtype=float)
    car = np.asarray(columns.get("given_car", np.zeros(n)), dtype=float)
    for record in ("treatment", "entry"):
        data[f"{record}_day"] = (("patient", record), np.stack([car, transplant], axis=1))
    data["mrd"] = (("patient", "time"), np.tile(np.array([0.5, 1e-5, 1e-7, 1e-7], dtype=np.float32), (n, 1)))
    copies = np.tile(np.array([100.0, 2e4, 300.0, 30.0], dtype=np.float32), (n, 1))
    data["cart_copies"] = (("patient", "time", "product"), copies[:, :, None])
    data.attrs = {"status_counts": "{}", "finished": "2026-01-01T00:00:00Z", "engine": "hybrid", "seed": 1}
    data.attrs |= {"carsim_version": "0.1.0", "tolerances": "{}", "scenario_sha256": "00" * 32}
    return data


def trial_of(part: str) -> Trial:
    """The part `trial:` of a scenario, written in one line of YAML."""
    found = loads(f"{HEAD}trial: {part}\n").trial
    assert found is not None
    return found


def tree_of(part: str, **arms: xr.Dataset) -> xr.DataTree:
    """The trial of these arms."""
    return assembled(loads(f"{HEAD}trial: {part}\n"), arms)
