"""Predictions without a mechanism, to be beaten: means of what other trials published, and a meta-regression.

    pooled       mean of the endpoint over the other trials
    class        the same over those whose products have the same targets; the pooled mean where there is none
    regression   an intercept for each endpoint and four covariates of the trial: adults, CD28, an antigen other than
                 CD19, two antigens (weighted least squares; statsmodels)

All on the logit scale of shares, each weighted by its number of patients. Trials are left out by sixths, whole trials
at a time, so that no trial is predicted from itself. The spread of a prediction is that of the residuals, which holds
the spread between trials and that of their samples.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from carsim.catalog.facts import Fact

FOLDS: Final = 6
UNKNOWN_N: Final = 20  # patients that a share counts for whose number is not published
LEAST_SPREAD: Final = 0.2  # on the logit scale, 5 points near a half: no two trials are alike
Guess = tuple[float, float]  # mean and standard deviation on the logit scale


def logit(percent: float, n: int | None = None) -> float:
    """Log odds of a share in percent; of 0 and 100 % as if half a patient of n were on the other side."""
    count = n or UNKNOWN_N
    share = (percent / 100.0 * count + 0.5) / (count + 1.0)
    return float(np.log(share / (1.0 - share)))


def usable(facts: Iterable[Fact]) -> list[Fact]:
    """The facts that a baseline can learn from: credible shares."""
    return [fact for fact in facts if fact.is_target and fact.unit == "percent" and fact.value is not None]


def folds(facts: Sequence[Fact]) -> dict[str, int]:
    """The sixth of each trial (by its system), trials dealt out in order of how many facts they have."""
    counts: dict[str, int] = {}
    for fact in facts:
        counts[fact.system] = counts.get(fact.system, 0) + 1
    order = sorted(counts, key=lambda name: (-counts[name], name))
    return {name: k % FOLDS for k, name in enumerate(order)}


def predicted(facts: Iterable[Fact]) -> dict[str, dict[str, Guess]]:
    """By baseline and id of the fact what it predicts for each, from trials of the other sixths."""
    known = usable(facts)
    sixth = folds(known)
    found: dict[str, dict[str, Guess]] = {name: {} for name in BASELINES}
    for fold in range(FOLDS):
        train = [fact for fact in known if sixth[fact.system] != fold]
        asked = [fact for fact in known if sixth[fact.system] == fold]
        for name, baseline in BASELINES.items():
            found[name] |= baseline(train, asked)
    return found


def _weights(facts: Sequence[Fact]) -> np.ndarray:
    return np.array([float(fact.n_total or UNKNOWN_N) for fact in facts])


def _values(facts: Sequence[Fact]) -> np.ndarray:
    return np.array([logit(fact.value or 0.0, fact.n_total) for fact in facts])


def _mean(alike: Sequence[Fact], train: Sequence[Fact]) -> Guess | None:
    """Mean and spread of facts that are alike; of two or fewer the spread is that of all."""
    if not alike:
        return None
    weights, values = _weights(alike), _values(alike)
    mean = float(np.average(values, weights=weights))
    spread = float(np.sqrt(np.average((values - mean) ** 2, weights=weights))) if len(alike) > 2 else _spread(train)
    return mean, max(spread, LEAST_SPREAD)


def _spread(train: Sequence[Fact]) -> float:
    """Standard deviation of all shares around the means of their endpoints."""
    values, ends = _values(train), np.array([fact.endpoint for fact in train])
    rest = np.concatenate([values[ends == end] - values[ends == end].mean() for end in np.unique(ends)])
    return float(rest.std())


def _overall(train: Sequence[Fact]) -> Guess:
    return float(np.average(_values(train), weights=_weights(train))), float(_values(train).std())


def _pooled(train: Sequence[Fact], asked: Sequence[Fact]) -> dict[str, Guess]:
    return {
        fact.id: _mean([other for other in train if other.endpoint == fact.endpoint], train) or _overall(train)
        for fact in asked
    }


def _class(train: Sequence[Fact], asked: Sequence[Fact]) -> dict[str, Guess]:
    whole = _pooled(train, asked)
    found = {}
    for fact in asked:
        same = [other for other in train if other.endpoint == fact.endpoint and set(other.targets) == set(fact.targets)]
        found[fact.id] = _mean(same, train) or whole[fact.id]
    return found


def covariates(fact: Fact) -> tuple[float, float, float, float]:
    """Adults (0.5: mixed or not told), CD28, an antigen other than CD19, two antigens."""
    group = str(fact.population.get("group", "")).lower()
    adult = 1.0 if group.startswith("adult") else 0.0 if group.startswith("p") else 0.5
    return (
        adult,
        float("CD28" in fact.costimulation),
        float(any(target != "CD19" for target in fact.targets)),
        float(len(fact.targets) > 1),
    )


def _regression(train: Sequence[Fact], asked: Sequence[Fact]) -> dict[str, Guess]:
    import statsmodels.api as sm

    whole = _pooled(train, asked)
    counts = Counter(end for end, _ in {(fact.endpoint, fact.system) for fact in train})
    ends = sorted(end for end, count in counts.items() if count > 1)  # of one trial an intercept would tell nothing
    train = [fact for fact in train if fact.endpoint in ends]
    design = np.array([_row(fact, ends) for fact in train])
    if not train or np.linalg.matrix_rank(design) < design.shape[1]:
        return whole  # so few trials do not tell the covariates apart
    fit = sm.WLS(_values(train), design, weights=_weights(train)).fit()
    spread = float(np.sqrt(np.average(fit.resid**2, weights=_weights(train))))
    return {
        fact.id: (float(np.dot(_row(fact, ends), fit.params)), spread) if fact.endpoint in ends else whole[fact.id]
        for fact in asked
    }


def _row(fact: Fact, ends: Sequence[str]) -> list[float]:
    return [float(fact.endpoint == end) for end in ends] + list(covariates(fact))


BASELINES: Final[Mapping[str, Callable[[Sequence[Fact], Sequence[Fact]], dict[str, Guess]]]] = {
    "pooled": _pooled,
    "class": _class,
    "regression": _regression,
}
