"""Patients from a population: one with explicit values, a cohort drawn at random, or a cohort from a table.

    covariates   log-normal, correlated as the cohort states (see `correlations`), cut at their limits
                 (a patient outside any limit is drawn again as a whole, so that the correlation keeps its meaning)
    variability  each varying parameter x exp(log_sd s), one score s per patient and mechanism, for all its classes the
                 same; log_sd as the cohort states it, else of its population; correlated with one another and with the
                 covariates, of a table too
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
from carsim.errors import CarsimError, Problem, ScenarioError
from carsim.population.correlations import root
from carsim.population.own import NONE, Own
from carsim.population.parts import COVARIATES, Cohort, Patient, pairs_of
from carsim.population.table import Table, read_table, written

Array = NDArray[np.float64]
ATTEMPTS = 1000  # redraws of one patient before the limits count as contradictory
FARTHEST = 3.0  # standard deviations: of a thousand drawn patients two or three lie farther out
TINY = 1e-300  # has a logarithm, which zero has not


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

    def as_table(self) -> str:
        """The text of a cohort's table (CSV) that holds these patients; drawn from it, they are the same to the bit."""
        return written(self.identifiers, self.covariates, self.history, self.factors)


def draw(who: Patient | Cohort, seed: int, folder: Path | None = None, own: Own = NONE) -> Drawn:
    """The patients of a scenario; `folder` is where a table's path starts, `own` holds each patient's own spreads."""
    if isinstance(who, Patient):
        return _one(who)
    if who.table is not None:
        return _tabled(who, seed, read_table(who.table, folder, who.age.median), own)
    n = who.n or 1
    covariates, independent = _covariates(who, seed, n)
    return Drawn(
        identifiers=tuple(f"{index + 1}" for index in range(n)),
        covariates=covariates,
        factors=_factors(who, seed, independent, own),
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


def _tabled(who: Cohort, seed: int, table: Table, own: Own) -> Drawn:
    """The patients of a table, or the first n; what it does not hold is drawn or the same in all."""
    n = table.n if who.n is None else who.n
    if n > table.n:
        got, expected = f"{n} patients", f"at most {table.n}, those of {who.table}"
        raise ScenarioError([Problem(None, "cohort.n", got, expected)])
    covariates = _with_rest({name: values[:n] for name, values in table.covariates.items()}, who)
    factors = _factors(who, seed, _independent(who, covariates), own)
    factors |= {name: values[:n] for name, values in table.factors.items()} if who.variability else {}
    history = {name: has[:n] for name, has in table.history.items()}
    return Drawn(table.identifiers[:n], covariates, factors, history)


def _with_rest(given: Mapping[str, Array], cohort: Cohort) -> dict[str, Array]:
    """Columns of a table; what it does not hold is the cohort's median."""
    n = len(next(iter(given.values())))
    rest = {name: np.full(n, getattr(cohort, name).median) for name in COVARIATES if name not in given}
    return _capped({**rest, **given})


def _covariates(cohort: Cohort, seed: int, n: int) -> tuple[dict[str, Array], list[Array]]:
    """The covariates of n patients, and the independent scores that they were made of."""
    spreads = {name: getattr(cohort, name) for name in COVARIATES}
    rows = root(COVARIATES, pairs_of(cohort))
    values = {name: np.full(n, spread.median) for name, spread in spreads.items()}
    used = [np.zeros(n) for _ in COVARIATES]
    todo = np.arange(n)
    for attempt in range(ATTEMPTS):
        independent = [rng.normals(seed, f"covariate.{name}", todo, attempt) for name in COVARIATES]
        scores = [_ordered_sum(row, independent) for row in rows]
        inside = np.ones(todo.size, dtype=bool)
        for (name, spread), score in zip(spreads.items(), scores, strict=True):
            value = spread.median * np.exp(spread.log_sd * score)
            inside &= (value >= (spread.min or 0.0)) & (value <= (np.inf if spread.max is None else spread.max))
            values[name][todo] = value
        for kept, score in zip(used, independent, strict=True):
            kept[todo] = score
        todo = todo[~inside]
        if todo.size == 0:
            return _capped(values), used
    raise CarsimError(f"cohort: no patient within the limits of its covariates in {ATTEMPTS} draws; widen min and max")


def _independent(cohort: Cohort, covariates: Mapping[str, Array]) -> list[Array]:
    """The independent scores of which given covariates would have been made.

    At most FARTHEST from the middle: a table may hold what the population does not, and what is correlated with it
    must not follow beyond all bounds.
    """
    found: list[Array] = []
    for name, row in zip(COVARIATES, root(COVARIATES, pairs_of(cohort)), strict=True):
        spread, values = getattr(cohort, name), covariates[name]
        score = np.zeros(values.size)
        if spread.log_sd > 0.0 and spread.median > 0.0:
            score = np.log(np.maximum(values, TINY) / spread.median) / spread.log_sd
        found.append(np.clip((score - _ordered_sum(row[:-1], found)) / row[-1], -FARTHEST, FARTHEST))
    return found


def _factors(cohort: Cohort, seed: int, covariates: Sequence[Array], own: Own) -> dict[str, Array]:
    """Each patient's factor on each varying parameter; `covariates` are their independent scores."""
    if not cohort.variability:
        return {}
    of_population = {name: row.value for name, row in catalog.find_population(cohort.population).variability.items()}
    spreads: dict[str, float | Array] = {**of_population, **cohort.spreads, **own.spreads}
    patients = np.arange(covariates[0].size)
    independent = [*covariates, *(rng.normals(seed, f"variability.{name}", patients) for name in spreads)]
    rows = root((*COVARIATES, *spreads), pairs_of(cohort))[len(COVARIATES) :]
    return {
        name: np.exp(log_sd * _ordered_sum(row, independent))
        for (name, log_sd), row in zip(spreads.items(), rows, strict=True)
    }


def _ordered_sum(weights: Sequence[float], values: Sequence[Array]) -> Array | float:
    """Weighted sum in one fixed order: a matrix product's bits would depend on how many patients there are.

    Values beyond the last weight do not count.
    """
    total: Array | float = 0.0
    for weight, value in zip(weights, values, strict=False):
        if weight != 0.0:
            total = total + weight * value
    return total


def _uniform(seed: int, n: int, purpose: str) -> Array:
    draws: Array = rng.uniforms(seed, purpose, np.arange(n))
    return draws
