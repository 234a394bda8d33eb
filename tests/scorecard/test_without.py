"""A direction is lost without its mechanism, or kept: by what is drawn; and what switches it off is a sound change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from carsim.catalog import facts
from carsim.catalog.facts import Without
from carsim.scorecard import without
from carsim.scorecard.conduct import FactsRefused, scenario_of
from carsim.scorecard.predict import Prediction
from carsim.trials.conduct import arms_of

SYSTEMS = Path(__file__).parents[2] / "scenarios" / "systems"
FACTS = facts()
EMERGENT = [name for name, fact in FACTS.items() if fact.comparison and fact.comparison.mark == "emergent"]
SWITCHES = without.switches(FACTS.values())


def test_every_emergent_direction_has_a_switch_or_the_reason_why_it_has_none() -> None:
    told = {name: FACTS[name].comparison.without for name in EMERGENT}
    assert len(told) == 33
    assert all(len(one.because.split()) > 5 for one in told.values())
    assert {name for name, one in told.items() if not one.changes} == {
        *("cd22nci-safety", "fabrizio-tox", "kadauke-direction", "leahy-tox", "meta-tox-construct"),
    }
    assert set(SWITCHES) == {name for name, one in told.items() if one.changes}


def test_without_a_switch_no_effect_at_all_is_what_is_published() -> None:
    """Only a direction that holds of two equal sides may have nothing to switch off."""
    for name in EMERGENT:
        comparison = FACTS[name].comparison
        if not comparison.without.changes:
            assert without.room(comparison, np.array(1.0 if comparison.contrast == "ratio" else 0.0)) > 0.0


@pytest.mark.parametrize("name", sorted({switch.name for switch in SWITCHES.values()}))
def test_a_switch_changes_both_sides_alike(name: str) -> None:
    """Its values reach every arm that the fact reads: no arm sets one of them itself, and each arm is changed."""
    switch = SWITCHES[name]
    for system, scenario in without.scenarios_without(switch, SYSTEMS).items():
        stated = scenario_of(system, SYSTEMS)
        own = {arm.name: arm.changes for arm in (stated.trial.arms if stated.trial else ())}
        named = {arm for side in FACTS[name].reading.sides if side.of == system for arm in side.arms}
        for arm in named or own:
            clashes = [(path, there) for path in switch.changes for there in own[arm] if overlap(path, there)]
            assert not clashes
        before, after = arms_of(stated), arms_of(scenario)
        assert all(before[arm].digest != after[arm].digest for arm in named or before)


def overlap(path: str, other: str) -> bool:
    """Whether one path is the other or holds it."""
    return f"{path}.".startswith(f"{other}.") or f"{other}.".startswith(f"{path}.")


def test_facts_of_one_system_with_the_same_values_share_a_switch() -> None:
    assert SWITCHES["pillai-blina-cd19neg"] is SWITCHES["pillai-blina-mrd-failure"]
    assert SWITCHES["gust-icans-risk-burden"] is not SWITCHES["burden-predicts-crs"]


def test_a_path_that_no_scenario_has_is_refused_with_its_place() -> None:
    wrong = replace(
        SWITCHES["gust-icans-risk-burden"], name="x", changes={"parameters.endothelial_activatoin": "0 1/d"}
    )
    with pytest.raises(
        FactsRefused,
        match=r"^x: comparison\.without\.set: parameters\.endothelial_activatoin: got .*`.*endothelial_activation`",
    ):
        without.scenarios_without(wrong, SYSTEMS)


DIRECTION = FACTS["gust-icans-risk-burden"]


def side(estimates: tuple[float, float], spread: float, seed: int) -> Prediction:
    """Draws of two sides around their estimates."""
    noise = np.random.default_rng(seed).normal(0.0, spread, (400, 2))
    return Prediction(estimates, np.array(estimates) + noise, (50, 50), (50, 50))


def verdict(monkeypatch, expects, present, absent, *, spread=5.0, seeds=(5, 6), **bounds) -> str:
    """What is said of two estimates of two sides each; equal seeds: the same patients with and without."""
    comparison = replace(DIRECTION.comparison, expects=expects, **bounds)
    fact = replace(DIRECTION, comparison=comparison)
    drawn = {"on": side(present, spread, seeds[0]), "off": side(absent, spread, seeds[1])}
    for module in ("score", "without"):
        monkeypatch.setattr(f"carsim.scorecard.{module}.observe", lambda reading, trials: Observed(trials))
        monkeypatch.setattr(f"carsim.scorecard.{module}.predict", lambda name, seen, n, seed: drawn[seen.which])
    return without.compare(fact, "on", "off", 1).verdict


@dataclass(frozen=True)
class Observed:
    """Patients of one of two trials, told apart by name."""

    which: str
    sizes: tuple[int, int] = (50, 50)
    expected: tuple[int, int] = (50, 50)


NONE = float("nan")
VERDICTS = [
    ("above", (60.0, 20.0), (21.0, 20.0), {}, without.LOST),
    ("above", (60.0, 20.0), (10.0, 40.0), {}, without.LOST),  # turned round
    ("above", (60.0, 20.0), (55.0, 20.0), {}, without.KEPT),
    ("above", (26.0, 20.0), (23.0, 20.0), {}, without.UNTOLD),
    ("above", (10.0, 20.0), (20.0, 20.0), {}, without.HOLDS_NOT),
    ("above", (60.0, 20.0), (NONE, NONE), {}, without.NOBODY),
    ("below", (20.0, 60.0), (20.0, 20.0), {}, without.LOST),
    ("not-above", (20.0, 60.0), (20.0, 20.0), {}, without.LOST),
    ("some", (30.0, 20.0), (30.0, 0.0), {}, without.LOST),
    ("near", (30.0, 28.0), (60.0, 20.0), {"margin": 10.0}, without.LOST),
    ("near", (30.0, 28.0), (30.0, 30.0), {"margin": 10.0}, without.KEPT),
    ("within", (30.0, 28.0), (60.0, 20.0), {"interval": (-15.0, 15.0), "contrast": "difference"}, without.LOST),
]


@pytest.mark.parametrize(("expects", "present", "absent", "bounds", "told"), VERDICTS)
def test_what_is_lost_and_what_is_kept(monkeypatch, expects, present, absent, bounds, told) -> None:
    spread = 0.0 if expects == "some" else 5.0
    assert verdict(monkeypatch, expects, present, absent, spread=spread, **bounds) == told


def test_a_small_part_of_a_contrast_is_not_all_of_it(monkeypatch) -> None:
    """The same patients tell well what is added, but where most is left, or little was there, nothing is lost."""
    assert verdict(monkeypatch, "above", (40.0, 20.0), (32.0, 20.0), spread=5.0, seeds=(5, 5)) == without.UNTOLD
    assert verdict(monkeypatch, "above", (25.0, 20.0), (21.0, 20.0), spread=5.0, seeds=(5, 5)) == without.UNTOLD
    assert verdict(monkeypatch, "above", (40.0, 20.0), (25.0, 20.0), spread=5.0, seeds=(5, 5)) == without.LOST


def test_without_a_switch_nothing_is_lost(monkeypatch) -> None:
    nothing = replace(DIRECTION, comparison=replace(DIRECTION.comparison, without=Without({}, "no mechanism")))
    monkeypatch.setattr(without, "score", lambda fact, trials, seed: "scored")
    assert without.compare(nothing, {}, None, 1).verdict == without.NO_SWITCH
