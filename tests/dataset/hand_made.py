"""Trajectories of a small network written by hand: two patients, one product, two clones, no engine."""

from __future__ import annotations

import numpy as np

from carsim.engines.protocol import Occurrence, Trajectories
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

TIMES = np.array([-5.0, -4.0, 0.0, 10.0, 20.0, 30.0])
ROWS = (
    "cart.car-a.effector.blood",
    "cart.car-a.effector.marrow",
    "cart.car-a.memory.blood",
    "cart.car-a.memory.marrow",
    "cart_cells.car-a",
    "cart_cells",
    "cart_copies.car-a",
    "blasts.CD19-positive.marrow",
    "blasts.CD19-positive.blood",
    "blasts.late.marrow",
    "blasts.late.blood",
    "blasts_marrow_fraction",
    "bcells_blood",
    "an_inner_quantity",
)


def trajectories(**status: object) -> Trajectories:
    """Row r of patient p at time t is 1000 p + 10 r + its number in time."""
    grid = np.arange(TIMES.size, dtype=float)
    values = np.stack(
        [np.stack([1000.0 * p + 10.0 * r + grid for r in range(len(ROWS))], axis=1) for p in range(2)], axis=0
    )
    made = {
        "status": np.zeros(2, dtype=np.int8),
        "status_time": np.full(2, np.nan),
        "status_row": ("", ""),
        "events": (Occurrence(0, 17.5, "extinction", "CD19-positive"), Occurrence(1, 3.0, "event", "late")),
    } | status
    return Trajectories(TIMES, ROWS, values, **made)  # type: ignore[arg-type]


def patients() -> Patients:
    """Two patients with covariates."""
    covariates = {"weight": np.array([39.0, 70.0]), "host_t_cells": np.array([400.0, 500.0]), "shoe": np.zeros(2)}
    return Patients(("P1", "P2"), {}, np.zeros((2, 0)), covariates)


def schedule() -> Schedule:
    """Two infusions of a drug, and the product at day 0 as two rows of one dose; the second patient gets no drug."""
    changes = [
        (-5.0, "set", "drug.input", 24.0, "drug"),
        (-4.96, "set", "drug.input", 0.0, ""),
        (-4.5, "set", "drug.input", 24.0, "drug"),
        (-4.46, "set", "drug.input", 0.0, ""),
        (0.0, "add", "cart.car-a.effector.blood", 1e8, "car-a"),
        (0.0, "add", "cart.car-a.memory.blood", 1e7, "car-a"),
    ]
    made = Schedule.of(changes, 2)
    times = made.times.copy()
    times[1] = [0.0, 0.0, np.nan, np.nan, np.nan, np.nan]
    targets, amounts, labels = made.targets.copy(), made.amounts.copy(), made.labels.copy()
    for array in (targets, amounts, labels):
        array[1, :2] = array[0, 4:]
    return Schedule(times, targets, made.operations, amounts, made.rows, labels)
