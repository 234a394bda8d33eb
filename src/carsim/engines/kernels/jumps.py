"""Reactions as jumps: the tree of their propensities, which one fires, what it changes, what must be evaluated anew.

The leaves of the tree are the propensities in order of statement, every inner node is the sum of its two, the root
their total. A changed propensity costs as many additions as the tree is deep, and so does the search; and since each
node is a function of the leaves alone, its bits do not depend on what happened before, as a running total's would.

All of this is for one course: kernels of chance have one lane.
"""

import numpy as np

from carsim.engines.kernels.lanes import apart, kernel, within
from carsim.engines.kernels.program import evaluate, run_blocks

LARGEST_COUNT = 2.0**53  # one more is the same double
LARGEST_RATE = 1.7976931348623157e308  # finite; in place of `< np.inf`, a test of which takes twenty instructions
NO_REACTION = -1
TRACE = 1e-6  # of what a reaction changes: so little before it has no ratio to what is there after


@kernel
def plant(workspace, jumps, chance, drifting):
    """Fill the tree from the rates; the first reaction whose rate is negative or no number, or NO_REACTION.

    `drifting`: rates that are left in the equations have been changed by jumps alone since they were last looked at.
    """
    apart()
    tree, size = chance.tree, chance.size
    bad = NO_REACTION
    for r in range(jumps.n_reactions):
        rate = workspace[jumps.rate[r]]
        if drifting and not chance.jumping[r]:
            chance.drift[r] += rate - chance.known[r]
        chance.known[r] = rate
        tree[size + r] = rate * chance.scale[r] if chance.jumping[r] else 0.0
        if chance.jumping[r] and not is_propensity(rate) and bad == NO_REACTION:
            bad = r
    grow(tree, size)
    return bad


@kernel
def grow(tree, size):
    """Every sum of the tree from its leaves."""
    apart()
    for above in range(1, size):
        node = size - above
        tree[node] = tree[2 * node] + tree[2 * node + 1]


@kernel
def choose(tree, size, share):
    """The reaction at this share, in [0, 1), of the total; never one whose propensity is zero."""
    rest = share * tree[1]
    node = 1
    while node < size:
        node *= 2
        left = tree[node]
        # Arithmetic in place of a branch: where it goes cannot be foretold, and a wrong guess takes the processor 5 ns.
        right = np.int64(rest >= left) & np.int64(tree[node + 1] > 0.0)
        rest -= left * right
        node += right
    return node - size


@kernel
def follow(lanes, values, workspace, jumps, chance, reaction):
    """Evaluate what a reaction that has fired has changed: (a reaction with a bad rate, whether a drift is too large).

    Rates that are left in the differential equations are not propensities: how far jumps have moved them in this step
    is added up, and is too large beyond the slack of the rate.
    """
    apart()
    run_blocks(lanes, values, workspace, jumps.update, jumps.update_start[reaction], jumps.update_start[reaction + 1])
    tree, size = chance.tree, chance.size
    first, last = jumps.affected_start[reaction], jumps.affected_start[reaction + 1]
    many = (last - first) * chance.depth > size
    bad, drifts = NO_REACTION, False
    for k in range(first, last):
        r = jumps.affected[k]
        rate = workspace[jumps.rate[r]]
        if chance.jumping[r]:
            if not is_propensity(rate) and bad == NO_REACTION:
                bad = r
            put(tree, size + r, rate * chance.scale[r], many)
        else:
            chance.drift[r] += rate - chance.known[r]
            chance.known[r] = rate
            drifts = drifts or abs(chance.drift[r]) > chance.slack[r]
    if many:
        grow(tree, size)
    return bad, drifts


@kernel
def is_unheard(lanes, values, workspace, jumps, chance, reaction):
    """Evaluate what listens to a reaction that has fired; whether each is within `stale` of what it was when heard."""
    apart()
    if chance.stale == 0.0 or jumps.steep[reaction]:
        return False
    first, last = jumps.listen_start[reaction], jumps.listen_start[reaction + 1]
    evaluate(lanes, values, workspace, jumps.listen, first, last)
    for i in range(jumps.hearing_start[reaction], jumps.hearing_start[reaction + 1]):
        k = jumps.hearing[i]
        if not abs(workspace[jumps.listener[k]] - chance.heard[k]) <= chance.stale * abs(chance.heard[k]):
            return False
    return True


@kernel
def hear(workspace, jumps, chance, reaction):
    """Note what listens to a reaction as it is, since all that stands behind it has been evaluated.

    A rate that listens to other species may have been evaluated, too; it keeps what it was heard as, so that it can be
    off by twice `stale`.
    """
    within()
    for i in range(jumps.hearing_start[reaction], jumps.hearing_start[reaction + 1]):
        k = jumps.hearing[i]
        chance.heard[k] = workspace[jumps.listener[k]]


@kernel
def is_first(workspace, layout, jumps, chance, reaction):
    """Whether a reaction that has fired has changed a species of which there was nothing, or next to nothing."""
    within()
    for k in range(jumps.change_start[reaction], jumps.change_start[reaction + 1]):
        amount = jumps.change_amount[k] * chance.weight
        if abs(workspace[layout.species + jumps.change_species[k]] - amount) <= TRACE * abs(amount):
            return True
    return False


@kernel
def follow_own(workspace, layout, jumps, chance, reaction):
    """Let the rates that are proportional to what a reaction has changed follow it; whether a drift is too large."""
    apart()
    drifts = False
    for k in range(jumps.change_start[reaction], jumps.change_start[reaction + 1]):
        s = jumps.change_species[k]
        cells = workspace[layout.species + s]
        ratio = cells / (cells - jumps.change_amount[k] * chance.weight)
        for i in range(jumps.own_start[s], jumps.own_start[s + 1]):
            r = jumps.own[i]
            if chance.jumping[r]:
                put(chance.tree, chance.size + r, chance.tree[chance.size + r] * ratio, False)
            else:
                rate = chance.known[r] * ratio
                chance.drift[r] += rate - chance.known[r]
                chance.known[r] = rate
                drifts = drifts or abs(chance.drift[r]) > chance.slack[r]
    return drifts


@kernel
def renew(lanes, values, workspace, jumps, chance, reaction):
    """The same within the caller, where all reactions are jumps: a reaction with a bad rate, or NO_REACTION."""
    within()
    evaluate(lanes, values, workspace, jumps.update, jumps.update_start[reaction], jumps.update_start[reaction + 1])
    tree, size = chance.tree, chance.size
    first, last = jumps.affected_start[reaction], jumps.affected_start[reaction + 1]
    many = (last - first) * chance.depth > size
    bad = NO_REACTION
    for k in range(first, last):
        r = jumps.affected[k]
        rate = workspace[jumps.rate[r]]
        if not is_propensity(rate) and bad == NO_REACTION:
            bad = r
        put(tree, size + r, rate, many)
    if many:
        grow(tree, size)
    return bad


@kernel
def is_propensity(rate):
    """Whether a rate is a number that a reaction can fire with: not negative, finite."""
    within()
    return 0.0 <= rate <= LARGEST_RATE


@kernel
def put(tree, node, rate, alone):
    """Set a leaf of the tree and, unless it is `alone`, every sum above it."""
    within()
    tree[node] = rate
    if not alone:
        while node > 1:
            node >>= 1
            tree[node] = tree[2 * node] + tree[2 * node + 1]
