"""The published facts: all of them, as published, each read off arms, groups and variables that exist."""

from __future__ import annotations

import copy
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from carsim import catalog, spec
from carsim.catalog.facts import CLASS, fact
from carsim.cli import main
from carsim.dataset.variables import VARIABLES

FOLDER = Path(__file__).parents[1] / "scenarios" / "systems"
MONTH = 30.4375
FACTS = catalog.facts()
REVIEW = {name: item for name, item in FACTS.items() if item.source == "saleh-2023"}
READ = [name for name, item in FACTS.items() if item.reading]
COMPARED = [name for name, item in FACTS.items() if item.comparison]

# Typed from the review's records by hand, not from the data files: value, events and patients (None: not given).
TYPED = {
    "mskcc-cr": (83, 44, 53),
    "mskcc-efs-median": (6.1, None, 53),
    "mskcc-lowburden-os-median": (20.1, None, None),
    "mskcc-persistence-median": (14, None, 53),
    "eliana-cr": (81, 61, 75),
    "eliana-os-6m": (90, None, 75),
    "eliana-efs-12m": (50, None, 75),
    "eliana-crs-ge3": (46, 35, 75),
    "eliana-infection-in-prolonged-neutropenia": (45, 18, 40),
    "zuma3-os-median": (18.2, None, 55),
    "zuma3-icans-ge3": (25, 14, 55),
    "zuma3-undetectable-6m": (79, None, None),
    "frey-crs-ge3": (72, 25, 35),
    "allcar19-efs-12m": (48, None, 20),
    "pasquini-cr": (85.5, 218, 255),
    "fabrizio-noncns-emd-cr": (66, 10, 15),
    "leahy-os-24m-cnspos": (83, None, None),
    "jacoby-41bb-cns-share": (63.2, 12, 19),
    "kadauke-gr4-preemptive": (27, None, None),
    "levine-infection-4-8w-gr34": (8, 10, 126),
    "pht-thrombocytopenia-resolution": (1.9, None, None),
    "schultz-os-12m-cd19neg": (30, None, None),
    "hucart19-rfs-12m-naive": (84, None, 40),
    "cd22nci-os-median": (13.4, None, 55),
    "cd22pan-cr-itt": (70.5, 24, 34),
    "cart2265s-rfs-median": (5.3, None, 13),
    "dai-relapse": (33.3, 2, 6),
    "spiegel-cd19neg-share": (50, 5, 10),
    "shalabi-rfs-12m": (58, None, 12),
    "wangn-os-median": (31.0, None, 51),
    "wangt-relapse": (22, 43, 194),
    "ucart19-dor-median": (4.1, None, 14),
    "turtle-noflu-relapse": (58, None, None),
    "ncilong-relapse-time-nohsct": (152, None, 7),
    "hu-cir-12m": (14.1, None, 52),
    "stein-cmax": (24000, None, None),
    "stein-half-life-slow": (220, None, None),
    "fabrizio22-relapse-hr": (2.45, None, 152),
    "series420-cd19neg-share": (41, 68, 166),
    "ball-net-growth": (6.9, None, 23),
}
TYPED_INTERVALS = {
    "eliana-crs-any": (66.7, 85.3),
    "zuma3-cr": (57.9, 81.2),
    "cd22nci-os-median": (7.7, 20.3),
    "wangt-efs-12m": (66.9, 79.2),
    "fabrizio22-relapse-hr": (1.34, 4.48),
    "fabrizio22-relapse-or-recovery-hr": (1.19, 3.23),
}
RECORDS = {  # records of the review by system
    **{"eliana": 13, "cd19-class": 12, "zuma3": 11, "cart22-65s": 10, "leahy": 9, "mskcc": 8, "cd22-nci": 8},
    **{"cd22-pan": 8, "shalabi": 8, "frey": 7, "allcar19": 7, "ucart19": 7, "nci-long": 7, "pasquini": 6},
    **{"levine-pooled": 6, "relapse-biology": 6, "gc022": 6, "jacoby": 5, "hucart19": 5, "dai": 5, "spiegel": 5},
    **{"wang-t": 5, "hu-haplo": 5, "fabrizio": 4, "kadauke": 3, "schultz-relapse": 3, "wang-n": 3, "turtle": 3},
    **{"chop-p1": 2, "meta": 2, "rubinstein": 2, "gust": 2, "pillai": 2, "perica": 2, "jiang-hsct": 2},
    **{"rabilloud": 1, "bueno": 1, "orlando": 1, "plat02": 1},
}
ZERO = {"infusion": "infusion", "remission": "remission", "hsct": "transplant", "relapse": "relapse"}
SAME_UNIT = {"d": ("days", "months")}  # of a variable: the units of facts that are read off it


@cache
def trial(system: str) -> Any:
    return spec.load(FOLDER / f"{system}.yaml").trial


