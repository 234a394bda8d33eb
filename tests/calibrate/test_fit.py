"""Emulator and posterior on made-up outcomes, where what they should find is known."""

import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import truncnorm

from carsim.calibrate import design, validation
from carsim.calibrate.emulator import Surface, learn
from carsim.calibrate.identifiability import POINTS, identify
from carsim.calibrate.posterior import Density, sample
from carsim.calibrate.study import sixths
from carsim.calibrate.validation import cross_validated, predict, scores

from .invented import FACTS, drawn, study, target

TWO = study("exhaustion", "kill_half", seed=1)


def made(slopes, levels, offered, patients=1500, seed=4):
    generator = np.random.default_rng(seed)
    facts = FACTS[: len(levels)]
    return [
        target(fact, *drawn(generator, slopes, level, patients), offered=share)
        for fact, level, share in zip(facts, levels, offered, strict=True)
    ]


def test_the_emulator_finds_the_dependence_within_its_own_error():
    slopes, levels = (0.8, -0.4), (0.2, 1.0, -0.5)
    surface = learn(TWO, made(slopes, levels, (50.0, 60.0, 70.0)))
    points = np.array([[0.0, 0.0], [1.0, 1.0], [-1.0, 0.5]])
    mean, variance = surface.at(points)
    truth = np.array([[level + point @ np.array(slopes) for level in levels] for point in points])
    apart = (mean - truth) / np.sqrt(variance)
    assert np.abs(apart).max() < 3.0
    assert np.sqrt(variance).max() < 0.2


@pytest.mark.parametrize(("level", "copies"), [(0.3, 1), (-2.5, 1), (0.3, 3)])
def test_the_emulators_error_is_as_large_as_it_says(level, copies):
    """Of outcomes that are common, rare, or read off the same patients by several facts."""
    apart = []
    for seed in range(150):
        (one,) = made((0.5, 0.0), (level,), (60.0,), patients=200, seed=seed)
        surface = learn(TWO, [one] * copies)
        mean, variance = surface.at(np.zeros(2))
        apart.append((mean[0] - level) / np.sqrt(variance[0]))
    assert 0.8 < np.std(apart) < 1.2


def surface_of(levels, slopes):
    """A surface without error whose log odds are level + slopes . u."""
    coefficients = np.array(
        [[level, *slope, *np.zeros(len(slope))] for level, slope in zip(levels, slopes, strict=True)]
    )
    return Surface(coefficients, np.zeros((len(levels), coefficients.shape[1], coefficients.shape[1])))


def test_one_parameter_and_one_fact_give_the_posterior_of_the_formula():
    one = study("exhaustion", seed=1, between_trials=dict.fromkeys(TWO.between_trials, 0.02))
    fact = target(FACTS[0], np.zeros((1, 1)), np.zeros(1), offered=70.0, n=100)
    found = sample(one, [fact], surface_of([0.2], [[1.0]]), 8000, 1000)
    precision = 1.0 + 1.0 / fact.variance
    mean = (fact.value - 0.2) / fact.variance / precision
    exact = truncnorm(*((np.array([-1, 1]) * design.END - mean) * np.sqrt(precision)), mean, precision**-0.5)
    assert found.mode[0] == pytest.approx(mean, abs=1e-3)
    assert found.draws.mean() == pytest.approx(exact.mean(), abs=0.02)
    assert found.draws.std() == pytest.approx(exact.std(), rel=0.06)
    assert np.ptp(found.starts) < 1e-3


def test_the_same_seed_gives_the_same_draws():
    facts, surface = made((0.8, -0.4), (0.2, 1.0), (50.0, 60.0)), surface_of([0.2, 1.0], [[0.8, -0.4]] * 2)
    first, again = (sample(TWO, facts, surface, 60, 30) for _ in range(2))
    assert np.array_equal(first.draws, again.draws)
    assert not np.array_equal(first.draws, sample(TWO.model_copy(update={"seed": 2}), facts, surface, 60, 30).draws)


def test_the_draws_that_are_kept_are_worth_as_many_as_the_chains():
    """Where facts say nothing the draws are those of the prior, in mean and spread, in every direction."""
    many = study("exhaustion", "kill_max", "antigen_half", "syndrome_half", "kill_half", seed=3)
    facts = [target(fact, np.zeros((1, 5)), np.zeros(1)) for fact in FACTS[:1]]
    found = sample(many, facts, surface_of([0.0], [[0.0] * 5]))
    prior = truncnorm(-design.END, design.END)
    assert np.abs(found.draws.mean(axis=0)).max() < 0.15
    assert np.abs(found.draws.std(axis=0) / prior.std() - 1.0).max() < 0.1


