"""Published models as special cases of the core: parameter values at which it becomes Stein 2019 and León-Triana 2021.

One site (blood, no traffic), effectors and memory only, full cytokine drive, everything recognised. Then

- Stein: antigen signal 1 while antigen is there and 0 after the peak, so that E' = rho E, then E' = -alpha E and
  M' = k E - beta M with k = FB (alpha - beta);
- León-Triana: half-saturations far above any number of cells, so that stimulation and killing are mass action.
"""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from carsim import spec
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.population.patients import Patients
from carsim.spec.prepare import prepare
from carsim.treatment.schedule import Schedule

TEXT = """
format: carsim/1
title: One site
patient: {population: paediatric-rr-ball, weight: 70 kg}
parameters: {antigen_loss.CD19: 0, antigen_dimming.CD19: 0 1/d}
treatment: [{name: car, give: tisagenlecleucel, at: 0 d, dose: 1e6 cells/kg}]
run: {until: 400 d}
"""
CAR, BLASTS, B = "cart.tisagenlecleucel.{}.blood", "blasts.CD19-positive.blood", "bcells.blood"


def one_site(initial, **values):
    """Network and its one patient: nothing happens but what `values` states (per-domain parameters without domain)."""
    made = prepare(spec.loads(TEXT))
    network = made.network
    units = {row.name: row.unit for row in network.parameters}
    rates = {name: 0.0 for name in units if units[name] in ("1/d", "cells/d", "cells/uL/d")}
    sized = {"weight": 70.0, "reference_weight": 70.0, "half_density.tisagenlecleucel.CD19": 1e-3, "drive_floor": 1.0}
    sized |= {"density_log_sd.CD19-positive.CD19": 0.0, "density_log_sd.healthy-b-cell.CD19": 0.0}
    named = {name: values[name.split(".")[0]] for name in units if name.split(".")[0] in values}
    named |= {name: value for name, value in values.items() if name in units}
    rest = dict(zip((species.name for species in network.all_species), made.patients.initial[0], strict=True))
    start = {species.name: 0.0 if species.kind == "count" else rest[species.name] for species in network.all_species}
    start |= {"homeostatic_cytokine": 1.0, **initial}
    return network, Patients.of(network, 1, {**rates, **sized, **named, **start})


def test_stein_2019_is_reached_by_parameter_values() -> None:
    """Peak 24,000 copies at day 9.3, then 0.16 and 0.0032 /d with 0.79 % of the slow phase."""
    fold, peak_day, peak, alpha, slow, beta = 3900.0, 9.3, 24000.0, 0.16, 0.0079, 0.0032
    rho, formed = np.log(fold) / peak_day, slow * (alpha - beta)
    scale = 1e6  # cells per copy: far above the one cell at which nothing depends here
    network, patients = one_site(
        {CAR.format("effector"): scale * peak / fold, BLASTS: 1e9},
        antigen_half=1e-30,
        car_interference=0.0,
        effector_division=rho + alpha - formed,
        effector_death=alpha - formed,
        memory_formation=formed,
        memory_death=beta,
    )
    days = np.array([0.0, 3.0, 7.0, 9.3, 14.0, 21.0, 28.0, 60.0, 90.0, 180.0, 365.0])
    outputs = [CAR.format("effector"), CAR.format("memory")]
    end_of_antigen = Schedule.of([(peak_day, "set", BLASTS, 0.0, "")])
    found = simulate(
        network, t=days, patients=patients, schedule=end_of_antigen, outputs=outputs, options=Options(rtol=1e-9)
    )
    late = np.maximum(days - peak_day, 0.0)
    decline = (1.0 - slow) * np.exp(-alpha * late) + slow * np.exp(-beta * late)
    expected = np.where(days < peak_day, peak / fold * np.exp(rho * days), peak * decline)
    assert found.values[0].sum(axis=1) / scale == pytest.approx(expected, rel=1e-6)
    assert expected[[2, 6, 9]] == pytest.approx([3105.3, 1373.6, 109.80], rel=2e-4)  # the printed values


def test_leon_triana_2021_is_reached_by_parameter_values() -> None:
    """The reduced form: second peak of the leukaemia and all, for 400 days."""
    alpha, tau_c, tau_b, growth = 4.5e-11, 14.0, 60.0, 1.0 / 30.0
    rho, far = 0.25 * alpha, 1e20
    start = {CAR.format("effector"): 1e7, BLASTS: 5e10, B: 2.5e10}
    volume = 71429.0 * 70.0
    network, patients = one_site(
        start,
        antigen_half=far / volume,
        car_interference=0.0,
        effector_division=rho * far,
        effector_death=1.0 / tau_c,
        kill_max=alpha * far,
        kill_half=far / volume,
        target_saturation=0.0,
        blast_birth=growth,
        blast_capacity=1e30,
        bcell_death=1.0 / tau_b,
    )
    days = np.array([0.0, 7.0, 14.0, 28.0, 60.0, 100.0, 305.0, 400.0])

    def model(_, y):
        cart, leukaemia, bcells = y
        return [
            rho * (leukaemia + bcells) * cart - cart / tau_c,
            growth * leukaemia - alpha * leukaemia * cart,
            -alpha * bcells * cart - bcells / tau_b,
        ]

    expected = solve_ivp(model, (0, 400), list(start.values()), t_eval=days, rtol=1e-10, atol=1e-6, method="LSODA").y.T
    network_outputs = list(start)
    closer = Options(rtol=1e-9, atol_scale=1e-2)  # fifty cells are looked at to a thousandth of one
    found = simulate(network, t=days, patients=patients, outputs=network_outputs, options=closer)
    assert found.values[0] == pytest.approx(expected, rel=2e-6, abs=1e-3)
    assert found.values[0][1] == pytest.approx([2.7677e9, 5.4032e10, 1.9038e10], rel=1e-4)  # the printed values, day 7
    assert found.values[0][4][0] == pytest.approx(5.9967e8, rel=1e-4)
