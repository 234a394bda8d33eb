"""Limits of the biology that can be worked out by hand, through scenario and engine."""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.probe import probe
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.spec.prepare import prepare

STEADY = "parameters.antigen_dimming.CD19=0 1/d"
UNTREATED = """
format: carsim/1
title: Untreated
patient: {population: paediatric-rr-ball, marrow_blasts: 0.0001 %}
run: {until: 60 d}
"""
TREATED = """
format: carsim/1
title: Treated
patient: {population: paediatric-rr-ball}
parameters: {antigen_loss.CD19: 0}
treatment:
  - {name: ld, give: fludarabine-cyclophosphamide, at: -6 d}
  - {name: car, give: tisagenlecleucel, dose: 3.1e6 cells/kg}
run: {until: 120 d}
"""


def course(text, *overrides, outputs, rtol=1e-9):
    scenario = spec.loads(text, overrides=overrides)
    made = prepare(scenario)
    found = simulate(
        made.network,
        t=made.times,
        schedule=made.schedule,
        patients=made.patients,
        outputs=outputs,
        options=Options(rtol=rtol),
    )
    assert found.status[0] == 0
    return made.times, dict(zip(outputs, found.values[0].T, strict=True)), made


def test_untouched_leukaemia_grows_at_birth_minus_death():
    days, out, made = course(UNTREATED, "parameters.antigen_loss.CD19=0", outputs=["blasts_total"])
    numbers = made.cast.numbers
    rate = numbers["blast_birth"].value - numbers["blast_death"].value
    # crowding takes blasts/limit = 1e-6..1e-5 of the rate and no more
    slope = np.diff(np.log(out["blasts_total"])) / np.diff(days)
    np.testing.assert_allclose(slope, rate, rtol=2e-4)


def test_leukaemia_that_fills_the_marrow_stops_growing():
    _, out, made = course(
        UNTREATED,
        "patient.marrow_blasts=99%",
        "run.until=1000 d",
        outputs=["blasts_at.marrow", "blasts_at.blood"],
    )
    limit = made.cast.numbers["blast_capacity.marrow"].value * made.patients.covariates["weight"][0] / 70.0
    assert out["blasts_at.marrow"][-1] == pytest.approx(limit, rel=1e-6)


def test_no_negative_clone_from_none_without_loss():
    _, out, made = course(TREATED, outputs=["blasts_total", "blasts_total.CD19-positive", "blasts_total.CD19-dim"])
    assert [clone.name for clone in made.cast.clones] == ["CD19-positive", "CD19-dim"]
    np.testing.assert_allclose(
        out["blasts_total"], out["blasts_total.CD19-positive"] + out["blasts_total.CD19-dim"], rtol=1e-12
    )


def test_listed_negative_clone_of_no_cells_stays_at_none_without_loss():
    text = TREATED + "leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 0}]}\n"
    _, out, _ = course(text, outputs=["blasts_total.CD19-negative"])
    assert (out["blasts_total.CD19-negative"] == 0.0).all()


def test_without_antigen_cart_cells_only_decline():
    names = ["cart_at.tisagenlecleucel.blood", "cart_at.tisagenlecleucel.marrow"]
    _, out, _ = course(
        TREATED,
        "patient.marrow_blasts=0%",
        "patient.bcell_initial=0%",
        "parameters.bcell_production=0 cells/d",
        "parameters.memory_renewal.4-1BB=0 1/d",
        outputs=names,
    )
    total = sum(out.values())
    after = total[np.argmax(total) :]
    assert (np.diff(after) < 0.0).all()


def test_host_t_cells_rest_at_their_baseline_without_treatment():
    _, out, _ = course(UNTREATED, outputs=["host_t_blood", "homeostatic_cytokine"])
    assert out["host_t_blood"] == pytest.approx(out["host_t_blood"][0], rel=5e-3)
    assert out["homeostatic_cytokine"] == pytest.approx(out["homeostatic_cytokine"][0], rel=5e-3)


def test_two_identical_products_at_half_the_dose_are_one():
    """A product stated twice under two names, each at half the dose, makes the same kill as one at the whole dose."""
    twice = TREATED.replace("dose: 3.1e6 cells/kg", "dose: 1.55e6 cells/kg") + (
        "products: [{name: copy, extends: tisagenlecleucel}]\n"
    )
    twice = twice.replace("run:", "  - {name: again, give: copy, dose: 1.55e6 cells/kg}\nrun:")
    alone = "parameters.immunity_growth.murine=0 1/d"  # the host answers to each name apart
    _, one, _ = course(TREATED, alone, outputs=["blasts_total", "cart_cells"], rtol=1e-10)
    _, two, _ = course(twice, alone, outputs=["blasts_total", "cart_cells"], rtol=1e-10)
    for name, values in one.items():
        np.testing.assert_allclose(two[name], values, rtol=1e-6, atol=1e-6)


def test_clone_split_into_two_identical_ones_is_one():
    split = TREATED + ("leukaemia: {clones: [{name: twin, fraction: 40 %}]}\n")
    _, one, _ = course(TREATED, STEADY, outputs=["blasts_total", "cart_cells"], rtol=1e-10)
    _, two, _ = course(split, STEADY, outputs=["blasts_total", "cart_cells"], rtol=1e-10)
    days = slice(0, 60)  # until the smaller half would be gone: two halves are extinct earlier than one whole
    for name, values in one.items():
        np.testing.assert_allclose(two[name][days], values[days], rtol=1e-6, atol=1e-3)


def test_recognition_by_any_arm_by_hand() -> None:
    """Cells of one density D: each arm sees e D^n / (D^n + EC50^n) of them, and 1 - (1 - a) (1 - b) is seen by any."""
    tandem = spec.loads(
        "format: carsim/1\ntitle: Two arms\npatient: {population: paediatric-rr-ball}\n"
        "leukaemia: {main: {cd19: {median: 5000 molecules, log_sd: 0}, cd22: {median: 1000 molecules, log_sd: 0}}}\n"
        "treatment: [{name: car, give: cd19-22-tandem, at: 0 d, dose: 1e6 cells/kg}]\n"
    )
    made = prepare(tandem)
    arms = {arm.antigen: arm for arm in made.cast.products[0].arms}
    seen = {
        antigen: arms[antigen].efficiency / (1.0 + (arms[antigen].half_density / density) ** arms[antigen].steepness)
        for antigen, density in (("CD19", 5000.0), ("CD22", 1000.0))
    }
    rows = probe(made.network, made.patients.initial[0], made.patients).rows
    both = 1.0 - (1.0 - seen["CD19"]) * (1.0 - seen["CD22"])
    assert rows["recognition.cd19-22-tandem.CD19-positive"] == pytest.approx(both, rel=1e-12)
    assert rows["recognition.cd19-22-tandem.CD19-negative"] == pytest.approx(seen["CD22"], rel=1e-12)
    assert rows["recognition.cd19-22-tandem.double-negative"] == 0.0
