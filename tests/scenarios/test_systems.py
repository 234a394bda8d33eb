"""The published systems: each a record of the catalogue and a scenario that states all the record says it must."""

import json
from functools import cache
from pathlib import Path

import pytest

from carsim import catalog, spec
from carsim.cli import main

FOLDER = Path(__file__).parents[2] / "scenarios" / "systems"
SYSTEMS = catalog.systems()
STATED = list(SYSTEMS)
ITEMS = {f"{name}: {item.says}": (name, item) for name in STATED for item in SYSTEMS[name].represents}


@cache
def scenario(name, arm=""):
    whole = spec.load(FOLDER / f"{name}.yaml")
    return whole.arm(arm) if arm else whole


def without(name, item):
    """The scenario as it would be if the item were not in it, where it would be seen."""
    return with_it(name, item).with_(**item.without)


def with_it(name, item):
    """The scenario with the item in it, where it can be seen."""
    return scenario(name, item.arm).with_(**item.where)


def test_the_list_has_every_system_of_the_review_and_each_has_its_file(capsys):
    assert main(["list", "systems", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 59
    assert {path.stem for path in FOLDER.glob("*.yaml")} == {row["name"] for row in rows}


def test_no_two_systems_mean_the_same():
    digests = {name: scenario(name).digest for name in STATED}
    assert len(set(digests.values())) == len(STATED)


@pytest.mark.parametrize("name", STATED)
def test_cohort_is_as_published(name):
    published = SYSTEMS[name].cohort
    stated = scenario(name)
    arms = stated.trial.arms if stated.trial else ()
    if "n" in published:
        assert published["n"] in {stated.cohort.n, sum(arm.n or 0 for arm in arms)}
    assert set(SYSTEMS[name].targets) <= {antigen for product in stated.products for antigen in product.arms}


@pytest.mark.parametrize("item", ITEMS)
def test_item_is_stated_by_its_keys(item):
    name, represented = ITEMS[item]
    written = [path for path, origin in scenario(name).origins.items() if origin.kind == "file"]
    assert represented.keys
    for key in represented.keys:
        assert any(path == key or path.startswith(f"{key}.") for path in written), key


@pytest.mark.parametrize("item", ITEMS)
def test_item_acts_on_what_the_scenario_means(item):
    name, represented = ITEMS[item]
    assert represented.without
    assert represented.moves
    assert without(name, represented).digest != with_it(name, represented).digest


@pytest.mark.parametrize("name", [name for name in STATED if SYSTEMS[name].kind == "evidence"])
def test_evidence_is_checked(name):
    stated = scenario(name)
    arms = {"", *(arm.name for arm in (stated.trial.arms if stated.trial else ()))}
    assert SYSTEMS[name].checks
    for check in SYSTEMS[name].checks:
        assert {check.arm, check.than} <= arms
