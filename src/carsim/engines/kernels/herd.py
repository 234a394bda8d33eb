"""Single cells: who they are, which of them a reaction takes, and what becomes of them and their daughters.

The walk decides which reaction fires and when, from the counts; here it is decided whose it is. Cells of a species are
alike but for their traits. A trait is kept as a score z: the cell's value is median exp(log_sd z), and z stays when a
cell passes to another species (dimming turns the whole distribution, not the order of its cells). What a species'
traits make (its recognition) is kept for each cell, and the mean over the cells is what the network's rates read.

    whose     a reaction whose rate depends on what traits make goes through a thinning: it is fired as often as if
              every cell were the most exposed one, a cell is drawn, and it is taken with its own rate over that; any
              other reaction takes each cell alike
    birth     z' = rho z + sqrt(1 - rho^2) normal, for both daughters; generation + 1; clonotype of the mother
    founder   a cell from a dose, or from a population that is not simulated as cells: z normal, a clonotype of its own
    meeting   two cells that become one stay two records, one the partner of the other, until they part
    lattice   a cell that needs a place and finds none is not made: its reaction does not take place (see `lattice`)

Cells are numbered in order of birth; parent, birth and death of each are kept as long as there is room.
"""

import math

import numpy as np

from carsim.engines.kernels.happenings import fail
from carsim.engines.kernels.lane import NOT_PROPORTIONAL, TOO_MANY_CELLS
from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.lattice import clear_lattice, find_room, stand, step_off
from carsim.engines.kernels.program import run_blocks
from carsim.engines.kernels.records import (
    BEFORE,
    CLONOTYPE,
    GENERATION,
    IDENTITY,
    KILLS,
    KIND,
    NOBODY,
    PARTNER,
    SITE,
    count_made,
    delist,
    discount_made,
    enlist,
    get,
    give_back,
    made_of,
    member,
    new_place,
    put,
    score_of,
)
from carsim.engines.kernels.samplers import normal
from carsim.engines.kernels.streams import uniform

SLACK = 1e-9  # of one, by which rounding may lift a cell's rate above that of the most exposed


@kernel
def empty(herd, n_species, side):
    """No cells, all places free, nothing remembered."""
    apart()
    for s in range(n_species):
        herd.count[s] = 0
        herd.mask[s] = 0
        for m in range(herd.n_made):
            herd.sums[s * herd.n_made + m] = 0.0
            herd.highest[s * herd.n_made + m] = 0.0
    for k in range(herd.used[0]):
        put(herd, k, KIND, NOBODY)
    herd.used[0], herd.freed[0], herd.identity_next[0] = 0, 0, 0
    clear_lattice(herd, side)


@kernel
def express(lanes, values, workspace, cells, herd, cell, s):
    """Evaluate what the traits of one cell make as a cell of species s."""
    apart()
    first, last = cells.trait_start[s], cells.trait_start[s + 1]
    for k in range(first, last):
        row, score = cells.median[k], herd.real[score_of(herd, cell, cells.trait[k])]
        herd.kept[k] = workspace[row]
        workspace[row] = workspace[row] * math.exp(workspace[cells.log_sd[k]] * score)
    run_blocks(lanes, values, workspace, cells.own, cells.own_start[s], cells.own_start[s + 1])
    for k in range(first, last):
        workspace[cells.median[k]] = herd.kept[k]
    begin = cells.made_start[s]
    for m in range(cells.made_start[s + 1] - begin):
        herd.real[made_of(herd, cell, m)] = workspace[cells.made[begin + m]]


@kernel
def register(herd, cell, parent, clonotype, generation, s, time):
    """Give a cell its number and remember where it comes from."""
    number = herd.identity_next[0]
    herd.identity_next[0] = number + 1
    clonotype = number if clonotype == NOBODY else clonotype
    herd.whole[herd.stride * cell + IDENTITY], herd.whole[herd.stride * cell + CLONOTYPE] = number, clonotype
    put(herd, cell, GENERATION, generation)
    put(herd, cell, KILLS, 0)
    put(herd, cell, PARTNER, NOBODY)
    put(herd, cell, BEFORE, NOBODY)
    put(herd, cell, SITE, NOBODY)
    if number < herd.log_capacity:
        herd.log_parent[number], herd.log_species[number] = parent, s
        herd.log_clonotype[number] = clonotype
        herd.log_born[number], herd.log_died[number] = time, np.inf


