"""From entries on a condition to what is given: rows, days between which they may begin, shares, courses, splits."""

import numpy as np
import pytest

from carsim import spec
from carsim.engines.run import simulate
from carsim.errors import ScenarioError
from carsim.pipeline import run
from carsim.spec.prepare import prepare
from carsim.treatment.triggers import compared

HEAD = """
format: carsim/1
title: On a condition
{who}
treatment:
  - {{name: ld, give: fludarabine-cyclophosphamide, at: -6 d}}
  - {{name: car, give: tisagenlecleucel, dose: 3.1e6 cells/kg}}
  - {entry}
run: {{until: 40 d}}
"""
ONE = "patient: {population: paediatric-rr-ball}"
CYCLO = "give: cyclophosphamide, dose: 100 mg/m^2"


def scenario(entry, who=ONE):
    return spec.loads(HEAD.format(entry=entry, who=who))


def given(data, name, patient=0):
    """First day of a treatment in a patient; NaN: never."""
    if name not in data["treatment"].values:
        return float("nan")
    return float(data["treatment_day"].sel(treatment=name).isel(patient=patient))


@pytest.mark.parametrize(
    ("text", "side", "beyond"),
    [
        ("at_least: 3", "above", False),
        ("above: 3", "above", True),
        ("below: 3", "below", False),
        ("at_most: 3", "below", True),
    ],
)
def test_each_comparison_is_exact_at_its_value(text, side, beyond):
    made = scenario(f"{{name: e, {CYCLO}, when: {{variable: crs_grade, {text}}}}}")
    (found,) = compared(made.treatment[2].when)
    assert (found.row, found.side) == ("crs_grade", side)
    assert found.value == (np.nextafter(3.0, np.inf) if beyond else 3.0)


def test_fever_is_a_temperature_that_has_lasted():
    made = scenario("{name: e, give: tocilizumab, when: {variable: fever, at_least: 24 h}}")
    (found,) = compared(made.treatment[2].when)
    assert (found.row, found.value, found.lasting) == ("temperature_rise", 1.0, 1.0)


def test_a_second_infusion_after_its_own_lymphodepletion():
    """The course begins when CAR T cells fall; its doses come at their times from then on."""
    course = "course: [{give: fludarabine-cyclophosphamide}, {give: cd22-bbz, at: 6 d, dose: 1e6 cells/kg}]"
    data = run(scenario(f"{{name: e, when: {{variable: cart_cells, below: 40 cells/uL, after: 10 d}}, {course}}}"))
    cells = data["cart_cells"].isel(patient=0).sum("product")
    day = given(data, "cd22-bbz") - 6.0
    assert 10.0 < day < 34.0
    assert float(cells.sel(time=day - 1.0, method="nearest")) > 40.0
    assert float(cells.sel(time=day + 1.0, method="nearest")) < 40.0
    second = data["cart_cells"].sel(product="cd22-bbz").isel(patient=0)
    assert float(second.sel(time=slice(day + 7.0, None)).max()) > 0.0


def test_an_entry_begins_only_between_its_days():
    entry = "{name: e, give: cd22-bbz, dose: 1e6 cells/kg, when: {variable: neutrophils, at_least: %s cells/uL, %s}}"
    assert given(run(scenario(entry % (1, "after: 20 d"))), "cd22-bbz") == 20.0
    assert given(run(scenario(entry % (1, "before: 30 d"))), "cd22-bbz") == -6.0
    assert np.isnan(given(run(scenario(entry % (2000, "before: 1 d"))), "cd22-bbz"))


def test_the_simulation_starts_at_a_visit_before_the_first_treatment():
    when = "{variable: marrow_blasts, at_least: 5 %, visit: -20 d}"
    data = run(scenario(f"{{name: e, {CYCLO}, at: 3 d, when: {when}}}").with_(**{"run.until": "1 d"}))
    assert float(data["time"][0]) == -20.0
    assert given(data, "cyclophosphamide") == -17.0


