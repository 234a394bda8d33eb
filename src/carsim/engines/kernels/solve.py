"""The deterministic engine's loop: W patients side by side, each with its own time, step, error and stops.

Until every patient is done: give idle lanes the next patients; let what is due at stops happen; try one step of
Rodas5P in all lanes; then per lane accept or reject, locate what the step ran into, write outputs by dense output.
A lane never waits for another: a patient that finishes is replaced at once.
"""

from carsim.engines.kernels.course import begin, happen, leave, write_output
from carsim.engines.kernels.happenings import is_due, revive
from carsim.engines.kernels.lane import AT_STOP, IDLE, STEPPING
from carsim.engines.kernels.lanes import apart, bare, kernel, load, store
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import dense_coefficients, dense_state
from carsim.engines.kernels.stepping import judge, try_steps
from carsim.engines.kernels.views import viewed

LOOKS = 4
BISECTED = 1e-12  # of a step: the length to which a moment is narrowed down
ROUGHLY = 1e-3  # the same where it is approached by a shorter step first
CLOSE = 0.9  # a located moment before this share of its step is approached by a shorter step first
OVERSHOOT = 1.001  # that step goes so far beyond it


@kernel
def admit(width, workspace, layout, watch, patients, lane, results, next_patient, last):
    """Give idle lanes the next patients, up to before `last`; the first patient not yet admitted."""
    for slot in range(width):
        while lane.phase[slot] == IDLE and next_patient < last:
            if not patients.skip[next_patient]:
                begin(width, workspace, layout, watch, patients, lane, results, next_patient, slot)
            next_patient += 1
    return next_patient


@kernel
def pass_stops(lanes, values, workspace, layout, programs, watch, schedule, options, lane, results):
    """For lanes at a stop: what is due happens, the output of this moment is written, the next stop is found."""
    happen(lanes, values, workspace, layout, programs, watch, schedule, options, lane, results)
    leave(lanes, values, workspace, layout, programs, watch, schedule, lane, results)


@kernel
def locate(lanes, values, workspace, layout, programs, watch, options, lane):
    """Find in each accepted step the first moment at which something has to happen, by bisection of dense output.

    It is looked for at even shares of the step: what comes to hold and ceases again between two of them is not seen.
    A moment well inside a step is approached once more by a shorter step that ends just beyond it: near a step's end
    dense output is as exact as the method, and the state there is the one at which the condition was seen to hold.
    """
    apart()
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
    while True:
        unknown = False
        for slot in range(width):
            workspace[layout.share * width + slot] = 0.5 * (lane.low[slot] + lane.high[slot])
            unknown = unknown or is_open(lane, slot)
        if not unknown:
            break
        dense_state(lanes, workspace, layout, options.signed)
        run(lanes, values, workspace, programs.watching)
        for slot in range(width):
            if is_open(lane, slot):
                middle = 0.5 * (lane.low[slot] + lane.high[slot])
                if is_due(width, workspace, layout, watch, lane, slot):
                    lane.high[slot] = middle
                else:
                    lane.low[slot] = middle
    for slot in range(width):
        if lane.located[slot] and is_approached(lane, slot):
            lane.step[slot] = lane.tried[slot] * lane.high[slot] * OVERSHOOT
            lane.refined[slot] = True
            lane.accepted[slot], lane.located[slot] = False, False


@kernel
def is_approached(lane, slot):
    """Whether a located moment is so far from the end of its step that a shorter step goes there first."""
    return lane.high[slot] < CLOSE and not lane.refined[slot]


@kernel
def is_open(lane, slot):
    """Whether a moment has been located in a lane, and has to be narrowed down further."""
    if not lane.located[slot]:
        return False
    return lane.high[slot] - lane.low[slot] > (ROUGHLY if is_approached(lane, slot) else BISECTED)


@kernel
def write_outputs(lanes, values, workspace, layout, programs, options, lane, results):
    """Write every output inside the accepted steps; those at a stop wait for what happens there."""
    apart()
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
    apart()
    width = len(lanes)
    moved = False
    for slot in range(width):
        workspace[layout.share * width + slot] = lane.high[slot] if lane.located[slot] else 1.0
        moved = moved or lane.located[slot] != 0
    if moved:
        dense_state(lanes, workspace, layout, options.signed)
    together = True
    for slot in range(width):
        together = together and lane.accepted[slot] and not lane.located[slot]
    if together:  # as nearly always
        for s in range(layout.n_species):
            store(workspace, layout.state + s, load(lanes, workspace, layout.candidate + s))
    for slot in range(width):
        if not lane.accepted[slot]:
            continue
        first = layout.species if lane.located[slot] else layout.candidate
        for s in range(0 if together else layout.n_species):
            workspace[(layout.state + s) * width + slot] = workspace[(first + s) * width + slot]
        lane.time[slot] = step_end(lane, slot)
        lane.refined[slot] = False
        if lane.output[slot] == results.n_times:
            lane.phase[slot] = IDLE
        elif lane.located[slot] or lane.lands[slot]:
            lane.phase[slot] = AT_STOP
        else:
            revive(width, workspace, layout, watch, lane, slot)


def solve(lanes, values, partials, space, problem, first, last):
    """Integrate the patients from `first` to before `last`; see the module's text.

    `values` and `partials` are addresses of the laws' evaluator.
    """
    integrate(lanes, values, partials, bare(space), viewed(bare(problem)), first, last)


@kernel
def integrate(lanes, values, partials, workspace, problem, first, last):
    """The loop itself, on bare pointers."""
    width, layout, programs = len(lanes), problem.layout, problem.programs
    watch, options, lane, results = problem.watch, problem.options, problem.lane, problem.results
    next_patient = first
    watched = watch.n_extinctions + watch.n_events + layout.n_modes > 0
    for slot in range(width):
        lane.phase[slot] = IDLE
        lane.tried[slot] = 1.0
        lane.settling[slot] = False
    while True:
        next_patient = admit(width, workspace, layout, watch, problem.patients, lane, results, next_patient, last)
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
