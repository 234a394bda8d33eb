"""What the scored facts say together, beside the baselines.

Numbers are weighted as the facts are. Error and log score are taken of shares on the logit scale: the error of the
estimate, and the density of the predictive distribution (a normal of the draws' mean and spread) at what was published.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from carsim.catalog import facts
from carsim.scorecard.baselines import UNKNOWN_N, Guess, logit, predicted
from carsim.scorecard.score import GROUPS, REST, Scored

MODEL = "carsim"


def summarise(scored: Iterable[Scored]) -> dict[str, Any]:
    """Shares of facts that agree, by role and mark, and scores by group of endpoints beside the baselines."""
    found = [one for one in scored if one.fact.weight > 0.0]
    numbers = [one for one in found if one.fact.comparison is None]
    directions = [one for one in found if one.fact.comparison is not None]
    marked = {
        mark: [one for one in directions if one.fact.comparison and one.fact.comparison.mark == mark]
        for mark in ("emergent", "by-construction")
    }
    return {
        "facts": len(found),
        "read": sum(one.agrees is not None for one in found),
        "numbers_agree": _share(numbers, "agrees"),
        "numbers_inside": _share(numbers, "inside"),
        "directions": {mark: _share(some, "agrees") for mark, some in marked.items()},
        "groups": groups(numbers),
    }


def _share(found: Sequence[Scored], what: str) -> dict[str, float | int]:
    """How many facts, of how many, and the share by weight."""
    known = [one for one in found if getattr(one, what) is not None]
    yes = [one for one in known if getattr(one, what)]
    whole = sum(one.fact.weight for one in known)
    return {
        "yes": len(yes),
        "of": len(known),
        "weighted": sum(one.fact.weight for one in yes) / whole if whole else float("nan"),
    }


def groups(numbers: Sequence[Scored]) -> dict[str, dict[str, Any]]:
    """By group of endpoints: facts, and of each predictor the error, the log score and the share within `accept`."""
    shares = [one for one in numbers if one.agrees is not None and one.fact.unit == "percent"]
    guesses = {MODEL: {one.fact.id: _guess(one) for one in shares}, **predicted(facts().values())}
    table: dict[str, dict[str, Any]] = {}
    for group in (*GROUPS, REST, "all"):
        members = [one for one in shares if group in (one.group, "all")]
        members = [one for one in members if all(one.fact.id in of for of in guesses.values())]
        if members:
            table[group] = {"facts": len(members), **{name: _scores(members, of) for name, of in guesses.items()}}
    return table


def _guess(one: Scored) -> Guess:
    """Mean and spread on the logit scale; the spread is at least that of a share of so many patients."""
    n = one.fact.n_total or UNKNOWN_N
    draws = np.array([logit(value, n) for value in one.draws if np.isfinite(value)])
    yes = one.simulated / 100.0 * n
    least = math.sqrt(1.0 / (yes + 0.5) + 1.0 / (n - yes + 0.5))
    return logit(one.simulated, n), max(float(draws.std()) if draws.size else 0.0, least)


def _scores(members: Sequence[Scored], guesses: Mapping[str, Guess]) -> dict[str, float]:
    weights = np.array([one.fact.weight for one in members])
    truth = np.array([logit(one.fact.value or 0.0, one.fact.n_total) for one in members])
    mean, spread = np.array([guesses[one.fact.id] for one in members]).T
    accepted = [
        one.fact.accept is not None
        and one.fact.accept[0] <= _percent(guesses[one.fact.id][0], one) <= one.fact.accept[1]
        for one in members
    ]
    density = -0.5 * ((truth - mean) / spread) ** 2 - np.log(spread * np.sqrt(2.0 * np.pi))
    return {
        "error": float(np.sqrt(np.average((truth - mean) ** 2, weights=weights))),
        "log_score": float(np.average(density, weights=weights)),
        "accepted": float(np.average(accepted, weights=weights)),
    }


def _percent(log_odds: float, one: Scored) -> float:
    """The share whose `logit` this is."""
    n = one.fact.n_total or UNKNOWN_N
    share = 1.0 / (1.0 + math.exp(-log_odds))
    return 100.0 * min(max(round(((n + 1.0) * share - 0.5) / n, 12), 0.0), 1.0)
