"""Patients from a population: one with explicit values, a cohort drawn at random, or a cohort from a table.

    covariates   log-normal, correlated through a Gaussian copula of the population's correlations, cut at their limits
                 (a patient outside any limit is drawn again as a whole, so that the correlation keeps its meaning)
    variability  each varying parameter x exp(log_sd z), one z per patient and mechanism, the same for all its classes;
                 log_sd as the cohort states it, else of its population
    history      each item with its share, independently

Streams are keyed by seed, patient and purpose: adding a patient, a covariate or a parameter changes no one else's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carsim import catalog, rng
from carsim.errors import CarsimError
from carsim.population.own import NONE, Own
from carsim.population.parts import COVARIATES, Cohort, Patient
from carsim.population.table import read_table

Array = NDArray[np.float64]
ATTEMPTS = 1000  # redraws of one patient before the limits count as contradictory


@dataclass(frozen=True)
class Drawn:
    """Covariates, factors on parameters, and history of n patients; arrays have one entry per patient."""

    identifiers: tuple[str, ...]
    covariates: Mapping[str, Array]
    factors: Mapping[str, Array]
    history: Mapping[str, NDArray[np.bool_]]

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.identifiers)


def draw(who: Patient | Cohort, seed: int, folder: Path | None = None, own: Own = NONE) -> Drawn:
    """The patients of a scenario; `folder` is where a table's path starts, `own` holds each patient's own spreads."""
    if isinstance(who, Patient):
        return _one(who)
    if who.table is not None:
        table = read_table(who.table, folder)
        return Drawn(
            table.identifiers, _with_rest(table.covariates, who), _factors(who, seed, table.n, own), table.history
        )
    n = who.n or 1
    return Drawn(
        identifiers=tuple(f"{index + 1}" for index in range(n)),
        covariates=_covariates(who, seed, n),
        factors=_factors(who, seed, n, own),
        history={item: _uniform(seed, n, f"history.{item}") < share for item, share in who.shares.items()},
    )


def capped_filtration(egfr: Array, age: Array) -> Array:
    """Filtration rate capped at what maturation and age allow (Langenhorst 2019), mL/min/1.73m2.

    35 at birth, linearly to 140 at 1.5 years, flat to 30 years, then 8 less per decade.
    """
    limit = np.interp(age, [0.0, 1.5, 30.0, 130.0], [35.0, 140.0, 140.0, 60.0])
    return np.minimum(egfr, limit)


def _one(patient: Patient) -> Drawn:
    covariates = {name: np.array([float(getattr(patient, name))]) for name in COVARIATES}
    return Drawn(("1",), _capped(covariates), {}, {item: np.array([True]) for item in patient.history})


def _capped(covariates: dict[str, Array]) -> dict[str, Array]:
    return covariates | {"egfr": capped_filtration(covariates["egfr"], covariates["age"])}


def _with_rest(given: Mapping[str, Array], cohort: Cohort) -> dict[str, Array]:
    """Columns of a table; what it does not hold is the cohort's median."""
    n = len(next(iter(given.values())))
    rest = {name: np.full(n, getattr(cohort, name).median) for name in COVARIATES if name not in given}
    return _capped({**rest, **given})


def _covariates(cohort: Cohort, seed: int, n: int) -> dict[str, Array]:
    spreads = {name: getattr(cohort, name) for name in COVARIATES}
    root = np.linalg.cholesky(_correlation(cohort.population, COVARIATES))
    values = {name: np.full(n, spread.median) for name, spread in spreads.items()}
    todo = np.arange(n)
    for attempt in range(ATTEMPTS):
        independent = [rng.normals(seed, f"covariate.{name}", todo, attempt) for name in COVARIATES]
        scores = [_ordered_sum(row, independent) for row in root]
        inside = np.ones(todo.size, dtype=bool)
        for (name, spread), score in zip(spreads.items(), scores, strict=True):
            value = spread.median * np.exp(spread.log_sd * score)
            inside &= (value >= (spread.min or 0.0)) & (value <= (np.inf if spread.max is None else spread.max))
            values[name][todo] = value
        todo = todo[~inside]
        if todo.size == 0:
            return _capped(values)
    raise CarsimError(f"cohort: no patient within the limits of its covariates in {ATTEMPTS} draws; widen min and max")


def _ordered_sum(weights: Array, values: Sequence[Array]) -> Array:
    """Weighted sum in one fixed order: a matrix product's bits would depend on how many patients there are."""
    total = np.zeros_like(values[0])
    for weight, value in zip(weights, values, strict=True):
        total = total + weight * value
    return total


def _correlation(population: str, names: Sequence[str]) -> Array:
    matrix = np.eye(len(names))
    for correlation in catalog.find_population(population).correlations:
        first, second = names.index(correlation.first), names.index(correlation.second)
        matrix[first, second] = matrix[second, first] = correlation.value.value
    return matrix


def _factors(cohort: Cohort, seed: int, n: int, own: Own) -> dict[str, Array]:
    if not cohort.variability:
        return {}
    of_population = {name: row.value for name, row in catalog.find_population(cohort.population).variability.items()}
    spreads: dict[str, float | Array] = {**of_population, **cohort.spreads, **own.spreads}
    patients = np.arange(n)
    return {
        name: np.exp(log_sd * rng.normals(seed, f"variability.{name}", patients)) for name, log_sd in spreads.items()
    }


def _uniform(seed: int, n: int, purpose: str) -> Array:
    draws: Array = rng.uniforms(seed, purpose, np.arange(n))
    return draws
