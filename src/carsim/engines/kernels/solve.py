"""The deterministic engine's loop: W patients side by side, each with its own time, step, error and stops.

Until every patient is done: give idle lanes the next patients; let what is due at stops happen; try one step of
Rodas5P in all lanes; then per lane accept or reject, locate what the step ran into, write outputs by dense output.
A lane never waits for another: a patient that finishes is replaced at once.
"""

import numpy as np

from carsim.engines.kernels.happenings import apply_schedule, is_due, next_stop, record, revive, settle, show_state
from carsim.engines.kernels.lane import (
    AT_STOP,
    EXTINCTION,
    IDLE,
    OK,
    STEPPING,
)
from carsim.engines.kernels.lanes import bare, kernel
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import dense_coefficients, dense_state
from carsim.engines.kernels.stepping import judge, try_steps

LOOKS = 4
BISECTIONS = 48  # 2^-48 of a step: below 1e-12 of any time the step can resolve
CLOSE = 0.9  # a located moment before this share of its step is approached by a shorter step first
OVERSHOOT = 1.001  # that step goes so far beyond it


@kernel
def admit(width, workspace, layout, watch, patients, lane, results, next_patient):
    """Give idle lanes the next patients; the first patient not yet admitted."""
    count = patients.count
    for slot in range(width):
        while lane.phase[slot] == IDLE and next_patient < count:
            if not patients.skip[next_patient]:
                begin(width, workspace, layout, watch, patients, lane, results, next_patient, slot)
            next_patient += 1
    return next_patient


@kernel
def begin(width, workspace, layout, watch, patients, lane, results, patient, slot):
    """Set a lane to the start of a patient; a population that starts below its limit is gone, and recorded."""
    for i in range(layout.n_parameters):
        workspace[(layout.parameters + i) * width + slot] = patients.parameters[patient * layout.n_parameters + i]
    for i in range(layout.n_species):
        workspace[(layout.state + i) * width + slot] = patients.initial[patient * layout.n_species + i]
    for i in range(layout.n_modes):
        workspace[(layout.modes + i) * width + slot] = watch.mode_initial[i]
    lane.phase[slot], lane.patient[slot], lane.time[slot] = AT_STOP, patient, results.times[0]
    lane.step[slot], lane.error[slot], lane.last_reason[slot] = 1.0, 1.0, OK
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
            total += patients.initial[patient * layout.n_species + watch.extinction_species[member]]
        lane.alive[k * width + slot] = total >= watch.extinction_below[k]
        if 0.0 < total < watch.extinction_below[k]:
            for member in range(watch.extinction_start[k], watch.extinction_start[k + 1]):
                workspace[(layout.state + watch.extinction_species[member]) * width + slot] = 0.0
            record(lane, results, slot, EXTINCTION, k, 0)


@kernel
def write_output(width, workspace, results, lane, slot):
    """Write the present rows as the lane's next output."""
    patient, k = lane.patient[slot], lane.output[slot]
    for i in range(results.n_rows):
        results.values[(patient * results.n_times + k) * results.n_rows + i] = workspace[results.rows[i] * width + slot]
    lane.output[slot] = k + 1


@kernel
def pass_stops(lanes, values, workspace, layout, programs, watch, schedule, options, lane, results):
    """For lanes at a stop: what is due happens, the output of this moment is written, the next stop is found."""
    width = len(lanes)
    derived = False
    for slot in range(width):
        if lane.phase[slot] == AT_STOP:
            follow = apply_schedule(width, workspace, layout, options, schedule, watch, lane, results, slot)
            derived = derived or follow or lane.first[slot] != 0
    settle(lanes, values, workspace, layout, programs, watch, options, lane, results, derived)
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


@kernel
def locate(lanes, values, workspace, layout, programs, watch, options, lane):
    """Find in each accepted step the first moment at which something has to happen, by bisection of dense output.

    It is looked for at even shares of the step: what comes to hold and ceases again between two of them is not seen.
    A moment well inside a step is approached once more by a shorter step that ends just beyond it: near a step's end
    dense output is as exact as the method, and the state there is the one at which the condition was seen to hold.
    """
    width = len(lanes)
    found = False
    for look in range(LOOKS):
        share = (look + 1) / LOOKS
        for slot in range(width):
            workspace[layout.share * width + slot] = share
        dense_state(lanes, workspace, layout, options.signed)
        run(lanes, values, workspace, programs.watching)
        for slot in range(width):
            if lane.accepted[slot] and not lane.located[slot] and is_due(width, workspace, layout, watch, lane, slot):
                lane.located[slot] = True
                lane.low[slot], lane.high[slot] = look / LOOKS, share
                found = True
    if not found:
        return
    for _ in range(BISECTIONS):
        for slot in range(width):
            workspace[layout.share * width + slot] = 0.5 * (lane.low[slot] + lane.high[slot])
        dense_state(lanes, workspace, layout, options.signed)
        run(lanes, values, workspace, programs.watching)
        for slot in range(width):
            if lane.located[slot]:
                middle = 0.5 * (lane.low[slot] + lane.high[slot])
                if is_due(width, workspace, layout, watch, lane, slot):
                    lane.high[slot] = middle
                else:
                    lane.low[slot] = middle
    for slot in range(width):
        if lane.located[slot] and lane.high[slot] < CLOSE and not lane.refined[slot]:
            lane.step[slot] = lane.tried[slot] * lane.high[slot] * OVERSHOOT
            lane.refined[slot] = True
            lane.accepted[slot], lane.located[slot] = False, False


