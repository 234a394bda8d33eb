"""Indices of sensitivity from a finished sweep: which axes decide on a quantity, alone and with others.

    Sobol    first order  S_i = mean(f_B (f_ABi - f_A)) / V    total  T_i = mean((f_A - f_ABi)^2) / 2V
             f less its mean; V the variance over A and B
    Morris   elementary effect = change of f over the change of an axis (its whole range is 1): mean, mean of absolute
             values, standard deviation
    95 % intervals by bootstrap of base points, or of trajectories, with carsim's own random streams

A base point or trajectory with a point that has no value is left out whole.
Sources: Saltelli et al., Comput Phys Commun 181:259 (2010); Jansen, Comput Phys Commun 117:35 (1999); Campolongo et
al., Environ Modell Softw 22:1509 (2007).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.sweeps.asked import per_patient
from carsim.sweeps.designs import STEP

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec.sweep import Sample
    from carsim.sweeps.points import Points

Array = NDArray[np.float64]
DRAWS: Final = 1000  # of the bootstrap
NUMBERS: Final = 1_000_000  # random ones at a time
ENDS: Final = (0.025, 0.975)


@dataclass(frozen=True)
class Index:
    """An index of each axis with the ends of its 95 % interval, (axes,)."""

    estimate: Array
    low: Array
    high: Array


@dataclass(frozen=True)
class Sensitivity:
    """Indices by name, of axes by name; `used` of `made` base points or trajectories had all their values."""

    method: str
    axes: tuple[str, ...]
    indices: dict[str, Index]
    used: int
    made: int


def quantity_of(data: xr.Dataset, what: str) -> Array:
    """A number for each point, (point,): the mean over its patients of what `per_patient` gives; NaN for nobody."""
    values = per_patient(data, what)
    found: Array = values.mean([dim for dim in values.dims if dim != "point"]).values
    return found


def sensitivity(data: xr.Dataset, what: str, points: Points) -> Sensitivity:
    """Indices of a quantity over the sampled axes of a sweep with these points; ValueError for another design."""
    sample = points.sweep.sample
    if sample is None or sample.method not in ("saltelli", "morris") or points.grid:
        raise ValueError("expected a sweep of sampled axes alone, with `sample` of the method saltelli or morris")
    names = tuple(axis.label for axis in points.sampled)
    return indices(quantity_of(data, what), sample, names, points.shares)


def indices(values: Array, sample: Sample, names: tuple[str, ...], shares: tuple[Array, ...]) -> Sensitivity:
    """Indices of values (point,) at the points of a sample."""
    table = values.reshape(sample.n, -1)
    whole = np.isfinite(table).all(axis=1)
    if whole.sum() < 2:
        raise ValueError(f"{int(whole.sum())} of {sample.n} base points have all their values; expected 2 at least")
    if sample.method == "morris":
        moves = np.array([share.reshape(sample.n, -1) for share in shares])[:, whole]
        found = _bootstrapped(_effects(table[whole], moves), sample.seed, _morris)
    else:
        found = _bootstrapped(table[whole], sample.seed, _sobol)
    return Sensitivity(sample.method, names, found, int(whole.sum()), sample.n)


def _effects(table: Array, moves: Array) -> Array:
    """Elementary effects (trajectory, axis), from values (trajectory, step) and shares (axis, trajectory, step)."""
    steps = np.diff(moves, axis=2)  # one axis moves at each step
    change = np.diff(table, axis=1)
    effects: Array = (np.round(steps / STEP) * change / STEP).sum(axis=2).T
    return effects


def _morris(effects: Array) -> dict[str, Array]:
    return {
        "mean of absolute effects": np.abs(effects).mean(axis=0),
        "mean effect": effects.mean(axis=0),
        "spread of effects": effects.std(axis=0, ddof=1),
    }


def _sobol(table: Array) -> dict[str, Array]:
    """Of values (base point, A | AB_1 … AB_d | B)."""
    centred = table - table[:, [0, -1]].mean()
    first, other, mixed = centred[:, 0], centred[:, -1], centred[:, 1:-1]
    variance = np.concatenate([first, other]).var()
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "first order": (other[:, None] * (mixed - first[:, None])).mean(axis=0) / variance,
            "total": ((first[:, None] - mixed) ** 2).mean(axis=0) / (2.0 * variance),
        }


def _bootstrapped(table: Array, seed: int, of: Callable[[Array], dict[str, Array]]) -> dict[str, Index]:
    count = table.shape[0]
    draws: dict[str, list[Array]] = {}
    at_once = max(1, NUMBERS // count)
    for first in range(0, DRAWS, at_once):
        numbers = np.arange(first * count, min(first + at_once, DRAWS) * count)
        for chosen in (
            (count * rng.uniforms(seed, "sensitivity.bootstrap", numbers)).astype(np.int64).reshape(-1, count)
        ):
            for name, values in of(table[chosen]).items():
                draws.setdefault(name, []).append(values)
    ends = {name: np.nanquantile(np.array(values), ENDS, axis=0) for name, values in draws.items()}
    return {name: Index(values, *ends[name]) for name, values in of(table).items()}
