"""What can be said of a trial before it is simulated: whether it has patients, and follow-up for what it asks.

An arm that no patient can enter: nobody can be infused where only the infused are counted, or nobody of the cohort that
it draws is of the groups that it takes. Follow-up shorter than an assessment: a first visit, a time of the report, a
day of non-response or a landmark after the end of the run. Later visits of a common grid are just not made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.errors import Place, Problem, ScenarioError
from carsim.population.draw import Drawn, draw
from carsim.spec.trial import GROUPED_BY, Group, Trial
from carsim.treatment.entries import Course, Entry, Infusion
from carsim.units import to_text

if TYPE_CHECKING:
    from carsim.spec import Scenario


def check(scenario: Scenario, arms: Mapping[str, Scenario]) -> None:
    """Raise ScenarioError with everything that keeps the arms of a scenario from being a trial."""
    problems = [*_kind(scenario)]
    if not problems:
        for name, arm in arms.items():
            problems += [*_follow_up(arm), *_entry(arm, name)]
    if problems:
        raise ScenarioError(dict.fromkeys(problems))


def _kind(scenario: Scenario) -> Iterator[Problem]:
    if scenario.cohort is None:
        expected = "`cohort:`, the patients of the trial, for example {population: paediatric-rr-ball, n: 75}"
        yield Problem(place_of(scenario, "patient"), "patient", "one patient", expected)
    if scenario.run.replicates > 1:
        got, expected = f"{scenario.run.replicates} replicates", "1: in a trial each patient counts once"
        yield Problem(place_of(scenario, "run.replicates"), "run.replicates", got, expected)
    if scenario.sweep is not None:
        yield Problem(place_of(scenario, "sweep"), "sweep", "a sweep", "a scenario without `sweep` for a trial")


def _follow_up(arm: Scenario) -> Iterator[Problem]:
    trial, end = arm.trial or Trial(), arm.run.until
    asked: dict[str, tuple[str, float]] = {"trial.visits.0": ("a first visit", trial.visits[0])}
    asked |= {f"trial.report.{at}": ("an estimate", day) for at, day in enumerate(trial.report)}
    for name in type(trial.clocks).model_fields:
        record = getattr(trial.clocks, name)
        for key, words in (("nonresponse", "non-response"), ("landmark", "a landmark")):
            if getattr(record, key) is not None:
                asked[f"trial.clocks.{name}.{key}"] = words, getattr(record, key)
    for path, (words, day) in asked.items():
        if day > end:
            until = f"`run.until` ({to_text(end, 'd')})"
            yield Problem(
                place_of(arm, path),
                path,
                f"{words} on day {day:g}, after the end of the follow-up",
                f"days up to {until}, or a longer follow-up, for example run: {{until: {to_text(day, 'd')}}}",
            )


def _entry(arm: Scenario, name: str) -> Iterator[Problem]:
    """Whether anybody can enter an arm."""
    trial, cohort = arm.trial or Trial(), arm.cohort
    assert cohort is not None  # refused before
    if trial.counted == "infused" and not _any_infusion(arm):
        yield Problem(
            place_of(arm, "trial.counted"),
            "trial.counted",
            f"`infused`, and nobody in {_arm(name)} can be infused",
            "an arm with a dose for a share of its patients, or counted: enrolled",
        )
    drawn = draw(cohort, arm.run.seed, Path(arm.file).parent if arm.file else None)
    entries = {entry.name: entry for entry in arm.treatment}
    for group in trial.eligible:
        path = f"trial.eligible.{group.name}"
        entry = entries.get(group.given or "")
        if entry is not None and entry.share == 0.0:
            got = f"those given `{group.given}`, which {_arm(name)} gives to nobody"
            yield Problem(place_of(arm, path), path, got, f"a `share` of treatment.{group.given} above 0 %")
        elif not _could_be_anybody(group, drawn):
            got = f"{_criterion(group)}, and none of the {drawn.n} patients of {_arm(name)} is of this group"
            yield Problem(
                place_of(arm, path), path, got, f"a cohort in which some are, or another limit: {_range(group, drawn)}"
            )


def _any_infusion(arm: Scenario) -> bool:
    if arm.cohort is not None and arm.cohort.enrolment is not None and arm.cohort.enrolment.failed >= 1.0:
        return False
    return any(_gives_cells(entry) for entry in arm.treatment if entry.share > 0.0)


def _gives_cells(entry: Entry) -> bool:
    if isinstance(entry, Course):
        return any(_gives_cells(part) for part in entry.course if part.share > 0.0)
    return isinstance(entry, Infusion) and max(entry.dose.flat or 0.0, entry.dose.per_weight or 0.0) > 0.0


def _could_be_anybody(group: Group, drawn: Drawn) -> bool:
    """Whether any patient is of the group, as far as covariates and history say; what happens later may be anything."""
    variable = group.variable or ""
    if variable in drawn.covariates:
        values = drawn.covariates[variable]
        low = -np.inf if group.at_least is None else group.at_least
        high = np.inf if group.below is None else group.below
        return bool(((values >= low) & (values < high)).any())
    if variable in drawn.history or (GROUPED_BY.get(variable) == ("yes", "no") and not variable.endswith("_disease")):
        has = drawn.history.get(variable, np.zeros(drawn.n, dtype=bool))
        return bool((has == (group.equals == "yes")).any())
    return True


def _criterion(group: Group) -> str:
    words = [
        f"{key.replace('_', ' ')} {_text(group, value)}"
        for key in ("at_least", "below")
        if (value := getattr(group, key)) is not None
    ]
    return f"{group.variable} {' and '.join(words) or group.equals}"


def _range(group: Group, drawn: Drawn) -> str:
    variable = group.variable or ""
    if variable not in drawn.covariates:
        return f"its share is cohort.shares.{variable}"
    values = drawn.covariates[variable]
    return f"they have {_text(group, float(values.min()))} to {_text(group, float(values.max()))}"


def _text(group: Group, value: float) -> str:
    unit = GROUPED_BY[group.variable or ""]
    return to_text(float(f"{value:.4g}"), unit) if isinstance(unit, str) and unit else f"{value:.4g}"


def _arm(name: str) -> str:
    return f"arm `{name}`"


def place_of(scenario: Scenario, path: str) -> Place | None:
    """Where a value or the part around it was written in a file."""
    origins: Mapping[str, Any] = scenario.origins
    found = origins.get(path) or next((origin for key, origin in origins.items() if key.startswith(f"{path}.")), None)
    if found is None or found.kind != "file":
        return None
    file, _, line = found.detail.rpartition(":")
    return Place(file, int(line)) if line.isdigit() else None