@kernel
def write_outputs(lanes, values, workspace, layout, programs, options, lane, results):
    """Write every output inside the accepted steps; those at a stop wait for what happens there."""
    width = len(lanes)
    while True:
        any_output = False
        for slot in range(width):
            workspace[layout.share * width + slot] = 1.0
            if not lane.accepted[slot] or lane.output[slot] == results.n_times:
                continue
            end = step_end(lane, slot)
            time = results.times[lane.output[slot]]
            if time < end or (time == end and not (lane.lands[slot] or lane.located[slot])):
                workspace[layout.share * width + slot] = (time - lane.time[slot]) / lane.tried[slot]
                lane.settling[slot] = True
                any_output = True
        if not any_output:
            return
        dense_state(lanes, workspace, layout, options.signed)
        run(lanes, values, workspace, programs.output)
        for slot in range(width):
            if lane.settling[slot]:
                write_output(width, workspace, results, lane, slot)
                lane.settling[slot] = False


@kernel
def step_end(lane, slot):
    """The time to which an accepted step leads."""
    if lane.located[slot]:
        return lane.time[slot] + lane.high[slot] * lane.tried[slot]
    return lane.stop[slot] if lane.lands[slot] else lane.time[slot] + lane.tried[slot]


@kernel
def go_on(lanes, workspace, layout, watch, options, lane, results):
    """Make the accepted candidates (or located moments) the state; finish lanes with all outputs written."""
    width = len(lanes)
    moved = False
    for slot in range(width):
        workspace[layout.share * width + slot] = lane.high[slot] if lane.located[slot] else 1.0
        moved = moved or lane.located[slot] != 0
    if moved:
        dense_state(lanes, workspace, layout, options.signed)
    for slot in range(width):
        if not lane.accepted[slot]:
            continue
        first = layout.species if lane.located[slot] else layout.candidate
        for s in range(layout.n_species):
            workspace[(layout.state + s) * width + slot] = workspace[(first + s) * width + slot]
        lane.time[slot] = step_end(lane, slot)
        lane.refined[slot] = False
        if lane.output[slot] == results.n_times:
            lane.phase[slot] = IDLE
        elif lane.located[slot] or lane.lands[slot]:
            lane.phase[slot] = AT_STOP
        else:
            revive(width, workspace, layout, watch, lane, slot)


def solve(lanes, values, partials, space, problem):
    """Integrate all patients; see the module's text. `values` and `partials` are addresses of the laws' evaluator."""
    integrate(lanes, values, partials, bare(space), bare(problem))


@kernel
def integrate(lanes, values, partials, workspace, problem):
    """The loop itself, on bare pointers."""
    width, layout, programs = len(lanes), problem.layout, problem.programs
    watch, options, lane, results = problem.watch, problem.options, problem.lane, problem.results
    next_patient = 0
    watched = watch.n_extinctions + watch.n_events + layout.n_modes > 0
    for slot in range(width):
        lane.phase[slot] = IDLE
        lane.tried[slot] = 1.0
        lane.settling[slot] = False
    while True:
        next_patient = admit(width, workspace, layout, watch, problem.patients, lane, results, next_patient)
        stops, steps = False, False
        for slot in range(width):
            stops = stops or lane.phase[slot] == AT_STOP
            steps = steps or lane.phase[slot] == STEPPING
        if not stops and not steps:
            return
        if stops:
            pass_stops(lanes, values, workspace, layout, programs, watch, problem.schedule, options, lane, results)
        try_steps(lanes, values, partials, workspace, layout, programs, problem.factors, options, lane)
        for slot in range(width):
            lane.accepted[slot], lane.located[slot] = False, False
            if lane.phase[slot] == STEPPING:
                judge(width, workspace, layout, options, lane, results, slot)
        dense_coefficients(lanes, workspace, layout)
        if watched:
            locate(lanes, values, workspace, layout, programs, watch, options, lane)
        write_outputs(lanes, values, workspace, layout, programs, options, lane, results)
        go_on(lanes, workspace, layout, watch, options, lane, results)
