"""One step of every lane: how long, tried by Rodas5P, accepted or rejected by its error, finiteness and sign.

The next step is as long as the error of this one allows, by the order of its estimate alone, as in RODAS: with a memory
of the step before (a PI controller) steps grew by some per cent where they could have doubled, and half as many again
were taken. The error is the largest over the species (so a species that rests at zero does not count), scaled by what
is asked of each. A rejected step is followed by one that does not grow; one that would pass the next stop ends there.
"""

import numpy as np

from carsim.engines.kernels.happenings import fail, show_state
from carsim.engines.kernels.lane import NEGATIVE_STATE, NOT_FINITE, OK, STEP_TOO_SMALL, STEPPING, TOO_MANY_STEPS
from carsim.engines.kernels.lanes import apart, kernel, larger, load, magnitude, splat, store
from carsim.engines.kernels.linear import factorise
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import GAMMA, ORDER, STAGES, stages

SAFETY = 0.9
GROWTH, SHRINK = 100.0, 0.2  # after a dose the first step may be a millionth of what soon is due
LENIENCE = 3.0  # tolerances that the estimate may be: outputs are then off by three (those of LSODA by 24)
SHORTEST = 1e-25
ANY_CELL = 1e300  # times a state that is not zero: more than anything falls by


@kernel
def first_step(width, workspace, layout, options, slot):
    """A cautious step from the slope alone: an error of order 5 would then stay near the tolerance."""
    fastest = 0.0
    for s in range(layout.n_species):
        scale = options.absolute[s] + options.relative * abs(workspace[(layout.state + s) * width + slot])
        fastest = max(fastest, abs(workspace[(layout.derivative + s) * width + slot]) / scale)
    return min(1.0, options.relative**-0.8 / max(fastest, SHORTEST))


@kernel
def choose_steps(lanes, workspace, layout, options, lane):
    """The step each lane tries: its own wish, cut so that the next stop is hit exactly; its factors for the matrix."""
    apart()
    width = len(lanes)
    note_drains(lanes, workspace, layout, options)
    for slot in range(width):
        if lane.phase[slot] != STEPPING:
            workspace[layout.inverse_step * width + slot] = 1.0
            continue
        if lane.fresh[slot]:
            guess = first_step(width, workspace, layout, options, slot)
            lane.step[slot] = guess if lane.first[slot] else min(guess, lane.step[slot])
            lane.fresh[slot], lane.first[slot] = False, False
        suspect = workspace[layout.suspect * width + slot] > 0.0
        lane.drained[slot] = drained(width, workspace, layout, options, slot) if suspect else -1
        remaining = lane.stop[slot] - lane.time[slot]
        tried = lane.step[slot]
        lane.lands[slot] = tried >= remaining * (1.0 - 1e-9)
        lane.short[slot] = tried > 0.5 * remaining
        if lane.lands[slot]:
            tried = remaining
        elif lane.short[slot]:
            tried = 0.5 * remaining
        lane.tried[slot] = tried
        workspace[layout.inverse_step * width + slot] = 1.0 / tried


@kernel
def note_drains(lanes, workspace, layout, options):
    """Make the row `suspect` above zero in each lane in which a species may be drained."""
    apart()
    worst = splat(lanes, -1.0)
    for s in range(layout.n_species):
        if not options.signed[s]:
            fall = -load(lanes, workspace, layout.derivative + s) - options.absolute[s]
            worst = larger(worst, fall - load(lanes, workspace, layout.state + s) * ANY_CELL)
    store(workspace, layout.suspect, worst)


@kernel
def drained(width, workspace, layout, options, slot):
    """A species at zero that is still consumed, or -1: clipping would repair in silence what its rates get wrong."""
    for s in range(layout.n_species):
        falls = workspace[(layout.derivative + s) * width + slot] < -options.absolute[s]
        if falls and workspace[(layout.state + s) * width + slot] == 0.0 and not options.signed[s]:
            return s
    return -1


