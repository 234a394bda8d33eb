"""Courses of many candidate parameter sets at once, by the package's own engine: every run of a candidate is a patient.

A candidate is a dictionary of changes (scenario path -> value) over the catalogue, beside those `neutrophil_base` and
`memory_share`. All candidates of a call change the same names. A patient whose simulation fails has courses of nan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from measures import POOR, RUNS, Array, Course, Run

from carsim import catalog, spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.cast import RATE_COVARIATES
from carsim.model.network import Network
from carsim.model.processes.fludarabine import F_ARA_A_PER_PHOSPHATE
from carsim.model.processes.infusion import entering
from carsim.model.start import start
from carsim.population.patients import Patients
from carsim.spec.prepare import prepare
from carsim.treatment.schedule import ADD, SET, Schedule

HOUR = 1.0 / 24.0
SCALES = np.linspace(0.2, 1.0, 9)  # of both drugs, between which the one that leaves POOR host T cells/uL is found
ROWS = {
    "copies": "cart_copies", "cells": "cart_cells", "leucocytes": "leucocytes", "host_t": "host_t_blood",
    "bcells": "bcells_blood", "marrow_blasts": "blasts_marrow_fraction", "positive": "blasts_total.CD19-positive",
}  # fmt: skip
OPTIONS = Options(rtol=1e-5)
SCENARIO = """
format: carsim/1
title: Calibration
patient: {{population: {population}}}
treatment: [{{name: car, give: {product}, at: 0 d, dose: 1e6 cells/kg}}]
run: {{until: 1 d}}
"""


class Setting:
    """One schedule of targets.toml with its product, its typical patient and its network."""

    def __init__(self, schedule: dict[str, Any]) -> None:
        """Take a schedule."""
        self.schedule = schedule
        self.record = catalog.find_product(schedule["product"])
        self.kind = catalog.find_population(schedule["population"])
        text = SCENARIO.format(population=schedule["population"], product=self.record.name)
        made = prepare(spec.loads(text))
        self.clones, self.products = made.cast.clones, made.cast.products
        self.network: Network = made.network

    def patients(self, changes: Sequence[dict[str, float]], runs: Sequence[Run]) -> Patients:
        """One patient per pair of changes and run."""
        n = len(runs)
        p = {row.name: np.full(n, row.value) for row in self.network.parameters}
        covariates = {name: np.full(n, value.median.value) for name, value in self.kind.covariates.items()}
        covariates["neutrophil_base"] = p["neutrophil_base"]
        p |= {name: covariates[name] for name in RATE_COVARIATES}
        for path in changes[0]:
            name = f"memory_share.{self.record.name}" if path == "memory_share" else path
            if name in p:
                p[name] = np.array([change[path] for change in changes])
        covariates["neutrophil_base"] = p["neutrophil_base"]
        blasts = self.kind.covariates["marrow_blasts"].median.value
        covariates["marrow_blasts"] = np.array([blasts if run.blasts is None else run.blasts for run in runs])
        negative = np.array([run.negative for run in runs])
        shares = {clone.name: np.zeros(n) for clone in self.clones}
        shares |= {"CD19-positive": 1.0 - negative, "CD19-negative": negative}
        initial = start(self.network, self.clones, shares, p, covariates, self.products)
        return Patients(tuple(str(i) for i in range(n)), p, initial, covariates)

    def treatment(self, patients: Patients, runs: Sequence[Run], scales: Array) -> Schedule:
        """Both drugs, the host T cells that are set, the infusion; `scales` of both drugs."""
        columns: list[tuple[str, int, Array, Array]] = []
        n, surface = patients.n, patients.covariates["body_surface"]
        for drug in ("fludarabine", "cyclophosphamide"):
            plan = self.schedule[drug]
            amount = scales * plan["per_area"] * surface
            if drug == "fludarabine":
                amount = amount * F_ARA_A_PER_PHOSPHATE * np.array([run.fludarabine for run in runs])
            for k in range(plan["doses"]):
                day = np.full(n, plan["start"] + k)
                columns.append((f"{drug}.input", SET, day, amount / HOUR))
                columns.append((f"{drug}.input", SET, day + HOUR, np.zeros(n)))
        volume = patients.parameters["blood_volume_per_weight"] * patients.parameters["weight"]
        asked = np.array([np.nan if run.host_t is None else run.host_t for run in runs])
        columns.append(("host_t_cells", SET, np.where(np.isnan(asked), np.nan, 0.0), asked * volume))
        cells = self.record.dose["per_weight"].value * patients.covariates["weight"]
        dose = cells * np.array([run.dose for run in runs])
        into = entering(self.record.name, self.record.costimulation, dose, patients.parameters)
        columns += [(row, ADD, np.zeros(n), amount) for row, amount in into.items()]
        return _schedule(columns)

    def courses(self, changes: Sequence[dict[str, float]], runs: dict[str, Run]) -> list[dict[str, Course]]:
        """For each candidate the courses of every run by name."""
        found: list[dict[str, Course]] = [{} for _ in changes]
        for until in sorted({run.until for run in runs.values()}):
            names = [name for name, run in runs.items() if run.until == until]
            everyone = [change for change in changes for _ in names]
            kinds = [runs[name] for _ in changes for name in names]
            made = self._simulate(everyone, kinds, until)
            for i in range(len(changes)):
                found[i] |= {name: made[i * len(names) + k] for k, name in enumerate(names)}
        return found

    def _simulate(self, changes: Sequence[dict[str, float]], runs: Sequence[Run], until: float) -> list[Course]:
        patients = self.patients(changes, runs)
        scales = np.array([run.drugs for run in runs])
        for i in (i for i, run in enumerate(runs) if run.weak):
            scales[i] = self.leaving(changes[i])
        treatment = self.treatment(patients, runs, scales)
        first = float(np.nanmin(treatment.times))
        t = np.union1d([first], np.arange(0.0, until + 1.0))
        made = simulate(
            self.network, t=t, schedule=treatment, patients=patients, outputs=tuple(ROWS.values()), options=OPTIONS
        )
        gone = np.full(len(runs), np.inf)
        for event in made.events:
            if event.kind == "extinction" and event.name == "CD19-positive":
                gone[event.patient] = event.time
        kept = t >= 0.0
        return [
            {name: made.of(row)[i][kept] for name, row in ROWS.items()} | {"days": t[kept], "gone": gone[i]}
            for i in range(len(runs))
        ]

    def leaving(self, changes: dict[str, float]) -> float:
        """Scale of the drug doses that leaves POOR host T cells/uL at infusion."""
        runs = [Run(0.0)] * len(SCALES)
        patients = self.patients([changes] * len(SCALES), runs)
        treatment = self.treatment(patients, runs, SCALES)
        t = np.array([float(np.nanmin(treatment.times)), 0.0])
        made = simulate(
            self.network, t=t, schedule=treatment, patients=patients, outputs=("host_t_blood",), options=OPTIONS
        )
        left = np.log(made.of("host_t_blood")[:, -1])
        return float(np.interp(-np.log(POOR), -left, SCALES))


def _schedule(columns: Sequence[tuple[str, int, Array, Array]]) -> Schedule:
    rows = tuple(dict.fromkeys(column[0] for column in columns))
    times = np.stack([column[2] for column in columns], axis=1)
    order = np.argsort(times, axis=1, kind="stable")
    targets = np.array([rows.index(column[0]) for column in columns], dtype=np.int32)
    return Schedule(
        times=np.take_along_axis(times, order, axis=1),
        targets=targets[order],
        operations=np.array([column[1] for column in columns], dtype=np.int8)[order],
        amounts=np.take_along_axis(np.stack([column[3] for column in columns], axis=1), order, axis=1),
        rows=rows,
        labels=np.full(order.shape, ""),
    )


def courses_of(settings: dict[str, Setting], changes: Sequence[dict[str, float]]) -> list[dict[str, dict[str, Course]]]:
    """For each candidate the courses of every run of every schedule."""
    made = {name: setting.courses(changes, RUNS[name]) for name, setting in settings.items()}
    return [{name: made[name][i] for name in settings} for i in range(len(changes))]
