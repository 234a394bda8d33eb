"""Each fact beside its prediction: whether they agree, and what all of them together say.

agrees   a number: the simulated estimate lies within the fact's `accept`
         a direction: it has the sign, or lies within the margin or interval, that the fact expects
inside   a number: what was published lies within the predictive interval of a trial of the published size
holds    a direction: the share of simulated trials of the published size in which it shows
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.scorecard.observe import observe
from carsim.scorecard.predict import Prediction, predict

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog.facts import Comparison, Fact

GROUPS: Final[Mapping[str, tuple[str, ...]]] = {  # of endpoints, by how their names begin
    "response": ("CR", "MRD", "ORR", "CNS_remission"),
    "survival": ("EFS", "OS", "RFS", "PFS", "DOR", "duration"),
    "relapse": ("CIR", "relapse", "cd19_", "cd22_", "cns_fraction", "antigen_negative"),
    "kinetics": ("persistence", "car_undetectable", "expansion", "aplasia", "b_cell", "cart_"),
    "toxicity": ("crs", "icans", "infection", "neutropenia", "anemia", "thrombocytopenia", "gvhd"),
}
REST: Final = "other"


@dataclass(frozen=True)
class Scored:
    """One fact and what was simulated; `agrees`, `inside` and `holds` are None where they do not apply or are unknown.

    simulated, low, high: of a number in its unit; of a direction the contrast of side a with side b (their difference;
    the least of the sides for `some`), with the interval of its draws. draws: those of `simulated`.
    """

    fact: Fact
    simulated: float
    low: float
    high: float
    agrees: bool | None
    inside: bool | None
    holds: float | None
    sides: tuple[float, ...]
    n: tuple[int, ...]
    draws: np.ndarray
    reason: str

    @property
    def group(self) -> str:
        """The group of endpoints that the fact is of."""
        return group_of(self.fact.endpoint)


def group_of(endpoint: str) -> str:
    """The group of an endpoint, by how its name begins."""
    return next((group for group, heads in GROUPS.items() if endpoint.startswith(heads)), REST)


def score(fact: Fact, trials: Mapping[str, xr.DataTree], seed: int) -> Scored:
    """A fact beside the trials of its systems; one that cannot be read, or whose statistic has no value, says why."""
    none = np.zeros(0)
    if fact.reading is None:
        return Scored(fact, math.nan, math.nan, math.nan, None, None, None, (), (), none, fact.unread)
    observation = observe(fact.reading, trials)
    found = predict(fact.id, observation, fact.n_total, seed)
    if fact.comparison is None:
        return _number(fact, found.times(factor(observation.unit, fact.unit)))
    return _direction(fact, fact.comparison, found)


def factor(simulated: str, published: str) -> float:
    """What a number in the unit of a result is multiplied by to be in the published one."""
    if simulated == published or not published:
        return 1.0
    known = {("d", "months"): 1.0 / MONTH, ("1", "percent"): 100.0, ("d", "days"): 1.0}
    if (simulated, published) not in known:
        raise ValueError(f"a fact in {published} read off a result in {simulated}")
    return known[simulated, published]


def _number(fact: Fact, found: Prediction) -> Scored:
    simulated, (low, high) = found.estimate[0], found.interval()
    if math.isnan(simulated):
        reason = "nobody of the simulated patients has a value"
        return Scored(fact, simulated, low, high, None, None, None, found.estimate, found.n, found.draws[:, 0], reason)
    assert fact.accept is not None  # the loader refuses a number without it
    assert fact.value is not None
    agrees = fact.accept[0] <= simulated <= fact.accept[1]
    published = fact.range or (fact.value, math.inf if fact.op in (">", "not_reached") else fact.value)
    if fact.op == "<=":
        published = (-math.inf, fact.value)
    inside = low <= published[1] and published[0] <= high
    return Scored(fact, simulated, low, high, agrees, inside, None, found.estimate, found.n, found.draws[:, 0], "")


def _direction(fact: Fact, comparison: Comparison, found: Prediction) -> Scored:
    contrast = contrasts(comparison, np.array([found.estimate]))[0]
    draws = contrasts(comparison, found.draws)
    known = draws[~np.isnan(draws)]
    if math.isnan(contrast) or known.size == 0:
        reason = "a side has nobody with a value"
        return Scored(fact, contrast, math.nan, math.nan, None, None, None, found.estimate, found.n, draws, reason)
    low, high = (float(end) for end in np.quantile(known, [0.025, 0.975], method="nearest"))
    holds = float(np.mean([shows(comparison, value) for value in known]))
    agrees = shows(comparison, float(contrast))
    return Scored(fact, float(contrast), low, high, agrees, None, holds, found.estimate, found.n, draws, "")


def contrasts(comparison: Comparison, values: np.ndarray) -> np.ndarray:
    """Contrast of each row of values (m, sides): a less b; a over b where that is published; the least for `some`."""
    if comparison.expects == "some" or values.shape[1] == 1:
        found: np.ndarray = values.min(axis=1)
        return found
    with np.errstate(invalid="ignore", divide="ignore"):
        if comparison.contrast == "ratio":
            return np.asarray(values[:, 0] / values[:, 1])
        same = values[:, 0] == values[:, 1]  # both not reached: no difference
        return np.where(same, 0.0, np.round(values[:, 0] - values[:, 1], 9))  # of equal curves a rounding may be left


def shows(comparison: Comparison, contrast: float) -> bool:
    """Whether a contrast is what the fact expects."""
    left = float(room(comparison, np.array(contrast)))
    return left > 0.0 or (left == 0.0 and comparison.expects not in ("above", "below", "some"))


def room(comparison: Comparison, contrast: np.ndarray) -> np.ndarray:
    """How far contrasts lie on the side, or inside the bounds, that the fact expects; negative beyond, same shape."""
    match comparison.expects:
        case "above" | "some":
            return contrast
        case "below" | "not-above":
            return -contrast
        case "near":
            assert comparison.margin is not None  # the loader refuses `near` without it
            return np.asarray(comparison.margin - np.abs(contrast))
        case _:
            assert comparison.interval is not None  # the loader refuses `within` without it
            low, high = comparison.interval
            return np.minimum(contrast - low, high - contrast)


def as_object(scored: Scored) -> dict[str, Any]:
    """A scored fact as plain data; numbers may be NaN or infinite."""
    fact = scored.fact
    comparison = fact.comparison
    return {
        "id": fact.id,
        "system": fact.system,
        "endpoint": fact.endpoint,
        "group": scored.group,
        "role": fact.role,
        "published": fact.value if comparison is None else comparison.expected,
        "published_interval": list(fact.ci95) if fact.ci95 else None,
        "unit": fact.unit or None,
        "accept": list(fact.accept) if fact.accept else None,
        "simulated": scored.simulated,
        "low": scored.low,
        "high": scored.high,
        "sides": list(scored.sides),
        "n": list(scored.n),
        "agrees": scored.agrees,
        "inside": scored.inside,
        "holds": scored.holds,
        "mark": comparison.mark if comparison else None,
        "mechanism": list(fact.mechanism),
        "weight": fact.weight,
        "reason": scored.reason or None,
    }
