"""Equations for what is abundant, jumps for what is rare, one course after the other.

Until all outputs are written: at a stop what is due happens; who is rare is decided; the deterministic engine takes
one step without the reactions that fire as jumps (their rows `keep` are zero); then the walk lets these fire (`walk`).
Where nothing is rare the step ends exactly as the deterministic engine's does, with the same bits.

A species is rare while it has less than `threshold` cells, and until it has a quarter more. But few cells that are fed
by many, as those in blood are by those in marrow, turn over fast and follow the many: such a species is not rare where
more than `most_jumps` of its cells would come and go in one step of the equations. It is fed while species of at least
`threshold` cells replace more than half of what it loses, and its own divisions less than a tenth: then neither its
extinction nor a clone of its own is at stake. Two species that exchange their cells fast are both counted once both are
few. What becomes rare becomes a whole number around what it was, which is its mean. A step that would take a species
from above the threshold to below half of it is tried again, to end in between. Without a threshold, all that counts is
rare for good.
"""

import numpy as np

from carsim.engines.kernels.course import begin, happen, leave
from carsim.engines.kernels.firing import RETURN
from carsim.engines.kernels.happenings import show_state
from carsim.engines.kernels.herd import empty, muster, set_means
from carsim.engines.kernels.lane import AT_STOP, IDLE
from carsim.engines.kernels.lanes import apart, bare, kernel
from carsim.engines.kernels.program import run
from carsim.engines.kernels.rodas5p import dense_coefficients
from carsim.engines.kernels.samplers import exponential, whole
from carsim.engines.kernels.solve import go_on, locate, write_outputs
from carsim.engines.kernels.stepping import judge, try_steps
from carsim.engines.kernels.streams import open_stream
from carsim.engines.kernels.views import viewed
from carsim.engines.kernels.walk import walk

DEEPEST = 0.5  # of the threshold: so far an abundant species may fall below it before it is rare
FED = 0.5  # of what a species loses comes from cells of abundant species, and
OWN = 0.1  # less than so much of it from anywhere else: it is fed
SLOWER = 4.0  # a rare species follows the many only where so many times `most_jumps` would come and go


def hybrid(lanes, values, partials, space, problem, jumps, cells, chance, first, last):
    """Simulate the courses from `first` to before `last`, one after the other."""
    simulate(
        lanes,
        values,
        partials,
        bare(space),
        viewed(bare(problem)),
        viewed(bare(jumps)),
        viewed(bare(cells)),
        viewed(bare(chance)),
        first,
        last,
    )


@kernel
def simulate(lanes, values, partials, workspace, problem, jumps, cells, chance, first, last):
    """The same on bare pointers."""
    apart()
    layout, programs, watch, options = problem.layout, problem.programs, problem.watch, problem.options
    patients, lane, results = problem.patients, problem.lane, problem.results
    for course in range(first, last):
        if chance.stop[0]:
            return
        if patients.skip[course]:
            continue
        open_stream(chance.stream, chance.seed, chance.patient[course], chance.replicate[course], chance.purpose)
        begin(1, workspace, layout, watch, patients, lane, results, course, 0)
        chance.clock[0] = exponential(chance.stream)
        for s in range(layout.n_species):
            chance.rare[s] = False
        if chance.individuals:
            empty(chance.herd, layout.n_species, cells.side)
            run(lanes, values, workspace, programs.derived)
            for s in range(layout.n_species):
                set_means(workspace, cells, chance, s)
        jumping = choose_jumping(workspace, layout, jumps, chance)
        while True:
            if lane.phase[0] == AT_STOP:
                happen(lanes, values, workspace, layout, programs, watch, problem.schedule, options, lane, results)
                if lane.phase[0] == IDLE:
                    break
            jumping = divide(lanes, values, workspace, layout, programs, lane, jumps, chance, jumping)
            if chance.individuals and not muster(lanes, values, workspace, problem, jumps, cells, chance):
                break
            if lane.phase[0] == AT_STOP:
                leave(lanes, values, workspace, layout, programs, watch, problem.schedule, lane, results)
                if lane.phase[0] == IDLE:
                    break
            take_step(lanes, values, partials, workspace, problem, jumps, cells, chance, jumping)
            if lane.phase[0] == IDLE:
                break
        chance.done[course] = True


