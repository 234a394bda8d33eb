"""What happens at a moment: doses and switches, extinctions, modes and events, one lane at a time.

At a stop, in this order: scheduled changes in their stated order; then, until nothing changes any more, extinctions,
mode transitions and events, each looking at the state that the ones before it left.
"""

import numpy as np

from carsim.engines.kernels.lane import (
    AT_STOP,
    EVENT,
    EVENT_LOOP,
    EXTINCTION,
    IDLE,
    MODE,
    NEGATIVE_STATE,
    NOWHERE,
    TOO_MANY_OCCURRENCES,
)
from carsim.engines.kernels.lanes import apart, kernel, load, store, within
from carsim.engines.kernels.program import run
from carsim.engines.kernels.samplers import binomial, whole

ROUNDS = 100
AT_MODE = 0


@kernel
def fail(lane, results, slot, status, row):
    """End a patient with a status; its outputs from here on stay not-a-number."""
    apart()
    patient = lane.patient[slot]
    results.status[patient] = status
    results.status_time[patient] = lane.time[slot]
    results.status_row[patient] = row
    lane.phase[slot] = IDLE


@kernel
def record(lane, results, slot, what, which, state):
    """Note what happened now."""
    apart()
    patient = lane.patient[slot]
    count = results.happened[patient]
    if count == results.capacity:
        fail(lane, results, slot, TOO_MANY_OCCURRENCES, NOWHERE)
        return
    results.happened_time[patient * results.capacity + count] = lane.time[slot]
    results.happened_what[patient * results.capacity + count] = what
    results.happened_which[patient * results.capacity + count] = which
    results.happened_state[patient * results.capacity + count] = state
    results.happened[patient] = count + 1


@kernel
def change(width, workspace, layout, options, lane, results, slot, is_parameter, target, operation, amount):
    """Add to, set or scale a species or parameter of one lane; True where derived parameters must follow."""
    first = layout.parameters if is_parameter else layout.state
    place = (first + target) * width + slot
    before = workspace[place]
    if operation == 0:
        workspace[place] += amount
    elif operation == 1:
        workspace[place] = amount
    else:
        workspace[place] *= amount
    if not is_parameter and lane.counted[target] and 0.0 < workspace[place] < lane.few[0]:
        unit = lane.unit[0]
        if operation == 2 and amount < 1.0:  # each cell survives by itself
            workspace[place] = unit * binomial(lane.stream, np.floor(before / unit), amount)
        else:
            workspace[place] = unit * whole(lane.stream, workspace[place] / unit)
    lane.fresh[slot] = True
    if not is_parameter and workspace[place] < 0.0 and not options.signed[target]:
        fail(lane, results, slot, NEGATIVE_STATE, target)
    return is_parameter and options.feeds_derived[target] != 0


@kernel
def total_of(width, workspace, watch, extinction, first, slot):
    """Size of a watched population from the state at rows `first` on."""
    total = 0.0
    for k in range(watch.extinction_start[extinction], watch.extinction_start[extinction + 1]):
        total += workspace[(first + watch.extinction_species[k]) * width + slot]
    return total


@kernel
def is_true(width, workspace, watch, condition, slot):
    """Whether a condition holds for the rows as they are."""
    value = workspace[watch.condition_row[condition] * width + slot]
    threshold = workspace[watch.condition_threshold[condition] * width + slot]
    return value >= threshold if watch.condition_above[condition] else value < threshold


@kernel
def all_true(width, workspace, watch, event, slot):
    """Whether every condition of an event holds."""
    for condition in range(watch.event_condition[event], watch.event_condition[event + 1]):
        if not is_true(width, workspace, watch, condition, slot):
            return False
    return True


@kernel
def next_mode(width, workspace, layout, watch, mode, slot):
    """The state a mode goes to now, or -1."""
    present = workspace[(layout.modes + mode) * width + slot]
    for k in range(watch.mode_transition[mode], watch.mode_transition[mode + 1]):
        if watch.transition_source[k] == present and is_true(
            width, workspace, watch, watch.transition_condition[k], slot
        ):
            return watch.transition_target[k]
    return -1


@kernel
def is_tracked(width, watch, lane, event, slot):
    """Whether the moment at which an event's conditions come to hold matters."""
    matters = not watch.event_visited[event] or watch.event_duration[event] > 0.0
    return matters and lane.fired[event * width + slot] < watch.event_count[event]


