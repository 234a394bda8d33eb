"""A fact agrees or does not, by what the catalogue says of it; baselines never see what they predict."""

import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import carsim
from carsim.catalog import facts
from carsim.scorecard.baselines import BASELINES, covariates, folds, logit, predicted, usable
from carsim.scorecard.predict import Prediction
from carsim.scorecard.score import _direction, _number, as_object, factor, group_of, shows
from carsim.scorecard.summary import summarise

FACTS = facts()
NUMBER = next(
    fact for fact in FACTS.values() if fact.op == "=" and fact.unit == "percent" and fact.n_total and fact.weight
)
DIRECTION = next(fact for fact in FACTS.values() if fact.comparison and fact.comparison.expects == "above")


def found(estimate, low=None, high=None):
    values = np.full(101, estimate) if low is None else np.linspace(low, high, 101)
    return Prediction((estimate,), values[:, None], (100,), (100,))


def test_a_number_agrees_within_what_is_accepted():
    low, high = NUMBER.accept
    assert _number(NUMBER, found(0.5 * (low + high))).agrees
    assert not _number(NUMBER, found(high + 0.1)).agrees
    assert not _number(NUMBER, found(low - 0.1)).agrees


def test_a_number_is_inside_where_a_trial_of_its_size_could_have_found_it():
    wide = _number(NUMBER, found(NUMBER.value + 30.0, NUMBER.value - 5.0, NUMBER.value + 60.0))
    assert wide.inside
    assert not _number(NUMBER, found(NUMBER.value + 30.0, NUMBER.value + 5.0, NUMBER.value + 60.0)).inside


def test_what_was_not_reached_is_met_by_anything_later():
    late = replace(NUMBER, op="not_reached", value=24.0, unit="months", accept=(24.0, math.inf))
    assert _number(late, found(math.inf)).agrees
    assert _number(late, found(math.inf)).inside
    assert not _number(late, found(12.0, 10.0, 20.0)).inside


def test_without_a_value_nothing_is_said():
    nothing = _number(NUMBER, found(math.nan))
    assert (nothing.agrees, nothing.inside) == (None, None)
    assert nothing.reason


EXPECTED = [
    ("above", {}, 0.1, 0.0),
    ("below", {}, -0.1, 0.0),
    ("not-above", {}, 0.0, 0.1),
    ("some", {}, 0.1, 0.0),
    ("near", {"margin": 10.0}, -10.0, 10.1),
    ("within", {"interval": (0.2, 1.3)}, 1.3, 1.4),
]


@pytest.mark.parametrize(("word", "bounds", "yes", "no"), EXPECTED)
def test_a_contrast_shows_what_is_expected(word, bounds, yes, no):
    comparison = replace(DIRECTION.comparison, expects=word, **bounds)
    assert shows(comparison, yes)
    assert not shows(comparison, no)


def test_a_direction_counts_the_trials_in_which_it_shows():
    draws = np.array([[60.0, 50.0]] * 75 + [[40.0, 50.0]] * 25)
    scored = _direction(DIRECTION, DIRECTION.comparison, Prediction((55.0, 50.0), draws, (10, 10), (100, 100)))
    assert scored.agrees
    assert scored.simulated == 5.0
    assert scored.holds == 0.75
    both = Prediction((math.inf, math.inf), np.full((10, 2), math.inf), (10, 10), (100, 100))
    assert _direction(DIRECTION, DIRECTION.comparison, both).simulated == 0.0  # neither median reached


def test_nothing_that_simulates_reads_a_fact():
    source = Path(carsim.__file__).parent
    readers = {
        str(path.relative_to(source))
        for path in source.rglob("*.py")
        if re.search(r"catalog\.facts|from carsim\.catalog import .*\bfacts\b", path.read_text(encoding="utf-8"))
    }
    assert readers
    assert {reader.partition("/")[0] for reader in readers} <= {"catalog", "calibrate", "cli", "scorecard"}, readers


def test_units_are_converted_and_others_refused():
    assert factor("d", "months") == pytest.approx(1.0 / 30.4375)
    assert factor("percent", "percent") == 1.0
    with pytest.raises(ValueError, match="in months read off a result in percent"):
        factor("percent", "months")


def test_each_endpoint_has_a_group():
    assert {group_of(fact.endpoint) for fact in FACTS.values()} <= {
        "response",
        "survival",
        "relapse",
        "kinetics",
        "toxicity",
        "other",
    }


@pytest.mark.parametrize("name", BASELINES)
def test_a_baseline_does_not_see_what_it_predicts(name):
    changed = {
        key: replace(fact, value=1.0) if fact.system == "eliana" and fact.value else fact for key, fact in FACTS.items()
    }
    one, other = predicted(FACTS.values())[name], predicted(changed.values())[name]
    of_eliana = [fact.id for fact in usable(FACTS.values()) if fact.system == "eliana"]
    assert of_eliana
    assert all(one[key] == other[key] for key in of_eliana)
    assert one != other  # what others are predicted from has changed


def test_trials_are_left_out_whole():
    sixth = folds(usable(FACTS.values()))
    assert set(sixth.values()) == set(range(6))
    assert set(sixth) == {fact.system for fact in usable(FACTS.values())}


def test_the_pooled_mean_by_hand():
    three = [
        replace(NUMBER, id=f"f{k}", system=f"s{k}", value=value, n_total=n)
        for k, (value, n) in enumerate([(50, 10), (80, 30), (60, 20)])
    ]
    mean, _ = predicted(three)["pooled"]["f0"]
    assert mean == pytest.approx((30 * logit(80, 30) + 20 * logit(60, 20)) / 50)


def test_logits_of_all_and_none_are_finite():
    assert logit(0.0, 10) == pytest.approx(-logit(100.0, 10))
    assert logit(50.0, 10) == 0.0


def test_covariates_of_a_trial():
    bi = replace(NUMBER, targets=("CD19", "CD22"), costimulation="CD28", population={"group": "Adult"})
    assert covariates(bi) == (1.0, 1.0, 1.0, 1.0)
    assert (
        covariates(replace(bi, targets=("CD19",), costimulation="4-1BB", population={"group": "Paediatric"}))
        == (0.0,) * 4
    )


def test_a_summary_counts_by_weight():
    heavy, light = replace(NUMBER, weight=1.0), replace(NUMBER, id="light", weight=0.5)
    middle = 0.5 * sum(NUMBER.accept)
    scored = [_number(heavy, found(middle)), _number(light, found(NUMBER.accept[1] + 1.0))]
    said = summarise(scored)
    assert said["numbers_agree"] == {"yes": 1, "of": 2, "weighted": pytest.approx(2.0 / 3.0)}
    never = _number(replace(NUMBER, weight=0.0), found(middle))
    assert summarise([*scored, never])["facts"] == 2


def test_a_scored_fact_as_an_object_has_the_keys_of_the_contract():
    keys = {"id", "published", "accept", "simulated", "low", "high", "agrees", "weight"}
    assert keys <= set(as_object(_number(NUMBER, found(50.0))))
