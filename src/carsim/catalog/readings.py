"""How a published fact is read off a simulated trial, in data: which patients, which statistic, of which variables.

    conditions   what a patient must meet, by a variable of the result
    side         the patients of some arms and groups of the scenario of a system
    reading      a statistic of one side, or the same statistic of two sides that are compared

The vocabulary of statistics is closed (`STATISTICS`): a fact that none of them states is marked unread, with the
reason. Times are months. Conditions on a variable are in the unit in which the result declares it; a patient without a
value meets none of them but `after`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from carsim.catalog.load import CatalogError
from carsim.catalog.systems import systems
from carsim.errors import nearest


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic of the patients of one side: what it is, its unit ("" for that of the variable), what it needs."""

    meaning: str
    unit: str
    needs: tuple[str, ...]


STATISTICS: Final[Mapping[str, Statistic]] = MappingProxyType(
    {
        "share": Statistic("share of patients who meet `counts`, among those who meet `among`", "percent", ("counts",)),
        "survival": Statistic("Kaplan-Meier estimate of `clock` at `time`", "percent", ("clock", "time")),
        "survival_median": Statistic("Kaplan-Meier median of `clock`", "months", ("clock",)),
        "incidence": Statistic(
            "cumulative incidence of `events` on `clock` at `time`, its other events competing (Aalen-Johansen)",
            "percent",
            ("clock", "events", "time"),
        ),
        "median": Statistic("median of `variable` over the patients who have a value", "", ("variable",)),
        "geometric_mean": Statistic(
            "geometric mean of `variable` over the patients who have a value", "", ("variable",)
        ),
        "course_median": Statistic("median over patients of the course `variable` at `time`", "", ("variable", "time")),
        "clone_share": Statistic(
            "median over patients of the share of clone `clone` in all leukaemic cells at `time`; 0 without the clone",
            "percent",
            ("clone", "time"),
        ),
        "expected_share": Statistic(
            "mean over patients of 1 - exp(-h), h the rise of the cumulative hazard `variable`, or the integral of the "
            "rate `variable`, from `since` to `time`: the share expected to have an event that is not drawn",
            "percent",
            ("variable", "since", "time"),
        ),
        "hazard_ratio": Statistic(
            "hazard of `events` (all of `clock` if none) in side a over that in side b (Cox)", "ratio", ("clock",)
        ),
        "cut_point": Statistic(
            "value of `variable` that parts the patients where `events` of `clock` differ most (largest log-rank)",
            "",
            ("variable", "clock"),
        ),
    }
)
OF_TWO_SIDES: Final = ("hazard_ratio",)
CLOCKS: Final = ("EFS", "RFS", "DOR", "OS")
EVENTS: Final = ("nonresponse", "relapse", "death", "hsct", "new-therapy", "b-cell-recovery", "cart-loss")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a patient must meet: all that is stated of these.

    words            the value is one of them, or they are one of the words that it joins by `+`
    at_least, below  the value lies there
    by, after        the day comes by then, or later or never: months, or the name of another day of the patient
    at               the variable is a course, taken at these months
    """

    variable: str
    words: tuple[str, ...]
    at_least: float | None
    below: float | None
    by: float | str | None
    after: float | str | None
    at: float | None

    def variables(self) -> tuple[str, ...]:
        """Names of the variables that it needs."""
        return (self.variable, *(bound for bound in (self.by, self.after) if isinstance(bound, str)))


@dataclass(frozen=True, slots=True)
class Side:
    """Patients: of any of the `arms` and any of the `groups` (all if none) of system `of` who meet all of `among`.

    `counts` says which of them a share counts; `time` and `since` are months.
    """

    of: str
    arms: tuple[str, ...]
    groups: tuple[str, ...]
    among: tuple[Condition, ...]
    counts: tuple[Condition, ...]
    time: float | None
    since: float | None


@dataclass(frozen=True, slots=True)
class Reading:
    """A statistic of one side, or of two; `assumes` says what the source left open and the reading had to choose."""

    statistic: str
    sides: tuple[Side, ...]
    variable: str
    clock: str
    events: tuple[str, ...]
    clone: str
    assumes: str

    def variables(self) -> tuple[str, ...]:
        """Variables of the result that it needs, each once."""
        found = [self.variable] if self.variable else []
        found += ["blasts"] if self.clone else []
        found += [f"{self.clock.lower()}_day", f"{self.clock.lower()}_event"] if self.clock else []
        for side in self.sides:
            found += [name for condition in (*side.among, *side.counts) for name in condition.variables()]
        return tuple(dict.fromkeys(found))

    def text(self) -> str:
        """The reading in one line, for a table."""
        what = " ".join(part for part in (self.clock or self.clone or self.variable, ", ".join(self.events)) if part)
        sides = [side_text(side) for side in self.sides]
        counted = [text for side in self.sides if (text := " and ".join(condition_text(c) for c in side.counts))]
        head = " ".join(part for part in (self.statistic, what, " | ".join(dict.fromkeys(counted))) if part)
        return f"{head}; {' against '.join(sides)}"


def side_text(side: Side) -> str:
    """System, arms, groups and time of a side in a few words."""
    parts = [side.of, "+".join(side.arms), "+".join(side.groups)]
    text = "/".join(part for part in parts if part)
    text += "".join(f", {condition_text(condition)}" for condition in side.among)
    since = "" if side.since is None else f"{side.since:g} to "
    return text if side.time is None else f"{text}, {since}{side.time:g} mo"


def condition_text(condition: Condition) -> str:
    """A condition in a few words."""
    parts = [condition.variable, *([f"at {condition.at:g} mo"] if condition.at is not None else [])]
    parts += ["or ".join(f"{word} " for word in condition.words).strip()] if condition.words else []
    parts += [f">= {condition.at_least:g}"] if condition.at_least is not None else []
    parts += [f"< {condition.below:g}"] if condition.below is not None else []
    for word, bound in (("by", condition.by), ("after", condition.after)):
        if bound is not None:
            parts.append(f"{word} {bound}" if isinstance(bound, str) else f"{word} {bound:g} mo")
    return " ".join(parts)


_SIDE: Final = ("of", "arms", "groups", "among", "counts", "time", "since")
_READING: Final = ("statistic", "variable", "clock", "events", "clone", "assumes", "a", "b", *_SIDE)
_CONDITION: Final = ("variable", "is", "at_least", "below", "by", "after", "at")
_COMPARED: Final = ("is", "at_least", "below", "by", "after")


def reading(place: str, table: Mapping[str, Any], defaults: Mapping[str, Any]) -> Reading:
    """Read the table `read` of a fact; `defaults` holds what its sides have where they do not say otherwise."""
    refuse_unknown_keys(place, table, _READING)
    statistic = table.get("statistic", "")
    refuse_unknown_word(place, "statistic", statistic, STATISTICS)
    shared = {**defaults, **{key: table[key] for key in _SIDE if key in table}}
    stated = [(key, table[key]) for key in ("a", "b") if key in table]
    sides = tuple(_side(f"{place}.{key}", {**shared, **side}) for key, side in stated) or (_side(place, shared),)
    if "b" in table and "a" not in table:
        raise CatalogError(f"{place}: side b without side a")
    found = Reading(
        statistic=statistic,
        sides=sides,
        variable=table.get("variable", ""),
        clock=table.get("clock", ""),
        events=tuple(table.get("events", ())),
        clone=table.get("clone", ""),
        assumes=table.get("assumes", ""),
    )
    if found.clock:
        refuse_unknown_word(place, "clock", found.clock, CLOCKS)
    for event in found.events:
        refuse_unknown_word(place, "event", event, EVENTS)
    _refuse_incomplete(place, found)
    return found


def _refuse_incomplete(place: str, found: Reading) -> None:
    """Refuse a reading that lacks what its statistic needs, in itself or in one of its sides."""
    for key in STATISTICS[found.statistic].needs:
        holders = found.sides if key in _SIDE else (found,)
        if any(getattr(holder, key) in ("", None, ()) for holder in holders):
            raise CatalogError(f"{place}: statistic `{found.statistic}` needs `{key}`")
    if found.statistic in OF_TWO_SIDES and len(found.sides) != 2:
        raise CatalogError(f"{place}: statistic `{found.statistic}` needs two sides, a and b")


def _side(place: str, table: Mapping[str, Any]) -> Side:
    refuse_unknown_keys(place, table, _SIDE)
    refuse_unknown_word(place, "system", table.get("of", ""), systems())
    return Side(
        of=table["of"],
        arms=tuple(table.get("arms", ())),
        groups=tuple(table.get("groups", ())),
        among=tuple(_condition(f"{place}.among", item) for item in table.get("among", ())),
        counts=tuple(_condition(f"{place}.counts", item) for item in table.get("counts", ())),
        time=number(table.get("time")),
        since=number(table.get("since")),
    )


def _condition(place: str, table: Mapping[str, Any]) -> Condition:
    refuse_unknown_keys(place, table, _CONDITION)
    if "variable" not in table:
        raise CatalogError(f"{place}: a condition without `variable`")
    if not any(key in table for key in _COMPARED):
        raise CatalogError(f"{place}: `{table['variable']}` without {', '.join(_COMPARED[:-1])} or {_COMPARED[-1]}")
    return Condition(
        variable=table["variable"],
        words=tuple(table.get("is", ())),
        at_least=number(table.get("at_least")),
        below=number(table.get("below")),
        by=_bound(table.get("by")),
        after=_bound(table.get("after")),
        at=number(table.get("at")),
    )


def _bound(given: Any) -> float | str | None:
    return given if isinstance(given, str) else number(given)


def number(given: Any) -> float | None:
    """A number that may be absent, as a float."""
    return None if given is None else float(given)


def refuse_unknown_keys(place: str, table: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Refuse a key that nothing reads: a slip in it would leave a fact without what it says."""
    unknown = next((key for key in table if key not in known), None)
    if unknown is not None:
        raise CatalogError(f"{place}: unknown key `{unknown}`; known: {', '.join(known)}")


def refuse_unknown_word(place: str, kind: str, word: str, known: Mapping[str, Any] | tuple[str, ...]) -> None:
    """Refuse a word outside a closed list, and name the nearest of it."""
    if word not in known:
        meant = nearest(word, known)
        tail = f"; did you mean `{meant}`" if meant else ""
        raise CatalogError(f"{place}: {kind} `{word}` is none of {', '.join(known)}{tail}")
