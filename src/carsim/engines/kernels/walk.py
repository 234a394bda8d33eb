"""What fires as jumps while the equations take one step: the walk from its beginning to its end, or to where it stops.

The step has been taken without the reactions that fire as jumps. The walk goes through it in nodes; in each the state
of the equations is frozen at the node's middle (the midpoint rule for the integrated hazard: second order), and within
a node reactions fire by the direct method, each followed by new propensities, or by leaps. A unit exponential runs down
by the hazard gone through and goes on over nodes and steps, so that neither changes the law.

How many nodes: so many that the midpoint rule's error of the hazard and of its course within a node stay below
`hazard_tolerance` (from the propensities at the step's two ends and middle).

The walk ends before the step does where a condition comes to hold, where a rare species has become abundant, or where
jumps have moved a rate of the equations by more than its slack (see `looking`): the equations then go on from there
with what has changed.
"""

import math

import numpy as np

from carsim.engines.kernels.course import write_output
from carsim.engines.kernels.firing import FAILED, GOES_ON, RESUMES, STOPS, jump, too_large, too_many, turns_up
from carsim.engines.kernels.happenings import is_due, revive
from carsim.engines.kernels.lane import AT_STOP, IDLE, STEPPING
from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.leaping import leap, leap_length
from carsim.engines.kernels.looking import LOOKS, has_drifted, has_moved, is_watched, look, set_slack, show_at
from carsim.engines.kernels.program import run

MOST_NODES = 64  # of one walk; a step that needs more is walked in parts
BISECTIONS = 40  # to 1e-12 of a step, as in the deterministic engine
FEW = 10.0  # a leap that would hold fewer reactions than this is taken reaction by reaction
BURST = 100  # reactions one by one before another leap is considered


@kernel
def walk(lanes, values, workspace, problem, jumps, cells, chance):
    """Walk through the accepted step; leaves the state, the time and the phase at its end."""
    apart()
    nodes = node_count(lanes, values, workspace, problem, jumps, chance)
    share, how = 0.0, GOES_ON
    for node in range(min(nodes, MOST_NODES)):
        right = first_due(lanes, values, workspace, problem, chance, share, (node + 1) / nodes)
        middle = 0.5 * (share + right)
        if not look(lanes, values, workspace, problem, jumps, chance, middle, False):
            return
        share, how = pass_node(lanes, values, workspace, problem, jumps, cells, chance, share, middle, right)
        if how == GOES_ON:
            share, how = end_node(lanes, values, workspace, problem, chance, share, right)
        if how == GOES_ON and node + 1 < nodes and has_moved(workspace, jumps, chance):
            if not look(lanes, values, workspace, problem, jumps, chance, middle, True):
                return
            how = RESUMES if has_drifted(jumps, chance) else GOES_ON
        if how == FAILED:
            return
        if how != GOES_ON:
            break
    finish(lanes, workspace, problem, chance, share, how == STOPS)


@kernel
def is_over(problem):
    """Whether all outputs are written: what a step holds beyond the last one is not gone through."""
    return problem.lane.output[0] == problem.results.n_times


@kernel
def node_count(lanes, values, workspace, problem, jumps, chance):
    """Nodes that keep the hazard's error below tolerance; clears what jumps have changed and drifted.

    With D the second difference and V the first of the propensities at the ends and the middle, A their mean: the
    midpoint rule in m nodes is off by D / (6 m^2), and within a node the hazard gone through by V / (8 m) of it.
    """
    apart()
    layout = problem.layout
    for s in range(layout.n_species):
        workspace[layout.moved + s] = 0.0
    curve, slope, mean = 0.0, 0.0, 0.0
    for half in range(3):
        show_at(lanes, workspace, problem, chance, 0.5 * half)
        run(lanes, values, workspace, problem.programs.rates)
        if half == 0:
            set_slack(workspace, problem, jumps, chance)
        for r in range(jumps.n_reactions):
            rate = workspace[jumps.rate[r]] if chance.jumping[r] else 0.0
            if half == 0:
                chance.known[r] = rate
            elif half == 1:
                chance.drift[r] = rate
            else:
                curve += abs(chance.known[r] - 2.0 * chance.drift[r] + rate)
                slope += abs(rate - chance.known[r])
                mean += (chance.known[r] + 4.0 * chance.drift[r] + rate) / 6.0
    for r in range(jumps.n_reactions):
        chance.drift[r] = 0.0
    least = LOOKS if is_watched(problem) else 1
    if not mean > 0.0:
        return least
    expected = mean * problem.lane.tried[0]
    needed = max(curve / (6.0 * mean), slope / (8.0 * mean) * min(expected, 1.0)) / chance.hazard_tolerance
    return max(least, math.ceil(math.sqrt(min(needed, 1e8))))


