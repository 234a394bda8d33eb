"""One reaction as a jump within a step of the equations: which one, what it changes, and how the step goes on.

A cell more or less is heard by the rates that are proportional to it; the others, and conditions that are not near, are
looked at when what reads the cells, such as their total, has changed by `stale` of what it was.
"""

from carsim.engines.kernels.happenings import dies_out, fail, is_due, total_of
from carsim.engines.kernels.herd import act, admits
from carsim.engines.kernels.jumps import LARGEST_COUNT, choose, follow, follow_own, hear, is_first, is_unheard
from carsim.engines.kernels.lane import COUNT_TOO_LARGE, IDLE, NEGATIVE_STATE, NOWHERE, TOO_MANY_EVENTS
from carsim.engines.kernels.lanes import apart, kernel, within
from carsim.engines.kernels.looking import is_sound, note_near
from carsim.engines.kernels.samplers import exponential
from carsim.engines.kernels.streams import uniform

RETURN = 1.25  # a rare species is abundant again above so many thresholds
GOES_ON, STOPS, RESUMES, FAILED = 0, 1, 2, 3  # how a part was left: at its end; for what is due; for drift; a failure


@kernel
def jump(lanes, values, workspace, problem, jumps, cells, chance, share):
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
    how = heed(lanes, values, workspace, problem, jumps, chance, reaction)
    if how == GOES_ON and outgrows(workspace, problem.layout, jumps, chance, reaction):
        return RESUMES
    return how


@kernel
def heed(lanes, values, workspace, problem, jumps, chance, reaction):
    """Evaluate what a reaction that has fired has changed: how to go on.

    What is proportional to a species follows it cell by cell. All else, and conditions that are not near, is evaluated
    again only when what listens to the species has changed by `stale` of what it was.
    """
    within()
    layout = problem.layout
    looks = (
        chance.close[reaction]
        or is_first(workspace, layout, jumps, chance, reaction)
        or not is_unheard(lanes, values, workspace, jumps, chance, reaction)
    )
    if looks:
        bad, drifts = follow(lanes, values, workspace, jumps, chance, reaction)
        hear(workspace, jumps, chance, reaction)
        if jumps.conditional[reaction]:
            note_near(workspace, problem.watch, jumps, chance)
        if not is_sound(problem, bad):
            return FAILED
    else:
        drifts = follow_own(workspace, layout, jumps, chance, reaction)
    if calls_for_stop(workspace, problem, jumps, reaction, looks):
        return STOPS
    return RESUMES if drifts else GOES_ON


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
def outgrows(workspace, layout, jumps, chance, reaction):
    """Whether a reaction has made a rare species abundant: its cells need not come one by one any more."""
    apart()
    for k in range(jumps.change_start[reaction], jumps.change_start[reaction + 1]):
        s = jumps.change_species[k]
        if chance.rare[s] and workspace[layout.species + s] > RETURN * chance.threshold:
            return True
    return False


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
