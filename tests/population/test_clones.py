"""Which patients of a cohort carry a clone, and how many cells of it."""

import numpy as np
import pytest
from scipy import stats

from carsim import spec
from carsim.population.leukaemia import poisson
from carsim.spec.prepare import prepare

COHORT = """
format: carsim/1
title: clones
cohort: {population: paediatric-rr-ball, n: 2000, variability: true}
leukaemia: {clones: [{name: rare, cd19: absent, fraction: FRACTION, prevalence: PREVALENCE}]}
treatment: [{name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}]
run: {until: 60 d}
"""


def cells(fraction, prevalence="100 %", *overrides):
    text = COHORT.replace("FRACTION", fraction).replace("PREVALENCE", prevalence)
    made = prepare(spec.loads(text, overrides=overrides))
    names = [species.name for species in made.network.all_species]
    columns = [names.index(f"blasts.rare.{site}") for site in made.cast.sites]
    return made, made.patients.initial[:, columns].sum(axis=1)


@pytest.mark.parametrize("mean", [1e-3, 0.5, 3.0, 200.0, 9e5])
def test_poisson_is_the_quantile_of_the_distribution(mean):
    uniform = np.linspace(0.0, 0.9999, 301)
    found = poisson(uniform, np.full(uniform.size, mean))
    np.testing.assert_array_equal(found, np.maximum(stats.poisson.ppf(uniform, mean), 0.0))


def test_a_rare_clone_is_counted_in_whole_cells_and_absent_from_most_patients():
    _, many = cells("1e-9", "100 %", "cohort.variability=false")
    _, few = cells("1e-12")
    np.testing.assert_allclose(few, np.round(few), atol=1e-6)
    expected = np.exp(-1e-3 * many).mean()  # share of patients with none
    assert (few == 0.0).mean() == pytest.approx(expected, abs=0.05)
    assert few.mean() == pytest.approx(1e-3 * many.mean(), rel=0.5)
    assert (many > 0.0).all()


def test_a_large_clone_keeps_what_is_expected():
    _, large = cells("1e-3", "100 %")
    _, plain = cells("1e-3", "100 %", "cohort.variability=false")
    expects_many = plain > 1e7
    assert expects_many.mean() > 0.9
    np.testing.assert_allclose(large[expects_many], plain[expects_many], rtol=0.3)


def test_prevalence_is_the_share_of_patients_who_carry_the_clone():
    _, found = cells("1e-3", "30 %")
    assert (found > 0.0).mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.3 * 0.7 / 2000))


def test_a_patient_carries_every_listed_clone():
    text = COHORT.replace("FRACTION", "1e-12").replace("PREVALENCE", "1 %")
    text = text.replace("cohort:", "patient:").replace(", n: 2000, variability: true", "")
    made = prepare(spec.loads(text))
    names = [species.name for species in made.network.all_species]
    assert 0.0 < made.patients.initial[0, names.index("blasts.rare.marrow")] < 1.0
