"""Patients: explicit, drawn, and from a table; streams that do not depend on who else is drawn."""

import numpy as np
import pytest

from carsim import spec
from carsim.errors import ScenarioError
from carsim.population.draw import capped_filtration, draw
from carsim.population.table import read_table
from carsim.spec.prepare import prepare

COHORT = "format: carsim/1\ntitle: cohort\ncohort: {{population: paediatric-rr-ball, n: {n}{more}}}\n"


def cohort(n, more=""):
    return spec.loads(COHORT.format(n=n, more=more)).cohort


def test_adding_patients_changes_no_one_else():
    few, many = draw(cohort(5), 7), draw(cohort(50), 7)
    for name, values in few.covariates.items():
        np.testing.assert_array_equal(values, many.covariates[name][:5])
    for name, values in few.factors.items():
        np.testing.assert_array_equal(values, many.factors[name][:5])


def test_other_seed_other_patients():
    assert (draw(cohort(5), 1).covariates["weight"] != draw(cohort(5), 2).covariates["weight"]).all()


def test_log_normal_with_stated_median_spread_and_correlation():
    drawn = draw(cohort(4000, ", host_t_cells: {median: 400 cells/uL, log_sd: 0.5, min: 0 cells/uL}"), 3)
    logs = np.log(drawn.covariates["host_t_cells"] / 400.0)
    assert abs(logs.mean()) < 5 * 0.5 / np.sqrt(4000)
    assert abs(logs.std() - 0.5) < 5 * 0.5 / np.sqrt(2 * 4000)
    weight, surface = (np.log(drawn.covariates[name]) for name in ("weight", "body_surface"))
    assert np.corrcoef(weight, surface)[0, 1] > 0.9


def test_limits_hold():
    drawn = draw(cohort(500, ", marrow_blasts: {median: 50 %, log_sd: 1, min: 5 %, max: 95 %}"), 3)
    assert drawn.covariates["marrow_blasts"].min() >= 0.05
    assert drawn.covariates["marrow_blasts"].max() <= 0.95


def test_no_variability_when_switched_off():
    assert draw(cohort(3, ", variability: false"), 1).factors == {}


@pytest.mark.parametrize(("age", "cap"), [(0.0, 35.0), (0.75, 87.5), (1.5, 140.0), (30.0, 140.0), (60.0, 116.0)])
def test_filtration_is_capped_by_age(age, cap):
    assert capped_filtration(np.array([500.0]), np.array([age]))[0] == pytest.approx(cap)
    assert capped_filtration(np.array([20.0]), np.array([age]))[0] == 20.0


def test_table_of_patients(tmp_path):
    (tmp_path / "patients.csv").write_text(
        "id,age [months],weight,marrow_blasts [%],prior-hsct\nA,120,30,50,yes\nB,24,12,5,no\n"
    )
    table = read_table("patients.csv", tmp_path)
    assert table.identifiers == ("A", "B")
    np.testing.assert_allclose(table.covariates["age"], [10.0, 2.0])
    np.testing.assert_allclose(table.covariates["marrow_blasts"], [0.5, 0.05])
    assert table.history["prior-hsct"].tolist() == [True, False]


def test_every_problem_of_a_table_is_reported(tmp_path):
    (tmp_path / "bad.csv").write_text("id,weight\nA,heavy\nA,30\nB\n")
    with pytest.raises(ScenarioError) as caught:
        read_table("bad.csv", tmp_path)
    text = str(caught.value)
    assert "bad.csv:2:2: weight: got `heavy`" in text
    assert "bad.csv:3:1: id: got `A` again" in text
    assert "bad.csv:4:1: got 1 values" in text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no patients"),
        ("id,weigth\nA,3\n", "did you mean `weight`"),
        ("weight\n3\n", "no column `id`"),
        ("id,weight,weight\nA,3,3\n", "a second column `weight`"),
        ("id,prior-hsct\nA,maybe\n", "expected `yes` or `no`"),
    ],
)
def test_table_that_cannot_be_read(tmp_path, content, said):
    (tmp_path / "bad.csv").write_text(content)
    with pytest.raises(ScenarioError, match=said.replace("(", r"\(")):
        read_table("bad.csv", tmp_path)


def test_table_outside_the_folder_is_refused(tmp_path):
    with pytest.raises(ScenarioError, match="outside the scenario's folder"):
        read_table("../patients.csv", tmp_path)


SPREAD = """
format: carsim/1
title: spread
cohort: {population: paediatric-rr-ball, n: 3000, variability: false}
leukaemia:
  main: {cd19: {median: 10000 molecules, log_sd: 0.8, patient_log_sd: 0.3}}
  clones: [{name: CD19-negative, cd19: absent, fraction: 1e-6, fraction_log_sd: 1}]
treatment:
  - {name: car, give: tisagenlecleucel, dose: {per_weight: 3e6 cells/kg, log_sd: 0.4}}
  - {name: late, give: tisagenlecleucel, at: 30 d, dose: 1e8 cells, share: 25 %}
run: {until: 60 d}
"""


def test_shares_densities_and_doses_differ_as_stated():
    made = prepare(spec.loads(SPREAD))
    names = [species.name for species in made.network.all_species]
    clone = [
        made.patients.initial[:, names.index(f"blasts.{name}.marrow")] for name in ("CD19-negative", "CD19-positive")
    ]
    logs = {
        1.0: np.log(clone[0] / clone[1]),
        0.3: np.log(made.patients.parameters["density.CD19-positive.CD19"]),
        0.4: np.log(made.schedule.amounts[:, 0] / made.patients.covariates["weight"]),
    }
    for spread, values in logs.items():
        assert values.std() == pytest.approx(spread, abs=5 * spread / np.sqrt(2 * 3000))
    assert np.isfinite(made.schedule.times[:, 2]).mean() == pytest.approx(0.25, abs=5 * np.sqrt(0.25 * 0.75 / 3000))