@cache
def places(system: str) -> catalog.Places:
    stated = trial(system)
    return catalog.Places(tuple(arm.name for arm in stated.arms), tuple(group.name for group in stated.groups))


def test_every_record_of_the_review_is_there() -> None:
    assert len(REVIEW) == 203
    assert Counter(item.system for item in REVIEW.values()) == RECORDS
    assert Counter(item.role for item in REVIEW.values()) == {"quantitative": 160, "directional": 43}
    assert Counter(item.weight for item in REVIEW.values()) == {1.0: 174, 0.5: 15, 0.25: 12, 0.0: 2}
    assert sum(item.n_total is not None for item in REVIEW.values()) == 131
    assert sum(item.n_events is not None for item in REVIEW.values()) == 87
    assert sum(item.ci95 is not None for item in REVIEW.values()) == 112
    assert all(item.quote_words for item in REVIEW.values())


def test_facts_beside_the_review_have_their_own_sources() -> None:
    others = {name: item for name, item in FACTS.items() if name not in REVIEW}
    assert len(others) == 51
    assert {item.source for item in others.values()} >= {"stein-2019", "fabrizio-2022", "relapse-pattern-2023"}
    assert all(catalog.sources()[item.source].citation for item in FACTS.values())


@pytest.mark.parametrize("name", TYPED)
def test_number_is_as_typed_by_hand(name: str) -> None:
    stated = FACTS[name]
    assert (stated.value, stated.n_events, stated.n_total) == TYPED[name]


@pytest.mark.parametrize("name", TYPED_INTERVALS)
def test_interval_is_as_typed_by_hand(name: str) -> None:
    assert FACTS[name].ci95 == TYPED_INTERVALS[name]


@pytest.mark.parametrize("name", [name for name, item in FACTS.items() if item.n_events is not None])
def test_events_of_patients_are_the_percentage(name: str) -> None:
    """Papers round or truncate; none is further off than one point."""
    stated = FACTS[name]
    assert stated.value is not None
    assert stated.value == pytest.approx(100.0 * stated.n_events / stated.n_total, abs=1.0)


@pytest.mark.parametrize("name", [name for name, item in FACTS.items() if item.value is not None])
def test_what_is_published_agrees_with_itself(name: str) -> None:
    stated = FACTS[name]
    assert stated.accept[0] <= stated.value <= stated.accept[1]


@pytest.mark.parametrize("name", READ)
def test_arms_groups_and_variables_exist(name: str) -> None:
    trials = {side.of: places(side.of) for side in FACTS[name].reading.sides}
    assert catalog.misplaced(FACTS[name], trials, VARIABLES) == []


def test_clocks_start_where_the_facts_do() -> None:
    """But for a fact whose zero is assumed to be the infusion beside others of its trial that start at transplant."""
    other = set()
    for name in READ:
        clock, zero = FACTS[name].reading.clock, ZERO.get(FACTS[name].time_zero.partition(" ")[0])
        starts = {getattr(trial(side.of).clocks, clock).start for side in FACTS[name].reading.sides} if clock else set()
        if zero and starts - {zero}:
            other.add(name)
    assert other == {"hu-mrd-pos-poor-os"}


@pytest.mark.parametrize("name", [name for name in READ if FACTS[name].reading.clock])
def test_patients_are_followed_long_enough(name: str) -> None:
    """A remission is seen at the first visit, about a month after the infusion, and transplants come a month later."""
    reading = FACTS[name].reading
    for side in reading.sides:
        if side.time is None:
            continue
        zero = {"remission": 0.92, "transplant": 1.5}.get(getattr(trial(side.of).clocks, reading.clock).start, 0.0)
        until = spec.load(FOLDER / f"{side.of}.yaml").run.until
        assert until >= (side.time + zero) * MONTH - 1.0


@pytest.mark.parametrize("name", [name for name in READ if FACTS[name].value is not None])
def test_unit_is_that_of_what_is_read(name: str) -> None:
    stated = FACTS[name]
    if not catalog.STATISTICS[stated.reading.statistic].unit:
        unit = VARIABLES[stated.reading.variable].unit
        assert stated.unit in SAME_UNIT.get(unit, (unit,))


@pytest.mark.parametrize("name", COMPARED)
def test_direction_is_marked_before_any_fit(name: str) -> None:
    comparison = FACTS[name].comparison
    assert comparison.mark in catalog.MARKS
    assert len(comparison.because.split()) > 3


def test_a_difference_found_not_significant_is_no_equality_and_no_sign() -> None:
    within = {name: FACTS[name].comparison for name in COMPARED if FACTS[name].comparison.expects == "within"}
    assert set(within) == {
        "kadauke-direction",
        "hucart19-bcr-direction",
        "fabrizio-tox",
        "leahy-equivalence",
        "jiang-hsct-no-os",
    }
    for comparison in within.values():
        nothing = {"difference": 0.0, "ratio": 1.0}[comparison.contrast]
        assert comparison.interval[0] <= nothing <= comparison.interval[1]


