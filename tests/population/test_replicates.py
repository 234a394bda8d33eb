"""What chance decides at the start of each replicate, and what is the same in all of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from carsim import spec
from carsim.population.leukaemia import binomial, spread_over
from carsim.spec.prepare import Prepared, prepare

TEXT = """
format: carsim/1
title: replicates
WHO
leukaemia: {clones: [{name: rare, cd19: absent, fraction: 3e-12}]}
treatment:
  - {name: toci, give: tocilizumab, dose: 8 mg/kg, at: 5 d, share: 50 %}
  - {name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}
run: {until: 60 d, engine: ENGINE, replicates: REPLICATES}
"""
PATIENT = "patient: {population: paediatric-rr-ball}"
COHORT = "cohort: {population: paediatric-rr-ball, n: 6}"


def made(who: str, engine: str = "hybrid", replicates: int = 1) -> Prepared:
    text = TEXT.replace("WHO", who).replace("ENGINE", engine).replace("REPLICATES", str(replicates))
    return prepare(spec.loads(text))


def rare(prepared: Prepared) -> np.ndarray:
    """Cells of the rare clone (course, site)."""
    names = [species.name for species in prepared.network.all_species]
    return prepared.patients.initial[:, [names.index(f"blasts.rare.{site}") for site in prepared.cast.sites]]


def test_replicates_differ_in_cells_and_fates_and_in_nothing_else() -> None:
    found = made(COHORT, replicates=5)
    patients = found.patients
    assert (patients.n, patients.replicates) == (30, 5)
    assert patients.identifiers[4:6] == ("1", "2")
    for values in (*patients.parameters.values(), *(patients.covariates[name] for name in ("weight", "manufacture"))):
        own = np.asarray(values).reshape(6, 5)
        np.testing.assert_array_equal(own, np.repeat(own[:, :1], 5, axis=1))
    for course in range(30):
        np.testing.assert_array_equal(found.schedule.amounts[course], found.schedule.amounts[course // 5 * 5])
    assert np.unique(patients.covariates["threshold_leukaemia_death"]).size == 30
    counts = rare(found).sum(axis=1).reshape(6, 5)
    assert (counts.std(axis=1) > 0.0).any()


def test_the_first_replicate_of_a_cohort_is_the_patient_of_a_run_without() -> None:
    many, one, ode = made(COHORT, replicates=5), made(COHORT), made(COHORT, "ode")
    np.testing.assert_array_equal(many.patients.initial[::5], one.patients.initial)
    for name, values in one.patients.covariates.items():
        np.testing.assert_array_equal(many.patients.covariates[name][::5], values)
        np.testing.assert_array_equal(ode.patients.covariates[name], values)
    np.testing.assert_allclose(rare(ode).sum(axis=1), rare(one).sum(axis=1), atol=1e-9)


def test_fewer_replicates_are_the_first_of_more() -> None:
    few, many = made(PATIENT, replicates=3), made(PATIENT, replicates=7)
    np.testing.assert_array_equal(few.patients.initial, many.patients.initial[:3])


def test_one_patient_has_drawn_cells_and_fates_where_chance_decides() -> None:
    typical, drawn = made(PATIENT, "ode"), made(PATIENT, replicates=4000)
    expected = float(rare(typical).sum())
    assert expected != round(expected)
    assert typical.patients.covariates["threshold_infection_death"].tolist() == [math.log(2.0)]
    cells = rare(drawn)
    np.testing.assert_array_equal(cells, np.round(cells))
    limit = stats.norm.isf(0.5e-6)  # false alarm of 1e-6 in each
    assert cells.sum(axis=1).mean() == pytest.approx(expected, abs=limit * math.sqrt(expected / 4000))
    for site, mean in enumerate(rare(typical)[0]):
        assert cells[:, site].mean() == pytest.approx(mean, abs=limit * math.sqrt(mean / 4000))
    fates = drawn.patients.covariates["threshold_infection_death"]
    assert fates.mean() == pytest.approx(1.0, abs=limit / math.sqrt(4000))


@pytest.mark.parametrize(("trials", "chance"), [(1, 0.3), (7, 0.97), (200, 0.02), (900_000, 0.4), (0, 0.5), (5, 1.0)])
def test_binomial_is_the_quantile_of_the_distribution(trials: int, chance: float) -> None:
    uniform = np.linspace(1e-9, 0.9999, 301)
    found = binomial(uniform, np.full(301, float(trials)), np.full(301, chance))
    np.testing.assert_array_equal(found, stats.binom.ppf(uniform, trials, chance))


def test_cells_are_spread_over_the_sites_and_none_is_lost() -> None:
    cells = np.array([0.0, 1.0, 12.0, 5e5])
    shares = [np.full(4, share) for share in (0.7, 0.0, 0.3)]
    found = spread_over(cells, shares, [np.array([0.1, 0.9, 0.5, 0.5])] * 2)
    np.testing.assert_array_equal(sum(found), cells)
    assert found[1].tolist() == [0.0] * 4
    assert found[0][3] == pytest.approx(3.5e5, rel=1e-3)
