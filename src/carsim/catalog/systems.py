"""The published systems: every product, trial and strategy of the review by Saleh et al. (J Clin Med 2023;12:6883).

Each is one file of `data/systems`: who was treated with what as far as it is known, how surely each input is known,
and what a scenario of it must represent. Its scenario is `scenarios/systems/<name>.yaml`. A system of kind `cohort` is
patients and a treatment; one of kind `evidence` is a statement about samples or the literature, checked on a cohort.

No outcome stands here: published outcomes are data to compare with, never part of what is simulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, Literal

from carsim.catalog.load import CatalogError, tables_of_files

KINDS: Final = ("cohort", "evidence")
SURETY: Final = ("read", "known", "likely", "check", "stated")


@dataclass(frozen=True, slots=True)
class Input:
    """One thing known of a cohort and how surely: read in a source, known, likely, to be checked, or just stated."""

    says: str
    known: str


@dataclass(frozen=True, slots=True)
class Represented:
    """What the scenario must represent, the keys that state it, and what shows that it acts.

    `without` sets scenario paths as they would be if the item were not there, in the scenario of `arm` (as a whole if
    empty); None takes away what stands there, in a file written "". Then all of `moves` differ: the name of an endpoint
    or course of the result, `schedule` (what is given to whom and when), or `trial` (how it is evaluated). What acts on
    few patients is looked at `where` it acts on many: scenario paths set with the item and without it.
    """

    says: str
    keys: tuple[str, ...]
    without: Mapping[str, Any]
    moves: tuple[str, ...]
    where: Mapping[str, Any]
    arm: str


@dataclass(frozen=True, slots=True)
class Check:
    """A statement of the evidence as a check on the scenario's cohort.

    `of` (an endpoint, or a course on day `at`) is taken over the patients of arm `arm` (the whole cohort if empty) as

        median    of the values that there are
        share     of the patients whose value is the word `word` or one that begins with it; without a word, of those
                  that have a value
        fraction  median of what clone `clone` makes up of the whole course

    and compared as `expects` says: `above` or `below` the same of arm `than` on day `than_at`, `near` it by less than
    `margin`, or `within` the `range`. Where `than` or `than_at` is not given, it is that of the check itself.
    """

    says: str
    of: str
    statistic: Literal["median", "share", "fraction"]
    arm: str
    at: float | None
    word: str
    clone: str
    expects: Literal["above", "below", "near", "within"]
    than: str
    than_at: float | None
    margin: float
    range: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class System:
    """A published system; `cohort` holds what the review says of its patients, texts and numbers by key."""

    name: str
    label: str
    review_ref: str
    kind: str
    targets: tuple[str, ...]
    architecture: str
    costimulation: str
    product: str
    outcomes: str
    cohort: Mapping[str, Any]
    inputs: tuple[Input, ...]
    represents: tuple[Represented, ...]
    checks: tuple[Check, ...]


@lru_cache(maxsize=1)
def systems() -> Mapping[str, System]:
    """Return every published system by name, in order of name."""
    return MappingProxyType(
        {name: _system(f"{file}: {name}", name, table) for file, name, table in tables_of_files("systems")}
    )


def _system(place: str, name: str, table: dict[str, Any]) -> System:
    texts = {
        key: table[key]
        for key in ("label", "review_ref", "kind", "architecture", "costimulation", "product", "outcomes")
    }
    if texts["kind"] not in KINDS:
        raise CatalogError(f"{place}: kind `{texts['kind']}` is none of {', '.join(KINDS)}")
    inputs = tuple(Input(**item) for item in table.get("inputs", []))
    unsure = next((item for item in inputs if item.known not in SURETY), None)
    if unsure is not None:
        raise CatalogError(f"{place}: `{unsure.says}` is known as `{unsure.known}`, none of {', '.join(SURETY)}")
    if not table.get("represents"):
        raise CatalogError(f"{place}: says nothing that its scenario must represent")
    return System(
        name=name,
        **texts,
        targets=tuple(table["targets"]),
        cohort=MappingProxyType(table["cohort"]),
        inputs=inputs,
        represents=tuple(_represented(item) for item in table["represents"]),
        checks=tuple(_check(item) for item in table.get("checks", [])),
    )


def _represented(item: dict[str, Any]) -> Represented:
    without = {path: None if value == "" else value for path, value in item.get("without", {}).items()}
    keys, moves = tuple(item["keys"]), tuple(item["moves"])
    where = MappingProxyType(item.get("where", {}))
    return Represented(item["says"], keys, MappingProxyType(without), moves, where, item.get("arm", ""))


def _check(item: dict[str, Any]) -> Check:
    bounds = item.get("range")
    return Check(
        says=item["says"],
        of=item["of"],
        statistic=item.get("statistic", "share"),
        arm=item.get("arm", ""),
        at=item.get("at"),
        word=item.get("word", ""),
        clone=item.get("clone", ""),
        expects=item["expects"],
        than=item.get("than", item.get("arm", "")),
        than_at=item.get("than_at", item.get("at")),
        margin=float(item.get("margin", 0.0)),
        range=None if bounds is None else (float(bounds[0]), float(bounds[1])),
    )
