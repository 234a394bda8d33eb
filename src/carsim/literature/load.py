"""Read the data file of a published model into its records, refusing what is incomplete.

A row is a table {value, unit, meaning, source}; `value` is one number, or a table of one number per parameter set.
`source` names a line of the file's table `sources`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, cast

from carsim.errors import CarsimError
from carsim.literature.chance import Chance
from carsim.literature.chance import read as read_chance
from carsim.literature.records import WHATS, Case, Change, Check, Role, Row

ROLES: tuple[Role, ...] = ("states", "parameters", "plan")


class LiteratureError(CarsimError):
    """A data file of a published model is incomplete or wrong; the text names file and record."""


@dataclass(frozen=True)
class Data:
    """What a data file holds."""

    title: str
    authors: str
    year: int
    disease: str
    doi: str
    journal: str
    until: Mapping[str, float]
    observables: tuple[str, ...]
    infused: str
    sets: Mapping[str, str]
    sources: Mapping[str, str]
    rows: Mapping[str, Row]
    checks: tuple[Check, ...]
    chance: Chance | None = None


@lru_cache(maxsize=16)
def load(name: str) -> Data:
    """The data of the model of this name."""
    text = (files("carsim.literature") / "data" / f"{name}.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    sets, sources = table["sets"], table["sources"]
    rows = {
        row: _row(f"{name}.toml: {row}", row, role, item, sets, sources)
        for role in ROLES
        for row, item in table.get(role, {}).items()
    }
    checks = tuple(_check(f"{name}.toml: check {i + 1}", item, table) for i, item in enumerate(table.get("checks", [])))
    chance = table.get("chance")
    texts = {key: table[key] for key in ("title", "authors", "year", "disease", "doi", "journal")}
    return Data(
        **texts,
        until=MappingProxyType(_by_set(table["until"], sets)),
        observables=tuple(table["observables"]),
        infused=table.get("infused", ""),
        sets=MappingProxyType(sets),
        sources=MappingProxyType(sources),
        rows=MappingProxyType(rows),
        checks=checks,
        chance=None if chance is None else read_chance(f"{name}.toml: chance", chance, sets, rows),
    )


def _row(
    place: str, name: str, role: Role, item: Mapping[str, Any], sets: Mapping[str, str], sources: Mapping[str, str]
) -> Row:
    missing = [key for key in ("value", "unit", "meaning", "source") if key not in item]
    if missing:
        raise LiteratureError(f"{place}: lacks {', '.join(missing)}")
    if item["source"] not in sources:
        raise LiteratureError(f"{place}: source `{item['source']}` is not in its table of sources")
    values = _by_set(item["value"], sets)
    if set(values) != set(sets):
        raise LiteratureError(
            f"{place}: got values for {', '.join(values)}; expected one for each of {', '.join(sets)}"
        )
    return Row(
        name=name,
        role=role,
        unit=item["unit"],
        meaning=item["meaning"],
        source=item["source"],
        values=MappingProxyType(values),
        kind=item.get("kind", "count"),
        tolerance=float(item.get("tolerance", 0.0)),
    )


def _by_set(value: Any, sets: Mapping[str, str]) -> dict[str, float]:
    """One number for all parameter sets, or a table with one for each."""
    if isinstance(value, dict):
        return {key: float(number) for key, number in value.items()}
    return dict.fromkeys(sets, float(value))


def _check(place: str, item: Mapping[str, Any], table: Mapping[str, Any]) -> Check:
    known = {"text", "what", "row", "day", "days", "level", "against", "published", "within", "reference", "source"}
    extra = set(item) - known - {"set", "values", "changes", "tolerance", "why"}
    if extra:
        raise LiteratureError(f"{place}: got {', '.join(sorted(extra))}, which is nothing of a check")
    if item["what"] not in WHATS:
        raise LiteratureError(f"{place}: got {item['what']!r}; expected one of {', '.join(WHATS)}")
    if "published" in item and "why" not in item:
        raise LiteratureError(f"{place}: lacks `why`: how its tolerance was chosen")
    if "published" not in item and "reference" not in item:
        raise LiteratureError(f"{place}: got neither a published nor a reference number")
    case = _case(item, table)
    against = _case({"set": case.parameter_set, **item["against"]}, table) if "against" in item else None
    within, tolerance = _tolerance(place, item)
    return Check(
        text=item["text"],
        case=case,
        what=item["what"],
        row=item["row"],
        days=tuple(float(day) for day in item.get("days", [item["day"]] if "day" in item else [])),
        level=float(item.get("level", 0.0)),
        against=against,
        published=str(item.get("published", "")),
        within=within,
        tolerance=tolerance,
        reference=str(item.get("reference", "")),
        source=item.get("source", ""),
        why=item.get("why", ""),
    )


def _case(item: Mapping[str, Any], table: Mapping[str, Any]) -> Case:
    changes = None
    if "changes" in item:
        changes = tuple(cast(Change, (float(day), "add", row, float(n), "dose")) for day, row, n in item["changes"])
    values = tuple((key, float(number)) for key, number in item.get("values", {}).items())
    return Case(item.get("set", next(iter(table["sets"]))), values, changes)


def _tolerance(place: str, item: Mapping[str, Any]) -> tuple[tuple[float, float] | None, str]:
    """The range in which a published number is met, and how a table says it."""
    if "within" in item:
        low, high = (float(bound) for bound in item["within"])
        return (low, high), f"{low:g} to {high:g}"
    if "published" not in item:
        return None, "digits"
    if "tolerance" not in item:
        raise LiteratureError(f"{place}: a published number needs `tolerance` (relative) or `within` (a range)")
    value, share = float(item["published"]), float(item["tolerance"])
    return (value - abs(value) * share, value + abs(value) * share), f"±{100 * share:g} %"
