"""Points of the free parameters: where they are looked at, and what a point means for the patients of a simulation.

A point is given by scores, one for each free parameter: 0 at the median of the prior, and a standard normal before the
fit, cut at plus and minus 1.96.

    x = median * exp(scale_below or scale_above * score)      scale: from the median to the end, over 1.96
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from carsim.calibrate.study import Study
from carsim.population.own import Own

Array = NDArray[np.float64]
END = float(norm.ppf(0.975))  # scores of the ends of a prior
WIDENED = 1.5  # a later wave over the draws before it, so that it holds what the emulator got wrong


def values(study: Study, scores: Array) -> Array:
    """Values of the free parameters (..., d) at scores (..., d)."""
    median, low, high = (
        np.array([getattr(free, key) for free in study.parameters]) for key in ("median", "low", "high")
    )
    scale = np.where(scores < 0.0, np.log(median / low), np.log(high / median)) / END
    found: Array = median * np.exp(scale * scores)
    return found


def explore(study: Study, n: int, system: str) -> Array:
    """n points (n, d) that fill the priors evenly, other ones for each system (scrambled Sobol).

    Were they the same in all systems, a patient's chance would be taken for the effect of its point everywhere at once.
    """
    found: Array = norm.ppf(norm.cdf(-END) + _even(study, n, 1, system) * (norm.cdf(END) - norm.cdf(-END)))
    return found


def around(study: Study, draws: Array, n: int, wave: int, system: str) -> Array:
    """n points (n, d) spread like draws (m, d) of the last fit, and wider by a factor, inside the priors."""
    mean, covariance = draws.mean(axis=0), np.cov(draws, rowvar=False).reshape(draws.shape[1], -1)
    root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(mean)))
    normals = norm.ppf(np.clip(_even(study, n, wave, system), 1e-6, 1.0 - 1e-6))
    found: Array = np.clip(mean + WIDENED * normals @ root.T, -END, END)
    return found


def _even(study: Study, n: int, wave: int, system: str) -> Array:
    """n points (n, d) that fill the unit cube evenly, keyed by seed, wave and system."""
    sobol = qmc.Sobol(len(study.parameters), rng=np.random.default_rng([study.seed, wave, crc32(system.encode())]))
    found: Array = sobol.random_base2(int(np.ceil(np.log2(n))))[:n]
    return found


def own(study: Study, scores: Array) -> Own:
    """What patients (n) with points of their own (n, d) are simulated with."""
    columns = dict(zip(study.names, values(study, scores).T, strict=True))
    return Own(
        {free.factor: columns[free.name] for free in study.parameters if free.factor},
        {free.spread: columns[free.name] for free in study.parameters if free.spread},
    )
