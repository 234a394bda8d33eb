"""Cross-validation over trials: what a fit to five sixths of them predicts of the others.

The sixths are those of the scorecard's baselines, whole trials at a time. The emulator learns from simulations, in
which nothing is published, and stays; the posterior is fitted anew without the trials that are asked. A prediction is a
sample of what a trial of the published size would publish: parameters from the draws, the emulator's error, the spread
between trials, and the patients by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from carsim import catalog
from carsim.calibrate.design import Array
from carsim.calibrate.emulator import Surface
from carsim.calibrate.evidence import PERCENT, Target
from carsim.calibrate.posterior import Posterior, sample
from carsim.calibrate.study import Study, sixths
from carsim.scorecard.baselines import FOLDS, UNKNOWN_N, logit, predicted
from carsim.scorecard.score import GROUPS, REST

LEVEL = (0.025, 0.975)
BURNED, STEPS = 600, 600  # a sixth is sampled shorter than the whole: its mean and spread are asked, not its tails
MODEL = "carsim"


@dataclass(frozen=True)
class Predicted:
    """What is predicted of a target: mean and spread of the log odds; interval of 95 % and median in percent.

    `n` is the number of patients of the trial, `UNKNOWN_N` where it is not published.
    """

    target: Target
    mean: float
    spread: float
    low: float
    high: float
    median: float
    n: int

    @property
    def inside(self) -> bool:
        """Whether what was published lies in the interval, as a number of patients: papers round their percentages."""
        low, count, high = (round(share * self.n / PERCENT) for share in (self.low, self.target.offered, self.high))
        return low <= count <= high


def predict(
    targets: Sequence[Target], surface: Surface, found: Posterior, groups: Sequence[str], seed: int
) -> list[Predicted]:
    """Predictions of targets by the draws of a posterior whose spreads are of `groups`."""
    generator = np.random.default_rng([seed, 2])
    mean, variance = surface.at(found.draws)
    of_group = [tuple(groups).index(target.group) for target in targets]
    noise = generator.normal(size=mean.shape) * np.sqrt(variance + found.spread_draws[:, of_group] ** 2)
    log_odds = mean + noise
    return [_published(target, log_odds[:, k], generator) for k, target in enumerate(targets)]


def _published(target: Target, log_odds: Array, generator: np.random.Generator) -> Predicted:
    n = target.fact.n_total or UNKNOWN_N
    counts = generator.binomial(n, expit(log_odds))
    shares = PERCENT * counts / n
    odds = np.array([logit(share, n) for share in shares])
    low, high = np.quantile(shares, LEVEL, method="inverted_cdf")
    return Predicted(
        target, float(odds.mean()), float(odds.std()), float(low), float(high), float(np.median(shares)), n
    )


def cross_validated(study: Study, targets: Sequence[Target], surface: Surface) -> list[Predicted]:
    """The prediction of every target by a fit without its trial, in order of the targets (of two sixths at least)."""
    sixth = sixths(study, [target.fact for target in targets])
    found: dict[int, Predicted] = {}
    for fold in range(FOLDS):
        train = [k for k in range(len(targets)) if sixth[k] != fold]
        asked = [k for k in range(len(targets)) if sixth[k] == fold]
        if not asked:
            continue
        fit = sample(study, [targets[k] for k in train], surface.of(train), STEPS, BURNED)
        some = predict(
            [targets[k] for k in asked], surface.of(asked), fit, tuple(study.between_trials), study.seed + fold
        )
        found |= dict(zip(asked, some, strict=True))
    return [found[k] for k in sorted(found)]


def scores(predictions: Sequence[Predicted]) -> dict[str, dict[str, object]]:
    """By group of endpoints: how many lie inside, and error and log score of shares beside the baselines."""
    guesses = {MODEL: {one.target.fact.id: (one.mean, one.spread) for one in predictions}}
    guesses |= predicted(catalog.facts().values())
    table: dict[str, dict[str, object]] = {}
    for group in (*GROUPS, REST, "all"):
        members = [one for one in predictions if group in (one.target.group, "all")]
        if not members:
            continue
        shares = [one for one in members if all(one.target.fact.id in of for of in guesses.values())]
        table[group] = {"facts": len(members), "inside": sum(one.inside for one in members), "shares": len(shares)}
        if shares:
            table[group] |= {name: _errors(shares, of) for name, of in guesses.items()}
    return table


def _errors(members: Sequence[Predicted], guesses: dict[str, tuple[float, float]]) -> dict[str, float]:
    weights = np.array([one.target.weight for one in members])
    truth = np.array([one.target.value for one in members])
    mean, spread = np.array([guesses[one.target.fact.id] for one in members]).T
    density = -0.5 * ((truth - mean) / spread) ** 2 - np.log(spread * np.sqrt(2.0 * np.pi))
    error = float(np.sqrt(np.average((truth - mean) ** 2, weights=weights)))
    return {"error": error, "log_score": float(np.average(density, weights=weights))}
