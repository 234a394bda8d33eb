"""Disease outside marrow and blood: in its prevalence of a cohort's patients, and in any single one."""

import numpy as np

from carsim import spec
from carsim.spec.prepare import prepare

COHORT = """format: carsim/1
title: sites
cohort: {population: paediatric-rr-ball, n: 400, variability: false}
leukaemia: {sites: {CNS: {csf: 20 cells/uL, prevalence: 30 %}, extramedullary: {cells: 1e10 cells}}}
treatment:
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 3e6 cells/kg}
"""


def blasts(scenario, site):
    """Blasts at a site at the start, one number per patient."""
    prepared = prepare(scenario)
    names = [species.name for species in prepared.network.all_species]
    columns = [at for at, name in enumerate(names) if name.startswith("blasts.") and name.endswith(f".{site}")]
    return prepared.patients.initial[:, columns].sum(axis=1)


def test_a_site_is_diseased_in_its_prevalence_of_the_patients():
    scenario = spec.loads(COHORT)
    assert 0.22 < np.mean(blasts(scenario, "CNS") > 0.0) < 0.38  # 30 % of 400, within 3.5 standard deviations
    np.testing.assert_allclose(blasts(scenario, "extramedullary"), 1e10, rtol=1e-12)


def test_with_a_lower_prevalence_fewer_of_the_same_patients_are_diseased():
    scenario = spec.loads(COHORT)
    fewer = blasts(scenario.with_(**{"leukaemia.sites.CNS.prevalence": "10 %"}), "CNS") > 0.0
    more = blasts(scenario, "CNS") > 0.0
    assert fewer.sum() < more.sum()
    assert not (fewer & ~more).any()


def test_a_single_patient_has_what_is_stated():
    who = "cohort: {population: paediatric-rr-ball, n: 400, variability: false}"
    assert blasts(spec.loads(COHORT.replace(who, "patient: {population: paediatric-rr-ball}")), "CNS")[0] > 0.0
