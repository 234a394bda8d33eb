"""Leukaemia in the nervous system and outside marrow: where it starts, how far it grows, what treats it."""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.run import simulate
from carsim.model.build import build
from carsim.spec.prepare import cast_of, prepare

TEXT = """
format: carsim/1
title: sites
patient: {population: paediatric-rr-ball, weight: 35 kg, marrow_blasts: 0 %}
leukaemia: {sites: {CNS: {csf: 40 cells/uL}, extramedullary: {cells: 1e10 cells}}}
run: {until: 10 d}
"""
CAR = """
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}
"""


def course(text, outputs, *overrides):
    made = prepare(spec.loads(text, overrides=overrides))
    found = simulate(made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=outputs)
    assert found.status[0] == 0
    return made.times, dict(zip(outputs, found.values[0].T, strict=True))


def test_the_start_is_as_stated():
    _, out = course(TEXT, ["csf_blasts", "blasts_at.CNS", "blasts_at.extramedullary", "blasts_at.marrow"])
    assert out["csf_blasts"][0] == pytest.approx(40.0)
    assert out["blasts_at.CNS"][0] == pytest.approx(40.0 * 35.0 * 2000.0 / 0.1)  # a tenth of the cells floats
    assert out["blasts_at.extramedullary"][0] == pytest.approx(1e10)
    assert out["blasts_at.marrow"][0] == 0.0


def test_each_site_grows_to_its_own_limit():
    """Half of 70 kg: limits of 5e9/2 and 5e11/2, up to what leaves and enters (0.1 and 1.5 % of net growth)."""
    _, out = course(TEXT, ["blasts_at.CNS", "blasts_at.extramedullary"], "run.until=400 d")
    assert out["blasts_at.CNS"][-1] == pytest.approx(2.5e9, rel=0.01)
    assert out["blasts_at.extramedullary"][-1] == pytest.approx(2.5e11, rel=0.03)


def test_traffic_moves_cells_and_makes_none():
    """Without growth, death and killing the clone's total over the star of sites stays what it was."""
    still = ["parameters.blast_birth=0 1/d", "parameters.blast_death=0 1/d"]
    _, out = course(TEXT, ["blasts_total", "blasts_at.marrow", "blasts_at.CNS"], *still, "patient.marrow_blasts=20 %")
    np.testing.assert_allclose(out["blasts_total"], out["blasts_total"][0], rtol=1e-8)
    assert out["blasts_at.CNS"][-1] > out["blasts_at.CNS"][0]


def test_a_site_that_is_not_stated_has_no_rows():
    plain = build("x", cast_of(spec.loads(TEXT.replace("leukaemia: {sites", "# {sites"))))
    assert not [name for name in plain.rows if "CNS" in name or "csf" in name or "extramedullary" in name]
    empty = build("x", cast_of(spec.loads(TEXT, overrides=["leukaemia.sites.CNS.csf=0 cells/uL"])))
    assert {"csf_blasts", "csf_cart"} <= set(empty.rows)


def test_marrow_disease_brings_cart_cells_that_clear_the_fluid():
    names = ["csf_blasts", "csf_cart"]
    _, alone = course(TEXT + CAR, names, "run.until=28 d")
    _, both = course(TEXT + CAR, names, "run.until=28 d", "patient.marrow_blasts=60 %")
    assert both["csf_cart"].max() > 3.0 * alone["csf_cart"].max()
    assert both["csf_blasts"][-1] < 0.1 * alone["csf_blasts"][-1]
