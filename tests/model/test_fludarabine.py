"""Fludarabine through scenario, schedule and engine: the closed form of three compartments, typical exposures.

Closed form: with the rate matrix A = V diag(-l) V^-1, an infusion of rate R from 0 to T gives amounts
V diag((1 - exp(-l t)) / l) V^-1 (R, 0, 0) while it runs, then decays as V diag(exp(-l (t - T))) V^-1; doses add.
"""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.spec.prepare import prepare

SCENARIO = """
format: carsim/1
title: Fludarabine alone
patient: {{population: {population}, {patient}}}
treatment:
  - {{name: flu, give: fludarabine, dose: {dose}, start: -6 d, doses: {doses}}}
run: {{until: 20 d}}
"""
REFERENCE = {"population": "adult-rr-ball", "patient": "weight: 70 kg, egfr: 100 mL/min/1.73m^2, age: 40 years"}


def concentrations(population, patient, dose, doses, days):
    made = prepare(spec.loads(SCENARIO.format(population=population, patient=patient, dose=dose, doses=doses)))
    names = ("fludarabine_concentration", "fludarabine.auc")
    options = Options(rtol=1e-11, atol_scale=1e-4)
    grid = np.union1d(made.times[:1], days)
    found = simulate(
        made.network, t=grid, schedule=made.schedule, patients=made.patients, outputs=names, options=options
    )
    return found.values[0][np.isin(grid, days)].T


def rate_matrix(weight, egfr):
    """Langenhorst 2019 per day; volumes in L, flows in L/d."""
    clearance = (3.2 + 0.78 * 0.06 * egfr) * (weight / 70) ** 0.75 * 24
    v1, v2, v3 = (v * weight / 70 for v in (39.0, 20.0, 50.0))
    q2, q3 = (q * 24 * (weight / 70) ** 0.75 for q in (8.6, 3.8))
    matrix = [
        [-(clearance + q2 + q3) / v1, q2 / v2, q3 / v3],
        [q2 / v1, -q2 / v2, 0.0],
        [q3 / v1, 0.0, -q3 / v3],
    ]
    return np.array(matrix), v1, clearance


def closed_form(days, mass, doses, weight, egfr):
    matrix, volume, _ = rate_matrix(weight, egfr)
    values, vectors = np.linalg.eig(matrix)
    assert np.allclose(np.imag(values), 0.0)  # real for any mammillary system; the dtype differs between versions
    values, vectors = np.real(values), np.real(vectors)
    start = np.linalg.solve(vectors, np.array([mass * 24.0, 0.0, 0.0]))
    total = np.zeros(days.size)
    for k in range(doses):
        elapsed = np.maximum(days - (-6.0 + k), 0.0)[:, None]
        running = np.minimum(elapsed, 1 / 24)
        modes = np.exp(values * (elapsed - running)) * np.expm1(values * running) / values
        total += ((modes * start) @ vectors.T)[:, 0]
    return total / volume


def test_reference_run_agrees_with_the_closed_form_to_1e8():
    days = np.linspace(-5.99, 2.0, 400)
    ours, _ = concentrations(**REFERENCE, dose="54 mg", doses=4, days=days)
    exact = closed_form(days, 54 * 285.23 / 365.21, 4, 70.0, 100.0)
    np.testing.assert_allclose(ours, exact, rtol=1e-8)


def test_reference_exposure_and_half_lives():
    matrix, _, clearance = rate_matrix(70.0, 100.0)
    _, auc = concentrations(**REFERENCE, dose="54 mg", doses=4, days=np.array([20.0]))
    assert auc[-1] == pytest.approx(4 * 54 * 285.23 / 365.21 / clearance, rel=1e-8)
    assert auc[-1] * 24 == pytest.approx(21.41, abs=0.005)
    half_lives = sorted(24 * np.log(2) / -np.real(np.linalg.eigvals(matrix)))
    assert half_lives == pytest.approx([0.875, 3.65, 15.8], rel=3e-3)


@pytest.mark.parametrize(
    ("population", "patient", "published"),
    [
        ("adult-rr-ball", "weight: 78 kg, egfr: 110 mL/min/1.73m^2, body_surface: 1.92 m^2, age: 30 years", 26.0),
        ("paediatric-rr-ball", "weight: 29 kg, egfr: 140 mL/min/1.73m^2, body_surface: 1.03 m^2, age: 9 years", 21.0),
    ],
)
def test_typical_exposure_at_160_mg_per_m2_is_the_published_median(population, patient, published):
    _, auc = concentrations(population, patient, "40 mg/m^2", 4, np.array([20.0]))
    assert auc[-1] * 24 == pytest.approx(published, rel=0.1)


def test_target_exposure_is_met():
    text = SCENARIO.format(**REFERENCE, dose="null, target_auc: 14 mg*h/L", doses=4)
    made = prepare(spec.loads(text))
    found = simulate(
        made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=["fludarabine.auc"]
    )
    assert found.values[0, -1, 0] * 24 == pytest.approx(14.0, rel=1e-6)