@kernel
def take_step(lanes, values, partials, workspace, problem, jumps, cells, chance, jumping):
    """One step of the equations, and what fires in it."""
    apart()
    layout, programs, watch, options = problem.layout, problem.programs, problem.watch, problem.options
    lane, results = problem.lane, problem.results
    try_steps(lanes, values, partials, workspace, layout, programs, problem.factors, options, lane)
    lane.accepted[0], lane.located[0] = False, False
    judge(1, workspace, layout, options, lane, results, 0)
    if not lane.accepted[0]:
        return
    if falls_through(workspace, layout, jumps, chance, lane):
        return
    dense_coefficients(lanes, workspace, layout)
    if jumping:
        walk(lanes, values, workspace, problem, jumps, cells, chance)
        return
    if watch.n_extinctions + watch.n_events + layout.n_modes > 0:
        locate(lanes, values, workspace, layout, programs, watch, options, lane)
    write_outputs(lanes, values, workspace, layout, programs, options, lane, results)
    go_on(lanes, workspace, layout, watch, options, lane, results)


@kernel
def falls_through(workspace, layout, jumps, chance, lane):
    """Take back a step in which an abundant species falls far below the threshold, and choose a shorter one."""
    apart()
    share = 1.0
    for s in range(layout.n_species):
        if jumps.counted[s] and not chance.rare[s]:
            start, end = workspace[layout.state + s], workspace[layout.candidate + s]
            if start >= chance.threshold and end < DEEPEST * chance.threshold:
                aim = np.sqrt(DEEPEST) * chance.threshold
                share = min(share, np.log(start / aim) / np.log(start / max(end, 1e-3 * chance.threshold)))
    if share == 1.0:
        return False
    lane.step[0] = share * lane.tried[0]
    lane.accepted[0] = False
    return True


@kernel
def divide(lanes, values, workspace, layout, programs, lane, jumps, chance, jumping):
    """Decide who is rare; True where any reaction fires as jumps."""
    apart()
    undecided = False
    for s in range(layout.n_species):
        if jumps.counted[s]:
            few = workspace[layout.state + s] < chance.threshold
            undecided = undecided or (chance.rare[s] and chance.threshold < np.inf) or (few and not chance.rare[s])
    if not undecided:
        return jumping
    show_state(lanes, workspace, layout)
    run(lanes, values, workspace, programs.rates)
    count_cells(workspace, layout, jumps, chance)
    changed = False
    for s in range(layout.n_species):
        if not jumps.counted[s]:
            continue
        cells = workspace[layout.state + s]
        follows = follows_many(chance, s, lane.step[0])
        if chance.rare[s]:
            if cells > RETURN * chance.threshold or follows:
                chance.rare[s], changed = False, True
        elif cells < chance.threshold and not follows:
            workspace[layout.state + s] = whole(chance.stream, cells / chance.weight) * chance.weight
            chance.rare[s], changed = True, True
    return choose_jumping(workspace, layout, jumps, chance) if changed else jumping


@kernel
def follows_many(chance, s, step):
    """Whether a species of few cells is fed by many, and turns over so fast that it follows them."""
    moved, fed, lost = chance.trend[s], chance.spread[s], chance.lost[s]
    if not (fed > FED * lost and moved - lost - fed < OWN * lost):
        return False
    return moved * step > (SLOWER if chance.rare[s] else 1.0) * chance.most_jumps


@kernel
def count_cells(workspace, layout, jumps, chance):
    """Cells per time, of each species: that come or go (trend), that go (lost), that many others become (spread)."""
    apart()
    moved, fed, lost = chance.trend, chance.spread, chance.lost
    for s in range(layout.n_species):
        moved[s], fed[s], lost[s] = 0.0, 0.0, 0.0
    for r in range(jumps.n_reactions):
        rate = workspace[jumps.rate[r]]
        first, last = jumps.change_start[r], jumps.change_start[r + 1]
        from_many = False
        for k in range(first, last):
            s = jumps.change_species[k]
            many = jumps.counted[s] and not chance.rare[s] and workspace[layout.state + s] >= chance.threshold
            from_many = from_many or (many and jumps.change_amount[k] < 0.0)
        for k in range(first, last):
            s, amount = jumps.change_species[k], jumps.change_amount[k]
            moved[s] += abs(amount) * rate
            if amount < 0.0:
                lost[s] -= amount * rate
            elif from_many:
                fed[s] += amount * rate


@kernel
def choose_jumping(workspace, layout, jumps, chance):
    """A reaction that changes a rare species fires as jumps and is left out of the equations; True where one does."""
    apart()
    some = False
    for r in range(jumps.n_reactions):
        jumping = False
        for k in range(jumps.change_start[r], jumps.change_start[r + 1]):
            jumping = jumping or chance.rare[jumps.change_species[k]] != 0
        chance.jumping[r] = jumping
        workspace[layout.keep + r] = 0.0 if jumping else 1.0
        some = some or jumping
    return some
