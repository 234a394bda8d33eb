"""A lattice of places for cells: who stands where, and which places are free.

The lattice is a cube whose opposite faces are joined; a place has six neighbours (fewer that differ where the side is
one or two). Places are numbered x + side (y + side z).
"""

import numpy as np

from carsim.engines.kernels.lanes import apart, kernel
from carsim.engines.kernels.records import NOBODY, PARTNER, SITE, get, put
from carsim.engines.kernels.streams import uniform

NEIGHBOURS = 6
TRIES = 64  # at random, before a free place is looked for in order


@kernel
def clear_lattice(herd, side):
    """Nobody stands anywhere."""
    for place in range(side * side * side):
        herd.occupied[place] = NOBODY
    herd.standing[0], herd.target[0] = 0, NOBODY


@kernel
def neighbour(place, which, side):
    """The number of one of the six neighbours of a place."""
    axis, step = which // 2, 1 - 2 * (which % 2)
    stride = side if axis == 1 else side * side if axis == 2 else 1
    along = place // stride % side
    return place + ((along + step + side) % side - along) * stride


@kernel
def free_neighbour(stream, herd, place, side):
    """One of the free neighbours of a place, each alike; NOBODY where none is free."""
    free = 0
    for which in range(NEIGHBOURS):
        free += herd.occupied[neighbour(place, which, side)] == NOBODY
    if free == 0:
        return np.int64(NOBODY)
    left = np.int64(uniform(stream) * free)
    for which in range(NEIGHBOURS):
        found = neighbour(place, which, side)
        if herd.occupied[found] == NOBODY:
            if left == 0:
                return np.int64(found)
            left -= 1
    return np.int64(NOBODY)


@kernel
def free_place(stream, herd, side):
    """Any free place, each alike while many are free; NOBODY where none is."""
    apart()
    places = side * side * side
    if herd.standing[0] >= places:
        return np.int64(NOBODY)
    at = np.int64(0)
    for _ in range(TRIES):
        at = np.int64(uniform(stream) * places)
        if herd.occupied[at] == NOBODY:
            return at
    while herd.occupied[at] != NOBODY:
        at = (at + 1) % places
    return at


@kernel
def stand(stream, herd, cells, cell, s):
    """Let a cell take the place kept for it, or any, where species s stands on the lattice; else leave its place."""
    if cells.on_lattice[s] == 0:
        step_off(herd, cell)
        return True
    if get(herd, cell, SITE) != NOBODY:
        return True
    place = np.int64(herd.target[0])
    if place == NOBODY:
        place = free_place(stream, herd, cells.side)
    if place == NOBODY:
        return False
    herd.target[0] = NOBODY
    put(herd, cell, SITE, place)
    herd.occupied[place] = cell
    herd.standing[0] += 1
    return True


@kernel
def step_off(herd, cell):
    """A cell leaves its place, if it has one."""
    if get(herd, cell, SITE) != NOBODY:
        herd.occupied[get(herd, cell, SITE)] = NOBODY
        put(herd, cell, SITE, NOBODY)
        herd.standing[0] -= 1


@kernel
def find_room(stream, herd, cells, reaction):
    """Keep a place for the cell that a reaction would add to the lattice; False where there is none."""
    herd.target[0] = NOBODY
    if cells.side == 0 or cells.crowds[reaction] <= 0:
        return True
    mother = herd.chosen[0]
    if mother != NOBODY and get(herd, mother, PARTNER) != NOBODY:  # of two that have met, both kept their places
        return True
    if mother != NOBODY and get(herd, mother, SITE) != NOBODY:
        herd.target[0] = free_neighbour(stream, herd, get(herd, mother, SITE), cells.side)
    else:
        herd.target[0] = free_place(stream, herd, cells.side)
    return herd.target[0] != NOBODY
