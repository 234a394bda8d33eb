"""What fires as jumps while the equations take one step: the walk from its beginning to its end, or to where it stops.

The step has been taken without the reactions that fire as jumps. The walk goes through it in nodes; in each the state
of the equations is frozen at the node's middle (the midpoint rule for the integrated hazard: second order), and within
a node reactions fire by the direct method, each followed by new propensities, or by leaps. A unit exponential runs down
by the hazard gone through and goes on over nodes and steps, so that neither changes the law.

How many nodes: so many that the midpoint rule's error of the hazard and of its course within a node stay below
`hazard_tolerance` (from the propensities at the step's two ends and middle).

The walk ends before the step does where a condition comes to hold, where a rare species has become abundant, or where
jumps have moved a rate of the equations by more than its slack (see `set_slack`): the equations then go on from there
with what has changed.
"""

import math

import numpy as np

from carsim.engines.kernels.course import write_output
from carsim.engines.kernels.happenings import dies_out, fail, is_due, revive, total_of
from carsim.engines.kernels.herd import act, admits
from carsim.engines.kernels.jumps import (
    LARGEST_COUNT,
    NO_REACTION,
    choose,
    follow,
    follow_own,
    is_minor,
    is_of_many,
    plant,
)
from carsim.engines.kernels.lane import (
    AT_STOP,
    COUNT_TOO_LARGE,
    IDLE,
    NEGATIVE_RATE,
    NEGATIVE_STATE,
    NOWHERE,
    STEPPING,
    TOO_MANY_EVENTS,
)
from carsim.engines.kernels.lanes import apart, kernel, within
from carsim.engines.kernels.leaping import leap, leap_length
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import dense_state
from carsim.engines.kernels.samplers import exponential
from carsim.engines.kernels.streams import uniform

LOOKS = 4  # nodes at least where conditions are watched, as in the deterministic engine
MOST_NODES = 64  # of one walk; a step that needs more is walked in parts
BISECTIONS = 48  # as in the deterministic engine
NEAR = 2.0  # times `stale`: so near its threshold a condition is looked at after every jump
FEW = 10.0  # a leap that would hold fewer reactions than this is taken reaction by reaction
BURST = 100  # reactions one by one before another leap is considered
RETURN = 2.0  # a rare species is abundant again above so many thresholds
GOES_ON, STOPS, RESUMES, FAILED = 0, 1, 2, 3  # how a part was left: at its end; for what is due; for drift; a failure


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
        if how == FAILED:
            return
        if how != GOES_ON:
            break
    finish(lanes, workspace, problem, chance, share, how == STOPS)


@kernel
def is_watched(problem):
    """Whether anything can happen but by the schedule."""
    return problem.watch.n_extinctions + problem.watch.n_events + problem.layout.n_modes > 0


@kernel
def is_over(problem):
    """Whether all outputs are written: what a step holds beyond the last one is not gone through."""
    return problem.lane.output[0] == problem.results.n_times


@kernel
def show_at(lanes, workspace, problem, chance, share):
    """Set the species rows to the state at a share of the step, with what jumps have changed so far."""
    apart()
    layout, signed = problem.layout, problem.options.signed
    workspace[layout.share] = share
    dense_state(lanes, workspace, layout, signed)
    for s in range(layout.n_species):
        moved = workspace[layout.moved + s]
        if chance.rare[s]:
            workspace[layout.species + s] = workspace[layout.state + s] + moved
        elif moved != 0.0:
            value = workspace[layout.species + s] + moved
            workspace[layout.species + s] = value if value > 0.0 or signed[s] else 0.0


@kernel
def look(lanes, values, workspace, problem, jumps, chance, share, drifting):
    """Evaluate all rates, and what is watched, at a share of the step; False where a propensity is bad."""
    apart()
    show_at(lanes, workspace, problem, chance, share)
    run(lanes, values, workspace, problem.programs.rates)
    if is_watched(problem):
        run(lanes, values, workspace, problem.programs.watching)
        chance.near[0] = is_near(workspace, problem.watch, NEAR * chance.stale)
    for s in range(problem.layout.n_species):
        chance.seen[s] = workspace[problem.layout.species + s]
    return is_sound(problem, plant(workspace, jumps, chance, drifting))