@kernel
def is_due(width, workspace, layout, watch, lane, slot):
    """Whether anything has to happen in the state of the species rows (which the watching program has followed)."""
    apart()
    for k in range(watch.n_extinctions):
        alive = lane.alive[k * width + slot] != 0
        if alive and total_of(width, workspace, watch, k, layout.species, slot) < watch.extinction_below[k]:
            return True
    for mode in range(layout.n_modes):
        if not watch.mode_visited[mode] and next_mode(width, workspace, layout, watch, mode, slot) >= 0:
            return True
    for event in range(watch.n_events):
        holds = lane.holds[event * width + slot] != 0
        if is_tracked(width, watch, lane, event, slot) and all_true(width, workspace, watch, event, slot) != holds:
            return True
    return False


@kernel
def dies_out(workspace, layout, watch, lane, extinction):
    """Whether a population goes extinct in the present state of the only lane; notes where it has reached its limit."""
    within()
    if total_of(1, workspace, watch, extinction, layout.species, 0) >= watch.extinction_below[extinction]:
        lane.alive[extinction] = True
        return False
    return lane.alive[extinction] != 0


@kernel
def due_time(width, watch, lane, event, slot):
    """When a continuous event that holds will trigger; infinity where it will not."""
    waits = lane.pending[event * width + slot] < np.inf or lane.fired[event * width + slot] >= watch.event_count[event]
    again = lane.armed[event * width + slot] != 0 or watch.event_apart[event] > 0.0
    if watch.event_visited[event] or waits or not again or not lane.holds[event * width + slot]:
        return np.inf
    return max(
        lane.since[event * width + slot] + watch.event_duration[event],
        lane.last[event * width + slot] + watch.event_apart[event],
    )


@kernel
def next_stop(width, schedule, watch, lane, slot):
    """The next moment that must be hit exactly."""
    apart()
    patient = lane.patient[slot]
    stop = np.inf
    if lane.dose[slot] < schedule.count:
        stop = schedule.time[patient * schedule.count + lane.dose[slot]]
    if lane.visit_end[slot] < watch.n_visits:
        stop = min(stop, watch.visit_time[lane.visit_end[slot]])
    for event in range(watch.n_events):
        stop = min(stop, lane.pending[event * width + slot], due_time(width, watch, lane, event, slot))
    return stop


@kernel
def is_visited(watch, lane, what, which, slot):
    """Whether today's visits include this mode or event."""
    for k in range(lane.visit[slot], lane.visit_end[slot]):
        if watch.visit_what[k] == what and watch.visit_which[k] == which:
            return True
    return False


@kernel
def revive(width, workspace, layout, watch, lane, slot):
    """Note which populations have reached their limit in the accepted state, and so can go extinct from now on."""
    apart()
    for k in range(watch.n_extinctions):
        if total_of(width, workspace, watch, k, layout.state, slot) >= watch.extinction_below[k]:
            lane.alive[k * width + slot] = True


@kernel
def extinguish(width, workspace, layout, watch, lane, results, slot):
    """Set populations below their limit to zero; True where one was."""
    apart()
    changed = False
    for k in range(watch.n_extinctions):
        total = total_of(width, workspace, watch, k, layout.state, slot)
        if total >= watch.extinction_below[k]:
            lane.alive[k * width + slot] = True
        elif lane.alive[k * width + slot]:
            lane.alive[k * width + slot] = False
            for member in range(watch.extinction_start[k], watch.extinction_start[k + 1]):
                workspace[(layout.state + watch.extinction_species[member]) * width + slot] = 0.0
            record(lane, results, slot, EXTINCTION, k, 0)
            lane.fresh[slot] = True
            changed = True
    return changed


@kernel
def switch_modes(width, workspace, layout, watch, lane, results, slot):
    """Let every mode that has to go on do so, once; True where one did."""
    apart()
    changed = False
    for mode in range(layout.n_modes):
        if watch.mode_visited[mode] and not is_visited(watch, lane, AT_MODE, mode, slot):
            continue
        target = next_mode(width, workspace, layout, watch, mode, slot)
        if target >= 0:
            workspace[(layout.modes + mode) * width + slot] = target
            record(lane, results, slot, MODE, mode, target)
            lane.fresh[slot] = True
            changed = True
    return changed


