"""Probabilities from replicates: what share of a patient's courses are cured, relapse, or stay in remission.

    one patient   p = k / n of its courses in which the answer is known; failed courses count in neither
    a cohort      mean over its patients of their own shares, so that each patient counts alike
    interval      Wilson: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), z of 95 %; never beyond 0 and 1
    of a cohort   the same with n = p(1-p) / variance of the mean over patients, at least the number of patients and at
                  most that of courses: courses of one patient are alike, and count for less than as many patients

Relapse and cure are those of the disease: a death of another cause does not end a course here.
Sources: Wilson, J Am Stat Assoc 22:209 (1927); the effective number of courses after Korn and Graubard, Surv Methodol
24:193 (1998).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carsim.dataset.replicates import replicates_of
from carsim.dataset.variables import OUTCOMES, VARIABLES, attributes
from carsim.spec.plain import CHANCE

if TYPE_CHECKING:
    import xarray as xr

Z = 1.959963984540054  # standard normal quantile of 97.5 %
CURE, REMISSION, RELAPSE = "cure", "remission at the end", "relapse"
ALWAYS = ("CD19-positive", "CD19-negative")  # phenotypes that are told even where none of them relapses
MIXED = "+"  # joins the phenotypes of a relapse of several
TABLE = {"cure": CURE, "remission": REMISSION, "relapse": RELAPSE} | {
    f"relapse_{name.lower().replace('-', '_')}": name for name in ALWAYS
}  # variable of the table -> outcome

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Probability:
    """Estimate with its 95 % interval, and the number of courses and patients that it rests on."""

    estimate: float
    low: float
    high: float
    courses: int
    patients: int


def outcomes(data: xr.Dataset) -> dict[str, Array]:
    """Each outcome of each course, (patient, replicate): 1 yes, 0 no, NaN where it is not known.

    `CURE`, `REMISSION`, `RELAPSE`, then relapse of each phenotype by its word: the CD19 ones and those that occur.
    """
    shape = data.sizes["patient"], replicates_of(data)

    def of(name: str) -> np.ndarray:
        values: np.ndarray = data[name].values.reshape(shape)
        return values

    cured, ongoing, day = of("cured"), of("remission_ongoing"), of("relapse_day")
    known = ongoing >= 0  # whoever is followed to a visit
    relapsed = np.where(known, np.isfinite(day), np.nan)
    found = {
        CURE: np.where(cured >= 0, cured, np.nan),
        REMISSION: np.where(known, ongoing, np.nan),
        RELAPSE: relapsed,
    }
    words = of("relapse_phenotype").astype(str)
    for word in [*ALWAYS, *sorted(set(words.ravel().tolist()) - {"", *ALWAYS})]:
        found[word] = np.where(known, words == word, np.nan)
    return found


def probabilities(data: xr.Dataset) -> dict[str, Probability]:
    """The probability of each outcome, over all patients of a result of an engine of chance; else none."""
    if data.attrs.get("engine") not in CHANCE:
        return {}
    return {name: over_patients(found) for name, found in outcomes(data).items() if np.isfinite(found).any()}


def over_patients(found: Array) -> Probability:
    """Mean over patients of the share of their courses, from outcomes (patient, replicate)."""
    known = np.isfinite(found)
    has = known.any(axis=1)
    shares, courses, patients = np.nanmean(found[has], axis=1), int(known.sum()), int(has.sum())
    estimate = float(shares.mean())
    size = float(courses)
    if patients > 1:
        spread = float(shares.var(ddof=1)) / patients
        size = min(max(estimate * (1.0 - estimate) / spread, patients), courses) if spread > 0.0 else float(patients)
    low, high = wilson(estimate * size, size)
    return Probability(estimate, float(low), float(high), courses, patients)


def wilson(successes: ArrayLike, trials: ArrayLike) -> tuple[Array, Array]:
    """Ends of the 95 % interval of Wilson's score; NaN without trials. Numbers need not be whole."""
    count, size = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = count / size
        middle = share + Z * Z / (2.0 * size)
        half = Z * np.sqrt(share * (1.0 - share) / size + Z * Z / (4.0 * size * size))
        whole = 1.0 + Z * Z / size
        low = np.where(count == 0.0, 0.0, (middle - half) / whole)  # exact at the ends, where rounding would be seen
        high = np.where(count == size, 1.0, (middle + half) / whole)
    return np.where(size > 0.0, low, np.nan), np.where(size > 0.0, high, np.nan)


def table(data: xr.Dataset) -> xr.Dataset:
    """Probabilities of each patient (patient,) with their intervals, from its replicates."""
    import xarray as xr

    found = outcomes(data)
    columns: Mapping[str, Array] = {name: found[outcome] for name, outcome in TABLE.items()}
    others = [found[word] for word in found if word not in TABLE.values()]
    none = np.where(np.isfinite(found[RELAPSE]), 0.0, np.nan)
    columns = {**columns, "relapse_other": none + sum(others, np.zeros_like(none))}
    made = xr.Dataset(coords={"patient": data["patient"]})
    for name, _ in OUTCOMES:
        known = np.isfinite(columns[name])
        count, size = np.where(known, columns[name], 0.0).sum(axis=1), known.sum(axis=1)
        share = np.divide(count, size, out=np.full(count.shape, np.nan), where=size > 0)
        for suffix, values in (("", share), *zip(("_low", "_high"), wilson(count, size), strict=True)):
            variable = VARIABLES[f"probability_{name}{suffix}"]
            made[variable.name] = (variable.dims, values, attributes(variable))
    return made