@kernel
def is_near(workspace, watch, share):
    """Whether the value of any condition is within this share of its threshold, or of itself."""
    apart()
    near = False
    for c in range(watch.n_conditions):
        value, threshold = workspace[watch.condition_row[c]], workspace[watch.condition_threshold[c]]
        near = near or abs(value - threshold) <= share * max(abs(value), abs(threshold))
    return near


@kernel
def is_sound(problem, bad):
    """Fail the patient where a reaction has a bad rate."""
    if bad != NO_REACTION:
        fail(problem.lane, problem.results, 0, NEGATIVE_RATE, problem.layout.n_species + bad)
    return bad == NO_REACTION


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
def set_slack(workspace, problem, jumps, chance):
    """How far jumps may move each rate of the equations before the step has to end.

    By `drift_limit` of what comes and goes of the species it changes, the slowest of them; a rate that is a small part
    of that may move further. And by what is within the solver's absolute tolerance over the whole step.
    """
    apart()
    layout, options = problem.layout, problem.options
    turnover = chance.trend
    for s in range(layout.n_species):
        turnover[s] = 0.0
    for r in range(jumps.n_reactions):
        rate = abs(workspace[jumps.rate[r]])
        for k in range(jumps.change_start[r], jumps.change_start[r + 1]):
            turnover[jumps.change_species[k]] += abs(jumps.change_amount[k]) * rate
    for r in range(jumps.n_reactions):
        slack = np.inf
        for k in range(jumps.change_start[r], jumps.change_start[r + 1]):
            s = jumps.change_species[k]
            allowed = max(chance.drift_limit * turnover[s], options.absolute[s] / problem.lane.tried[0])
            slack = min(slack, allowed / abs(jumps.change_amount[k]))
        chance.slack[r] = slack


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
        how = jump(lanes, values, workspace, problem, jumps, cells, chance, share, middle)
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
def jump(lanes, values, workspace, problem, jumps, cells, chance, share, middle):
    """Choose a reaction and let it fire: how to go on. The time to the next one is drawn."""
    apart()
    reaction = choose(chance.tree, chance.size, uniform(chance.stream))
    chance.clock[0] = exponential(chance.stream)
    if chance.individuals and not admits(lanes, values, workspace, problem, jumps, cells, chance, reaction):
        return FAILED if problem.lane.phase[0] == IDLE else GOES_ON
    if not fire(workspace, problem, jumps, chance, reaction):
        return FAILED if problem.lane.phase[0] == IDLE else GOES_ON
    if chance.individuals:
        time = problem.lane.time[0] + share * problem.lane.tried[0]
        if not act(lanes, values, workspace, problem, jumps, cells, chance, reaction, time):
            return FAILED
    how = heed(lanes, values, workspace, problem, jumps, chance, middle, reaction)
    if how == GOES_ON and outgrows(workspace, problem.layout, jumps, chance, reaction):
        return RESUMES
    return how


@kernel
def heed(lanes, values, workspace, problem, jumps, chance, middle, reaction):
    """Evaluate what a reaction that has fired has changed: how to go on.

    A cell more or less among many changes the propensities that are proportional to them, and the others so little that
    these, and conditions that are not near, are looked at again only when the many have changed by `stale` of them.
    """
    within()
    layout, looks = problem.layout, True
    close = chance.near[0] and jumps.conditional[reaction]
    if close or not is_of_many(workspace, layout, jumps, chance, reaction):
        bad, drifts = follow(lanes, values, workspace, jumps, chance, reaction)
        sound = is_sound(problem, bad)
    elif is_minor(workspace, layout, jumps, chance, reaction):
        follow_own(workspace, layout, jumps, chance, reaction)
        sound, drifts, looks = True, False, False
    else:
        sound = look(lanes, values, workspace, problem, jumps, chance, middle, True)
        drifts = has_drifted(jumps, chance)
    if not sound:
        return FAILED
    if calls_for_stop(workspace, problem, jumps, reaction, looks):
        return STOPS
    return RESUMES if drifts else GOES_ON


