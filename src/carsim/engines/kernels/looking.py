"""What is looked at within a step that jumps are walked through: all rates, conditions, and how far jumps have got.

After most jumps only what they change is evaluated (`jumps`); a look evaluates everything anew. In between, rates that
are left in the equations drift, and each has a slack within which the step goes on.
"""

import numpy as np

from carsim.engines.kernels.happenings import fail
from carsim.engines.kernels.jumps import NO_REACTION, plant
from carsim.engines.kernels.lane import NEGATIVE_RATE
from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import dense_state

LOOKS = 4  # nodes at least where conditions are watched, as in the deterministic engine
NEAR = 2.0  # times `stale`, of the larger of both: so near its threshold a condition is looked at after every jump


@kernel
def is_watched(problem):
    """Whether anything can happen but by the schedule."""
    return problem.watch.n_extinctions + problem.watch.n_events + problem.layout.n_modes > 0


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
        note_near(workspace, problem.watch, jumps, chance)
    for k in range(jumps.n_listeners):
        chance.heard[k] = workspace[jumps.listener[k]]
    return is_sound(problem, plant(workspace, jumps, chance, drifting))


@kernel
def note_near(workspace, watch, jumps, chance):
    """Mark the reactions by which a condition can come to hold that is near its threshold."""
    apart()
    share = NEAR * chance.stale
    for r in range(jumps.n_reactions):
        chance.close[r] = False
    for c in range(watch.n_conditions):
        value, threshold = workspace[watch.condition_row[c]], workspace[watch.condition_threshold[c]]
        if abs(value - threshold) <= share * max(abs(value), abs(threshold)):
            for i in range(jumps.behind_start[c], jumps.behind_start[c + 1]):
                chance.close[jumps.behind[i]] = True


@kernel
def is_sound(problem, bad):
    """Fail the patient where a reaction has a bad rate."""
    if bad != NO_REACTION:
        fail(problem.lane, problem.results, 0, NEGATIVE_RATE, problem.layout.n_species + bad)
    return bad == NO_REACTION


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
            unseen = options.absolute[s] / problem.lane.tried[0] if chance.drift_limit > 0.0 else 0.0
            allowed = max(chance.drift_limit * turnover[s], unseen)
            slack = min(slack, allowed / abs(jumps.change_amount[k]))
        chance.slack[r] = slack


@kernel
def has_moved(workspace, jumps, chance):
    """Whether jumps have changed what listens to them so much that the drift it makes counts in a longer step."""
    apart()
    moved = False
    for k in range(jumps.n_listeners):
        change = abs(workspace[jumps.listener[k]] - chance.heard[k])
        moved = moved or change > chance.stale / LOOKS * abs(chance.heard[k])
    return moved and chance.stale > 0.0


@kernel
def has_drifted(jumps, chance):
    """Whether jumps have moved any rate of the equations by more than its slack."""
    apart()
    drifted = False
    for r in range(jumps.n_reactions):
        drifted = drifted or (not chance.jumping[r] and abs(chance.drift[r]) > chance.slack[r])
    return drifted
