"""How much the facts tell of each free parameter.

contraction   1 - variance after / variance before, of the scores: 0 nothing was learned, 1 it is known
facts         fitted facts whose log odds move by at least `MOVES` from the lower to the upper quartile of the prior
correlations  of the draws, pairs beyond `TIED`
profile       the highest log density with the parameter held at each of a row of scores, less that of the mode
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import truncnorm

from carsim.calibrate.design import END, Array
from carsim.calibrate.emulator import Surface
from carsim.calibrate.evidence import Target
from carsim.calibrate.posterior import Density, Posterior
from carsim.calibrate.study import Study

MOVES = 0.25
QUARTILE = 0.6745
TIED = 0.5
POINTS = np.linspace(-1.8, 1.8, 7)


@dataclass(frozen=True)
class Identified:
    """What the facts tell of one free parameter; `profile` (7,) stands at the scores `POINTS`."""

    name: str
    contraction: float
    facts: int
    trials: int
    tied: tuple[tuple[str, float], ...]
    profile: Array


def identify(study: Study, targets: Sequence[Target], surface: Surface, found: Posterior) -> list[Identified]:
    """What the facts tell of each free parameter, in the order of the study."""
    before = float(truncnorm.var(-END, END))
    after = found.draws.var(axis=0)
    correlation = np.corrcoef(found.draws, rowvar=False).reshape(len(study.names), -1)
    slopes = np.abs(surface.coefficients[:, 1 : 1 + len(study.names)]) * 2.0 * QUARTILE
    density = Density(study, targets, surface)
    result = []
    for k, name in enumerate(study.names):
        moved = [target for target, slope in zip(targets, slopes[:, k], strict=True) if slope >= MOVES]
        tied = tuple(
            (other, float(correlation[k, j]))
            for j, other in enumerate(study.names)
            if j != k and abs(correlation[k, j]) >= TIED
        )
        trials = len({target.fact.system for target in moved})
        contraction = float(1.0 - after[k] / before)
        result.append(Identified(name, contraction, len(moved), trials, tied, _profile(density, found, k)))
    return result


def _profile(density: Density, found: Posterior, k: int) -> Array:
    best = np.concatenate([found.mode, found.spreads])
    top = float(density(best)[0])
    levels = []
    for point in POINTS:
        first = best.copy()
        first[k] = point
        levels.append(density.highest(first, {k: float(point)})[1] - top)
    return np.array(levels)
