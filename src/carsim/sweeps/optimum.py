"""The best point of a sweep with its uncertainty over patients, and the points that may as well be the best.

Every point has the same patients with the same random streams. So patients are drawn again, with replacement, for all
points together, and what differs between two points is told of the same patients.

    estimate       mean over patients (of each the mean of its replicates); 95 % interval by bootstrap
    may be best    point p, unless another point q is better by more than chance: with m the mean and s the standard
                   deviation of m_q - m_p over draws, T_p = max over q of (m_q - m_p) / s, and p is left out where T_p
                   is above the 95 % quantile over draws of the same maximum of deviations from what was found

If p is the best, T_p exceeds that quantile in 5 % of samples of patients; so in 95 % of them the best point is among
those that are left, whichever it is and however many points there are.
Sources: Gupta, Technometrics 7:225 (1965), subsets that contain the best; Efron and Tibshirani, An Introduction to the
Bootstrap (1993).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.sweeps.asked import of_patients
from carsim.sweeps.sensitivity import ENDS

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
DRAWS: Final = 1000
LEVEL: Final = 0.95
MOST: Final = 2000  # points: each is compared with each


@dataclass(frozen=True)
class Optimum:
    """Estimates (point,) with ends of their 95 % intervals, which point is best, and which may as well be.

    `behind` is how much each point is worse than the best one, of the same patients, (point,), with its interval.
    """

    best: int
    estimate: Array
    low: Array
    high: Array
    behind: Array
    behind_low: Array
    behind_high: Array
    may_be_best: NDArray[np.bool_]
    patients: int


def optimum(data: xr.Dataset, what: str, *, lowest: bool = False) -> Optimum:
    """The point of an opened sweep with the highest (or lowest) mean of an endpoint, or share of one of its words.

    ValueError for no such endpoint, a sweep of fewer than two points or patients, or of more points than `MOST`.
    """
    return best_of(of_patients(data, what).values, int(data.attrs["seed"]), lowest=lowest)


def best_of(values: Array, seed: int, *, lowest: bool = False) -> Optimum:
    """As `optimum`, of values (point, patient), NaN where a patient has none."""
    points, patients = values.shape
    known = np.isfinite(values)
    has = known.any(axis=1)
    if not 2 <= has.sum() <= MOST or patients < 2:
        raise ValueError(
            f"got {int(has.sum())} points with values, of {patients} patients; expected 2 to {MOST:,} points, and 2 "
            "patients or more"
        )
    sign = -1.0 if lowest else 1.0
    mean, drawn = means(sign * values, seed)
    best = int(np.nanargmax(mean))
    low, high = np.nanquantile(np.where(has, drawn, 0.0), ENDS, axis=0)
    behind = mean[best] - mean
    gap = np.where(has, drawn[:, [best]] - drawn, 0.0)
    behind_low, behind_high = np.nanquantile(gap, ENDS, axis=0)
    kept = np.zeros(points, dtype=np.bool_)
    kept[has] = _may_be_best(mean[has], drawn[:, has])
    low, high = (-high, -low) if lowest else (low, high)

    def told(values: Array) -> Array:
        return np.where(has, values, np.nan)

    return Optimum(
        best=best,
        estimate=told(sign * mean),
        low=told(low),
        high=told(high),
        behind=told(behind),
        behind_low=told(behind_low),
        behind_high=told(behind_high),
        may_be_best=kept,
        patients=patients,
    )


def means(values: Array, seed: int) -> tuple[Array, Array]:
    """Means (point,) over the patients of values (point, patient) who have one, and of `DRAWS` draws, (draw, point).

    NaN for nobody.
    """
    known = np.isfinite(values)
    numbers = np.where(known, values, 0.0)
    counts = _drawn(seed, values.shape[1])
    with np.errstate(invalid="ignore"):
        mean: Array = numbers.sum(axis=1) / known.sum(axis=1)
        drawn: Array = (counts @ numbers.T) / (counts @ known.T.astype(np.float64))
    return mean, drawn


def _drawn(seed: int, patients: int) -> Array:
    """How often each patient is in each draw, (draw, patient)."""
    numbers = rng.uniforms(seed, "sweep.optimum.bootstrap", np.arange(DRAWS * patients)).reshape(DRAWS, patients)
    who = (patients * numbers).astype(np.int64) + patients * np.arange(DRAWS)[:, None]
    return np.bincount(who.ravel(), minlength=DRAWS * patients).reshape(DRAWS, patients).astype(np.float64)


def _may_be_best(mean: Array, drawn: Array) -> NDArray[np.bool_]:
    """Which points are not worse than another by more than chance, from means (point,) and (draw, point)."""
    deviation = drawn - mean
    found = np.zeros(mean.size, dtype=np.bool_)
    for point in range(mean.size):
        apart = deviation - deviation[:, [point]]
        spread = np.nanstd(apart, axis=0)
        ahead = mean - mean[point]
        certain = spread <= 1e-12 * (1.0 + np.abs(mean))  # the same difference in every patient
        scale = np.where(certain, 1.0, spread)
        limit = np.nanquantile(np.nanmax(np.where(certain, 0.0, apart / scale), axis=1), LEVEL)
        found[point] = not (certain & (ahead > 1e-12 * (1.0 + np.abs(mean)))).any() and bool(
            np.where(certain, 0.0, ahead / scale).max() <= limit
        )
    return found
