"""The most probable parameters of one patient (maximum a posteriori), from a series of measurements.

    prior       scores of the parameters: normal between patients of the population, with its correlations; s = L z
    likelihood  log-normal noise of each assay; of a value below its limit the probability to be below
    minimised   sum 1/2 ((ln y - ln f(s)) / sd)^2 - sum ln Phi((ln limit - ln f(s)) / sd) + 1/2 z'z
    search      least squares (trust region) from several starts: the middle, and the best of a spread of prior draws; a
                value below its limit is the square root of twice its term
    error       standard error of a score (Laplace), from second derivatives of the squares without those of the model
    shrinkage   its square: what is left of the variance between patients; 1: the measurements say nothing of it

Parameters that change no expected value by a tenth of its noise, one standard deviation up or down, are left at the
middle. The noise is that of assays: what the model cannot follow is in it only where the table states a wider `log_sd`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.errors import CarsimError
from carsim.individual.effects import Person

if TYPE_CHECKING:
    from carsim.dataset.measured import Measured
    from carsim.spec import Scenario

Array = NDArray[np.float64]
Notify = Callable[[str], None]

LEAST_EFFECT: Final = 0.1  # of the noise, one standard deviation up or down
STEP: Final = 0.02  # of a score, for differences
FARTHEST: Final = 5.0  # standard deviations
SPREAD: Final = 96  # draws of the prior among which starts are chosen; six lanes of sixteen
STARTS: Final = 4
MOST: Final = 40  # evaluations in a descent; most need about ten
CLOSE: Final = 1e-4  # in scores and loss: far below any standard error
FAILED: Final = 1e3  # each residual where the simulation fails: a step too far, to be shortened
ALIKE: Final = 0.1  # in the logarithm of the probability: starts that end so near to the best found the same
Z: Final = 1.959963984540054  # standard normal quantile of 97.5 %


@dataclass(frozen=True)
class Effect:
    """What was found of one parameter: score between patients, its standard error, factor with 95 % interval."""

    parameter: str
    score: float
    error: float
    factor: float
    low: float
    high: float
    shrinkage: float


@dataclass(frozen=True)
class MostProbable:
    """The patient's most probable parameters: `scenario` states them, and is simulated as any other.

    `expected` (m,) are the levels expected at the measurements, `usual` those of the population's middle; `loss` is
    what was minimised, `losses` where each start ended, and `left` names the parameters of which nothing can be said.
    """

    scenario: Scenario
    table: Measured
    effects: tuple[Effect, ...]
    left: tuple[str, ...]
    loss: float
    losses: tuple[float, ...]
    expected: Array
    usual: Array

    @property
    def agreeing(self) -> int:
        """How many starts ended at the same height as the best."""
        return sum(loss < self.loss + ALIKE for loss in self.losses)


def most_probable(
    scenario: Scenario,
    table: Measured,
    *,
    effects: Sequence[str] | None = None,
    starts: int = STARTS,
    notify: Notify | None = None,
) -> MostProbable:
    """The most probable parameters of the patient of a scenario (`patient:`, engine ode) from measurements.

    `effects` names the parameters that may differ (without class); default: all that differ between patients of the
    population. Raises ScenarioError for a table or scenario that is not of one patient.
    """
    if starts < 1:
        raise ValueError(f"starts: got {starts}; expected a whole number from 1 on")
    person = Person.of(scenario, table, effects)
    usual = person.expected(np.zeros((1, len(person.names))))[0]
    told = _told(person, usual)
    if not told.any():
        raise CarsimError(f"{table.name}: no parameter changes what was measured; there is nothing to find")
    left = tuple(name for name, keep in zip(person.names, told, strict=True) if not keep)
    person = person.only(told)
    posterior = Posterior(person)
    ends = []
    for number, start in enumerate(_starts(posterior, scenario.run.seed, starts), start=1):
        if notify is not None:
            notify(f"Start {number} of {starts}, {len(person.names)} parameters")
        ends.append(_descended(posterior, start))
    best = min(ends, key=lambda end: end[1])
    scores = person.correlation_root @ best[0]
    covariance = person.correlation_root @ _covariance(posterior, best[0]) @ person.correlation_root.T
    factors = np.exp(person.log_sd * scores)
    return MostProbable(
        scenario=person.with_factors(factors),
        table=table,
        effects=_effects(person, scores, np.sqrt(np.diag(covariance))),
        left=left,
        loss=best[1],
        losses=tuple(loss for _, loss in ends),
        expected=np.exp(person.expected(scores[None])[0]),
        usual=np.exp(usual),
    )


@dataclass(frozen=True)
class Posterior:
    """Residuals of measurements and prior as functions of independent scores z, for many of them at a time."""

    person: Person

    def residuals(self, z: Array) -> Array:
        """(r, m + k) for z (r, k): half of their squares sum to the loss, -log of the posterior up to a constant."""
        from scipy.special import log_ndtr

        table = self.person.table
        away: Array = (np.log(table.value) - self.person.expected(z @ self.person.correlation_root.T)) / table.log_sd
        terms = np.where(table.below, np.sqrt(-2.0 * np.minimum(log_ndtr(away), 0.0)), away)
        failed = np.isnan(away).any(axis=1, keepdims=True)
        return np.concatenate([np.where(failed, FAILED, terms), z], axis=1)

    def linear(self, z: Array) -> tuple[Array, Array]:
        """Residuals (m + k,) at z (k,) and their derivatives (m + k, k), by central differences in one simulation."""
        moves = STEP * np.eye(z.size)
        found = self.residuals(np.concatenate([z[None], z + moves, z - moves]))
        slopes: Array = (found[1 : z.size + 1] - found[z.size + 1 :]) / (2.0 * STEP)
        return found[0], slopes.T


def _told(person: Person, usual: Array) -> NDArray[np.bool_]:
    """Which parameters change any expected value."""
    k = len(person.names)
    moved = person.expected(np.concatenate([np.eye(k), -np.eye(k)]))
    change: Array = np.nan_to_num(np.abs(moved - usual) / person.table.log_sd, nan=np.inf).max(axis=1)
    most: Array = np.maximum(change[:k], change[k:])
    return most >= LEAST_EFFECT


def _starts(posterior: Posterior, seed: int, starts: int) -> Array:
    """The middle of the population, and the best of draws from it."""
    k = len(posterior.person.names)
    drawn = np.stack(
        [rng.normals(seed, f"most-probable.{name}", np.arange(SPREAD)) for name in posterior.person.names], axis=1
    )
    losses = (posterior.residuals(drawn) ** 2).sum(axis=1)
    best = drawn[np.argsort(losses, kind="stable")[: starts - 1]]
    return np.concatenate([np.zeros((1, k)), best])


def _descended(posterior: Posterior, start: Array) -> tuple[Array, float]:
    """Where a descent from a start ends, and how low."""
    from scipy.optimize import least_squares

    known: dict[bytes, tuple[Array, Array]] = {}  # the residuals are asked for first, then the slopes of the same z

    def at(z: Array) -> tuple[Array, Array]:
        if z.tobytes() not in known:
            known.clear()
            known[z.tobytes()] = posterior.linear(z)
        return known[z.tobytes()]

    found: Any = least_squares(
        lambda z: at(z)[0],
        start,
        lambda z: at(z)[1],
        bounds=(-FARTHEST, FARTHEST),
        xtol=CLOSE,
        ftol=CLOSE,
        max_nfev=MOST,
    )
    return found.x, float(found.cost)


def _covariance(posterior: Posterior, z: Array) -> Array:
    """Inverse of J'J, J the derivatives of the residuals: never wider than the prior, which is among them."""
    slopes = posterior.linear(z)[1]
    return np.asarray(np.linalg.inv(slopes.T @ slopes), dtype=np.float64)


def _effects(person: Person, scores: Array, errors: Array) -> tuple[Effect, ...]:
    rows = zip(person.names, person.log_sd.tolist(), scores.tolist(), errors.tolist(), strict=True)
    found = [
        Effect(
            name,
            score,
            error,
            math.exp(log_sd * score),
            math.exp(log_sd * (score - Z * error)),
            math.exp(log_sd * (score + Z * error)),
            min(error**2, 1.0),
        )
        for name, log_sd, score, error in rows
    ]
    return tuple(sorted(found, key=lambda effect: effect.shrinkage))
