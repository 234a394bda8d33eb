"""From trajectories to the declared dataset.

Order of steps: read each declared course from the network rows that fit its pattern; add the coordinates that the rows
name (products, clones, phenotypes, sites); add the records of the run (status per patient, extinctions, treatments
begun, covariates). A declared variable that the network does not have is left out; a row that no pattern claims is not
part of the contract and is left out too (`from_network` keeps every row, for systems that carsim does not know).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.dataset.variable import Variable
from carsim.dataset.variables import COURSES, COVARIATES, STATISTICS, VARIABLES, attributes

if TYPE_CHECKING:
    import xarray as xr

    from carsim.engines.protocol import Trajectories
    from carsim.population.patients import Patients
    from carsim.treatment.schedule import Schedule

_NAME = r"[A-Za-z][A-Za-z0-9_-]*"
_MAXIMUM_TREATMENTS = 62  # bits of a signed 64-bit mask that stay positive


def assemble(
    trajectories: Trajectories,
    *,
    patients: Patients,
    schedule: Schedule | None = None,
    clone_words: Mapping[str, Mapping[str, str]] | None = None,
    given_by: Mapping[str, str] | None = None,
    planned: Sequence[str] = (),
    scales: Mapping[str, str] | None = None,
    entries: Mapping[str, np.ndarray] | None = None,
) -> xr.Dataset:
    """The dataset of a run: courses (patient, time, ...), status, extinctions, treatments, covariates.

    `given_by` says what is given by events of the network, by their names; `planned` what may be given at all.
    `clone_words` holds a word for each clone, by the coordinate they make up: `clone_cd19`, `clone_phenotype`.
    `scales` says by which scale the grades of each toxicity are, `entries` on which day each entry of fixed times was
    given, (n,) by name with NaN for not; those that events give are found among the trajectories' events.
    """
    import xarray as xr

    labels: dict[str, list[str]] = {}
    found = [(variable, _match(variable, trajectories.outputs)) for variable in COURSES]
    for _, rows in found:
        for _, named in rows:
            for dim, label in named.items():
                if label not in labels.setdefault(dim, []):
                    labels[dim].append(label)
    courses = {variable.name: _course(variable, rows, labels, trajectories.values) for variable, rows in found if rows}
    data = xr.Dataset(
        courses,
        coords={
            "patient": ("patient", np.array(patients.identifiers, dtype=str), attributes(VARIABLES["patient"])),
            "time": ("time", np.asarray(trajectories.times, dtype=float), attributes(VARIABLES["time"])),
            **{dim: (dim, np.array(values), attributes(VARIABLES[dim])) for dim, values in labels.items()},
        },
    )
    for coordinate, words in (clone_words or {}).items() if "clone" in data.dims else ():
        kinds = np.array([words[name] for name in labels["clone"]])
        data = data.assign_coords({coordinate: ("clone", kinds, attributes(VARIABLES[coordinate]))})
    for toxicity, scale in (scales or {}).items():
        for name in (f"{toxicity}_grade", f"{toxicity}_worst"):
            if name in data:
                data[name].attrs["scale"] = scale
    records = _status(trajectories) | _extinctions(trajectories, labels.get("clone", []), patients.n)
    if schedule is not None:
        records |= treated(data, schedule, _triggered(trajectories, given_by or {}), planned)
    if entries:
        records |= _entries(trajectories, entries, given_by or {})
    known = {variable: patients.covariates.get(variable.rows[0]) for variable in COVARIATES}
    covariates = {
        variable.name: ("patient", np.asarray(values, dtype=float), attributes(variable))
        for variable, values in known.items()
        if values is not None
    }
    return data.assign(records | covariates)  # at once: xarray looks through all it has at each assignment


def from_network(trajectories: Trajectories, *, patients: Patients, units: Mapping[str, str]) -> xr.Dataset:
    """The dataset of any network: one variable (patient, time) per output row, named as the row, and the status."""
    import xarray as xr

    data = xr.Dataset(
        {
            name: (("patient", "time"), trajectories.values[:, :, index], {"units": units.get(name, "1")})
            for index, name in enumerate(trajectories.outputs)
        },
        coords={
            "patient": ("patient", np.array(patients.identifiers, dtype=str), attributes(VARIABLES["patient"])),
            "time": ("time", np.asarray(trajectories.times, dtype=float), {"long_name": "time"}),
        },
    )
    return data.assign(_status(trajectories))


def claimed(rows: Iterable[str]) -> list[str]:
    """Rows of a network that the declared courses read, in the network's order."""
    names = list(rows)
    wanted = {names[index] for variable in COURSES for index, _ in _match(variable, names)}
    return [name for name in names if name in wanted]


