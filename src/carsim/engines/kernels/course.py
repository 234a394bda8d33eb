"""A patient's way through its stops, as every engine goes it: how it begins, what happens at a stop, how it leaves."""

import numpy as np

from carsim.engines.kernels.happenings import apply_schedule, next_stop, record, settle, show_state
from carsim.engines.kernels.lane import AT_STOP, EXTINCTION, IDLE, OK, STEPPING
from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.program import run
from carsim.engines.kernels.samplers import whole


@kernel
def begin(width, workspace, layout, watch, patients, lane, results, patient, slot):
    """Set a lane to the start of a patient; a population that starts below its limit is gone, and recorded."""
    apart()
    for i in range(layout.n_parameters):
        workspace[(layout.parameters + i) * width + slot] = patients.parameters[patient * layout.n_parameters + i]
    for i in range(layout.n_species):
        workspace[(layout.state + i) * width + slot] = patients.initial[patient * layout.n_species + i]
        place = (layout.state + i) * width + slot
        if lane.counted[i] and 0.0 < workspace[place] < lane.few[0]:
            workspace[place] = lane.unit[0] * whole(lane.stream, workspace[place] / lane.unit[0])
    for i in range(layout.n_modes):
        workspace[(layout.modes + i) * width + slot] = watch.mode_initial[i]
    lane.phase[slot], lane.patient[slot], lane.time[slot] = AT_STOP, patient, results.times[0]
    lane.step[slot], lane.last_reason[slot] = 1.0, OK
    lane.fresh[slot], lane.first[slot] = True, True
    lane.refined[slot] = False
    lane.output[slot], lane.dose[slot], lane.visit[slot], lane.visit_end[slot] = 0, 0, 0, 0
    while lane.visit_end[slot] < watch.n_visits and watch.visit_time[lane.visit_end[slot]] < lane.time[slot]:
        lane.visit_end[slot] += 1
    for event in range(watch.n_events):
        lane.holds[event * width + slot], lane.armed[event * width + slot], lane.fired[event * width + slot] = (
            False,
            False,
            0,
        )
        lane.since[event * width + slot], lane.last[event * width + slot], lane.pending[event * width + slot] = (
            np.inf,
            -np.inf,
            np.inf,
        )
    for k in range(watch.n_extinctions):
        total = 0.0
        for member in range(watch.extinction_start[k], watch.extinction_start[k + 1]):
            total += workspace[(layout.state + watch.extinction_species[member]) * width + slot]
        lane.alive[k * width + slot] = total >= watch.extinction_below[k]
        if 0.0 < total < watch.extinction_below[k]:
            for member in range(watch.extinction_start[k], watch.extinction_start[k + 1]):
                workspace[(layout.state + watch.extinction_species[member]) * width + slot] = 0.0
            record(lane, results, slot, EXTINCTION, k, 0)


@kernel
def write_output(width, workspace, results, lane, slot):
    """Write the present rows as the lane's next output."""
    apart()
    patient, k = lane.patient[slot], lane.output[slot]
    for i in range(results.n_rows):
        results.values[(patient * results.n_times + k) * results.n_rows + i] = workspace[results.rows[i] * width + slot]
    lane.output[slot] = k + 1


@kernel
def happen(lanes, values, workspace, layout, programs, watch, schedule, options, lane, results):
    """For lanes at a stop: scheduled changes, then extinctions, modes and events that are due."""
    apart()
    width = len(lanes)
    derived = False
    for slot in range(width):
        if lane.phase[slot] == AT_STOP:
            follow = apply_schedule(width, workspace, layout, options, schedule, watch, lane, results, slot)
            derived = derived or follow or lane.first[slot] != 0
    settle(lanes, values, workspace, layout, programs, watch, options, lane, results, derived)


@kernel
def leave(lanes, values, workspace, layout, programs, watch, schedule, lane, results):
    """For lanes at a stop: the output of this moment is written and the next stop is found; or the patient is done."""
    apart()
    width = len(lanes)
    show_state(lanes, workspace, layout)
    run(lanes, values, workspace, programs.output)
    for slot in range(width):
        if lane.phase[slot] != AT_STOP:
            continue
        if results.times[lane.output[slot]] == lane.time[slot]:
            write_output(width, workspace, results, lane, slot)
        if lane.output[slot] == results.n_times:
            lane.phase[slot] = IDLE
            continue
        lane.stop[slot] = next_stop(width, schedule, watch, lane, slot)
        lane.phase[slot] = STEPPING
