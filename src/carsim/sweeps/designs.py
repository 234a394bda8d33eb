"""Designs whose points hang together: shares of the way along each sampled axis, in [0, 1].

    sobol      Sobol's sequence, each axis shifted by the exclusive or of 30 random bits (keeps its balance)
    saltelli   for each base point: A, then A with axis i of B for each i, then B; A and B two halves of one sequence
    morris     trajectories on a grid of four levels: from a random start, one axis after the other in random order
               moves by 2/3, up or down

Sources: Joe and Kuo, SIAM J Sci Comput 30:2635 (2008); Saltelli et al., Comput Phys Commun 181:259 (2010); Morris,
Technometrics 33:161 (1991).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from carsim import rng

if TYPE_CHECKING:
    from carsim.spec.sweep import Sample

Shares = tuple[NDArray[np.float64], ...]
BITS: Final = 30  # of a Sobol number
STEP: Final = 2.0 / 3.0  # of a trajectory, in four levels


def sobol(sample: Sample, names: Sequence[str]) -> Shares:
    """One array (n,) for each axis."""
    return _sequence(sample, names)


def saltelli(sample: Sample, names: Sequence[str]) -> Shares:
    """One array (n (axes + 2),) for each axis, base point by base point."""
    both = _sequence(sample, [*names, *(f"{name}.other" for name in names)])
    first, other = both[: len(names)], both[len(names) :]
    found = []
    for axis in range(len(names)):
        table = np.tile(first[axis][:, None], (1, len(names) + 2))
        table[:, [axis + 1, -1]] = other[axis][:, None]
        found.append(table.ravel())
    return tuple(found)


def morris(sample: Sample, names: Sequence[str]) -> Shares:
    """One array (n (axes + 1),) for each axis, trajectory by trajectory."""
    order = np.arange(sample.n)
    turns = [rng.uniforms(sample.seed, f"sweep.{name}.turn", order) for name in names]
    when = np.argsort(np.argsort(np.array(turns), axis=0, kind="stable"), axis=0, kind="stable")  # (axes, n)
    found = []
    for axis, name in enumerate(names):
        low = np.floor(2.0 * rng.uniforms(sample.seed, f"sweep.{name}.level", order)) / 3.0
        up = rng.uniforms(sample.seed, f"sweep.{name}.direction", order) < 0.5
        moved = np.arange(len(names) + 1)[None, :] > when[axis][:, None]
        high = np.where(moved, up[:, None], ~up[:, None])
        found.append(np.where(high, low[:, None] + STEP, low[:, None]).ravel())
    return tuple(found)


def _sequence(sample: Sample, names: Sequence[str]) -> Shares:
    from scipy.stats.qmc import Sobol

    plain = Sobol(len(names), scramble=False, bits=BITS).random(sample.n)
    whole = np.round(plain * 2.0**BITS).astype(np.int64)
    bits = [int(float(rng.uniforms(sample.seed, f"sweep.{name}.shift", 0)) * 2.0**BITS) for name in names]
    return tuple(((whole[:, at] ^ shift) + 0.5) * 2.0**-BITS for at, shift in enumerate(bits))