@kernel
def found(lanes, values, workspace, cells, herd, stream, s, time):
    """A cell without a mother among the cells; NOBODY where there is no room."""
    apart()
    cell = new_place(herd)
    if cell == NOBODY:
        return cell
    for k in range(cells.n_traits):
        herd.real[score_of(herd, cell, k)] = normal(stream)
    register(herd, cell, NOBODY, NOBODY, 0, s, time)
    if not stand(stream, herd, cells, cell, s):
        return np.int64(NOBODY)
    express(lanes, values, workspace, cells, herd, cell, s)
    enlist(herd, cell, s)
    return cell


@kernel
def is_kept(workspace, cells, s):
    """Whether daughters of species s have just what their mothers have of each trait."""
    kept = True
    for k in range(cells.trait_start[s], cells.trait_start[s + 1]):
        kept = kept and workspace[cells.heritability[k]] >= 1.0
    return kept


@kernel
def inherit(workspace, cells, herd, stream, mother, daughter, s):
    """Scores of a daughter of species s from those of its mother (who may be the same record)."""
    for k in range(cells.n_traits):
        herd.real[score_of(herd, daughter, k)] = herd.real[score_of(herd, mother, k)]
    for k in range(cells.trait_start[s], cells.trait_start[s + 1]):
        kept = workspace[cells.heritability[k]]
        if kept < 1.0:
            at = score_of(herd, daughter, cells.trait[k])
            herd.real[at] = kept * herd.real[at] + math.sqrt(1.0 - kept * kept) * normal(stream)


@kernel
def divide_cell(lanes, values, workspace, cells, herd, stream, mother, s, time):
    """A mother divides: one daughter of species s, and the mother itself goes on as the other; False without room."""
    apart()
    daughter, own = new_place(herd), get(herd, mother, KIND)
    if daughter == NOBODY:
        return False
    generation, begin = get(herd, mother, GENERATION) + 1, herd.stride * mother
    put(herd, mother, GENERATION, generation)
    parent, clonotype = herd.whole[begin + IDENTITY], herd.whole[begin + CLONOTYPE]
    register(herd, daughter, parent, clonotype, generation, s, time)
    if not stand(stream, herd, cells, daughter, s):
        return False
    kept = is_kept(workspace, cells, own)
    inherit(workspace, cells, herd, stream, mother, daughter, s)
    if kept and s == own:
        for m in range(herd.n_made):
            herd.real[made_of(herd, daughter, m)] = herd.real[made_of(herd, mother, m)]
    else:
        express(lanes, values, workspace, cells, herd, daughter, s)
    enlist(herd, daughter, s)
    if not kept:
        discount_made(herd, mother, own)
        inherit(workspace, cells, herd, stream, mother, mother, own)
        express(lanes, values, workspace, cells, herd, mother, own)
        count_made(herd, mother, own)
    return True


@kernel
def turn(lanes, values, workspace, cells, herd, stream, cell, s):
    """A cell becomes one of another species."""
    if get(herd, cell, KIND) != NOBODY:
        delist(herd, cell)
    stand(stream, herd, cells, cell, s)
    express(lanes, values, workspace, cells, herd, cell, s)
    enlist(herd, cell, s)


@kernel
def bury(herd, cell, time):
    """A cell is gone, with its partner."""
    if get(herd, cell, KIND) != NOBODY:
        delist(herd, cell)
    while cell != NOBODY:
        step_off(herd, cell)
        identity = herd.whole[herd.stride * cell + IDENTITY]
        if identity < herd.log_capacity:
            herd.log_died[identity] = time
        give_back(herd, cell)
        cell = get(herd, cell, PARTNER)


@kernel
def set_means(workspace, cells, chance, s):
    """The rows that rates read of species s: the mean over its cells; and how far the most exposed lies above it."""
    herd = chance.herd
    first, last = cells.made_start[s], cells.made_start[s + 1]
    if first == last:
        return
    above = 1.0
    for m in range(last - first):
        mean = workspace[cells.whole[first + m]]
        if herd.count[s] > 0:
            mean = max(herd.sums[s * herd.n_made + m] / herd.count[s], 0.0)
            if mean > 0.0:
                above = max(above, herd.highest[s * herd.n_made + m] / mean)
        workspace[cells.mean[first + m]] = mean
    for k in range(cells.selective_start[s], cells.selective_start[s + 1]):
        chance.scale[cells.selective[k]] = above / chance.weight


