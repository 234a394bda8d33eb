"""A hand-made year of one child or of a cohort: every course that the figure draws, in closed form."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carsim.dataset.variables import VARIABLES, attributes

HOURS = np.arange(-6.0, 0.0, 1 / 24)


def year(patients: int = 1, end: float = 365.0) -> xr.Dataset:
    """Escape of a CD19-negative clone after a response, with lymphodepletion on days -6 to -3."""
    days = np.union1d(HOURS, np.arange(-6.0, end + 0.5))
    size = np.exp(0.4 * np.random.default_rng(7).normal(size=patients)) if patients > 1 else np.ones(1)
    courses = {name: size[:, None] * level for name, level in _levels(days).items()}
    data = xr.Dataset(
        coords={
            "patient": [str(number + 1) for number in range(patients)],
            "time": days,
            "product": ["tisagenlecleucel"],
            "site": ["marrow"],
            "clone": ["CD19-positive", "CD19-negative"],
            "clone_cd19": ("clone", ["positive", "absent"]),
            "clone_phenotype": ("clone", ["CD19-positive", "CD19-negative"]),
        },
        attrs={
            "title": "Antigen escape: a CD19-negative clone of one in ten million grows out",
            "scenario_sha256": "00" * 32,
            "seed": 1,
            "engine": "ode",
            "carsim_version": "0.1.0",
        },
    )
    blasts = np.stack([courses.pop("positive"), courses.pop("negative")], axis=2)[..., None]
    for name, level in {**courses, "blasts": blasts}.items():
        variable = VARIABLES[name]
        shape = [data.sizes[dim] for dim in variable.dims]
        data[name] = (variable.dims, level.reshape(shape), attributes(variable))
    data["marrow_cells"].values[:] = 6e11
    data["clone_extinct_day"] = (("patient", "clone"), np.tile([40.0, np.nan], (patients, 1)))
    data["status"] = ("patient", np.zeros(patients, dtype=np.int8))
    data["treatment_given"] = (("patient", "time"), np.tile(_given(days), (patients, 1)))
    data["treatment_given"].attrs["flag_meanings"] = "fludarabine cyclophosphamide tisagenlecleucel"
    return data


def _levels(days: np.ndarray) -> dict[str, np.ndarray]:
    since = days - 9.3
    fall = 0.9921 * np.exp(-0.16 * since) + 0.0079 * np.exp(-0.0032 * since)
    copies = np.where(days < 0, 0.0, 24_000.0 * np.where(since < 0, np.exp(0.889 * since), fall))
    positive = np.where(days < 6, 9e11, 9e11 * np.exp(-0.9 * np.maximum(days - 6, 0)))
    negative = np.minimum(9e4 * np.exp(0.067 * (days + 6)), 3e12)
    flu = sum(np.where(days > at, 0.8 * np.exp(-4.0 * (days - at)), 0.0) for at in (-6, -5, -4, -3))
    cy = sum(np.where(days > at, 15.0 * np.exp(-2.77 * (days - at)), 0.0) for at in (-6, -5))
    host = np.where(days < 0, 400.0 * np.exp(-0.7 * (days + 6)), 400.0 / (1 + 65.0 * np.exp(-0.18 * days)))
    marrow = (positive + negative) / (positive + negative + 5e11)
    bump = np.exp(-0.5 * ((days - 8.0) / 2.0) ** 2)
    grade = np.where(bump > 0.5, 2.0, np.where(bump > 0.1, 1.0, 0.0))
    return {
        "il6": 1.7 + 1500.0 * bump,
        "ifn": 2.3 + 600.0 * bump,
        "crs_grade": grade,
        "crs_worst": np.maximum.accumulate(grade),
        "icans_grade": np.where(bump > 0.9, 1.0, 0.0),
        "icans_worst": np.where(days >= 8.0, 1.0, 0.0),
        "neutrophils": 2400.0 - 2000.0 * np.exp(-(((days - 4.0) / 12.0) ** 2)),
        "platelets": 150_000.0 - 100_000.0 * np.exp(-(((days - 12.0) / 10.0) ** 2)),
        "haemoglobin": 10.5 - 2.0 * np.exp(-(((days - 20.0) / 20.0) ** 2)),
        "infection_rate": np.full(days.size, 0.004),
        "cart_copies": copies,
        "cart_cells": copies / 250.0,
        "positive": np.where(days > 40, 0.0, positive),
        "negative": negative,
        "bcells": np.where(days < 6, 120.0, np.maximum(120.0 * np.exp(-(days - 6.0)), 0.02)),
        "host_t_cells": host,
        "fludarabine": np.asarray(flu),
        "cyclophosphamide": np.asarray(cy),
        "fludarabine_exposure": np.where(days > -3, 20.0, 5.0 * (days + 6)),
        "homeostatic_cytokine": 1.0 / (1.0 + host / 100.0),
        "marrow_cells": np.full(days.size, 6e11),
        "marrow_blast_fraction": marrow,
        "mrd": marrow,
        "leucocytes": np.full(days.size, 4000.0),
        "blasts_blood": 4000.0 * 0.1 * marrow,
    }


def _given(days: np.ndarray) -> np.ndarray:
    mask = np.zeros(days.size, dtype=np.int64)
    for bit, doses in ((0, (-6, -5, -4, -3)), (1, (-6, -5)), (2, (0,))):
        for day in doses:
            mask[np.searchsorted(days, day - 1e-9)] |= 1 << bit
    return mask


def chances(patients: int = 1, replicates: int = 8, missing: int = 0) -> xr.Dataset:
    """Replicates of the year, as of the hybrid engine, with endpoints and probabilities.

    Of each four courses of a patient the first relapses with the CD19-negative clone, the second with the CD19-positive
    one, and two are cured. The last `missing` courses were not simulated, since the run was interrupted.
    """
    from carsim.dataset.replicates import folded
    from carsim.endpoints import compute
    from carsim.endpoints.probabilities import table
    from carsim.engines.protocol import Status

    data = year(patients * replicates)
    data = data.assign_coords(patient=np.repeat([str(number + 1) for number in range(patients)], replicates))
    days, fate = data["time"].values, np.arange(patients * replicates) % replicates % 4
    cells = data["blasts"].values[..., 0]
    cells[fate != 0, :, 1] = 0.0
    cells[fate == 1, :, 0] += np.where(days > 100.0, np.minimum(10.0 * np.exp(0.15 * (days - 100.0)), 1e12), 0.0)
    share = cells.sum(axis=2) / (cells.sum(axis=2) + 5e11)
    for name, level in (("marrow_blast_fraction", share), ("mrd", share), ("blasts_blood", 400.0 * share)):
        data[name].values[:] = level
    data["status_day"] = ("patient", np.full(fate.size, np.nan), {"units": "d"})
    data["status_row"] = ("patient", np.full(fate.size, ""))
    if missing:
        data["status"].values[-missing:] = int(Status.INTERRUPTED)
        for variable in data.data_vars.values():
            if variable.dtype.kind == "f" and "patient" in variable.dims:
                variable.values[-missing:] = np.nan
    data.attrs["engine"] = "hybrid"
    data["weight"] = ("patient", np.full(fate.size, 39.0), attributes(VARIABLES["weight"]))
    data = folded(data.merge(compute(data)), replicates)
    return data.merge(table(data)) if replicates > 1 else data