def test_the_share_of_patients_is_drawn_by_the_entry_and_holds_for_triggers():
    who = "cohort: {population: paediatric-rr-ball, n: 40, variability: false}"
    when = "{variable: cart_cells, at_least: 0 cells/uL, visit: 10 d}"
    entry = f"{{name: e, share: 50 %, give: cd22-bbz, dose: 1e6 cells/kg, when: {when}}}"
    data = run(scenario(entry, who).with_(**{"run.until": "12 d"}))
    days = data["treatment_day"].sel(treatment="cd22-bbz").values
    assert 10 <= np.isfinite(days).sum() <= 30
    assert set(days[np.isfinite(days)]) == {10.0}
    made = prepare(scenario(entry, who))
    np.testing.assert_array_equal(made.patients.parameters["open.e"], np.isfinite(days))


def test_a_part_of_a_split_dose_is_withheld():
    split = "[{at: 0 d, share: 10 %}, {at: 1 d, share: 30 %}, {at: 2 d, share: 60 %, unless: {variable: %s}}]"
    entry = "{name: e, give: cd22-bbz, dose: 1e6 cells/kg, at: 1 d, split: " + split + "}"
    always, never = "neutrophils, at_least: 1 cells/uL", "neutrophils, at_least: 1e6 cells/uL"
    cells = {}
    for name, condition in (("withheld", always), ("given", never)):
        data = run(scenario(entry.replace("%s", condition)).with_(**{"run.until": "3 d"}))
        cells[name] = data["cart_phenotype"].sel(product="cd22-bbz", phenotype=["infused", "activated"])
    last = {name: float(found.isel(patient=0, time=-1).sum()) for name, found in cells.items()}
    first = {name: float(found.isel(patient=0).sel(time=2.0).sum()) for name, found in cells.items()}
    assert first["withheld"] == pytest.approx(first["given"], rel=1e-6)
    assert last["given"] > 2.0 * last["withheld"]
    whole = scenario(entry.replace(", unless: {variable: %s}", "")).with_(**{"run.until": "3 d"})
    same = run(whole)["cart_phenotype"].sel(product="cd22-bbz", phenotype=["infused", "activated"])
    np.testing.assert_allclose(float(same.isel(patient=0, time=-1).sum()), last["given"], rtol=1e-6)


def test_a_condition_on_what_the_scenario_lacks_is_named_when_it_runs():
    text = HEAD.format(entry="{name: e, give: dexamethasone, when: {variable: crs_grade, at_least: 1}}", who=ONE)
    without = "\n".join(line for line in text.splitlines() if "tisagenlecleucel" not in line)
    with pytest.raises(ScenarioError, match=r"treatment\.e\.when: got a condition on crs_grade.*a CAR T product"):
        prepare(spec.loads(without))


@pytest.mark.parametrize(("weight", "amount"), [(60.0, 480.0), (150.0, 800.0)])
def test_a_capped_dose_by_weight_is_capped_on_a_condition_too(weight, amount):
    entry = "{name: e, give: tocilizumab, when: {variable: crs_grade, at_least: 2}}"
    made = prepare(scenario(entry, f"patient: {{population: adult-rr-ball, weight: {weight} kg}}"))
    assert made.patients.parameters["dose.e.0"][0] * (1 / 24) == pytest.approx(amount, rel=1e-12)


@pytest.mark.parametrize(("weight", "cells"), [(30.0, 3e6 * 30.0), (60.0, 1e8)])
def test_a_dose_by_weight_with_a_flat_one_above_a_limit_acts_on_a_condition_too(weight, cells):
    entry = (
        "{name: e, give: cd22-bbz, dose: {per_weight: 3e6 cells/kg, above: 50 kg, flat: 1e8 cells}, "
        "when: {variable: relapse, is: any}}"
    )
    made = prepare(scenario(entry, f"patient: {{population: paediatric-rr-ball, weight: {weight} kg}}"))
    p = made.patients.parameters
    assert (p["dose.e.0"] + p["dose.e.1"])[0] == pytest.approx(cells * p["engraftment"][0], rel=1e-12)


def test_immunoglobulin_raises_igg_by_its_dose_over_its_volume():
    entry = "{name: e, give: immunoglobulin, at: 20 d, dose: %s}"
    levels = []
    for dose in ("400 mg/kg", "0 mg/kg"):
        made = prepare(scenario(entry % dose))
        found = simulate(made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=["igg"])
        levels.append(found.values[0, int(np.searchsorted(made.times, 20.0)), 0])
    volume = made.patients.parameters["immunoglobulin_volume"][0]  # L/kg
    assert levels[0] - levels[1] == pytest.approx(0.4 / volume, rel=1e-6)
