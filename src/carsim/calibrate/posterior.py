"""The parameters, given facts and priors: the most probable ones, and draws.

    log p(u, tau | facts) = - |u|^2 / 2  within the priors' ends  - sum over groups (tau / scale)^2 / 2
                            + sum over facts  w log N(value; m(u), variance + v(u) + tau^2)

u are scores, tau the spread between trials of each group of endpoints (log odds, mean zero), m and v the emulator's
mean and variance; a fact weighs w: what the study says, over the square root of how many facts its trial has in its
group, since they speak of the same patients (0 to 1 as the square root is between counting each alone and all as one).
The mode by bounded quasi-Newton steps from several starts
(SciPy), draws by the affine-invariant ensemble sampler (emcee: Foreman-Mackey, Publ Astron Soc Pac 125:306 (2013)).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from carsim.calibrate.design import END, Array
from carsim.calibrate.emulator import Surface
from carsim.calibrate.evidence import Target
from carsim.calibrate.study import Study

STARTS = 8
WALKERS_PER_PARAMETER = 3
BURNED, STEPS = 1000, 2000
KEPT = 4000  # draws of all that the chains went through
SMALLEST_SPREAD = 0.01
STEP = 1e-5  # of the gradient
FAR = -1e300


@dataclass(frozen=True)
class Posterior:
    """The mode's scores (d,) and spreads (g,), draws of both (n, d), (n, g), and how the chains did.

    `starts` holds the log density that each start ended at; `autocorrelation` in steps, the longest of all parameters.
    """

    mode: Array
    spreads: Array
    draws: Array
    spread_draws: Array
    starts: Array
    autocorrelation: float
    acceptance: float


class Density:
    """The log density of scores and spreads between trials; called with rows (n, d + g), it gives (n,)."""

    def __init__(self, study: Study, targets: Sequence[Target], surface: Surface) -> None:
        """Hold what the facts say."""
        self.d = len(study.parameters)
        self.groups = tuple(study.between_trials)
        self.scales = np.array(list(study.between_trials.values()))
        self.of_group = np.array([self.groups.index(target.group) for target in targets])
        of = Counter((target.system, target.group) for target in targets)
        self.weights = np.array([target.weight / np.sqrt(of[target.system, target.group]) for target in targets])
        self.values = np.array([target.value for target in targets])
        self.variances = np.array([target.variance for target in targets])
        self.surface = surface

    def __call__(self, rows: Array) -> Array:
        """Log density of each row; FAR outside the bounds."""
        rows = np.atleast_2d(rows)
        scores, spreads = rows[:, : self.d], rows[:, self.d :]
        mean, variance = self.surface.at(scores)
        whole = self.variances + variance + spreads[:, self.of_group] ** 2
        fit = -0.5 * (self.weights * ((self.values - mean) ** 2 / whole + np.log(whole))).sum(axis=1)
        prior = -0.5 * (scores**2).sum(axis=1) - 0.5 * ((spreads / self.scales) ** 2).sum(axis=1)
        inside = (np.abs(scores) <= END).all(axis=1) & (spreads >= SMALLEST_SPREAD).all(axis=1)
        return np.where(inside, fit + prior, FAR)

    def steepest(self, row: Array) -> Array:
        """Gradient at a row, by central differences of all its entries in one call."""
        steps = STEP * np.eye(row.size)
        up, down = np.split(self(np.concatenate([row + steps, row - steps])), 2)
        both = (up > FAR) & (down > FAR)
        one_sided = np.where(up > FAR, up - self(row), np.where(down > FAR, self(row) - down, 0.0)) / STEP
        return np.where(both, (up - down) / (2.0 * STEP), one_sided)

    def highest(self, first: Array, held: Mapping[int, float] | None = None) -> tuple[Array, float]:
        """The row of highest density that is reached from one, and its density; `held` entries keep their values."""
        bounds = [(-END, END)] * self.d + [(SMALLEST_SPREAD, 5.0)] * len(self.groups)
        for k, value in (held or {}).items():
            bounds[k] = (value, value)
        found = minimize(
            lambda x: -float(self(x)[0]), first, jac=lambda x: -self.steepest(x), method="L-BFGS-B", bounds=bounds
        )
        return found.x, -float(found.fun)


def mode(density: Density, seed: int) -> tuple[Array, Array]:
    """The most probable row (d + g,), and the log density reached from each start."""
    generator = np.random.default_rng([seed, 1])
    best = np.zeros(0)
    reached: list[float] = []
    for start in range(STARTS):
        scores = generator.normal(size=density.d).clip(-1.5, 1.5) if start else np.zeros(density.d)
        first = np.concatenate([scores, 0.5 * density.scales])
        row, level = density.highest(first)
        if not reached or level > max(reached):
            best = row
        reached.append(level)
    return best, np.array(reached)


def sample(
    study: Study, targets: Sequence[Target], surface: Surface, steps: int = STEPS, burned: int = BURNED
) -> Posterior:
    """Mode and draws of the posterior; the same for the same seed."""
    import emcee

    density = Density(study, targets, surface)
    best, starts = mode(density, study.seed)
    size = best.size
    walkers = 2 * ((WALKERS_PER_PARAMETER * size + 1) // 2)
    generator = np.random.RandomState(study.seed)
    first = best + 0.05 * generator.normal(size=(walkers, size))
    first[:, : density.d] = first[:, : density.d].clip(-END + 1e-3, END - 1e-3)
    first[:, density.d :] = np.maximum(np.abs(first[:, density.d :]), 2.0 * SMALLEST_SPREAD)
    # Differential evolution has a third of the autocorrelation of stretches; emcee's snooker move, usual beside it,
    # gives spreads that are a third too small on a normal density (3.1.6).
    sampler = emcee.EnsembleSampler(walkers, size, density, vectorize=True, moves=emcee.moves.DEMove())
    sampler.random_state = generator.get_state()
    sampler.run_mcmc(first, burned + steps, progress=False)
    whole = sampler.get_chain(discard=burned)
    moved = (np.ptp(whole, axis=0) > 0.0).all(axis=-1)  # of a walker that never moves no time can be told
    time = float(np.max(emcee.autocorr.integrated_time(whole[:, moved], tol=0))) if moved.any() else float(steps)
    # Drawn at random: steps of one walker that follow one another are alike.
    chain = whole.reshape(-1, size)
    kept = chain[np.sort(generator.choice(len(chain), min(len(chain), KEPT), replace=False))]
    d = density.d
    return Posterior(
        best[:d], best[d:], kept[:, :d], kept[:, d:], starts, time, float(np.mean(sampler.acceptance_fraction))
    )