@kernel
def triggers(width, workspace, watch, lane, event, slot):
    """Whether an event triggers now; keeps its memory of how long its conditions have held."""
    time = lane.time[slot]
    if is_tracked(width, watch, lane, event, slot):
        holds = all_true(width, workspace, watch, event, slot)
        if holds and not lane.holds[event * width + slot]:
            lane.since[event * width + slot] = time
            lane.armed[event * width + slot] = True
        lane.holds[event * width + slot] = holds
    if not watch.event_visited[event]:
        return due_time(width, watch, lane, event, slot) <= time
    last = lane.last[event * width + slot]
    if (
        not is_visited(watch, lane, 1 - AT_MODE, event, slot)
        or lane.fired[event * width + slot] >= watch.event_count[event]
    ):
        return False
    if lane.pending[event * width + slot] < np.inf or last == time or last + watch.event_apart[event] > time:
        return False
    if watch.event_duration[event] > 0.0:
        return (
            lane.holds[event * width + slot] != 0
            and lane.since[event * width + slot] + watch.event_duration[event] <= time
        )
    return all_true(width, workspace, watch, event, slot)


@kernel
def fire_events(width, workspace, layout, watch, options, lane, results, slot):
    """Trigger events and apply the changes that are due; (whether anything changed, whether derived rows must)."""
    apart()
    changed, derived = False, False
    time = lane.time[slot]
    for event in range(watch.n_events):
        if triggers(width, workspace, watch, lane, event, slot):
            lane.fired[event * width + slot] += 1
            lane.last[event * width + slot] = time
            lane.armed[event * width + slot] = False
            lane.pending[event * width + slot] = time + watch.event_delay[event]
        if lane.pending[event * width + slot] <= time:
            lane.pending[event * width + slot] = np.inf
            record(lane, results, slot, EVENT, event, 0)
            changed = True
            for k in range(watch.event_change[event], watch.event_change[event + 1]):
                amount = workspace[watch.change_amount[k] * width + slot]
                kind, target, operation = (
                    watch.change_is_parameter[k],
                    watch.change_target[k],
                    watch.change_operation[k],
                )
                follow = change(
                    width, workspace, layout, options, lane, results, slot, kind == 1, target, operation, amount
                )
                derived = derived or follow
    return changed, derived


@kernel
def apply_schedule(width, workspace, layout, options, schedule, watch, lane, results, slot):
    """Apply every scheduled change whose time has come; True where derived parameters must follow."""
    apart()
    derived = False
    patient, time = lane.patient[slot], lane.time[slot]
    while lane.dose[slot] < schedule.count and schedule.time[patient * schedule.count + lane.dose[slot]] <= time:
        k = lane.dose[slot]
        kind, target = (
            schedule.is_parameter[patient * schedule.count + k],
            schedule.target[patient * schedule.count + k],
        )
        operation, amount = (
            schedule.operation[patient * schedule.count + k],
            schedule.amount[patient * schedule.count + k],
        )
        follow = change(width, workspace, layout, options, lane, results, slot, kind == 1, target, operation, amount)
        derived = derived or follow
        lane.dose[slot] = k + 1
    lane.visit[slot] = lane.visit_end[slot]
    while lane.visit_end[slot] < watch.n_visits and watch.visit_time[lane.visit_end[slot]] <= time:
        lane.visit_end[slot] += 1
    return derived


@kernel
def show_state(lanes, workspace, layout):
    """Set the species rows to the accepted state."""
    for s in range(layout.n_species):
        store(workspace, layout.species + s, load(lanes, workspace, layout.state + s))


@kernel
def settle(lanes, values, workspace, layout, programs, watch, options, lane, results, derived):
    """Let extinctions, modes and events of all lanes at a stop happen until nothing changes any more."""
    apart()
    width = len(lanes)
    watched = watch.n_extinctions + watch.n_events + layout.n_modes > 0
    for slot in range(width):
        lane.settling[slot] = watched and lane.phase[slot] == AT_STOP
    for _ in range(ROUNDS):
        if derived:
            run(lanes, values, workspace, programs.derived)
            derived = False
        open_lanes = False
        for slot in range(width):
            open_lanes = open_lanes or lane.settling[slot] != 0
        if not open_lanes:
            break
        show_state(lanes, workspace, layout)
        run(lanes, values, workspace, programs.watching)
        for slot in range(width):
            if lane.settling[slot]:
                changed = extinguish(width, workspace, layout, watch, lane, results, slot)
                if not changed:
                    changed = switch_modes(width, workspace, layout, watch, lane, results, slot)
                if not changed:
                    changed, follow = fire_events(width, workspace, layout, watch, options, lane, results, slot)
                    derived = derived or follow
                lane.settling[slot] = changed and lane.phase[slot] == AT_STOP
    if derived:
        run(lanes, values, workspace, programs.derived)
    for slot in range(width):
        if lane.settling[slot]:
            fail(lane, results, slot, EVENT_LOOP, NOWHERE)
