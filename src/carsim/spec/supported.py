"""Which mechanisms of the format this version can run; one table decides.

A scenario may be complete before the engine is: what is missing here parses, resolves and round-trips, and running it
names the mechanism.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsim.treatment.entries import Course, Cyclophosphamide, Entry, Fludarabine, Infusion, Lymphodepletion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsim.model.parts import MainClone
    from carsim.spec.scenario import Scenario

GIVEN_NOW = (Lymphodepletion, Fludarabine, Cyclophosphamide, Infusion)
ENGINES_NOW = ("ode",)
OUTPUT_NOW = 1.0  # d between outputs


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
    clones: list[tuple[str, MainClone]] = [("main", scenario.leukaemia.main)]
    for clone in scenario.leukaemia.clones:
        clones.append((f"clones.{clone.name}", clone))
        if clone.lineage != "B":
            yield f"leukaemia.clones.{clone.name}.lineage", "lineage switch"
        if clone.fraction_log_sd > 0:
            yield f"leukaemia.clones.{clone.name}.fraction_log_sd", "clone fractions that differ between patients"
    for path, one in clones:
        for antigen in ("cd19", "cd20", "cd22"):
            if getattr(one, antigen).patient_log_sd > 0:
                yield f"leukaemia.{path}.{antigen}.patient_log_sd", "antigen densities that differ between patients"
    for product in scenario.products:
        if "CD20" in product.arms:
            yield f"products.{product.name}.arms.CD20", "recognition of CD20"


def _patients(scenario: Scenario) -> Iterator[tuple[str, str]]:
    if scenario.cohort is not None and scenario.cohort.marrow_blasts.at == "enrolment":
        yield "cohort.marrow_blasts.at", "the time from enrolment to lymphodepletion"


def _simulation(scenario: Scenario) -> Iterator[tuple[str, str]]:
    run = scenario.run
    if run.engine not in ENGINES_NOW:
        yield "run.engine", f"the {run.engine} engine"
    if run.every != OUTPUT_NOW:
        yield "run.every", "output at other times than each day"
    if run.draws:
        yield "run.draws", "draws of uncertain parameters"
    if run.replicates > 1:
        yield "run.replicates", "stochastic replicates"
    if scenario.trial is not None:
        yield "trial", "virtual trials (`carsim trial`)"
    if scenario.sweep is not None:
        yield "sweep", "parameter sweeps (`carsim sweep`)"


def _entry(entry: Entry, path: str) -> Iterator[tuple[str, str]]:
    if entry.when is not None:
        yield f"{path}.when", "treatment on a condition"
    if isinstance(entry, Course):
        yield f"{path}.course", "courses of several treatments"
    elif not isinstance(entry, GIVEN_NOW):
        given: Any = entry
        yield f"{path}.give", str(given.give)
    if isinstance(entry, Infusion) and entry.dose.log_sd > 0:
        yield f"{path}.dose.log_sd", "doses that differ between patients"
    if isinstance(entry, Infusion) and any(part.unless is not None for part in entry.split):
        yield f"{path}.split", "withholding a part of a split dose on a condition"
