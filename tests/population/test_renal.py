"""Filtration by the formula of the age, against values worked out by hand from the papers' equations."""

from __future__ import annotations

from pathlib import Path

import pytest

from carsim import spec
from carsim.errors import ScenarioError
from carsim.population.draw import draw
from carsim.population.renal import filtration

ONE = "format: carsim/1\ntitle: one\npatient: {{population: paediatric-rr-ball, {more}}}\n"


@pytest.mark.parametrize(
    ("age", "creatinine", "height", "sex", "expected"),
    [
        (10.0, 0.5, 140.0, None, 115.64),  # 0.413 x 140 / 0.5
        (17.9, 1.0, 170.0, "male", 70.21),
        (50.0, 0.7, None, "female", 142.0 * 0.9938**50 * 1.012),  # at the knee
        (50.0, 1.4, None, "female", 142.0 * 2.0**-1.2 * 0.9938**50 * 1.012),
        (40.0, 0.45, None, "male", 142.0 * 0.5**-0.302 * 0.9938**40),
        (18.0, 1.8, 180.0, "male", 142.0 * 2.0**-1.2 * 0.9938**18),
    ],
)
def test_filtration(age: float, creatinine: float, height: float | None, sex: str | None, expected: float) -> None:
    assert filtration(age, creatinine, height=height, sex=sex) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("age", "needed"), [(10.0, "height"), (30.0, "sex")])
def test_what_the_formula_needs_is_named(age: float, needed: str) -> None:
    with pytest.raises(ValueError, match=f"no {needed}"):
        filtration(age, 1.0, height=None if needed == "height" else 120.0)


def test_a_patient_is_given_by_creatinine() -> None:
    scenario = spec.loads(ONE.format(more="renal: {creatinine: 0.05 mg/mL, height: 1.4 m}".replace("mg/mL", "g/L")))
    assert scenario.patient.egfr == pytest.approx(0.413 * 140.0 / 5.0)
    assert spec.loads(spec.dump(scenario)) == scenario
    assert draw(scenario.patient, 1).covariates["egfr"][0] == pytest.approx(11.564)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("age: 40 years, renal: {creatinine: 1 mg/dL, height: 160 cm}", "got no `sex` in `renal` of a patient aged 40"),
        ("renal: {creatinine: 1 mg/dL, height: 140 cm}, egfr: 90 mL/min/1.73m^2", "from which 57.82 follows"),
        ("renal: {height: 140 cm}", "no `creatinine`"),
        ("renal: {creatinine: 1 mg/dL, height: 140 kg}", "cm"),
    ],
)
def test_a_contradiction_is_refused(more: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        spec.loads(ONE.format(more=more))
    assert said in str(caught.value)


def test_a_table_of_creatinine(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(
        "id,age,creatinine [mg/dL],height [cm],sex\nA,8,0.413,100,male\nB,50,0.7,160,Female\n"
    )
    text = "format: carsim/1\ntitle: many\ncohort: {population: adult-rr-ball, from: t.csv}\n"
    drawn = draw(spec.loads(text, name="s.yaml", folder=tmp_path).cohort, 1, tmp_path)
    assert drawn.covariates["egfr"] == pytest.approx([100.0, 142.0 * 0.9938**50 * 1.012])
