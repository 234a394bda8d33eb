"""Conditions, events, modes and extinctions of a network as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from carsim.derive.rows import Rows
from carsim.derive.tables import Watch
from carsim.model.handle import Ref
from carsim.model.network import Condition

OPERATIONS = {"add": 0, "set": 1, "scale": 2}
AT_MODE, AT_EVENT = 0, 1


def needed_rows(behind: Iterable[int], derived: Iterable[int]) -> list[int]:
    """The rows that must be evaluated anew with the states: those behind, without the derived parameters."""
    return sorted(set(behind) - set(derived))


def watch_of(rows: Rows) -> tuple[Watch, list[int]]:
    """The arrays, and the rows that conditions and changes read."""
    network = rows.network
    conditions: list[tuple[int, int, int]] = []

    def row(value: Ref | float) -> int:
        return rows.names[value.name] if isinstance(value, Ref) else rows.constant(float(value))

    def condition(item: Condition) -> int:
        conditions.append((row(item.quantity), int(item.side == "above"), row(item.threshold)))
        return len(conditions) - 1

    event_condition, event_change, changes = [0], [0], []
    for event in network.events:
        for item in event.conditions:
            condition(item)
        event_condition.append(len(conditions))
        for change in event.changes:
            first = rows.species if change.target.kind == "species" else rows.parameters
            target = rows.names[change.target.name] - first
            kind = int(change.target.kind == "parameter")
            changes.append((kind, target, OPERATIONS[change.operation], row(change.amount)))
        event_change.append(len(changes))
    transitions, mode_transition = [], [0]
    for mode in network.modes:
        for move in mode.transitions:
            source, target = mode.states.index(move.source), mode.states.index(move.target)
            transitions.append((source, target, condition(move.condition)))
        mode_transition.append(len(transitions))
    members = [rows.names[ref.name] - rows.species for item in network.extinctions for ref in item.species]
    visits = [(day, AT_MODE, k) for k, mode in enumerate(network.modes) for day in mode.visits]
    visits += [(day, AT_EVENT, k) for k, event in enumerate(network.events) for day in event.visits]
    visits.sort()

    def whole(values: Iterable[Any]) -> np.ndarray:
        return np.array(list(values), dtype=np.int64)

    def real(values: Iterable[float]) -> np.ndarray:
        return np.array(list(values), dtype=np.float64)

    never = np.iinfo(np.int64).max
    watch = Watch(
        n_events=len(network.events),
        n_extinctions=len(network.extinctions),
        n_visits=len(visits),
        n_conditions=len(conditions),
        condition_row=whole(c[0] for c in conditions),
        condition_above=whole(c[1] for c in conditions),
        condition_threshold=whole(c[2] for c in conditions),
        event_condition=whole(event_condition),
        event_change=whole(event_change),
        event_visited=whole(bool(event.visits) for event in network.events),
        event_duration=real(event.duration for event in network.events),
        event_delay=real(event.delay for event in network.events),
        event_apart=real(event.apart for event in network.events),
        event_count=whole(never if event.count is None else event.count for event in network.events),
        change_is_parameter=whole(c[0] for c in changes),
        change_target=whole(c[1] for c in changes),
        change_operation=whole(c[2] for c in changes),
        change_amount=whole(c[3] for c in changes),
        mode_transition=whole(mode_transition),
        mode_visited=whole(bool(mode.visits) for mode in network.modes),
        mode_initial=whole(mode.states.index(mode.initial) for mode in network.modes),
        transition_source=whole(t[0] for t in transitions),
        transition_target=whole(t[1] for t in transitions),
        transition_condition=whole(t[2] for t in transitions),
        extinction_start=whole(np.cumsum([0, *(len(item.species) for item in network.extinctions)])),
        extinction_species=whole(members),
        extinction_below=real(item.below for item in network.extinctions),
        visit_time=real(v[0] for v in visits),
        visit_what=whole(v[1] for v in visits),
        visit_which=whole(v[2] for v in visits),
    )
    read = [c[0] for c in conditions] + [c[2] for c in conditions] + [c[3] for c in changes]
    return watch, read
