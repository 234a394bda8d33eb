"""What `carsim show` says of a cohort: its covariates, how far its parameters differ, and what goes with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsim import catalog
from carsim.population.parts import COVARIATES, Patient, pairs_of
from carsim.quantity import Quantity

if TYPE_CHECKING:
    from carsim.population.parts import Cohort
    from carsim.spec import Scenario

Rows = list[dict[str, Any]]


def patients_of(scenario: Scenario) -> dict[str, Rows]:
    """Rows on the patients of a cohort, by heading; nothing for one patient, whose values are explicit.

    A spread is the standard deviation of the natural logarithm; a correlation is one of logarithms.
    """
    if scenario.cohort is None:
        return {}
    cohort, origins = scenario.cohort, scenario.origins
    source = {path: str(origin) for path, origin in origins.items()}
    return {
        "covariates": [_covariate(cohort, name, source) for name in COVARIATES],
        "variability": _variability(cohort, source),
        "correlations": [
            {"between": first, "and": second, "value": value, **_known(cohort, first, second, source)}
            for (first, second), value in pairs_of(cohort).items()
        ],
    }


def _covariate(cohort: Cohort, name: str, source: dict[str, str]) -> dict[str, Any]:
    spread = getattr(cohort, name)
    unit = next(item.unit for item in Patient.model_fields[name].metadata if isinstance(item, Quantity))
    limits = {key: getattr(spread, key) for key in ("min", "max")}
    origin = source.get(f"cohort.{name}.median", "")
    return {"name": name, "median": spread.median, "log_sd": spread.log_sd, **limits, "unit": unit, "source": origin}


def _variability(cohort: Cohort, source: dict[str, str]) -> Rows:
    """What the population states, and what the cohort states over it."""
    if not cohort.variability:
        return []
    usual = catalog.find_population(cohort.population).variability
    own = [
        {"parameter": name, "log_sd": log_sd, "low": None, "high": None, "grade": ""}
        | {"source": source.get(f"cohort.spreads.{name}", ""), "reason": ""}
        for name, log_sd in cohort.spreads.items()
    ]
    return own + [
        {"parameter": name, "log_sd": value.value, "low": value.low, "high": value.high, "grade": value.grade}
        | {"source": value.source, "reason": value.reason}
        for name, value in usual.items()
        if name not in cohort.spreads
    ]


def _known(cohort: Cohort, first: str, second: str, source: dict[str, str]) -> dict[str, Any]:
    """Source of a pair; with range, grade and reason where its value is the population's."""
    origin = {"source": source.get(f"cohort.correlations.{first}.{second}", "")}
    for pair in catalog.find_population(cohort.population).correlations:
        if {pair.first, pair.second} == {first, second} and pair.value.value == pairs_of(cohort)[first, second]:
            value = pair.value
            return {"low": value.low, "high": value.high, "grade": value.grade, **origin, "reason": value.reason}
    return {"low": None, "high": None, "grade": "", **origin, "reason": ""}