@kernel
def try_steps(lanes, values, partials, workspace, layout, programs, factors, options, lane):
    """One step of the method in every lane: the candidate, its scaled error, a row that is zero if it is finite, and
    one that is above zero if a state is negative.
    """
    apart()
    show_state(lanes, workspace, layout)
    run(lanes, values, workspace, programs.rates)
    choose_steps(lanes, workspace, layout, options, lane)
    run(lanes, partials, workspace, programs.matrix)
    shift = load(lanes, workspace, layout.inverse_step) * (1.0 / GAMMA)
    for s in range(layout.n_species):
        row = layout.diagonal + s
        store(workspace, row, load(lanes, workspace, row) + shift)
    defect = factorise(lanes, workspace, factors, layout.inverse)
    stages(lanes, values, workspace, layout, programs.rates, factors)
    worst, least = splat(lanes, 0.0), splat(lanes, 0.0)
    for s in range(layout.n_species):
        start, end = load(lanes, workspace, layout.state + s), load(lanes, workspace, layout.candidate + s)
        estimate = load(lanes, workspace, layout.stages + (STAGES - 1) * layout.n_species + s)
        size = larger(magnitude(start), magnitude(end))
        error = magnitude(estimate) / (size * options.relative + options.absolute[s])
        worst = larger(worst, error)
        defect = defect + ((end - end) + (error - error))
        if not options.signed[s]:
            least = larger(least, -end)
    store(workspace, layout.error, worst)
    store(workspace, layout.suspect, least)
    store(workspace, layout.defect, defect)


@kernel
def judge(width, workspace, layout, options, lane, results, slot):
    """Accept or reject a lane's step and choose the next one."""
    apart()
    patient = lane.patient[slot]
    tried = lane.tried[slot]
    lane.accepted[slot] = False
    lane.located[slot] = False
    results.steps[patient] += 1
    if results.steps[patient] > options.max_steps:
        fail(lane, results, slot, TOO_MANY_STEPS, widest_error(width, workspace, layout, options, slot))
        return
    if lane.drained[slot] >= 0:
        fail(lane, results, slot, NEGATIVE_STATE, lane.drained[slot])
        return
    if workspace[layout.defect * width + slot] != 0.0:
        reject(width, workspace, layout, options, lane, results, slot, NOT_FINITE, tried * SHRINK)
        return
    error = workspace[layout.error * width + slot] / LENIENCE
    factor = min(GROWTH, max(SHRINK, SAFETY * error ** (-1.0 / ORDER)))
    if error > 1.0:
        reject(width, workspace, layout, options, lane, results, slot, STEP_TOO_SMALL, tried * factor)
        return
    negative = workspace[layout.suspect * width + slot] > 0.0
    if negative and is_negative(width, workspace, layout, options, slot) >= 0:
        results.negative[patient] += 1
        reject(width, workspace, layout, options, lane, results, slot, NEGATIVE_STATE, tried * 0.5)
        return
    if lane.last_reason[slot] != OK:
        factor = min(1.0, factor)
    wish = tried * factor
    lane.step[slot] = max(wish, lane.step[slot]) if lane.short[slot] else wish
    lane.last_reason[slot] = OK
    lane.accepted[slot] = True
    if not negative:
        return
    for s in range(layout.n_species):
        place = (layout.candidate + s) * width + slot
        if workspace[place] < 0.0 and not options.signed[s]:
            workspace[place] = 0.0
            results.clipped[patient] += 1


@kernel
def reject(width, workspace, layout, options, lane, results, slot, reason, step):
    """Try again with a shorter step, or give up where no shorter step exists."""
    apart()
    results.rejected[lane.patient[slot]] += 1
    lane.step[slot] = step
    lane.last_reason[slot] = reason
    if step > SHORTEST + 1e-15 * abs(lane.time[slot]):
        return
    row = widest_error(width, workspace, layout, options, slot)
    if reason == NEGATIVE_STATE:
        row = is_negative(width, workspace, layout, options, slot)
    fail(lane, results, slot, reason, row)


@kernel
def is_negative(width, workspace, layout, options, slot):
    """The first species whose candidate is negative beyond its tolerance, or -1."""
    for s in range(layout.n_species):
        value = workspace[(layout.candidate + s) * width + slot]
        if value < 0.0 and not options.signed[s]:
            start = workspace[(layout.state + s) * width + slot]
            if value < -(options.absolute[s] + options.relative * abs(start)):
                return s
    return -1


@kernel
def widest_error(width, workspace, layout, options, slot):
    """The species that makes the step fail: not finite in slope, pivot or candidate, else of the largest error."""
    apart()
    widest, largest = 0, -1.0
    for s in range(layout.n_species):
        slope = workspace[(layout.derivative + s) * width + slot]
        end = workspace[(layout.candidate + s) * width + slot]
        inverse = workspace[(layout.inverse + s) * width + slot]
        if not (np.isfinite(slope) and np.isfinite(end) and np.isfinite(inverse) and inverse != 0.0):
            return s
        start = workspace[(layout.state + s) * width + slot]
        estimate = workspace[(layout.stages + (STAGES - 1) * layout.n_species + s) * width + slot]
        error = abs(estimate) / (options.absolute[s] + options.relative * max(abs(start), abs(end)))
        if error > largest:
            widest, largest = s, error
    return widest
