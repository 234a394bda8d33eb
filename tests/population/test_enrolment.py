"""Enrolment: the disease stated is that of its day, and who has no product is given none."""

import numpy as np
import pytest

from carsim import spec
from carsim.pipeline import run
from carsim.spec.prepare import prepare

TEXT = """
format: carsim/1
title: Enrolment
{who}
treatment:
  - {{name: bridge, give: bridging, at: -20 d, share: {bridged}}}
  - {{name: ld, give: fludarabine-cyclophosphamide, at: -6 d}}
  - {{name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}}
run: {{until: 3 d}}
"""
PATIENT = "patient: {population: paediatric-rr-ball, marrow_blasts: 1 %, enrolment: {at: -45 d}}"
COHORT = "cohort: {population: paediatric-rr-ball, n: 60, variability: false, enrolment: {%s}}"


def test_the_simulation_starts_at_enrolment_with_the_disease_stated_and_it_grows_until_treatment():
    data = run(spec.loads(TEXT.format(who=PATIENT, bridged="0 %")))
    fraction = data["marrow_blast_fraction"].isel(patient=0)
    assert float(data["time"][0]) == -45.0
    assert float(fraction[0]) == pytest.approx(0.01, rel=1e-6)
    numbers = prepare(spec.loads(TEXT.format(who=PATIENT, bridged="0 %"))).cast.numbers
    rate = numbers["blast_birth"].value - numbers["blast_death"].value
    blasts = data["blasts"].isel(patient=0).sum(("clone", "site"))
    grown = float(np.log(blasts.sel(time=-35.0) / blasts.sel(time=-45.0)))
    assert grown == pytest.approx(10.0 * rate, rel=0.02)  # crowding takes up to 1.5 % of the rate
    bridged = run(spec.loads(TEXT.format(who=PATIENT, bridged="100 %")))
    assert float(bridged["marrow_blast_fraction"].isel(patient=0).sel(time=-6.0)) < float(fraction.sel(time=-6.0))


def test_without_a_product_there_is_neither_infusion_nor_lymphodepletion_but_bridging():
    who = COHORT % "failed: 30 %, out_of_specification: 20 %"
    data = run(spec.loads(TEXT.format(who=who, bridged="100 %")))
    made = data["manufacture"].values
    days = data["treatment_day"]
    assert 8 <= (made == 2).sum() <= 28
    assert 4 <= (made == 1).sum() <= 22
    for name in ("tisagenlecleucel", "fludarabine", "cyclophosphamide"):
        np.testing.assert_array_equal(np.isnan(days.sel(treatment=name).values), made == 2)
    assert np.isfinite(days.sel(treatment="bridging").values).all()
    cells = data["cart_cells"].sum(("product", "time")).values
    np.testing.assert_array_equal(cells == 0.0, made == 2)


def test_a_cohort_starts_at_enrolment_where_its_disease_is_that_of_enrolment():
    who = COHORT.replace("variability", "marrow_blasts: {median: 60 %%, at: enrolment}, variability")
    assert prepare(spec.loads(TEXT.format(who=who % "at: -60 d", bridged="0 %"))).times[0] == -60.0
    assert prepare(spec.loads(TEXT.format(who=COHORT % "at: -60 d", bridged="0 %"))).times[0] == -20.0
