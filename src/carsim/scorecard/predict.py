"""What a trial of the published size would find: an estimate, and the spread of such trials.

Patients are drawn again from those simulated, with replacement, as many as were published, and the statistic is taken
of each draw. The spread is that between samples of patients alone: neither of parameters nor of assays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from carsim import rng
from carsim.scorecard.observe import Columns, Observation
from carsim.trials.columns import Array

DRAWS = 400
LEVEL = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Prediction:
    """The statistic of all simulated patients, one value a side; (draws, sides) of samples of `n` patients a side."""

    estimate: tuple[float, ...]
    draws: Array
    n: tuple[int, ...]
    simulated: tuple[int, ...]

    def times(self, factor: float) -> Prediction:
        """The same in another unit."""
        estimate = tuple(value * factor for value in self.estimate)
        return replace(self, estimate=estimate, draws=self.draws * factor)

    def interval(self, side: int = 0) -> tuple[float, float]:
        """The middle 95 % of the draws of a side; an end may be infinity (not reached), NaN where none has a value."""
        values = self.draws[:, side]
        known = np.sort(values[~np.isnan(values)])
        if known.size == 0:
            return np.nan, np.nan
        low, high = (known[round(level / 100.0 * (known.size - 1))] for level in LEVEL)
        return float(low), float(high)


def predict(name: str, observation: Observation, n: int | None, seed: int, draws: int = DRAWS) -> Prediction:
    """Prediction of a statistic for `n` patients, None: as many as the scenario states; `name` keys the draws."""
    sizes = _sizes(observation, n)
    chosen = [
        _chosen(f"scorecard.{name}.{k}", seed, draws, n, there)
        for k, (n, there) in enumerate(zip(sizes, observation.sizes, strict=True))
    ]
    found = np.array(
        [
            observation.values(
                tuple(_taken(side, of[draw]) for side, of in zip(observation.sides, chosen, strict=True))
            )
            for draw in range(draws)
        ]
    )
    return Prediction(observation.values(), found, sizes, observation.sizes)


def _sizes(observation: Observation, n: int | None) -> tuple[int, ...]:
    """Patients of each side of a trial: `n`, of both sides together where they are read together, else as stated."""
    if n is None:
        return observation.expected
    if not observation.joint:
        return tuple(n for _ in observation.sides)
    whole = sum(observation.sizes)
    return tuple(round(n * size / whole) if whole else 0 for size in observation.sizes)


def _chosen(purpose: str, seed: int, draws: int, n: int, there: int) -> np.ndarray:
    """Numbers of the patients of each draw, (draws, n), out of those that are there."""
    shares = rng.uniforms(seed, purpose, np.arange(n)[None, :], replicate=np.arange(draws)[:, None])
    return (shares * there).astype(int) if there else np.zeros((draws, 0), dtype=int)


def _taken(side: Columns, numbers: np.ndarray) -> Columns:
    return {name: column[numbers] for name, column in side.items()}
