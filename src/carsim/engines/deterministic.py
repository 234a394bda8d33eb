"""The deterministic engine: the network's differential equations by Rodas5P, patients in lanes.

Domain: every network. It stops at every scheduled change exactly, locates events, mode changes and extinctions, and
writes outputs by dense output. A species that is not `signed` never ends a step below zero: a candidate below its
tolerance is a rejected step, one within tolerance is set to zero and counted (`statistics["clipped"]`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.derive.lower import lower
from carsim.derive.tables import Program, Tables
from carsim.engines.compiled import Evaluator, Notify, compiled, evaluator_of
from carsim.engines.protocol import Occurrence, Options, Status, Trajectories
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

WIDTH = 8
ALIGNMENT = 64


def solve_patients(
    network: Network,
    times: NDArray[np.float64],
    patients: Patients,
    schedule: Schedule,
    outputs: Sequence[str],
    options: Options,
    *,
    width: int = WIDTH,
    notify: Notify | None = None,
) -> Trajectories:
    """Trajectories of all patients at these times (ascending, the first is the start); `width` never changes a bit."""
    from carsim.engines.kernels import lane as kinds
    from carsim.engines.kernels import solve

    tables = lower(network, tuple(outputs))
    evaluator = evaluator_of(tables.laws, width, notify)
    start = kinds.Patients(patients.n, *_start_values(network, patients))
    results, status_row = _results(kinds, tables, start, times, options, network)
    problem = kinds.Problem(
        layout=tables.layout,
        programs=kinds.Programs(*(numbered(program, tables, evaluator) for program in tables.programs)),
        factors=tables.factors,
        watch=tables.watch,
        patients=start,
        schedule=_changes(kinds, network, schedule),
        options=_options(kinds, network, tables, options),
        lane=_lane(kinds, tables, width),
        results=results,
    )
    solver = compiled(solve.solve, ((0.0,) * width, 0, 0, workspace_of(tables, width), problem), width, notify)
    solver((0.0,) * width, *evaluator.addresses(), workspace_of(tables, width), problem)
    return _trajectories(network, times, outputs, schedule, results, status_row)


def _start_values(
    network: Network, patients: Patients
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    columns = [np.asarray(patients.parameters[row.name], dtype=np.float64) for row in network.parameters]
    parameters = np.stack(columns, axis=1) if columns else np.zeros((patients.n, 0))
    initial = np.array(patients.initial, dtype=np.float64, order="C")
    return np.ascontiguousarray(parameters), initial, np.zeros(patients.n, dtype=np.uint8)


def _results(
    kinds: Any, tables: Tables, start: Any, times: NDArray[np.float64], options: Options, network: Network
) -> tuple[Any, dict[int, str]]:
    """Empty results, with the patients refused whose start values are no numbers; the names of what was refused."""
    n, capacity = len(start.skip), options.max_occurrences
    status, status_row = np.zeros(n, dtype=np.int8), {}
    signed = np.array([species.signed for species in network.all_species])
    bad_initial = ~np.isfinite(start.initial) | ((start.initial < 0.0) & ~signed)
    checks = (
        (bad_initial, Status.BAD_INITIAL, network.all_species),
        (~np.isfinite(start.parameters), Status.BAD_PARAMETER, network.parameters),
    )
    for bad, code, rows in checks:
        for patient in np.flatnonzero(bad.any(axis=1)):
            start.skip[patient], status[patient] = True, code
            status_row[int(patient)] = rows[int(np.argmax(bad[patient]))].name
    has_watch = len(network.events) + len(network.modes) + len(network.extinctions) > 0
    room = (n, capacity if has_watch else 0)
    results = kinds.Results(
        n_times=len(times),
        n_rows=len(tables.output_rows),
        capacity=room[1],
        times=times,
        rows=tables.output_rows,
        values=np.full((n, len(times), len(tables.output_rows)), np.nan),
        status=status,
        status_time=np.where(start.skip > 0, times[0], np.nan),
        status_row=np.full(n, -1, dtype=np.int64),
        steps=np.zeros(n, dtype=np.int64),
        rejected=np.zeros(n, dtype=np.int64),
        negative=np.zeros(n, dtype=np.int64),
        clipped=np.zeros(n, dtype=np.int64),
        happened=np.zeros(n, dtype=np.int64),
        happened_time=np.empty(room),
        happened_what=np.empty(room, dtype=np.int64),
        happened_which=np.empty(room, dtype=np.int64),
        happened_state=np.empty(room, dtype=np.int64),
    )
    return results, status_row


def workspace_of(tables: Tables, width: int) -> NDArray[np.float64]:
    """Zeros with the constants set, aligned to a cache line."""
    size = tables.layout.size * width
    whole = np.zeros(size + ALIGNMENT // 8)
    shift = (-whole.ctypes.data % ALIGNMENT) // 8
    workspace = whole[shift : shift + size]
    workspace[: len(tables.constants) * width] = np.repeat(tables.constants, width)
    return workspace


def numbered(program: Program, tables: Tables, evaluator: Evaluator) -> Program:
    """The program with laws numbered as the evaluator numbers them."""
    own = np.array([evaluator.index[law] for law in tables.laws], dtype=np.int64)
    law = np.array([own[k] if k >= 0 else k for k in program.law], dtype=np.int64)
    return program._replace(law=law)


def _changes(kinds: Any, network: Network, schedule: Schedule) -> Any:
    species = {row.name: i for i, row in enumerate(network.all_species)}
    parameters = {row.name: i for i, row in enumerate(network.parameters)}
    for name in schedule.rows:
        if name not in species and name not in parameters:
            raise ValueError(f"the schedule changes {name!r}, which is no species or parameter of {network.title!r}")
    kind = np.array([name in parameters for name in schedule.rows], dtype=np.int64)
    place = np.array([parameters.get(name, species.get(name, 0)) for name in schedule.rows], dtype=np.int64)
    targets = np.asarray(schedule.targets, dtype=np.int64)
    empty = targets.size == 0
    return kinds.Schedule(
        count=targets.shape[1],
        time=np.ascontiguousarray(np.where(np.isnan(schedule.times), np.inf, schedule.times)),
        is_parameter=targets.copy() if empty else kind[targets],
        target=targets.copy() if empty else place[targets],
        operation=np.array(schedule.operations, dtype=np.int64, order="C"),
        amount=np.array(schedule.amounts, dtype=np.float64, order="C"),
    )


def _options(kinds: Any, network: Network, tables: Tables, options: Options) -> Any:
    absolute = [(species.tolerance or options.atol) * options.atol_scale for species in network.all_species]
    return kinds.Options(
        relative=options.rtol,
        absolute=np.array(absolute),
        signed=np.array([species.signed for species in network.all_species], dtype=np.uint8),
        feeds_derived=tables.feeds_derived.astype(np.uint8),
        max_steps=options.max_steps,
    )


def _lane(kinds: Any, tables: Tables, width: int) -> Any:
    events, extinctions = len(tables.watch.event_delay), len(tables.watch.extinction_below)
    per_event = {"holds": np.uint8, "armed": np.uint8, "fired": np.int64}
    flags = ("fresh", "first", "lands", "short", "accepted", "located", "refined", "settling")
    whole = ("phase", "patient", "last_reason", "drained", "output", "dose", "visit", "visit_end")
    arrays: dict[str, NDArray[Any]] = {}
    for name in kinds.Lane._fields:
        if name == "alive":
            arrays[name] = np.zeros((extinctions, width), dtype=np.uint8)
        elif name in per_event or name in ("since", "last", "pending"):
            arrays[name] = np.zeros((events, width), dtype=per_event.get(name, np.float64))
        else:
            kind: Any = np.uint8 if name in flags else np.int64 if name in whole else np.float64
            arrays[name] = np.zeros(width, dtype=kind)
    return kinds.Lane(**arrays)


def _trajectories(
    network: Network,
    times: NDArray[np.float64],
    outputs: Sequence[str],
    schedule: Schedule,
    results: Any,
    status_row: dict[int, str],
) -> Trajectories:
    events = sorted([*_occurrences(network, results), *_doses(schedule, times, results)], key=_order)
    _mark_undefined(times, outputs, results, status_row)
    names = [species.name for species in network.all_species]
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
        },
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
    found = []
    for patient in np.flatnonzero(results.happened):
        for k in range(results.happened[patient]):
            what, which = int(results.happened_what[patient, k]), int(results.happened_which[patient, k])
            if what == 2:
                mode = network.modes[which]
                kind, name = "mode", f"{mode.name}.{mode.states[int(results.happened_state[patient, k])]}"
            elif what == 1:
                kind, name = "event", network.events[which].name
            else:
                kind, name = "extinction", network.extinctions[which].name
            found.append(Occurrence(int(patient), float(results.happened_time[patient, k]), kind, name))
    return found


def _doses(schedule: Schedule, times: NDArray[np.float64], results: Any) -> list[Occurrence]:
    """Treatments that took place: within the times, before a failure, each named once however many rows it changes.

    Changes without a label, such as the end of an infusion, are none of their own.
    """
    found: dict[Occurrence, None] = {}
    for patient, event in np.argwhere(schedule.times <= times[-1]):
        refused = results.status[patient] in (Status.BAD_PARAMETER, Status.BAD_INITIAL)
        label, end = str(schedule.labels[patient, event]), results.status_time[patient]
        time = float(schedule.times[patient, event])
        if label and not refused and (np.isnan(end) or time <= end):
            found[Occurrence(int(patient), time, "dose", label)] = None
    return list(found)
