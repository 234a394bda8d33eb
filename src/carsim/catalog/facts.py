"""The published facts that simulated trials are held against: each with its source, weight, acceptance and reading.

Each file of `data/facts` holds the facts of one system, or of one source beside the review. What its facts share stands
once at its head; a fact may say otherwise. A fact is a number to reproduce (quantitative) or a comparison whose sign
must hold (directional), and says in data how it is read off a simulated trial (`readings`), or why it cannot be.

    weight      1 clear; 0.5, 0.25 ambiguous or contradicted in its source; 0 printed but not credible: never a target
    accept      interval in which a trial's estimate counts as agreeing; accept_basis: where it comes from
    known       read in the source, known in general without its source at hand, or computed from what was read
    expects     of a comparison: above, below, not-above (a against b); near (a and b within `margin`);
                within (the published `interval` of the `contrast`, a - b or a / b, contains the simulated one: that is
                how a difference found not significant is scored);
                some (greater than zero on every side)
    mark        set before any fit: emergent (a mechanism makes it, so it can fail) or by-construction (an input makes
                it); `because` names the mechanism or the input
    without     of an emergent comparison: the values of a scenario that switch the mechanism off, on both sides alike
                (`set`: path and value as `--set` takes them), and why these; without `set`: why there is nothing to
                switch off

No fact is an input: nothing that is simulated reads this file.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from carsim.catalog.load import CatalogError, sources, tables_of_files
from carsim.catalog.readings import (
    OF_TWO_SIDES,
    STATISTICS,
    Reading,
    number,
    reading,
    refuse_unknown_keys,
    refuse_unknown_word,
)
from carsim.catalog.systems import systems

ROLES: Final = ("quantitative", "directional")
WEIGHTS: Final = (0.0, 0.25, 0.5, 1.0)
KNOWN: Final = ("read", "known", "computed")
CONFIDENCE: Final = ("clear", "garbled-in-text")
OPERATORS: Final = ("=", "~", ">", "<=", "range", "not_reached")
EXPECTS: Final = ("above", "below", "not-above", "near", "within", "some")
CONTRASTS: Final = ("difference", "ratio")
MARKS: Final = ("emergent", "by-construction")
CLASS: Final = "cd19-class"  # what is said of the products as a class rather than of one system
MECHANISMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "allogeneic": "a donor's cells: rejection, graft-versus-host disease",
        "antigen-loss": "pre-existing and acquired loss of an antigen",
        "b-cell-aplasia": "healthy B cells killed with the leukaemia, and their return",
        "blinatumomab-selection": "what blinatumomab leaves behind",
        "bridging": "chemotherapy between enrolment and infusion",
        "burden": "leukaemic cells before the infusion",
        "cd22-targeting": "recognition by way of CD22",
        "cns-site": "disease of the nervous system",
        "costim": "costimulatory domain",
        "dose": "infused cells",
        "dual-targeting": "two antigens",
        "emd-site": "disease outside marrow and nervous system",
        "exhaustion": "loss of function under antigen",
        "expansion": "growth of CAR T cells to their peak, and their decline",
        "hematotoxicity": "cytopenias after the infusion",
        "hsct": "transplantation after CAR T cells",
        "immunogenicity": "the host's response to the binder",
        "infection": "infections and deaths of them",
        "killing": "killing of leukaemia by CAR T cells",
        "leukaemia-growth": "division and death of untreated leukaemia",
        "lymphodepletion": "exposure to fludarabine and cyclophosphamide",
        "persistence": "how long CAR T cells last",
        "post-relapse-survival": "survival with leukaemia",
        "relapse-overall": "relapse of any kind",
        "retreatment": "CAR T cells after earlier CAR T cells",
        "sequential-timing": "time between two products",
        "toxicity-crs": "cytokine release syndrome",
        "toxicity-icans": "neurotoxicity",
        "toxicity-management": "tocilizumab and steroids",
    }
)


@dataclass(frozen=True, slots=True)
class Without:
    """What switches a mechanism off: values by scenario path (none: nothing can), the same for both sides, and why."""

    changes: Mapping[str, str]
    because: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """The published comparison in its own words, what is expected of the simulated one, and its mark before any fit.

    `without` is given exactly where the mark is `emergent`.
    """

    group_a: str
    group_b: str
    expected: str
    p: str
    effect: str
    expects: str
    margin: float | None
    contrast: str
    interval: tuple[float, float] | None
    interval_basis: str
    mark: str
    because: str
    without: Without | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One published fact; `value` and what follows it to `accept_basis` are those of a quantitative one.

    Exactly one of `reading` and `unread` (the reason why no reading states it) is given; `source` is a key of
    `sources()`, `review_ref` the number in the review's list, `time` and `follow_up` are months.
    """

    id: str
    role: str
    weight: float
    source: str
    system: str
    trial: str
    review_ref: str
    section: str
    product: str
    targets: tuple[str, ...]
    architecture: str
    costimulation: str
    population: Mapping[str, Any]
    endpoint: str
    time: float | None
    time_zero: str
    value: float | None
    op: str
    range: tuple[float, float] | None
    unit: str
    n_events: int | None
    n_total: int | None
    ci95: tuple[float, float] | None
    ci_source: str
    accept: tuple[float, float] | None
    accept_basis: str
    comparison: Comparison | None
    mechanism: tuple[str, ...]
    follow_up: float | None
    note: str
    confidence: str
    known: str
    quote_words: str
    reading: Reading | None
    unread: str

    @property
    def is_target(self) -> bool:
        """Whether a fit may aim at it: it can be read, and is credible."""
        return self.weight > 0.0 and self.reading is not None


