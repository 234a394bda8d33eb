"""Checks that look across the parts of a scenario; each returns all problems it finds.

Those on the tree run even where a part is wrong, those on the scenario look at the parts that are sound.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from carsim.catalog import find_value, products
from carsim.errors import Place, Problem, nearest
from carsim.model.body import HEALTHY
from carsim.spec.regimens import regimen_problems
from carsim.spec.tree import Node, Sequence, Step, Table, Text, dotted, name_of
from carsim.treatment.entries import (
    GIVEN,
    Course,
    Cyclophosphamide,
    Entry,
    Fludarabine,
    Infusion,
    Lymphodepletion,
)
from carsim.units import to_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsim.spec.scenario import Scenario

_NAMED_LISTS: Final = (
    ("products",),
    ("treatment",),
    ("leukaemia", "clones"),
    ("trial", "arms"),
    ("trial", "groups"),
    ("trial", "eligible"),
)
_ROUNDING: Final = 1e-9
TAKEN: Final = {  # names of cells that the model has besides the listed clones
    "main": "the clone that makes up what the others leave",
    "CD19-positive": "the clone that makes up what the others leave",
    HEALTHY: "the healthy B cells of the model",
}


def place_at(root: Node, steps: tuple[Step, ...]) -> Place | None:
    """Return where a path is written: its key, or the nearest part around it that is written."""
    node: Node | None = root
    place = root.place
    for step in steps:
        if isinstance(node, Table):
            place = node.keys.get(str(step)) or place
            node = node.items.get(str(step))
        elif isinstance(node, Sequence):
            named = [at for at, item in enumerate(node.items) if name_of(item) == step]
            at = named[0] if named else step
            node = node.items[at] if isinstance(at, int) and at < len(node.items) else None
            place = (node.place if node else None) or place
    return place


def node_at(root: Node, steps: tuple[Step, ...]) -> Node | None:
    """Return the node at keys, names and indices, or None."""
    node: Node | None = root
    for step in steps:
        if isinstance(node, Table):
            node = node.items.get(str(step))
        elif isinstance(node, Sequence):
            node = next((item for item in node.items if name_of(item) == step), None)
        else:
            return None
    return node


def tree_problems(root: Table) -> Iterator[Problem]:
    """What can be said of the tree alone: names, and whose patients they are."""
    yield from _names(root)
    who = [key for key in ("patient", "cohort") if key in root.items]
    if len(who) != 1:
        got = "both `patient` and `cohort`" if who else "neither `patient` nor `cohort`"
        expected = "one of them, for example patient: {population: paediatric-rr-ball}"
        yield Problem(root.keys.get("cohort") or root.place, "", got, expected)


def _names(root: Table) -> Iterator[Problem]:
    for steps in _NAMED_LISTS:
        listed = node_at(root, steps)
        if not isinstance(listed, Sequence):
            continue
        first: dict[str, Place | None] = {}
        for at, item in enumerate(listed.items):
            name, path = name_of(item), dotted(root, (*steps, at))
            if name is None:
                if isinstance(item, Table) and steps == ("treatment",):
                    yield Problem(item.place, path, "no `name`", "`name`: the entry's name in paths, for example car")
                continue
            place = item.items["name"].place if isinstance(item, Table) else item.place
            if name in first:
                line = first[name].line if first[name] else "?"  # type: ignore[union-attr]
                got = f"the name `{name}` again (first on line {line}, here on line {place.line if place else '?'})"
                yield Problem(place, path, got, "each name once in a list")
            first.setdefault(name, place)
            if steps == ("leukaemia", "clones") and name in TAKEN:
                yield Problem(place, path, f"`{name}`, {TAKEN[name]}", "another name")
            if steps == ("products",) and name in GIVEN:
                yield Problem(place, path, f"`{name}`, which is a drug or procedure", "another name")


def scenario_problems(scenario: Scenario, root: Table, all_entries: bool) -> Iterator[Problem]:
    """What can be said of the parts together; `all_entries` is false where wrong entries are left out."""
    clones = scenario.leukaemia.clones
    total = sum(clone.fraction for clone in clones)
    if total > 1 + _ROUNDING:
        place = place_at(root, ("leukaemia", "clones"))
        expected = "fractions that sum to at most 1, for example 1e-7; the main clone is what they leave"
        yield Problem(place, "leukaemia.clones", f"fractions that sum to {total:g}", expected)
    yield from _growth(scenario, root)
    yield from _borrowed_names(scenario, root)
    yield from _times(scenario, root, all_entries)
    yield from regimen_problems(scenario, lambda steps: place_at(root, steps))
    if all_entries:
        yield from _groups(scenario, root)


def _borrowed_names(scenario: Scenario, root: Table) -> Iterator[Problem]:
    """A variant that takes the name or an alias of another product of the catalogue would be given in its place."""
    owners = {alias: record.name for record in products().values() for alias in (record.name, *record.aliases)}
    for product in scenario.products:
        owner = owners.get(product.name, product.extends)
        if owner != product.extends:
            path = f"products.{product.name}"
            got = f"the name `{product.name}`, by which the catalogue knows {owner}, for a variant of {product.extends}"
            yield Problem(place_at(root, ("products", product.name)), path, got, "a name of its own, for example mine")


def _growth(scenario: Scenario, root: Table) -> Iterator[Problem]:
    """A clone that dies faster than it is born: crowding, a loss in proportion to the net growth, would be a gain."""
    catalogued = {kind: find_value(f"blast_{kind}").value for kind in ("birth", "death")}
    usual = {kind: scenario.parameters.get(f"blast_{kind}", value) for kind, value in catalogued.items()}
    clones = [("main", scenario.leukaemia.main), *((clone.name, clone) for clone in scenario.leukaemia.clones)]
    for name, clone in clones:
        birth = usual["birth"] if clone.birth is None else clone.birth
        death = usual["death"] if clone.death is None else clone.death
        if birth < death:
            path = "leukaemia.main" if name == "main" else f"leukaemia.clones.{name}"
            got = f"{to_text(birth, '1/d')} of birth and {to_text(death, '1/d')} of death"
            yield Problem(place_at(root, ("leukaemia",)), path, got, "a birth rate that is at least the death rate")


def _groups(scenario: Scenario, root: Table) -> Iterator[Problem]:
    """Groups of a trial by what was given: the entry must exist."""
    if scenario.trial is None:
        return
    names = [entry.name or "" for entry in scenario.treatment]
    for part in ("eligible", "groups"):
        for group in getattr(scenario.trial, part):
            for key in ("given", "not_given"):
                name = getattr(group, key)
                if name is not None and name not in names:
                    steps: tuple[Step, ...] = ("trial", part, group.name, key)
                    meant = nearest(name, names)
                    yield Problem(
                        place_at(root, steps),
                        ".".join(str(step) for step in steps),
                        f"`{name}`",
                        f"the name of an entry of `treatment`: {', '.join(names) or 'there is none'}",
                        f"`{meant}`" if meant else None,
                    )


def _times(scenario: Scenario, root: Table, all_entries: bool) -> Iterator[Problem]:
    until = scenario.run.until
    first: list[tuple[float, Entry]] = []
    for entry in scenario.treatment:
        if entry.when is not None:
            continue
        steps: tuple[Step, ...] = ("treatment", entry.name or "")
        yield from _start_stated(entry, root, steps)
        for keys, time in _dose_times(entry):
            if time > until:
                place, path = place_at(root, (*steps, *keys)), ".".join(("treatment", entry.name or "", *keys))
                got = f"a dose on day {time:g}, after the end of the run"
                expected = (
                    f"doses up to `run.until` ({to_text(until, 'd')}), or a later end, for example until: 24 months"
                )
                yield Problem(place, path, got, expected)
        first += [(time, entry) for time in _infusion_times(entry)]
    if all_entries and first and abs(min(time for time, _ in first)) > _ROUNDING:
        time, earliest = min(first, key=lambda item: item[0])
        place, path = place_at(root, ("treatment", earliest.name or "", "at")), f"treatment.{earliest.name}.at"
        yield Problem(
            place, path, f"a first infusion on day {time:g}", "time 0 at the first infusion, for example at: 0 d"
        )


def _dose_times(entry: Entry) -> Iterator[tuple[tuple[str, ...], float]]:
    """Yield the key that sets each last dose, and its time."""
    if isinstance(entry, Course):
        for at, inner in enumerate(entry.course):
            for keys, time in _dose_times(inner):
                yield ("course", str(at), *keys), entry.at + time
    elif isinstance(entry, Lymphodepletion):
        for drug in ("fludarabine", "cyclophosphamide"):
            course = getattr(entry, drug)
            yield (drug, "start"), entry.at + course.start + (course.doses - 1) * course.every
    elif isinstance(entry, Infusion):
        yield ("at",), entry.at + max((part.at for part in entry.split), default=0.0)
    else:
        start, doses = getattr(entry, "start", 0.0), getattr(entry, "doses", getattr(entry, "cycles", 1))
        key = "start" if hasattr(entry, "start") else "at"
        yield (key,), entry.at + start + (doses - 1) * getattr(entry, "every", 0.0)


def _infusion_times(entry: Entry) -> Iterator[float]:
    if isinstance(entry, Course):
        for inner in entry.course:
            yield from (entry.at + time for time in _infusion_times(inner))
    elif isinstance(entry, Infusion):
        yield entry.at + min((part.at for part in entry.split), default=0.0)


def _start_stated(entry: Entry, root: Table, steps: tuple[Step, ...]) -> Iterator[Problem]:
    """Lymphodepletion must say when it starts: at the infusion, its default zero, it would be too late."""
    written = node_at(root, steps)
    if not isinstance(written, Table) or "at" in written.items:
        return
    if isinstance(entry, Lymphodepletion):
        drugs: tuple[tuple[str, ...], ...] = (("fludarabine",), ("cyclophosphamide",))
    elif isinstance(entry, Fludarabine | Cyclophosphamide):
        drugs = ((),)
    else:
        return
    for keys in drugs:
        drug = node_at(written, keys)
        if not isinstance(drug, Table) or not isinstance(drug.items.get("start"), Text):
            path = ".".join(str(step) for step in (*steps, *keys, "start"))
            expected = "`start`: the day of the first dose, before the infusion, for example start: -6 d"
            yield Problem(place_at(root, (*steps, *keys)), path, "no `start`", expected)
