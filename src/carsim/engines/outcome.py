"""What kernels leave in arrays as trajectories: values, what happened by name, and what failed where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.engines.protocol import Occurrence, Status, Trajectories
from carsim.model.network import Network
from carsim.treatment.schedule import Schedule


def trajectories_of(
    network: Network,
    times: NDArray[np.float64],
    outputs: Sequence[str],
    schedule: Schedule,
    results: Any,
    status_row: dict[int, str],
    replicates: int = 1,
    statistics: Mapping[str, NDArray[np.int64]] | None = None,
) -> Trajectories:
    """Trajectories from filled results; `status_row` names what was refused at the start, by patient."""
    events, doses = _occurrences(network, results), _doses(schedule, times, results)
    if doses:  # what kernels record is in order as it is
        events = sorted([*events, *doses], key=_order)
    _mark_undefined(times, outputs, results, status_row)
    names = [species.name for species in network.all_species] + [reaction.name for reaction in network.reactions]
    rows = [status_row.get(patient, names[row] if row >= 0 else "") for patient, row in enumerate(results.status_row)]
    return Trajectories(
        times=times,
        outputs=tuple(outputs),
        values=results.values,
        status=results.status,
        status_time=results.status_time,
        status_row=tuple(rows),
        events=tuple(events),
        statistics={
            "steps": results.steps,
            "rejected": results.rejected,
            "negative": results.negative,
            "clipped": results.clipped,
            **(statistics or {}),
        },
        replicates=replicates,
    )


def _mark_undefined(
    times: NDArray[np.float64], outputs: Sequence[str], results: Any, status_row: dict[int, str]
) -> None:
    """Give patients whose states are sound but who have an output that is not finite the status that says so."""
    bad = ~np.isfinite(results.values) & (results.status == Status.OK)[:, None, None]
    for patient in np.flatnonzero(bad.any(axis=(1, 2))):
        k, row = np.argwhere(bad[patient])[0]
        results.status[patient], results.status_time[patient] = Status.NOT_FINITE, times[k]
        status_row[int(patient)] = outputs[row]


def _order(item: Occurrence) -> tuple[int, float, bool]:
    """By patient and time; at one time, doses before what they cause."""
    return item.patient, item.time, item.kind != "dose"


def _occurrences(network: Network, results: Any) -> list[Occurrence]:
    """What kernels recorded, by patient and time."""
    counts = results.happened
    patients = np.repeat(np.arange(len(counts)), counts)
    places = np.arange(len(patients)) - np.repeat(np.cumsum(counts) - counts, counts)
    recorded = (results.happened_what, results.happened_which, results.happened_state)
    keys = zip(*(kind[patients, places].tolist() for kind in recorded), strict=True)
    times = results.happened_time[patients, places].tolist()
    named: dict[tuple[int, int, int], tuple[str, str]] = {}
    found = []
    for patient, time, key in zip(patients.tolist(), times, keys, strict=True):
        if key not in named:
            named[key] = _kind_and_name(network, *key)
        found.append(Occurrence(patient, time, *named[key]))
    return found


def _kind_and_name(network: Network, what: int, which: int, state: int) -> tuple[str, str]:
    if what == 2:
        mode = network.modes[which]
        return "mode", f"{mode.name}.{mode.states[state]}"
    if what == 1:
        return "event", network.events[which].name
    return "extinction", network.extinctions[which].name


def _doses(schedule: Schedule, times: NDArray[np.float64], results: Any) -> list[Occurrence]:
    """Treatments that took place: within the times, before a failure, each named once however many rows it changes.

    Changes without a label, such as the end of an infusion, are none of their own.
    """
    refused = np.isin(results.status, (Status.BAD_PARAMETER, Status.BAD_INITIAL))
    end = np.where(refused, -np.inf, np.where(np.isnan(results.status_time), times[-1], results.status_time))
    took_place = (schedule.times <= np.minimum(end, times[-1])[:, None]) & (schedule.labels != "")
    patients = np.nonzero(took_place)[0].tolist()
    named = zip(patients, schedule.times[took_place].tolist(), schedule.labels[took_place].tolist(), strict=True)
    return [Occurrence(patient, time, "dose", label) for patient, time, label in dict.fromkeys(named)]
