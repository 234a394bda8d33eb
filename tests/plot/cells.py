"""Hand-made single cells to draw: a branching process with deaths, what its cells show, and clonotypes."""

from __future__ import annotations

import numpy as np
import xarray as xr

from carsim.dataset.cells import listed, summed
from carsim.engines.protocol import Individuals
from carsim.population.patients import Patients
from tests.dataset.single_cells import SPECIES, in_a_row, network


def yule(leaves: int = 40, seed: int = 3) -> xr.Dataset:
    """One course: the CD19-negative clone from one cell of day 5, and CD19-positive cells of low density."""
    draw = np.random.default_rng(seed)
    parent, born, died = [-1], [5.0], [np.inf]
    alive, day = [0], 5.0
    while len(alive) < leaves:
        day += draw.exponential(1.0 / (0.16 * len(alive)))
        at = int(draw.integers(len(alive)))
        if draw.uniform() < 0.25 and len(alive) > 3:
            died[alive.pop(at)] = day
        else:
            parent.append(alive[at])
            born.append(day)
            died.append(np.inf)
            alive.append(len(parent) - 1)
    positive, cart = 400, 1500
    kinds = np.r_[np.zeros(positive), np.full(leaves, 1), np.full(cart, 3)].astype(np.int32)
    n = kinds.size
    values = np.full((n, 1), np.nan)
    values[:positive, 0] = 900.0 * np.exp(0.4 * draw.normal(size=positive))
    clonotype = np.r_[np.zeros(positive + leaves), 100 + draw.zipf(1.6, size=cart) % 300].astype(np.int64)
    identity = np.r_[10**6 + np.arange(positive), np.array(alive), 2 * 10**6 + np.arange(cart)]
    zero, lived = np.zeros(n, dtype=np.int32), len(parent)
    found = Individuals(
        *(SPECIES, ("CD19",), np.zeros(n, dtype=np.int64), kinds, values, zero, zero, zero - 1, clonotype, identity),
        lineage_course=np.zeros(lived, dtype=np.int64),
        lineage_identity=np.arange(lived),
        lineage_parent=np.array(parent),
        lineage_kind=np.full(lived, 1, dtype=np.int32),
        lineage_clonotype=np.zeros(lived, dtype=np.int64),
        lineage_born=np.array(born),
        lineage_died=np.array(died),
    )
    data = in_a_row().isel(patient=[0]).assign_coords(time=[-6.0, 0.0, day + 0.3])
    net = network()
    data = data.merge(summed(found, data, net, Patients.of(net, 1)))
    return data.merge(listed(found, data, data["status"].values))
