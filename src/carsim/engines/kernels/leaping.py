"""Tau-leaping: many reactions at once, over a time in which no propensity changes much.

    length   tau = min over counted species of  b / |sum v a|  and  b^2 / sum v^2 a,  b = max(epsilon x / g, 1),
             and 2 epsilon / h, where each of x cells is lost at hazard h = sum a / x
    losses   binomial (x, h tau), shared among the reactions in proportion to a: no more cells are lost than there are
    the rest Poisson of a tau

The mean of both is a tau. A chance of 1 - exp(-h tau) to be lost would be smaller, and where births and losses balance
over long leaps a population would settle above its balance. The third limit is for such a balance too: without it only
the net change of a large population bounds the leap, and its variance is too large by h tau / 2.

A reaction that takes cells of several species, or several of one, is drawn from the species that allows the fewest;
where a species would all the same fall below zero, nothing is leapt and the course goes on reaction by reaction.

Source: Y. Cao, D. T. Gillespie and L. R. Petzold, J Chem Phys 124:044109 (2006), for the length.
"""

import math

import numpy as np

from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.samplers import binomial, poisson

NOBODY = -1
GROSS = 2.0  # times epsilon: the share of a population that may be lost in one leap


@kernel
def leap_length(workspace, layout, jumps, chance):
    """The longest leap in which no count is expected to change by more than epsilon of it, or by one."""
    apart()
    trend, spread, lost = chance.trend, chance.spread, chance.lost
    for s in range(layout.n_species):
        trend[s], spread[s], lost[s] = 0.0, 0.0, 0.0
    for r in range(jumps.n_reactions):
        rate = chance.tree[chance.size + r]
        if rate > 0.0:
            for k in range(jumps.change_start[r], jumps.change_start[r + 1]):
                s, amount = jumps.change_species[k], jumps.change_amount[k]
                trend[s] += amount * rate
                spread[s] += amount * amount * rate
                lost[s] += max(-amount, 0.0) * rate
    length = np.inf
    for s in range(layout.n_species):
        if chance.rare[s] and spread[s] > 0.0:
            cells = workspace[layout.species + s]
            bound = max(chance.epsilon * cells / jumps.order[s], 1.0)
            length = min(length, bound * bound / spread[s])
            if trend[s] != 0.0:
                length = min(length, bound / abs(trend[s]))
            if lost[s] > 0.0:
                length = min(length, max(GROSS * chance.epsilon, 1.0 / max(cells, 1.0)) * cells / lost[s])
    return length


@kernel
def leap(workspace, layout, jumps, chance, lane, span):
    """Fire what happens within `span`; False, and nothing has changed, where counts are too small for that."""
    apart()
    draw(workspace, layout, jumps, chance, span)
    total = 0.0
    for s in range(layout.n_species):
        chance.trend[s] = workspace[layout.species + s]
    for r in range(jumps.n_reactions):
        number = chance.number[r]
        if number > 0.0:
            total += number
            for k in range(jumps.change_start[r], jumps.change_start[r + 1]):
                chance.trend[jumps.change_species[k]] += jumps.change_amount[k] * number
    for s in range(layout.n_species):
        if chance.trend[s] < 0.0 and workspace[layout.species + s] >= 0.0:
            return False
    for r in range(jumps.n_reactions):
        number = chance.number[r]
        if number > 0.0:
            for k in range(jumps.change_start[r], jumps.change_start[r + 1]):
                workspace[layout.moved + jumps.change_species[k]] += jumps.change_amount[k] * number
    chance.events[lane.patient[0]] += np.int64(min(total, 9e15))
    return True


@kernel
def draw(workspace, layout, jumps, chance, span):
    """How often each reaction fires within `span`, into `chance.number`."""
    apart()
    rate_of, lost = chance.trend, chance.lost
    for s in range(layout.n_species):
        rate_of[s], lost[s] = 0.0, 0.0
    for r in range(jumps.n_reactions):
        rate = chance.tree[chance.size + r]
        owner, taken = limiting(workspace, layout, jumps, r)
        chance.owner[r] = owner if taken == 1.0 else NOBODY
        chance.number[r] = 0.0
        if rate == 0.0:
            continue
        if owner == NOBODY:
            chance.number[r] = poisson(chance.stream, rate * span)
        elif taken == 1.0:
            rate_of[owner] += rate
        else:
            trials = math.floor(workspace[layout.species + owner] / taken)
            if trials > 0.0:
                chance.number[r] = binomial(chance.stream, trials, min(rate * span / trials, 1.0))
    for s in range(layout.n_species):
        if rate_of[s] > 0.0:
            cells = math.floor(workspace[layout.species + s])
            if cells > 0.0:
                lost[s] = binomial(chance.stream, cells, min(rate_of[s] * span / cells, 1.0))
    for r in range(jumps.n_reactions):
        owner, rate = chance.owner[r], chance.tree[chance.size + r]
        if owner != NOBODY and rate > 0.0 and lost[owner] > 0.0:
            number = lost[owner]
            if rate < rate_of[owner]:
                number = binomial(chance.stream, number, rate / rate_of[owner])
            chance.number[r] = number
            lost[owner] -= number
            rate_of[owner] -= rate


@kernel
def limiting(workspace, layout, jumps, reaction):
    """The counted species that allows the fewest firings of a reaction, and how many of it one takes; or nobody."""
    owner, taken, fewest = NOBODY, 0.0, np.inf
    for k in range(jumps.change_start[reaction], jumps.change_start[reaction + 1]):
        s, amount = jumps.change_species[k], -jumps.change_amount[k]
        if amount > 0.0 and jumps.counted[s] and workspace[layout.species + s] / amount < fewest:
            owner, taken, fewest = s, amount, workspace[layout.species + s] / amount
    return owner, taken