def test_nothing_lies_outside_the_priors():
    facts = made((0.8, -0.4), (0.2, 1.0), (99.0, 99.0))
    found = sample(TWO, facts, surface_of([0.2, 1.0], [[0.8, -0.4]] * 2), 200, 100)
    assert np.abs(found.draws).max() <= design.END
    assert (
        Density(TWO, facts, surface_of([0.2, 1.0], [[0.8, -0.4]] * 2))(np.array([[3.0, 0.0, *[0.1] * 6]])) < -1e200
    ).all()


def test_a_parameter_that_no_fact_sees_keeps_its_prior_and_is_said_to_be_unknown():
    facts, surface = made((1.0, 0.0), (0.2, 1.0), (75.0, 85.0)), surface_of([0.2, 1.0], [[1.0, 0.0]] * 2)
    found = sample(TWO, facts, surface)
    seen, unseen = identify(TWO, facts, surface, found)
    assert seen.contraction > 0.6
    assert abs(unseen.contraction) < 0.12
    assert (seen.facts, unseen.facts) == (2, 0)
    np.testing.assert_allclose(unseen.profile, -0.5 * POINTS**2 + 0.5 * found.mode[1] ** 2, atol=1e-2)


def test_two_parameters_of_which_only_the_sum_is_seen_are_tied():
    facts, surface = made((1.0, 1.0), (0.0, 0.5), (70.0, 80.0)), surface_of([0.0, 0.5], [[1.0, 1.0]] * 2)
    found = sample(TWO, facts, surface)
    first, second = identify(TWO, facts, surface, found)
    assert dict(first.tied)["kill-half"] < -0.5
    assert dict(second.tied)["exhaustion"] < -0.5


def test_predictions_of_facts_that_follow_the_model_cover_them_as_often_as_they_say():
    generator = np.random.default_rng(8)
    inside = []
    surface = surface_of([0.3], [[0.7, -0.2]])
    for _ in range(40):
        share = expit(0.3 + 0.7 * 0.4)
        published = 100.0 * generator.binomial(50, share) / 50
        facts = [target(FACTS[0], np.zeros((1, 2)), np.zeros(1), offered=published)]
        known = [target(FACTS[1], np.zeros((1, 2)), np.zeros(1), offered=100.0 * share, n=2000)]
        found = sample(TWO, known, surface, 40, 40)
        inside.append(predict(facts, surface, found, tuple(TWO.between_trials), 1)[0].inside)
    assert np.mean(inside) > 0.85


def test_no_trial_is_predicted_from_itself(monkeypatch):
    monkeypatch.setattr(validation, "STEPS", 60)
    monkeypatch.setattr(validation, "BURNED", 40)
    facts = made((0.8, -0.4), (0.2, 1.0, 0.4, 0.1, 0.6, 0.9), (50.0, 60.0, 70.0, 55.0, 65.0, 75.0), patients=300)
    surface = learn(TWO, facts)
    of = sixths(TWO, [fact.fact for fact in facts])
    assert len(set(of)) > 1
    kept = cross_validated(TWO, facts, surface)
    odd = [
        target(fact.fact.id, fact.scores, fact.shares, offered=1.0 if of[k] == of[0] else fact.offered)
        for k, fact in enumerate(facts)
    ]
    again = cross_validated(TWO, odd, surface)
    same = [k for k in range(len(facts)) if of[k] == of[0]]
    assert all(kept[k].mean == again[k].mean for k in same)
    assert any(kept[k].mean != again[k].mean for k in range(len(facts)) if k not in same)


def test_scores_stand_beside_the_baselines():
    facts = made((0.8, -0.4), (0.2, 1.0, 0.4, 0.1, 0.6, 0.9), (50.0, 60.0, 70.0, 55.0, 65.0, 75.0), patients=300)
    surface = learn(TWO, facts)
    found = sample(TWO, facts, surface, 100, 100)
    table = scores(predict(facts, surface, found, tuple(TWO.between_trials), 1))
    assert table["all"]["facts"] == len(facts)
    assert set(table["response"]) == {"facts", "inside", "shares", "carsim", "pooled", "class", "regression"}
    assert table["response"]["carsim"]["error"] > 0.0