def rows_of(course: str, rows: Sequence[str]) -> list[str]:
    """The rows of a network that a declared course reads; their sum is what is measured of all products together."""
    return [rows[index] for index, _ in _match(VARIABLES[course], rows)]


def _match(variable: Variable, rows: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """Positions of the rows that the first fitting pattern claims, each with the labels that its name gives."""
    for pattern in variable.rows:
        expression = re.compile(re.sub(r"\\\{(\w+)\\\}", rf"(?P<\1>{_NAME})", re.escape(pattern)))
        hits = [(index, match.groupdict()) for index, row in enumerate(rows) if (match := expression.fullmatch(row))]
        if hits:
            return hits
    return []


def _course(
    variable: Variable, rows: list[tuple[int, dict[str, str]]], labels: dict[str, list[str]], values: np.ndarray
) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    """Values of one variable, shape (patient, time, ...); NaN where the network has no such row."""
    own = variable.dims[2:]
    array = np.full((*values.shape[:2], *(len(labels[dim]) for dim in own)), np.nan)
    for index, named in rows:
        place: tuple[Any, ...] = (slice(None), slice(None), *(labels[dim].index(named[dim]) for dim in own))
        array[place] = values[:, :, index]
    return variable.dims, array, attributes(variable)


def _status(trajectories: Trajectories) -> dict[str, Any]:
    from carsim.engines.protocol import Status

    flags: dict[str, Any] = {
        "flag_values": np.array([int(status) for status in Status], dtype=np.int8),
        "flag_meanings": " ".join(status.name.lower() for status in Status),
    }
    status = np.asarray(trajectories.status, dtype=np.int8)
    ended = np.where(status == 0, np.nan, np.asarray(trajectories.status_time, dtype=float))
    rows = np.array([name or "" for name in trajectories.status_row], dtype=str)
    found: dict[str, Any] = {
        "status": ("patient", status, attributes(VARIABLES["status"]) | flags),
        "status_day": ("patient", ended, attributes(VARIABLES["status_day"])),
        "status_row": ("patient", rows, attributes(VARIABLES["status_row"])),
    }
    for variable in STATISTICS:
        if variable.rows[0] in trajectories.statistics:
            counts = np.asarray(trajectories.statistics[variable.rows[0]], dtype=np.int64)
            found[variable.name] = ("patient", counts, attributes(variable))
    return found


def _extinctions(trajectories: Trajectories, clones: list[str], n: int) -> dict[str, Any]:
    if not clones:
        return {}
    days = np.full((n, len(clones)), np.nan)
    for event in trajectories.events:
        clone = event.name.rsplit(".", 1)[-1]  # `extinction.<clone>`, or the clone alone
        if event.kind == "extinction" and clone in clones:
            place = event.patient, clones.index(clone)
            days[place] = event.time if np.isnan(days[place]) else days[place]
    variable = VARIABLES["clone_extinct_day"]
    return {variable.name: (variable.dims, days, attributes(variable))}


def treated(
    data: xr.Dataset,
    schedule: Schedule,
    triggered: Sequence[tuple[int, float, str]] = (),
    planned: Sequence[str] = (),
) -> dict[str, Any]:
    """What was given, as variables of a dataset: the first day of each treatment, and marks in time, one bit each.

    A mark stands at the first output time from the treatment's beginning on. Those `planned` come first, given or not,
    then others in order of first use; `triggered` is given by events.
    """
    times = data["time"].values
    begun = [*_begun(schedule), *triggered]
    names = list(dict.fromkeys([*planned, *(name for _, _, name in begun)]))[:_MAXIMUM_TREATMENTS]
    mask = np.zeros((data.sizes["patient"], times.size), dtype=np.int64)
    for patient, day, name in begun:
        column = int(np.searchsorted(times, day - 1e-9))
        if column < times.size and name in names:
            mask[patient, column] |= 1 << names.index(name)
    variable = VARIABLES["treatment_given"]
    flags: dict[str, Any] = {}
    if names:
        flags["flag_masks"] = np.array([1 << bit for bit in range(len(names))], dtype=np.int64)
        flags["flag_meanings"] = " ".join(name.replace(" ", "_") for name in names)
    found: dict[str, Any] = {variable.name: (variable.dims, mask, attributes(variable) | flags)}
    first = np.full((data.sizes["patient"], len(names)), np.nan)
    for patient, day, name in begun:
        if name in names:
            place = patient, names.index(name)
            first[place] = np.fmin(first[place], day)
    if names:
        found["treatment"] = ("treatment", np.array(names), attributes(VARIABLES["treatment"]))
        found["treatment_day"] = (("patient", "treatment"), first, attributes(VARIABLES["treatment_day"]))
    return found


def _entries(
    trajectories: Trajectories, entries: Mapping[str, np.ndarray], given_by: Mapping[str, str]
) -> dict[str, Any]:
    """The first day of each entry: two entries may give the same treatment, and which it was is known here only."""
    names = list(entries)
    days = np.stack([np.asarray(entries[name], dtype=float) for name in names], axis=1)
    for event in trajectories.events:
        if event.kind == "event" and event.name in given_by:
            place = event.patient, names.index(event.name.split(".")[1])  # `treatment.<entry>.<dose>`
            days[place] = np.fmin(days[place], event.time)
    return {
        "entry": ("entry", np.array(names), attributes(VARIABLES["entry"])),
        "entry_day": (("patient", "entry"), days, attributes(VARIABLES["entry_day"])),
    }


def _begun(schedule: Schedule) -> list[tuple[int, float, str]]:
    """(patient, day, what) of each dose and start of an infusion, in order; the end of an infusion has no label."""
    labels = np.broadcast_to(schedule.labels, schedule.times.shape)
    begun = [
        (float(schedule.times[patient, column]), column, patient, str(labels[patient, column]))
        for patient, column in np.argwhere(np.isfinite(schedule.times)).tolist()
        if labels[patient, column] and schedule.amounts[patient, column] > 0.0
    ]
    return list(dict.fromkeys((patient, day, name) for day, _, patient, name in sorted(begun)))


def _triggered(trajectories: Trajectories, given_by: Mapping[str, str]) -> list[tuple[int, float, str]]:
    """(patient, day, what) of each dose that an event gave."""
    return [
        (event.patient, event.time, given_by[event.name])
        for event in trajectories.events
        if event.kind == "event" and event.name in given_by
    ]


def treatments(data: xr.Dataset, patient: int = 0) -> list[tuple[float, str]]:
    """(day, what was given) of one patient in order of time, read back from a dataset."""
    if "treatment_given" not in data:
        return []
    given = data["treatment_given"]
    names = str(given.attrs.get("flag_meanings", "")).split()
    mask = given.values[patient]
    return [
        (float(data["time"].values[column]), name)
        for column in np.flatnonzero(mask)
        for bit, name in enumerate(names)
        if int(mask[column]) >> bit & 1
    ]