@dataclass(frozen=True, slots=True)
class Places:
    """What the trial of a scenario can be asked for: names of its arms and groups."""

    arms: tuple[str, ...]
    groups: tuple[str, ...]


@lru_cache(maxsize=1)
def facts() -> Mapping[str, Fact]:
    """Return every fact by its id, in order of file and then as stated there."""
    found: dict[str, Fact] = {}
    for file, _, head in tables_of_files("facts"):
        for table in head["facts"]:
            if table["id"] in found:
                raise CatalogError(f"{file}: {table['id']}: stated twice")
            found[table["id"]] = fact(f"{file}: {table['id']}", head, table)
    return MappingProxyType(found)


_HEAD: Final = (
    *("source", "system", "of", "trial", "review_ref", "product", "targets", "architecture", "costimulation"),
    *("population", "known"),
)
_FACT: Final = (
    *("id", "role", "weight", "section", "endpoint", "time", "time_zero", "value", "op", "range", "unit", "n_events"),
    *("n_total", "ci95", "ci_source", "accept", "accept_basis", "comparison", "mechanism", "follow_up", "note"),
    *("confidence", "quote_words", "read", "unread"),
)
_COMPARISON: Final = (
    *("group_a", "group_b", "expected", "p", "effect", "expects", "margin", "contrast", "interval"),
    *("interval_basis", "mark", "because", "without"),
)
_NO_TEXT: Final = ("margin", "interval", "without")


def fact(place: str, head: Mapping[str, Any], table: Mapping[str, Any]) -> Fact:
    """Build a fact of the head of its file and its own table; the table says otherwise where it holds the same key."""
    refuse_unknown_keys(place, {key: value for key, value in head.items() if key != "facts"}, _HEAD)
    refuse_unknown_keys(place, table, (*_FACT, *_HEAD))
    whole = {**head, **table}
    missing = [key for key in ("source", "system", "trial", "weight", "endpoint", "mechanism") if key not in whole]
    if missing:
        raise CatalogError(f"{place}: lacks {', '.join(missing)}")
    refuse_unknown_word(place, "system", whole["system"], (*systems(), CLASS))
    time = number(whole.get("time"))
    if ("read" in whole) == ("unread" in whole):
        raise CatalogError(f"{place}: needs either `read` or `unread`, the reason why it cannot be read")
    defaults = {"of": whole.get("of", whole["system"])} | ({} if time is None else {"time": time})
    built = Fact(
        id=whole["id"],
        role="directional" if "comparison" in whole else "quantitative",
        weight=float(whole["weight"]),
        time=time,
        targets=tuple(whole.get("targets", ())),
        population=MappingProxyType(whole.get("population", {})),
        value=number(whole.get("value")),
        range=_interval(whole.get("range")),
        n_events=whole.get("n_events"),
        n_total=whole.get("n_total"),
        ci95=_interval(whole.get("ci95")),
        accept=_interval(whole.get("accept")),
        comparison=_comparison(place, whole["comparison"]) if "comparison" in whole else None,
        mechanism=tuple(whole["mechanism"]),
        follow_up=number(whole.get("follow_up")),
        confidence=whole.get("confidence", CONFIDENCE[0]),
        known=whole.get("known", KNOWN[0]),
        reading=reading(f"{place}.read", whole["read"], defaults) if "read" in whole else None,
        **{key: str(whole.get(key, "")) for key in _TEXTS},
    )
    _refuse_words(place, built)
    _refuse_numbers(place, built)
    _refuse_sides(place, built)
    return built


_TEXTS: Final = (
    *("source", "system", "trial", "review_ref", "section", "product", "architecture", "costimulation", "endpoint"),
    *("time_zero", "op", "unit", "ci_source", "accept_basis", "note", "quote_words", "unread"),
)


