"""Where each single cell is kept: one record a cell, of whole cache lines, and lists of the members of each species.

A reaction touches a cell or two among many, wherever they lie. With an array for each of their properties that took a
dozen accesses of memory far away, 1.5 us of a million cells' 1.9 us a reaction. Here all that is known of a cell lies
in one record of 64 bytes (of more, where it has more than a trait and what is made of it):

    32-bit words    kind, place, generation, kills, partner, before, site
    64-bit words    identity, clonotype; then the scores of the traits, and what these make

And which cells will be touched is known ahead. Members are drawn a few draws before they are needed, as places among
the least power of two that holds all (who finds nobody there draws again, so each is as likely), and the memory that
they stand in is asked for meanwhile; so is the last of a list, who fills the hole of the next that dies, and the record
of the next that is born.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.streams import next_bits, uniform

NOBODY = -1
KIND, PLACE, GENERATION, KILLS, PARTNER, BEFORE, SITE = range(7)  # 32-bit words of a record
IDENTITY, CLONOTYPE, REALS = 4, 5, 6  # 64-bit words
LINE = 8  # 64-bit words
DRAWN, NEARER = 8, 4  # members drawn ahead; of those, how far ahead a record is asked for
AT_ONCE = 2048  # as few members lie in the processor's own memory and need not be drawn ahead


@intrinsic
def ask_for(typing_context, pointer, index):
    """Tell the processor that this element will be used soon."""

    def lower(context, builder, sig, args):
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        place = builder.bitcast(builder.gep(args[0], [args[1]]), byte)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = builder.module.declare_intrinsic("llvm.prefetch", (byte,), kind)
        builder.call(function, [place, *(ir.Constant(word, number) for number in (1, 3, 1))])  # to write, near, data
        return context.get_dummy_value()

    return types.void(pointer, types.int64), lower


@kernel
def get(herd, cell, what):
    """A 32-bit word of a cell's record."""
    return np.int64(herd.record[2 * herd.stride * cell + what])


@kernel
def put(herd, cell, what, value):
    """Set it."""
    herd.record[2 * herd.stride * cell + what] = value


@kernel
def score_of(herd, cell, trait):
    """Where a cell's score of a trait stands among the real numbers."""
    return herd.stride * cell + REALS + trait


@kernel
def made_of(herd, cell, m):
    """Where what a cell's traits make stands among the real numbers."""
    return herd.stride * cell + REALS + herd.n_traits + m


@kernel
def new_place(herd):
    """A free record, or NOBODY."""
    cell = np.int64(NOBODY)
    if herd.freed[0] > 0:
        herd.freed[0] -= 1
        cell = np.int64(herd.free[herd.freed[0]])
        if herd.freed[0] > 1:
            ask_for(herd.record, 2 * herd.stride * np.int64(herd.free[herd.freed[0] - 2]))
    elif herd.used[0] < herd.capacity:
        herd.used[0] += 1
        cell = herd.used[0] - 1
    if cell != NOBODY:
        put(herd, cell, KIND, NOBODY)
    return cell


@kernel
def give_back(herd, cell):
    """A record is free again."""
    herd.free[herd.freed[0]] = cell
    herd.freed[0] += 1


@kernel
def enlist(herd, cell, s):
    """Count a cell among its species, with what its traits make."""
    put(herd, cell, KIND, s)
    put(herd, cell, PLACE, herd.count[s])
    herd.members[s * herd.capacity + herd.count[s]] = cell
    herd.count[s] += 1
    count_made(herd, cell, s)


@kernel
def count_made(herd, cell, s):
    """Add what a cell's traits make to what those of its species make."""
    for m in range(herd.n_made):
        value, at = herd.real[made_of(herd, cell, m)], s * herd.n_made + m
        herd.sums[at] += value
        herd.highest[at] = max(herd.highest[at], value)


@kernel
def discount_made(herd, cell, s):
    """Take it away; exactly nothing is left of nobody."""
    for m in range(herd.n_made):
        at = s * herd.n_made + m
        herd.sums[at] -= herd.real[made_of(herd, cell, m)]
        if herd.count[s] == 0:
            herd.sums[at], herd.highest[at] = 0.0, 0.0


@kernel
def delist(herd, cell):
    """Take a cell out of its species; the last of the list takes its place."""
    s, place = get(herd, cell, KIND), get(herd, cell, PLACE)
    herd.count[s] -= 1
    members, count = s * herd.capacity, herd.count[s]
    last = np.int64(herd.members[members + count])
    herd.members[members + place] = last
    put(herd, last, PLACE, place)
    put(herd, cell, KIND, NOBODY)
    discount_made(herd, cell, s)
    if count > 1:
        ask_for(herd.record, 2 * herd.stride * np.int64(herd.members[members + count - 2]))


@kernel
def member(stream, herd, s):
    """Any cell of a species, each alike."""
    apart()
    members, count = s * herd.capacity, herd.count[s]
    if count <= AT_ONCE:
        herd.mask[s] = 0
        return np.int64(herd.members[members + np.int64(uniform(stream) * count)])
    if not count - 1 <= herd.mask[s] < 4 * count:
        draw_ahead(stream, herd, s)
    mask, turn = herd.mask[s], herd.turn[s]
    drawn = s * DRAWN
    while True:
        place = herd.drawn[drawn + turn]
        new = np.int64(next_bits(stream)) & mask
        herd.drawn[drawn + turn] = new
        ask_for(herd.members, members + new)
        nearer = herd.drawn[drawn + ((turn + NEARER) & (DRAWN - 1))]
        if nearer < count:
            ask_for(herd.record, 2 * herd.stride * np.int64(herd.members[members + nearer]))
        turn = (turn + 1) & (DRAWN - 1)
        if place < count:
            herd.turn[s] = turn
            return np.int64(herd.members[members + place])


@kernel
def draw_ahead(stream, herd, s):
    """Draw the next members of a species among another power of two."""
    apart()
    mask = 1
    while mask < herd.count[s]:
        mask *= 2
    herd.mask[s], herd.turn[s] = mask - 1, 0
    for i in range(DRAWN):
        herd.drawn[s * DRAWN + i] = np.int64(next_bits(stream)) & herd.mask[s]