def test_what_is_not_credible_or_not_read_is_no_target() -> None:
    assert {name for name, item in FACTS.items() if item.weight == 0.0} == {
        "cd22nci-crs-ge3",
        "cart2265s-crs-any-table",
    }
    assert not any(item.is_target for item in FACTS.values() if item.weight == 0.0 or item.unread)
    assert sum(item.is_target for item in FACTS.values()) == len(READ) - 2


def test_no_outcome_of_a_system_that_is_predicted_blind_stands_here() -> None:
    blind = {name for name, system in catalog.systems().items() if system.outcomes == "predicted blind"}
    assert blind
    assert not blind & {item.system for item in FACTS.values()}
    assert {item.system for item in FACTS.values()} <= {*catalog.systems(), CLASS}


def test_every_statistic_and_every_mechanism_is_used() -> None:
    assert {FACTS[name].reading.statistic for name in READ} == set(catalog.STATISTICS)
    assert {word for item in FACTS.values() for word in item.mechanism} == set(catalog.MECHANISMS)


def test_guide_counts_facts_and_marks_and_names_every_statistic() -> None:
    guide = (Path(__file__).parents[1] / "docs" / "explain" / "facts.md").read_text(encoding="utf-8")
    marks = Counter(FACTS[name].comparison.mark for name in COMPARED)
    assert f"{len(REVIEW)} records of the review" in guide
    assert f"and {len(FACTS) - len(REVIEW)} from sources" in guide
    assert f"it can fail ({marks['emergent']})" in guide
    assert f"nothing ({marks['by-construction']})" in " ".join(guide.split())
    assert [name for name in catalog.STATISTICS if f"`{name}`" not in guide] == []


def test_list_holds_every_fact_with_how_it_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "facts", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert set(rows) == set(FACTS)
    row = rows["eliana-crs-ge3"]
    assert (row["value"], row["low"], row["high"], row["n"], row["weight"]) == (46.0, 35.8, 57.8, 75, 0.5)
    assert row["read"] == "share crs_grade_max >= 3; eliana"
    assert rows["mskcc-burden-direction"]["value"] is None
    assert rows["mskcc-burden-direction"]["mark"] == "emergent"
    assert rows["bueno-preexisting-fraction"]["read"].startswith("unread: ")


HEAD = {"source": "saleh-2023", "system": "eliana", "trial": "a trial"}
NUMBER = {
    "id": "x",
    "weight": 1.0,
    "endpoint": "CR",
    "value": 50,
    "op": "=",
    "unit": "percent",
    "accept": [40, 60],
    "accept_basis": "a reason",
    "mechanism": ["killing"],
    "read": {"statistic": "share", "counts": [{"variable": "best_response", "is": ["CR"]}]},
}
DIRECTION = {
    **{key: NUMBER[key] for key in ("id", "weight", "endpoint", "mechanism")},
    "comparison": {
        "group_a": "a",
        "group_b": "b",
        "expects": "above",
        "mark": "emergent",
        "because": "why",
        "without": {"because": "why"},
    },
    "read": {**NUMBER["read"], "a": {"groups": ["a"]}, "b": {"groups": ["b"]}},
}