@kernel
def has_drifted(jumps, chance):
    """Whether jumps have moved any rate of the equations by more than its slack."""
    apart()
    drifted = False
    for r in range(jumps.n_reactions):
        drifted = drifted or (not chance.jumping[r] and abs(chance.drift[r]) > chance.slack[r])
    return drifted


@kernel
def outgrows(workspace, layout, jumps, chance, reaction):
    """Whether a reaction has made a rare species abundant: its cells need not come one by one any more."""
    apart()
    for k in range(jumps.change_start[reaction], jumps.change_start[reaction + 1]):
        s = jumps.change_species[k]
        if chance.rare[s] and workspace[layout.species + s] > RETURN * chance.threshold:
            return True
    return False


@kernel
def calls_for_stop(workspace, problem, jumps, reaction, looks):
    """Whether anything has to happen after one reaction, of all that it can bring about.

    `looks`: at conditions too; what changes hardly anything leaves them to the end of the node.
    """
    within()
    if looks and jumps.conditional[reaction]:
        return turns_up(workspace, problem)
    due = False
    for k in range(jumps.touched_start[reaction], jumps.touched_start[reaction + 1]):
        due = due or dies_out(workspace, problem.layout, problem.watch, problem.lane, jumps.touched[k])
    return due


@kernel
def turns_up(workspace, problem):
    """Whether anything has to happen after a jump; a population that it founded can go extinct within this step."""
    apart()
    layout, watch, lane = problem.layout, problem.watch, problem.lane
    for k in range(watch.n_extinctions):
        if total_of(1, workspace, watch, k, layout.species, 0) >= watch.extinction_below[k]:
            lane.alive[k] = True
    return is_due(1, workspace, layout, watch, lane, 0)


@kernel
def fire(workspace, problem, jumps, chance, reaction):
    """Change the state by one reaction; False where it does not take place, or the patient fails by it.

    A species of the equations of which less is left than the reaction takes, a small and fast one, withholds it.
    """
    apart()
    layout, lane, results = problem.layout, problem.lane, problem.results
    chance.events[lane.patient[0]] += 1
    if too_many(problem, chance):
        return False
    first, last = jumps.change_start[reaction], jumps.change_start[reaction + 1]
    for k in range(first, last):
        s = jumps.change_species[k]
        value = workspace[layout.species + s] + jumps.change_amount[k] * chance.weight
        if value < 0.0 and not problem.options.signed[s]:
            if not chance.rare[s]:
                chance.withheld[lane.patient[0]] += 1
                return False
            fail(lane, results, 0, NEGATIVE_STATE, s)
            return False
        if value >= LARGEST_COUNT:
            fail(lane, results, 0, COUNT_TOO_LARGE, s)
            return False
    for k in range(first, last):
        s = jumps.change_species[k]
        workspace[layout.moved + s] += jumps.change_amount[k] * chance.weight
        workspace[layout.species + s] += jumps.change_amount[k] * chance.weight
    return True


@kernel
def too_many(problem, chance):
    """Fail the patient whose reactions are too many to be fired."""
    if chance.events[problem.lane.patient[0]] <= chance.most_events:
        return False
    fail(problem.lane, problem.results, 0, TOO_MANY_EVENTS, NOWHERE)
    return True


@kernel
def too_large(workspace, problem, jumps, chance):
    """Fail the patient who has more cells after a leap than can be counted one by one."""
    for s in range(problem.layout.n_species):
        if chance.rare[s] and jumps.counted[s] and workspace[problem.layout.species + s] >= LARGEST_COUNT:
            fail(problem.lane, problem.results, 0, COUNT_TOO_LARGE, s)
            return True
    return False


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
