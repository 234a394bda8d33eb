"""From planned entries to the one schedule that engines see, and to what the patients' parameters hold for triggers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.population.patients import Patients
from carsim.treatment.doses import Dose, Infusion, Window, schedule
from carsim.treatment.given import Given
from carsim.treatment.plan import Planned
from carsim.treatment.schedule import Schedule
from carsim.treatment.triggers import amount_row, share_row

Array = NDArray[np.float64]


def compile_entries(
    planned: Sequence[Planned],
    patients: Patients,
    seed: int,
    start: float = 0.0,
    made: NDArray[np.bool_] | None = None,
    *,
    everyone: bool = False,
    instead: Sequence[Dose | Infusion] | None = None,
) -> Schedule:
    """The changes of all patients, with the days between which triggers may begin (`start`: of the simulation).

    `made` says for whom a product could be made (None: for all); others are given none, nor what prepares for it.
    With `everyone`, what is planned: each entry for every patient, whatever its share, and no triggers' days. `instead`
    takes the place of the doses at fixed times.
    """
    fixed = fixed_doses(planned, patients, seed, made, everyone=everyone) if instead is None else instead
    changes: list[Dose | Infusion | Window] = [*fixed]
    for item in planned if not everyone else ():
        changes += _window(item, _receive(item, patients, seed, made), start) if item.waits else []
    return schedule(changes, patients.n)


def fixed_doses(
    planned: Sequence[Planned],
    patients: Patients,
    seed: int,
    made: NDArray[np.bool_] | None = None,
    *,
    everyone: bool = False,
) -> list[Dose | Infusion]:
    """What is given at fixed times, one for each dose of the file; arguments as for `compile_entries`."""
    found: list[Dose | Infusion] = []
    for item in planned:
        receive = np.ones(patients.n, dtype=bool) if everyone else _receive(item, patients, seed, made)
        if not item.waits or (everyone and item.entry.when is None):
            found += [_change(dose, patients, seed, everyone=everyone).only(receive) for dose in item.doses]
    return found


def trigger_rows(
    planned: Sequence[Planned],
    patients: Patients,
    seed: int,
    start: float,
    made: NDArray[np.bool_] | None = None,
) -> dict[str, Array]:
    """Each patient's own numbers of the entries that wait: amounts, and who is given what."""
    rows: dict[str, Array] = {}
    for item in planned:
        if not item.waits:
            continue
        receive = _receive(item, patients, seed, made).astype(np.float64)
        when = item.entry.when
        later = when is not None and when.after is not None and when.after > start
        rows[f"open.{item.name}"] = np.zeros(patients.n) if later else receive
        for k, dose in enumerate(item.doses):
            amount = dose.amount(patients)
            rows[amount_row(item, k)] = amount / dose.duration if dose.duration > 0.0 else amount
            if dose.share < 1.0:
                rows[share_row(dose)] = drawn(dose.share, dose.draw, patients, seed).astype(np.float64)
    return rows


def days_given(
    planned: Sequence[Planned],
    patients: Patients,
    seed: int,
    made: NDArray[np.bool_] | None = None,
    instead: Sequence[Dose | Infusion] | None = None,
) -> dict[str, Array]:
    """First day on which each patient is given anything of an entry with fixed times, by the entry's name.

    NaN for who is given nothing of it, and of every entry that waits: what that gives is told by its events. `instead`
    as for `compile_entries`: what it gives of an entry is what has its labels.
    """
    days = {}
    for item in planned:
        days[item.name] = np.full(patients.n, np.nan)
        if not item.waits:
            labels = {dose.label for dose in item.doses}
            of_table = [change for change in instead or () if change.label in labels]
            doses = of_table if instead is not None else fixed_doses([item], patients, seed, made)
            given = schedule(doses, patients.n)
            times = np.where((given.labels != "") & (given.amounts > 0.0), given.times, np.nan)
            if times.shape[1]:
                days[item.name] = np.fmin.reduce(times, axis=1)
    return days


def _receive(item: Planned, patients: Patients, seed: int, made: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Which patients are given an entry: those drawn, where their product could be made if it depends on that."""
    receive = drawn(item.entry.share, item.name, patients, seed)
    return receive & made if made is not None and item.for_product else receive


def drawn(share: float, name: str, patients: Patients, seed: int) -> NDArray[np.bool_]:
    """Which patients are given an entry: its share of them, each by the patient's own draw."""
    if share >= 1.0:
        return np.ones(patients.n, dtype=bool)
    draws: Array = rng.uniforms(seed, f"treatment.{name}", patients.index)
    return draws < share


def _change(dose: Given, patients: Patients, seed: int, *, everyone: bool) -> Dose | Infusion:
    times, amount = np.full(patients.n, dose.at), dose.amount(patients)
    change: Dose | Infusion
    if dose.duration > 0.0:
        row = f"{dose.label}.input"
        change = Infusion(row, times, dose.duration, amount / dose.duration, dose.label)
    else:
        change = Dose(dose.row, times, amount, dose.label)
    return change if everyone else change.only(drawn(dose.share, dose.draw, patients, seed))


def _window(item: Planned, receive: NDArray[np.bool_], start: float) -> list[Window]:
    """Open from `after` on, closed from `before` on; only what changes after the start of the simulation."""
    when = item.entry.when
    if when is None:
        return []
    days: Mapping[float | None, Array] = {
        when.after: receive.astype(np.float64),
        when.before: np.zeros(receive.size),
    }
    return [
        Window(f"open.{item.name}", np.full(receive.size, day), value)
        for day, value in days.items()
        if day is not None and day > start
    ]
