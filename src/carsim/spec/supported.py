"""Which mechanisms of the format this version can run; one table decides.

A scenario may be complete before the engine is: what is missing here parses, resolves and round-trips, and running it
names the mechanism.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsim.treatment.conditions import ROWS
from carsim.treatment.entries import (
    Course,
    Cyclophosphamide,
    Entry,
    Fludarabine,
    Infusion,
    Lymphodepletion,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsim.spec.scenario import Scenario

GIVEN_NOW = (Lymphodepletion, Fludarabine, Cyclophosphamide, Infusion)
ENGINES_NOW = ("ode",)
OUTPUT_NOW = 1.0  # d between outputs at most: endpoints are worked out from them


def unsupported(scenario: Scenario) -> list[tuple[str, str]]:
    """Return path and mechanism of everything in a scenario that `run` of this version does not have."""
    found = [*_disease(scenario), *_patients(scenario), *_simulation(scenario)]
    for entry in scenario.treatment:
        found += _entry(entry, f"treatment.{entry.name}")
    return found


def _disease(scenario: Scenario) -> Iterator[tuple[str, str]]:
    sites = scenario.leukaemia.sites
    if sites.CNS is not None:
        yield "leukaemia.sites.CNS", "leukaemia in the central nervous system"
    if sites.extramedullary is not None:
        yield "leukaemia.sites.extramedullary", "extramedullary leukaemia"
    for clone in scenario.leukaemia.clones:
        if clone.lineage != "B":
            yield f"leukaemia.clones.{clone.name}.lineage", "lineage switch"


def _patients(scenario: Scenario) -> Iterator[tuple[str, str]]:
    if scenario.cohort is not None and scenario.cohort.marrow_blasts.at == "enrolment":
        yield "cohort.marrow_blasts.at", "the time from enrolment to lymphodepletion"


def _simulation(scenario: Scenario) -> Iterator[tuple[str, str]]:
    run = scenario.run
    if run.engine not in ENGINES_NOW:
        yield "run.engine", f"the {run.engine} engine"
    if run.every > OUTPUT_NOW:
        yield "run.every", "output less often than each day"
    if run.draws:
        yield "run.draws", "draws of uncertain parameters"
    if run.replicates > 1:
        yield "run.replicates", "stochastic replicates"
    if scenario.sweep is not None:
        yield "sweep", "parameter sweeps (`carsim sweep`)"


def _entry(entry: Entry, path: str) -> Iterator[tuple[str, str]]:
    for threshold in (entry.when, *entry.when.also) if entry.when else ():
        if threshold.variable not in ROWS:
            yield f"{path}.when", f"a condition on {threshold.variable}"
    if isinstance(entry, Course):
        for at, part in enumerate(entry.course):
            yield from _entry(part, f"{path}.course.{at}")
    elif not isinstance(entry, GIVEN_NOW):
        given: Any = entry
        yield f"{path}.give", str(given.give)
