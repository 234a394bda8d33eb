"""What each fact published, and what each simulated patient says of it, both as a share.

Every number is brought to a share between patients, so that one emulator serves all:

    share, expected_share     the share itself
    survival, incidence       the share at the time asked for; each patient is the pseudo-value n T - (n - 1) T(-i), T
                              the estimate of all and T(-i) that without the patient: it takes censoring and competing
                              events into account and has the mean T (Andersen 2003)
    survival_median           the share without event at the published median, which is 50 %
    median, geometric_mean    the share above the published value, which is 50 %

The variance is that of the log odds of a share of the published number of patients, and for a published range that of
a normal with it as its middle 95 %. Source: Andersen, Klein and Rosthoj, Biometrika 90:15 (2003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carsim.calibrate.design import END, Array
from carsim.endpoints.outcome import MONTH
from carsim.scorecard.baselines import UNKNOWN_N, logit
from carsim.scorecard.observe import Columns, at_risk, at_time, observe
from carsim.scorecard.score import factor, group_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.calibrate.study import Study
    from carsim.catalog.facts import Fact

PERCENT = 100.0
HALF = 50.0
WAVE = 1_000_000  # more patients than an arm of a wave has
LEAST_PATIENTS = 12  # of a fact in one wave; of fewer no dependence can be seen
OF_A_CLOCK = ("survival", "survival_median", "incidence")


@dataclass(frozen=True)
class Target:
    """A fact as log odds: published value and variance, and of (m) simulated patients the scores (m, d) and shares (m).

    `offered` is the share in percent that was published, 50 for a median; `patients` numbers the patients of its
    system, of all waves together: who has the same number is the same one, in whatever target.
    """

    fact: Fact
    group: str
    weight: float
    value: float
    variance: float
    offered: float
    scores: Array
    shares: Array
    patients: NDArray[np.int64]

    @property
    def system(self) -> str:
        """The system whose simulated patients these are."""
        return system_of(self.fact)


@dataclass(frozen=True)
class Unused:
    """A fact that a study asks for and simulated patients say nothing of, and why."""

    fact: Fact
    reason: str


def targets(
    study: Study, facts: Sequence[Fact], waves: Sequence[tuple[Mapping[str, Array], Mapping[str, xr.DataTree]]]
) -> tuple[list[Target], list[Unused]]:
    """What facts and all waves, points (n, d) and trials by system, say; and the facts of which nothing can be seen."""
    found: list[Target] = []
    unused: list[Unused] = []
    for fact in facts:
        seen = [(wave, *_shares(fact, trials)) for wave, (_, trials) in enumerate(waves)]
        kept = [one for one in seen if one[2].size >= LEAST_PATIENTS]
        if not kept:
            most = max(shares.size for _, _, shares in seen)
            unused.append(
                Unused(fact, f"{most} simulated patients have a value, of the {LEAST_PATIENTS} that are needed")
            )
            continue
        offered, n = _offered(fact), fact.n_total or UNKNOWN_N
        found.append(
            Target(
                fact,
                group_of(fact.endpoint),
                study.weight(fact),
                logit(offered, n),
                _variance(fact, offered, n),
                offered,
                np.concatenate([waves[wave][0][system_of(fact)][patients] for wave, patients, _ in kept]),
                np.concatenate([shares for _, _, shares in kept]),
                np.concatenate([patients + WAVE * wave for wave, patients, _ in kept]),
            )
        )
    return found, unused


def system_of(fact: Fact) -> str:
    """The system that a fact of one side is read off."""
    assert fact.reading is not None
    return fact.reading.sides[0].of


def _offered(fact: Fact) -> float:
    assert fact.reading is not None
    assert fact.value is not None
    return HALF if fact.reading.statistic in ("survival_median", "median", "geometric_mean") else fact.value


def _variance(fact: Fact, offered: float, n: int) -> float:
    share = (offered / PERCENT * n + 0.5) / (n + 1.0)
    sampling = 1.0 / (n * share * (1.0 - share))
    if fact.range is None or offered != fact.value:
        return float(sampling)
    return float(max(sampling, ((logit(fact.range[1], n) - logit(fact.range[0], n)) / (2.0 * END)) ** 2))


def _shares(fact: Fact, trials: Mapping[str, xr.DataTree]) -> tuple[NDArray[np.int64], Array]:
    """Numbers of the patients that a fact speaks of, and the share that each stands for."""
    assert fact.reading is not None
    assert fact.value is not None
    observation = observe(fact.reading, trials)
    columns = observation.sides[0]
    patients = columns["patient"].astype(np.int64)
    if fact.reading.statistic in OF_A_CLOCK:
        seen = at_risk(columns)
        columns, patients = {name: column[seen] for name, column in columns.items()}, patients[seen]
        if fact.reading.statistic == "survival_median":
            columns = columns | {"at": np.full(patients.size, fact.value * MONTH)}
        values = pseudo_values(fact.reading.statistic, columns)
        return patients[: values.size], values
    values = columns["value"]
    if fact.reading.statistic in ("median", "geometric_mean"):
        values = (values * factor(observation.unit, fact.unit) > fact.value).astype(float)
    return patients, values


def pseudo_values(statistic: str, columns: Columns) -> Array:
    """The pseudo-value of each patient (n,) for a share on a clock; none where the clock does not reach that far."""
    of = at_time(statistic)
    n = columns["stop"].size
    if n < LEAST_PATIENTS:
        return np.zeros(0)
    whole = of(columns) / PERCENT
    if not np.isfinite(whole):
        return np.zeros(0)
    without = np.array([of({name: np.delete(column, k) for name, column in columns.items()}) for k in range(n)])
    without = np.where(np.isfinite(without), without / PERCENT, whole)
    return np.asarray(n * whole - (n - 1) * without)