@kernel
def own_rate(lanes, values, workspace, jumps, cells, herd, cell, s, reaction):
    """The rate that a reaction would have if all cells of the species were like this one; all rows stay."""
    first, last = cells.made_start[s], cells.made_start[s + 1]
    begin, end = cells.path_start[reaction], cells.path_start[reaction + 1]
    for k in range(begin, end):
        herd.kept[k - begin] = workspace[cells.path[k]]
    for m in range(last - first):
        herd.kept[end - begin + m] = workspace[cells.mean[first + m]]
        workspace[cells.mean[first + m]] = herd.real[made_of(herd, cell, m)]
    run_blocks(lanes, values, workspace, cells.rate, cells.rate_start[reaction], cells.rate_start[reaction + 1])
    rate = workspace[jumps.rate[reaction]]
    for k in range(begin, end):
        workspace[cells.path[k]] = herd.kept[k - begin]
    for m in range(last - first):
        workspace[cells.mean[first + m]] = herd.kept[end - begin + m]
    return rate


@kernel
def admits(lanes, values, workspace, problem, jumps, cells, chance, reaction):
    """Draw the cell that a reaction is done by; False where the thinning lets it pass."""
    apart()
    herd, s = chance.herd, cells.owner[reaction]
    herd.chosen[0] = NOBODY
    if s == NOBODY or not chance.rare[s] or herd.count[s] == 0:
        return find_room(chance.stream, herd, cells, reaction)
    cell = member(chance.stream, herd, s)
    herd.chosen[0] = cell
    if not cells.dependent[reaction]:
        return find_room(chance.stream, herd, cells, reaction)
    most = workspace[jumps.rate[reaction]] * chance.scale[reaction] * chance.weight
    share = own_rate(lanes, values, workspace, jumps, cells, herd, cell, s, reaction) / most
    if share > 1.0 + SLACK:
        fail(problem.lane, problem.results, 0, NOT_PROPORTIONAL, problem.layout.n_species + reaction)
        return False
    return uniform(chance.stream) < share and find_room(chance.stream, herd, cells, reaction)


@kernel
def act(lanes, values, workspace, problem, jumps, cells, chance, reaction, time):
    """Let the cells of a reaction that has fired die, be born, turn, meet or part; False where there is no room."""
    apart()
    herd, stream = chance.herd, chance.stream
    first, last = jumps.change_start[reaction], jumps.change_start[reaction + 1]
    mother = herd.chosen[0]
    taken, made = 0, 0
    for k in range(first, last):
        s, amount = jumps.change_species[k], jumps.change_amount[k]
        if not chance.rare[s]:
            continue
        for _ in range(np.int64(abs(amount))):
            if amount < 0.0:
                is_mother = taken == 0 and mother != NOBODY and get(herd, mother, KIND) == s
                cell = mother if is_mother else member(stream, herd, s)
                delist(herd, cell)
                if get(herd, cell, PARTNER) == NOBODY:  # of two that have met, what each was before stays known
                    put(herd, cell, BEFORE, s)
                herd.taken[taken] = cell
                taken += 1
            else:
                herd.wanted[made] = s
                made += 1
    room = settle_cells(lanes, values, workspace, cells, chance, taken, made, time)
    owner, also = cells.owner[reaction], cells.owner[reaction] != NOBODY
    for k in range(first, last):
        set_means(workspace, cells, chance, jumps.change_species[k])
        also = also and jumps.change_species[k] != owner
    if also:
        set_means(workspace, cells, chance, owner)
    if not room:
        fail(problem.lane, problem.results, 0, TOO_MANY_CELLS, problem.layout.n_species + reaction)
    return room