def _comparison(place: str, table: Mapping[str, Any]) -> Comparison:
    refuse_unknown_keys(f"{place}.comparison", table, _COMPARISON)
    found = Comparison(
        margin=number(table.get("margin")),
        interval=_interval(table.get("interval")),
        without=_without(f"{place}.comparison.without", table["without"]) if "without" in table else None,
        **{key: str(table.get(key, "")) for key in _COMPARISON if key not in _NO_TEXT},
    )
    refuse_unknown_word(place, "expects", found.expects, EXPECTS)
    refuse_unknown_word(place, "mark", found.mark, MARKS)
    if found.contrast:
        refuse_unknown_word(place, "contrast", found.contrast, CONTRASTS)
    if not found.because.strip():
        raise CatalogError(f"{place}: marked {found.mark} without `because`")
    if (found.without is not None) != (found.mark == "emergent"):
        raise CatalogError(f"{place}: `without`, what switches the mechanism off, and mark emergent come together")
    if found.expects == "near" and found.margin is None:
        raise CatalogError(f"{place}: expects `near` without `margin`")
    if found.expects == "within" and not (found.contrast and found.interval and found.interval_basis):
        raise CatalogError(f"{place}: expects `within` without `contrast`, `interval` and `interval_basis`")
    return found


def _without(place: str, table: Mapping[str, Any]) -> Without:
    refuse_unknown_keys(place, table, ("set", "because"))
    changes = table.get("set", {})
    wrong = next((path for path, value in changes.items() if not isinstance(value, str)), None)
    if wrong is not None:
        raise CatalogError(f"{place}.set: `{wrong}` is no text; expected one as `--set` takes it, such as '0 1/d'")
    because = str(table.get("because", ""))
    if not because.strip():
        raise CatalogError(f"{place}: needs `because`, why these values switch the mechanism off, or nothing does")
    return Without(MappingProxyType(dict(changes)), because)


def _refuse_words(place: str, built: Fact) -> None:
    """Refuse words outside their closed lists."""
    if built.source not in sources():
        raise CatalogError(f"{place}: source `{built.source}` is not in sources.toml")
    refuse_unknown_word(place, "known", built.known, KNOWN)
    refuse_unknown_word(place, "confidence", built.confidence, CONFIDENCE)
    if not built.mechanism:
        raise CatalogError(f"{place}: names no mechanism")
    for word in built.mechanism:
        refuse_unknown_word(place, "mechanism", word, MECHANISMS)
    if built.weight not in WEIGHTS:
        raise CatalogError(f"{place}: weight {built.weight:g} is none of {', '.join(f'{w:g}' for w in WEIGHTS)}")


def _refuse_numbers(place: str, built: Fact) -> None:
    """Refuse a quantitative fact without its number, and numbers that contradict each other."""
    if built.role != "quantitative":
        if built.value is not None or built.accept is not None:
            raise CatalogError(f"{place}: a comparison with a value of its own")
        return
    refuse_unknown_word(place, "op", built.op, OPERATORS)
    if built.value is None or not built.unit or built.accept is None or not built.accept_basis:
        raise CatalogError(f"{place}: a number needs value, unit, accept and accept_basis")
    if (built.range is not None) != (built.op == "range"):
        raise CatalogError(f"{place}: `range` and op `range` come together")
    if (built.ci95 is not None) != bool(built.ci_source):
        raise CatalogError(f"{place}: `ci95` and `ci_source` come together")
    for name in ("range", "ci95", "accept"):
        bounds = getattr(built, name)
        if bounds is not None and bounds[0] > bounds[1]:
            raise CatalogError(f"{place}: {name} from {bounds[0]:g} to {bounds[1]:g}")


def _refuse_sides(place: str, built: Fact) -> None:
    """Refuse a reading whose sides or unit are not those of what is published."""
    if built.reading is None:
        return
    statistic, sides = built.reading.statistic, len(built.reading.sides)
    if built.comparison is None:
        if sides != (2 if statistic in OF_TWO_SIDES else 1):
            raise CatalogError(f"{place}: a number read off {sides} sides as `{statistic}`")
        unit = STATISTICS[statistic].unit
        if unit and built.unit != unit:
            raise CatalogError(f"{place}: unit `{built.unit}`, but `{statistic}` is in {unit}")
    elif sides != 2 and built.comparison.expects != "some":
        raise CatalogError(f"{place}: a comparison needs two sides, a and b")


def _interval(given: Any) -> tuple[float, float] | None:
    return None if given is None else (float(given[0]), float(given[1]))


def misplaced(asked: Fact, trials: Mapping[str, Places], variables: Collection[str]) -> list[str]:
    """Say what a fact asks for that no scenario or result has; `trials` by system, `variables` those of a result.

    The catalogue cannot see scenarios and results itself: what runs trials hands them over before it reads a fact.
    """
    if asked.reading is None:
        return []
    problems = [
        f"{asked.id}: {kind} `{name}` is not in the trial of `{side.of}`; it has {', '.join(known) or 'none'}"
        for side in asked.reading.sides
        for kind, names, known in (
            ("arm", side.arms, trials[side.of].arms),
            ("group", side.groups, trials[side.of].groups),
        )
        for name in names
        if name not in known
    ]
    unknown = [name for name in asked.reading.variables() if name not in variables]
    return problems + [f"{asked.id}: no result has a variable `{name}`" for name in unknown]
