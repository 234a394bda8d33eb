"""Patients, schedule, options and results as the arrays that kernels share.

`kinds` is the module `kernels.lane`, whose named tuples they go into; engines import it when they run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.derive.tables import Program, Tables
from carsim.engines.compiled import Evaluator
from carsim.engines.protocol import Options, Status
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

ALIGNMENT = 64


def problem_of(
    kinds: Any,
    network: Network,
    tables: Tables,
    evaluator: Evaluator,
    times: NDArray[np.float64],
    patients: Patients,
    schedule: Schedule,
    options: Options,
    width: int,
    out: NDArray[Any] | None,
) -> tuple[Any, dict[int, str]]:
    """Everything that a solver works on, with empty results; the names of what was refused at the start, by patient."""
    start = kinds.Patients(patients.n, *start_values(network, patients))
    values = np.empty((patients.n, len(times), len(tables.output_rows))) if out is None else out
    values.fill(np.nan)
    results, status_row = empty_results(kinds, tables, start, times, options, network, values)
    problem = kinds.Problem(
        layout=tables.layout,
        programs=kinds.Programs(*(numbered(program, tables, evaluator) for program in tables.programs)),
        factors=tables.factors,
        watch=tables.watch,
        patients=start,
        schedule=changes_of(kinds, network, schedule),
        options=options_of(kinds, network, tables, options),
        lane=lane_of(kinds, tables, width),
        results=results,
    )
    return problem, status_row


def start_values(
    network: Network, patients: Patients
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Parameters (n, n_parameters), initial states (n, n_species) and who is skipped (n), nobody yet."""
    columns = [np.asarray(patients.parameters[row.name], dtype=np.float64) for row in network.parameters]
    parameters = np.stack(columns, axis=1) if columns else np.zeros((patients.n, 0))
    initial = np.array(patients.initial, dtype=np.float64, order="C")
    return np.ascontiguousarray(parameters), initial, np.zeros(patients.n, dtype=np.uint8)


def empty_results(
    kinds: Any,
    tables: Tables,
    start: Any,
    times: NDArray[np.float64],
    options: Options,
    network: Network,
    values: NDArray[Any],
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
        values=values,
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


def note_interrupted(results: Any, missing: NDArray[np.bool_]) -> None:
    """Give those whose simulation was never begun the status that says so."""
    results.status[missing], results.status_time[missing] = Status.INTERRUPTED, results.times[0]


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


def changes_of(kinds: Any, network: Network, schedule: Schedule) -> Any:
    """A schedule with its rows as positions; raises ValueError for a row that the network does not have."""
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


def options_of(kinds: Any, network: Network, tables: Tables, options: Options) -> Any:
    """Tolerances of each species, and caps."""
    absolute = [(species.tolerance or options.atol) * options.atol_scale for species in network.all_species]
    return kinds.Options(
        relative=options.rtol,
        absolute=np.array(absolute),
        signed=np.array([species.signed for species in network.all_species], dtype=np.uint8),
        feeds_derived=tables.feeds_derived.astype(np.uint8),
        max_steps=options.max_steps,
    )


def lane_of(kinds: Any, tables: Tables, width: int) -> Any:
    """What each of `width` lanes is doing: nothing yet."""
    events, extinctions = len(tables.watch.event_delay), len(tables.watch.extinction_below)
    per_event = {"holds": np.uint8, "armed": np.uint8, "fired": np.int64}
    flags = ("fresh", "first", "lands", "short", "accepted", "located", "refined", "settling")
    whole = ("phase", "patient", "last_reason", "drained", "output", "dose", "visit", "visit_end")
    arrays: dict[str, NDArray[Any]] = {}
    draws: dict[str, NDArray[Any]] = {
        "counted": np.zeros(tables.layout.n_species, dtype=np.uint8),
        "few": np.zeros(1),
        "unit": np.ones(1),
        "stream": np.zeros(1, dtype=np.uint64),
    }
    for name in kinds.Lane._fields:
        if name in draws:
            arrays[name] = draws[name]
        elif name == "alive":
            arrays[name] = np.zeros((extinctions, width), dtype=np.uint8)
        elif name in per_event or name in ("since", "last", "pending"):
            arrays[name] = np.zeros((events, width), dtype=per_event.get(name, np.float64))
        else:
            kind: Any = np.uint8 if name in flags else np.int64 if name in whole else np.float64
            arrays[name] = np.zeros(width, dtype=kind)
    return kinds.Lane(**arrays)
