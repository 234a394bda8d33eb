"""Checks of what a treatment means as a whole: conditions, courses, repeats, transplants, and regimens that overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carsim.errors import Place, Problem
from carsim.population.enrolment import enrolment_day
from carsim.spec.tree import Step
from carsim.treatment.conditions import Condition, Threshold
from carsim.treatment.entries import Course, Entry, Infusion, Transplant
from carsim.treatment.plan import Planned, plan
from carsim.units import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from carsim.spec.scenario import Scenario

    PlaceAt = Callable[[tuple[Step, ...]], Place | None]


def regimen_problems(scenario: Scenario, place_at: PlaceAt) -> Iterator[Problem]:
    """Every problem of the treatment as a whole."""
    domains = {product.name: product.costimulation for product in scenario.products}
    sound = [entry for entry in scenario.treatment if all(give in domains for give in _products(entry))]
    planned = plan(sound, domains, scenario.run.seed)
    for item in planned:
        if item.entry.when is not None:
            yield from _condition(item, item.entry.when, place_at)
        yield from _inner(item.entry, item.name, place_at)
        yield from _needed(scenario, item, place_at)
    yield from _overlaps(planned, place_at)
    yield from _transplants(planned, place_at)
    yield from _before_enrolment(scenario, planned, place_at)


def _before_enrolment(scenario: Scenario, planned: tuple[Planned, ...], place_at: PlaceAt) -> Iterator[Problem]:
    who = scenario.patient or scenario.cohort
    day = enrolment_day(who) if who and who.enrolment else None
    for item in planned if day is not None else ():
        first = min(dose.at for dose in item.doses)
        if item.entry.when is None and day is not None and first < day:
            steps, path = _at(item.name)
            expected = (
                f"days from enrolment on ({day:g}), or an earlier enrolment, for example enrolment: {{at: -90 d}}"
            )
            yield Problem(place_at(steps), path, f"a dose on day {first:g}, before enrolment", expected)


def _products(entry: Entry) -> list[str]:
    inner = entry.course if isinstance(entry, Course) else (entry,)
    return [part.give for part in inner if isinstance(part, Infusion)]


def _at(name: str, *keys: Step) -> tuple[tuple[Step, ...], str]:
    """Steps and dotted path of a key of an entry."""
    steps: tuple[Step, ...] = ("treatment", name, *keys)
    return steps, ".".join(str(step) for step in steps)


def _path(name: str) -> tuple[tuple[Step, ...], str]:
    """Steps and dotted path of an entry, or of a part of a course by its place in it."""
    entry, *rest = name.split(".")
    return _at(entry, *(int(step) if step.isdigit() else step for step in rest))


def _condition(item: Planned, when: Condition, place_at: PlaceAt) -> Iterator[Problem]:
    first = min(dose.at for dose in item.doses)
    if first < 0.0:
        steps, path = _at(item.name)
        expected = "times from 0 d on: they count from the moment at which the condition holds"
        yield Problem(place_at(steps), path, f"a dose {to_text(-first, 'd')} before its condition holds", expected)
    span = max(dose.end for dose in item.doses)
    if when.repeat > 1 and span > 0.0 and when.apart <= span:
        steps, path = _at(item.name, "when", "repeat")
        expected = f"`apart` longer than the entry takes ({span:.3g} d), so that it is over before it repeats"
        yield Problem(place_at(steps), path, f"`repeat: {when.repeat}`, {to_text(when.apart, 'd')} apart", expected)
    early = when.after is not None and when.visit is not None and when.visit < when.after
    late = when.before is not None and when.visit is not None and when.visit >= when.before
    if early or late:
        steps, path = _at(item.name, "when", "visit")
        got = f"a visit {'before `after`' if early else 'at or after `before`'}"
        yield Problem(place_at(steps), path, got, "a visit between `after` and `before`, or one of the two alone")


def _inner(entry: Entry, name: str, place_at: PlaceAt) -> Iterator[Problem]:
    for at, part in enumerate(entry.course if isinstance(entry, Course) else ()):
        if part.when is not None:
            steps, path = _at(name, "course", at, "when")
            yield Problem(place_at(steps), path, "a condition inside a course", "`when` at the course itself")
        yield from _crowded(part, name, ("course", at), place_at)
    yield from _crowded(entry, name, (), place_at)


def _crowded(entry: Entry, name: str, keys: tuple[Step, ...], place_at: PlaceAt) -> Iterator[Problem]:
    """Infusions of one entry that would run into one another."""
    for inner in ((), ("fludarabine",), ("cyclophosphamide",)):
        part = getattr(entry, inner[0], None) if inner else entry
        every, length = getattr(part, "every", None), getattr(part, "duration", None)
        count = getattr(part, "doses", getattr(part, "cycles", 1))
        if every is not None and length is not None and count > 1 and length > every:
            steps, path = _at(name, *keys, *inner, "duration")
            got = f"infusions of {to_text(length, 'd')} every {to_text(every, 'd')}"
            yield Problem(place_at(steps), path, got, "`duration` of at most `every`, for example duration: 1 h")


def _needed(scenario: Scenario, item: Planned, place_at: PlaceAt) -> Iterator[Problem]:
    """A condition on what nothing in the scenario changes."""
    when = item.entry.when
    asked: list[tuple[Threshold, tuple[Step, ...]]] = []
    if when is not None:
        asked += [(when, ("when", "variable"))]
        asked += [(other, ("when", "also", at, "variable")) for at, other in enumerate(when.also)]
    if isinstance(item.entry, Infusion):
        asked += [(part.unless, ("split", at, "unless")) for at, part in enumerate(item.entry.split) if part.unless]
    for threshold, keys in asked:
        steps, path = _at(item.name, *keys)
        if threshold.variable == "csf_blasts" and scenario.leukaemia.sites.CNS is None:
            expected = "disease there, for example leukaemia: {sites: {CNS: {csf: 40 cells/uL}}}"
            yield Problem(place_at(steps), path, "a condition on csf_blasts without that site", expected)


def _overlaps(planned: tuple[Planned, ...], place_at: PlaceAt) -> Iterator[Problem]:
    """Two entries at fixed times, or two parts of a course, that give the same drug while the other goes on."""
    for item in planned:
        if isinstance(item.entry, Course):
            parts = (
                Planned(part, f"{item.name}.course.{k}", tuple(d for d in item.doses if d.draw == f"{item.name}.{k}"))
                for k, part in enumerate(item.entry.course)
            )
            yield from _overlapping(parts, place_at)
    yield from _overlapping((item for item in planned if item.entry.when is None), place_at)


def _overlapping(planned: Iterable[Planned], place_at: PlaceAt) -> Iterator[Problem]:
    """Entries whose times count from one zero."""
    spans: dict[str, list[tuple[float, float, str]]] = {}
    for item in planned:
        for drug in {dose.label for dose in item.doses} - {dose.label for dose in item.doses if _is_cells(dose.row)}:
            own = [dose for dose in item.doses if dose.label == drug]
            first, last = min(dose.at for dose in own), max(dose.end for dose in own)
            for begin, end, other in spans.get(drug, []):
                if first == begin or (first < end and begin < last):
                    steps, path = _path(item.name)
                    place, where = place_at(steps), place_at(_path(other)[0])
                    line = f" (line {where.line})" if where else ""
                    got = f"{drug} {_span(first, last, 'from ')}, while treatment.{other}{line} gives it"
                    expected = f"one entry for both, or times outside {_span(begin, end)}"
                    yield Problem(place, path, got, expected)
            spans.setdefault(drug, []).append((first, last, item.name))


def _span(first: float, last: float, word: str = "") -> str:
    return f"{word}day {first:g} to {last:g}" if first < last else f"{'on ' if word else ''}day {first:g}"


def _is_cells(row: str) -> bool:
    return row.startswith("cart.")


def _transplants(planned: tuple[Planned, ...], place_at: PlaceAt) -> Iterator[Problem]:
    """A transplant at a fixed time that would come before the CAR T cells, or with them."""
    fixed = [item for item in planned if item.entry.when is None]
    infusions = [dose.at for item in fixed for dose in item.doses if _is_cells(dose.row)]
    for item in planned if infusions else ():
        yield from _early(item, min(infusions), place_at)
    for item in fixed:
        for dose in item.doses:
            if dose.label == "hsct" and infusions and dose.at <= min(infusions):
                steps, path = _at(item.name, "at") if isinstance(item.entry, Transplant) else _at(item.name)
                expected = (
                    "a day after the first infusion, for example at: 60 d; an earlier one is history: [prior-hsct]"
                )
                yield Problem(place_at(steps), path, f"a transplant on day {dose.at:g}", expected)


def _early(item: Planned, infusion: float, place_at: PlaceAt) -> Iterator[Problem]:
    """A transplant on a condition that may hold before the CAR T cells are given."""
    when = item.entry.when
    asked = () if when is None else (when, *when.also)
    if when is None or any(threshold.variable in ("response", "relapse") for threshold in asked):
        return  # a response and a relapse are those of the treatment
    from_day = max((day for day in (when.visit, when.after) if day is not None), default=-math.inf)
    waits = [dose.at + when.lasting for dose in item.doses if dose.label == "hsct"]
    if waits and from_day + min(waits) <= infusion:
        steps, path = _at(item.name, "when")
        got = "a transplant on a condition that is looked at before the first infusion"
        expected = "`after` or `visit` later than the first infusion, for example after: 28 d"
        yield Problem(place_at(steps), path, got, expected)