@kernel
def settle_cells(lanes, values, workspace, cells, chance, taken, made, time):
    """Make of the cells that a reaction took what it makes: True where there was room for all."""
    herd, stream, mother = chance.herd, chance.stream, chance.herd.chosen[0]
    if taken == 0:
        for j in range(made):
            s = np.int64(herd.wanted[j])
            if mother == NOBODY:
                if found(lanes, values, workspace, cells, herd, stream, s, time) == NOBODY:
                    return False
            elif not divide_cell(lanes, values, workspace, cells, herd, stream, mother, s, time):
                return False
        return True
    if taken == 2 and made == 1:  # they meet, and stay two records
        one, other = np.int64(herd.taken[0]), np.int64(herd.taken[1])
        put(herd, one, PARTNER, other)
        turn(lanes, values, workspace, cells, herd, stream, one, np.int64(herd.wanted[0]))
        return True
    for i in range(taken):
        cell = np.int64(herd.taken[i])
        other = get(herd, cell, PARTNER)
        if i >= made:
            bury(herd, cell, time)
        elif other != NOBODY:  # they part: each goes where it came from, the partner dies where only one is made
            part(lanes, values, workspace, cells, herd, stream, cell, other, made, time)
            return True
        else:
            turn(lanes, values, workspace, cells, herd, stream, cell, np.int64(herd.wanted[i]))
    for j in range(taken, made):
        s = np.int64(herd.wanted[j])
        if not divide_cell(lanes, values, workspace, cells, herd, stream, np.int64(herd.taken[0]), s, time):
            return False
    return True


@kernel
def part(lanes, values, workspace, cells, herd, stream, cell, other, made, time):
    """Two cells that had met part; of one wanted species the one remains that came from it, the other is gone."""
    put(herd, cell, PARTNER, NOBODY)
    was, other_was = get(herd, cell, BEFORE), get(herd, other, BEFORE)
    if made == 1:
        stays = other if other_was == herd.wanted[0] and was != herd.wanted[0] else cell
        put(herd, other, PARTNER, NOBODY)
        put(herd, stays, KILLS, get(herd, stays, KILLS) + 1)
        bury(herd, other if stays == cell else cell, time)
        turn(lanes, values, workspace, cells, herd, stream, stays, np.int64(herd.wanted[0]))
        return
    swapped = was == herd.wanted[1] and other_was == herd.wanted[0]
    turn(lanes, values, workspace, cells, herd, stream, cell, np.int64(herd.wanted[1 if swapped else 0]))
    turn(lanes, values, workspace, cells, herd, stream, other, np.int64(herd.wanted[0 if swapped else 1]))


@kernel
def muster(lanes, values, workspace, problem, jumps, cells, chance):
    """Make the cells of each species as many as the state counts; False where there is no room.

    New ones are founders: what a dose brings, or what a population was that has become rare. Where too many are there,
    any of them go. What traits make is evaluated anew where the network's own mean of it has changed.
    """
    apart()
    herd, layout, stream, time = chance.herd, problem.layout, chance.stream, problem.lane.time[0]
    for s in range(layout.n_species):
        wanted = workspace[layout.state + s] / chance.weight if chance.rare[s] else 0.0
        if wanted > herd.capacity:
            fail(problem.lane, problem.results, 0, TOO_MANY_CELLS, s)
            return False
        changed = False
        for k in range(cells.made_start[s], cells.made_start[s + 1]):
            changed = changed or herd.known_whole[k] != workspace[cells.whole[k]]
            herd.known_whole[k] = workspace[cells.whole[k]]
        if changed and herd.count[s] > 0:
            express_all(lanes, values, workspace, cells, herd, s)
        while herd.count[s] > wanted:
            bury(herd, member(stream, herd, s), time)
        while herd.count[s] < wanted:
            if found(lanes, values, workspace, cells, herd, stream, np.int64(s), time) == NOBODY:
                fail(problem.lane, problem.results, 0, TOO_MANY_CELLS, s)
                return False
        set_means(workspace, cells, chance, s)
    return True


@kernel
def express_all(lanes, values, workspace, cells, herd, s):
    """Evaluate anew what the traits of all cells of a species make."""
    for m in range(herd.n_made):
        herd.sums[s * herd.n_made + m], herd.highest[s * herd.n_made + m] = 0.0, 0.0
    for k in range(herd.count[s]):
        cell = np.int64(herd.members[s * herd.capacity + k])
        express(lanes, values, workspace, cells, herd, cell, np.int64(s))
        count_made(herd, cell, s)
