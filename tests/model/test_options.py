"""Trogocytosis, bystander killing and suppressive marrow: off is absent, on acts as by hand."""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.run import simulate
from carsim.model.build import build
from carsim.model.fluxes import PREFIX, with_fluxes
from carsim.population.patients import Patients
from carsim.spec.prepare import cast_of, prepare

TEXT = """
format: carsim/1
title: options
patient: {population: paediatric-rr-ball, marrow_blasts: 40 %}
leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 1e-4}]}
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: tisagenlecleucel, dose: 3e6 cells/kg}
run: {until: 40 d}
"""
OPTIONS = {"trogocytosis": "1", "bystander": "0.05", "marrow_suppression": "1 1/d"}


def course(outputs, *overrides):
    made = prepare(spec.loads(TEXT, overrides=[f"parameters.{path}" for path in overrides]))
    found = simulate(made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=outputs)
    assert found.status[0] == 0
    return made, dict(zip(outputs, found.values[0].T, strict=True))


@pytest.mark.parametrize("option", OPTIONS)
def test_off_is_the_network_without_it(option):
    plain = build("x", cast_of(spec.loads(TEXT)))
    off = build("x", cast_of(spec.loads(TEXT, overrides=[f"parameters.{option}=0{OPTIONS[option][1:].lstrip('.05')}"])))
    on = build("x", cast_of(spec.loads(TEXT, overrides=[f"parameters.{option}={OPTIONS[option]}"])))
    assert list(off.rows) == list(plain.rows)
    assert [r.name for r in off.reactions] == [r.name for r in plain.reactions]
    assert option not in plain.rows
    assert option in on.rows


def test_all_options_at_once():
    ages = ["parameters.replicative_limit=30", "parameters.exhaustion_recovery=0.05 1/d"]
    options = [f"parameters.{option}={value}" for option, value in OPTIONS.items()]
    on = build("x", cast_of(spec.loads(TEXT, overrides=[*ages, *options])))
    assert {"replicative_limit", "exhaustion_recovery", *OPTIONS} <= set(on.rows)


def test_trogocytosis_of_one_is_as_frequent_as_killing():
    made = prepare(spec.loads(TEXT, overrides=["parameters.trogocytosis=1"]))
    network = with_fluxes(made.network)
    zeros = np.zeros((1, len(network.all_species) - len(made.network.all_species)))
    patients = Patients(
        made.patients.identifiers, made.patients.parameters, np.concatenate([made.patients.initial, zeros], axis=1)
    )
    rows = [f"{PREFIX}kill.CD19-positive.marrow", f"{PREFIX}trogocytosis.CD19-positive.CD19-dim.marrow"]
    found = simulate(network, t=made.times, schedule=made.schedule, patients=patients, outputs=rows)
    killed, torn = found.values[0, -1]
    assert torn == pytest.approx(killed, rel=1e-5)
    assert torn > 1e9


def test_trogocytosis_makes_dim_cells():
    dim = "blasts_total.CD19-dim"
    _, usual = course([dim])
    _, torn = course([dim], "trogocytosis=1")
    assert torn[dim].max() > 100.0 * usual[dim].max()


def test_bystander_killing_takes_cells_without_the_antigen_as_by_hand():
    rows = ["hazard.CD19-negative.marrow", "kills_recognised.marrow", "blasts_at.marrow", "bcells.marrow"]
    total = "blasts_total.CD19-negative"
    _, plain = course(["hazard.CD19-negative.marrow", total])
    _, out = course([*rows, total], "bystander=0.05")
    mean = out["kills_recognised.marrow"] / (out["blasts_at.marrow"] + out["bcells.marrow"] + 1.0)
    assert (plain["hazard.CD19-negative.marrow"] == 0.0).all()
    np.testing.assert_allclose(out["hazard.CD19-negative.marrow"], 0.05 * mean, rtol=1e-12)
    assert out[total][-1] < plain[total][-1]


def test_a_full_marrow_kills_effectors_as_by_hand():
    made, out = course(["marrow_fullness", "blasts_at.marrow", "cart_cells"], "marrow_suppression=1 1/d")
    capacity = 1e12 * made.patients.covariates["weight"][0] / 70.0
    blasts = out["blasts_at.marrow"]
    np.testing.assert_allclose(out["marrow_fullness"], blasts / (blasts + capacity), rtol=1e-12)
    _, plain = course(["cart_cells"])
    assert out["cart_cells"].max() < 0.9 * plain["cart_cells"].max()
