"""Full-size checks that .ci/run adds: cohorts as drawn, every patient simulated, and the same bits in any company."""

import numpy as np
import pytest

import carsim

COHORT = """
format: carsim/1
title: a cohort
cohort: {{population: {population}, n: {n}}}
leukaemia: {{clones: [{{name: CD19-negative, cd19: absent, fraction: 1e-8, fraction_log_sd: 2}}]}}
treatment:
  - {{name: ld, give: fludarabine-cyclophosphamide, fludarabine: {{dose: 30 mg/m^2, start: -6 d, doses: 4}},
     cyclophosphamide: {{dose: 500 mg/m^2, start: -6 d, doses: 2}}, share: 90 %}}
  - {{name: car, give: {product}, dose: {{per_weight: 3e6 cells/kg, above: 50 kg, flat: 1e8 cells}}}}
run: {{until: 365 d, seed: {seed}}}
"""


@pytest.mark.full
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("population", "product"),
    [("paediatric-rr-ball", "tisagenlecleucel"), ("adult-rr-ball", "brexucabtagene-autoleucel")],
)
def test_every_drawn_patient_is_simulated_and_nothing_is_negative(population, product, seed):
    text = COHORT.format(population=population, product=product, n=150, seed=seed)
    data = carsim.run(carsim.loads(text))
    assert (data["status"] == 0).all()
    for name, variable in data.data_vars.items():
        if "time" in variable.dims and variable.dtype.kind == "f":
            assert np.isfinite(variable.values).all(), name
            assert (variable.values >= 0.0).all(), name


@pytest.mark.full
def test_fifty_patients_are_the_same_bits_among_a_hundred():
    few, many = (
        carsim.run(
            carsim.loads(COHORT.format(population="paediatric-rr-ball", product="tisagenlecleucel", n=n, seed=3))
        )
        for n in (50, 100)
    )
    for name in ("cart_copies", "blasts", "bcells", "leucocytes"):
        np.testing.assert_array_equal(few[name].values, many[name].values[:50], err_msg=name)