@kernel
def pass_node(lanes, values, workspace, problem, jumps, cells, chance, share, middle, right):
    """Let reactions fire until the node's end: (share of the step reached, how it was left)."""
    apart()
    left = 0  # of a burst of reactions one by one
    while True:
        if chance.epsilon > 0.0 and left == 0:
            leapt, share, how = try_leap(lanes, values, workspace, problem, jumps, chance, share, middle, right)
            if how != GOES_ON or share >= right:
                return share, how
            if leapt:
                continue
            left = BURST
        total, length = chance.tree[1], problem.lane.tried[0]
        hazard = total * (right - share) * length
        if hazard <= chance.clock[0]:
            return share, GOES_ON  # the rest of the node: see `end_node`
        share = min(share + chance.clock[0] / (total * length), right)
        write_before(lanes, values, workspace, problem, chance, share, False)
        if is_over(problem):
            return share, RESUMES
        left -= left > 0
        how = jump(lanes, values, workspace, problem, jumps, cells, chance, share)
        if how != GOES_ON:
            return share, how


@kernel
def try_leap(lanes, values, workspace, problem, jumps, chance, share, middle, right):
    """Leap within the node where that is worth it: (whether there was a leap, share reached, how it was left)."""
    apart()
    lane, length = problem.lane, problem.lane.tried[0]
    end = min(right, next_output(problem))  # outputs end leaps, so that each shows the state of its moment
    room = (end - share) * length
    span = min(leap_length(workspace, problem.layout, jumps, chance), room)
    if not (span * chance.tree[1] > FEW and leap(workspace, problem.layout, jumps, chance, lane, span)):
        return False, share, GOES_ON
    share = end if span >= room else share + span / length
    if too_many(problem, chance) or not look(lanes, values, workspace, problem, jumps, chance, middle, True):
        return True, share, FAILED
    if too_large(workspace, problem, jumps, chance):
        return True, share, FAILED
    if is_watched(problem) and turns_up(workspace, problem):
        return True, share, STOPS
    if has_drifted(jumps, chance):
        return True, share, RESUMES
    if share < right:
        write_before(lanes, values, workspace, problem, chance, share, True)
        if is_over(problem):
            return True, share, RESUMES
    return True, share, GOES_ON


@kernel
def next_output(problem):
    """Share of the step at which the next output lies."""
    lane, results = problem.lane, problem.results
    if lane.output[0] == results.n_times:
        return np.inf
    return (results.times[lane.output[0]] - lane.time[0]) / lane.tried[0]


@kernel
def write_before(lanes, values, workspace, problem, chance, share, also):
    """Write every output before this share of the step (`also`: and at it); it leaves the rows as they are."""
    apart()
    if next_output(problem) > share:
        return
    layout = problem.layout
    rows = layout.keep - layout.species
    for i in range(rows):
        workspace[layout.aside + i] = workspace[layout.species + i]
    while problem.lane.output[0] < problem.results.n_times:
        at = next_output(problem)
        if at > share or (at == share and not also):
            break
        show_at(lanes, workspace, problem, chance, at)
        run(lanes, values, workspace, problem.programs.output)
        write_output(1, workspace, problem.results, problem.lane, 0)
    for i in range(rows):
        workspace[layout.species + i] = workspace[layout.aside + i]


@kernel
def end_node(lanes, values, workspace, problem, chance, share, right):
    """Go from the last jump to the node's end, or to where a condition comes to hold: (share, how).

    The clock runs down by the hazard on the way, and the outputs on it are written.
    """
    apart()
    begun, total = share, chance.tree[1]
    right = first_due(lanes, values, workspace, problem, chance, share, right)
    due = is_watched(problem) and is_due_at(lanes, values, workspace, problem, chance, right)
    chance.clock[0] -= total * (right - begun) * problem.lane.tried[0]
    write_before(lanes, values, workspace, problem, chance, right, False)
    if is_over(problem):
        return right, RESUMES
    return right, STOPS if due else GOES_ON


@kernel
def first_due(lanes, values, workspace, problem, chance, low, high):
    """The first share of the step, between two, from which something has to happen, as cells now are; else the last.

    Looked for before the jumps of a node too: one that fires after that moment must not hide it.
    """
    apart()
    if not is_watched(problem) or not is_due_at(lanes, values, workspace, problem, chance, high):
        return high
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        if is_due_at(lanes, values, workspace, problem, chance, middle):
            high = middle
        else:
            low = middle
    return high


@kernel
def is_due_at(lanes, values, workspace, problem, chance, share):
    """Whether anything has to happen at a share of the step."""
    apart()
    show_at(lanes, workspace, problem, chance, share)
    run(lanes, values, workspace, problem.programs.watching)
    return is_due(1, workspace, problem.layout, problem.watch, problem.lane, 0)


@kernel
def finish(lanes, workspace, problem, chance, share, stops):
    """Make the state at this share of the step the state, from which the course goes on."""
    apart()
    layout, lane = problem.layout, problem.lane
    show_at(lanes, workspace, problem, chance, share)
    for s in range(layout.n_species):
        workspace[layout.state + s] = workspace[layout.species + s]
    whole_step = share >= 1.0
    if not whole_step:  # ended by what fired, which has a limit of its own
        problem.results.steps[lane.patient[0]] -= 1
    end = lane.stop[0] if lane.lands[0] else lane.time[0] + lane.tried[0]
    lane.time[0] = end if whole_step else lane.time[0] + share * lane.tried[0]
    lane.refined[0] = False
    if is_over(problem):
        lane.phase[0] = IDLE
    elif stops or (whole_step and lane.lands[0]):
        lane.phase[0] = AT_STOP
    else:
        lane.phase[0] = STEPPING
        revive(1, workspace, layout, problem.watch, lane, 0)