def changed(table: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The table with one value set, or taken away where it is None."""
    table = copy.deepcopy(table)
    inner: Any = table
    *way, last = path.split(".")
    for key in way:
        inner = inner[int(key)] if key.isdigit() else inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return table


def test_the_facts_below_are_taken_as_they_are() -> None:
    assert fact("here", HEAD, NUMBER).is_target
    assert fact("here", HEAD, DIRECTION).role == "directional"


@pytest.mark.parametrize(
    ("table", "path", "value", "message"),
    [
        (NUMBER, "source", "nobody-1900", r"here: source `nobody-1900` is not in sources\.toml"),
        (NUMBER, "system", "elyana", "here: system `elyana` is none of allcar19, .*; did you mean `eliana`$"),
        (NUMBER, "weight", 0.7, r"here: weight 0\.7 is none of 0, 0\.25, 0\.5, 1"),
        (NUMBER, "mechanism", ["magic"], "here: mechanism `magic` is none of allogeneic, "),
        (NUMBER, "mechanism", [], "here: names no mechanism"),
        (NUMBER, "known", "guessed", "here: known `guessed` is none of read, known, computed"),
        (NUMBER, "confidence", "vague", "here: confidence `vague` is none of clear, garbled-in-text"),
        (NUMBER, "op", "<", "here: op `<` is none of "),
        (NUMBER, "wieght", 1.0, "here: unknown key `wieght`; known: id, "),
        (NUMBER, "value", None, "here: a number needs value, unit, accept and accept_basis"),
        (NUMBER, "endpoint", None, "here: lacks endpoint"),
        (NUMBER, "read", None, "here: needs either `read` or `unread`, the reason why it cannot be read"),
        (NUMBER, "unread", "why", "here: needs either `read` or `unread`"),
        (NUMBER, "accept", [60, 40], "here: accept from 60 to 40"),
        (NUMBER, "range", [40, 60], "here: `range` and op `range` come together"),
        (NUMBER, "ci95", [40, 60], "here: `ci95` and `ci_source` come together"),
        (NUMBER, "unit", "months", r"here: unit `months`, but `share` is in percent"),
        (NUMBER, "read.statistic", "mode", r"here\.read: statistic `mode` is none of share, survival, "),
        (NUMBER, "read.counts", None, r"here\.read: statistic `share` needs `counts`"),
        (NUMBER, "read.of", "nowhere", r"here\.read: system `nowhere` is none of allcar19, "),
        (NUMBER, "read.arm", "x", r"here\.read: unknown key `arm`; known: statistic, "),
        (NUMBER, "read.clock", "TTP", r"here\.read: clock `TTP` is none of EFS, RFS, DOR, OS"),
        (NUMBER, "read.events", ["fall"], r"here\.read: event `fall` is none of nonresponse, "),
        (NUMBER, "read.counts.0.is", None, r"here\.read\.counts: `best_response` without is, at_least, below, by or"),
        (NUMBER, "read.counts.0.variable", None, r"here\.read\.counts: a condition without `variable`"),
        (NUMBER, "read.a", {"arms": ["x"]}, None),
        (NUMBER, "read.b", {"arms": ["x"]}, r"here\.read: side b without side a"),
        (NUMBER, "read", DIRECTION["read"], "here: a number read off 2 sides as `share`"),
        (DIRECTION, "value", 50, "here: a comparison with a value of its own"),
        (DIRECTION, "comparison.expects", "more", "here: expects `more` is none of above, below, "),
        (DIRECTION, "comparison.expects", "near", "here: expects `near` without `margin`"),
        (DIRECTION, "comparison.expects", "within", "here: expects `within` without `contrast`, `interval` and"),
        (DIRECTION, "comparison.contrast", "sum", "here: contrast `sum` is none of difference, ratio"),
        (DIRECTION, "comparison.mark", "likely", "here: mark `likely` is none of emergent, by-construction"),
        (DIRECTION, "comparison.because", " ", "here: marked emergent without `because`"),
        (DIRECTION, "comparison.without", None, "here: `without`, what switches the mechanism off, and mark emergent"),
        (DIRECTION, "comparison.mark", "by-construction", "here: `without`, what switches the mechanism off, and mark"),
        (DIRECTION, "comparison.without.because", " ", r"here\.comparison\.without: needs `because`, why"),
        (
            DIRECTION,
            "comparison.without.sett",
            {},
            r"here\.comparison\.without: unknown key `sett`; known: set, because",
        ),
        (
            DIRECTION,
            "comparison.without.set",
            {"run.seed": 1},
            r"here\.comparison\.without\.set: `run.seed` is no text",
        ),
        (DIRECTION, "read.b", None, "here: a comparison needs two sides, a and b"),
        (DIRECTION, "read.b.arm", "x", r"here\.read\.b: unknown key `arm`; known: of, arms, groups, "),
    ],
)
def test_a_slip_is_refused(table: dict[str, Any], path: str, value: Any, message: str | None) -> None:
    slipped = changed(table, path, value)
    if message is None:  # one side may be stated as `a` alone
        assert fact("here", HEAD, slipped).reading.sides[0].arms == ("x",)
        return
    with pytest.raises(catalog.CatalogError, match=f"^{message}"):
        fact("here", HEAD, slipped)


def test_an_arm_group_or_variable_that_is_not_there_is_named() -> None:
    table = changed(changed(NUMBER, "read.arms", ["none"]), "read.groups", ["few"])
    asked = fact("here", HEAD, changed(table, "read.counts.0.variable", "respons"))
    known = {"eliana": catalog.Places(arms=(), groups=("low", "high"))}
    assert catalog.misplaced(asked, known, VARIABLES) == [
        "x: arm `none` is not in the trial of `eliana`; it has none",
        "x: group `few` is not in the trial of `eliana`; it has low, high",
        "x: no result has a variable `respons`",
    ]


def test_the_same_id_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = sys.modules["carsim.catalog.facts"]
    monkeypatch.setattr(module, "tables_of_files", lambda where: [("odd.toml", "odd", {**HEAD, "facts": [NUMBER] * 2})])
    with pytest.raises(catalog.CatalogError, match=r"^odd\.toml: x: stated twice"):
        module.facts.__wrapped__()
