"""A study is read with every problem and its place, and refused where it cannot be."""

from pathlib import Path

import pytest

from carsim.calibrate.study import MOST_FREE, StudyRefused, fitted, load, sixths, stated_of, why_not
from carsim.catalog import facts
from carsim.errors import CarsimError

from .invented import study

SHIPPED = Path(__file__).parents[2] / "calibration" / "trials.yaml"
TEXT = SHIPPED.read_text(encoding="utf-8")


def test_the_shipped_study_is_sound():
    found = load(SHIPPED)
    assert 1 < len(found.parameters) <= MOST_FREE
    assert len(fitted(found)) > 100
    assert "ucart19" not in {fact.system for fact in fitted(found)}


def test_no_parameter_and_no_fact_of_the_study_is_of_one_trial():
    found = load(SHIPPED)
    for free in found.parameters:
        trials = {fact.system for fact in fitted(found) if set(fact.mechanism) & set(free.informed_by)}
        assert free.held or len(trials) >= 2


WRONG = [
    ("spread: exhaustion", "spread: exhaustio", "did you mean exhaustion"),
    ("informed_by: [toxicity-icans]", "informed_by: [toxicity-ican]", "did you mean toxicity-icans"),
    ("low: 0.1\n    high: 0.8", "low: 0.5\n    high: 0.8", "low < median < high"),
    ("high: 2.0\n    informed_by: [immunogenicity", "high: 3.0\n    informed_by: [immunogenicity", "plausible"),
    ("systems: [ucart19]", "systems: [ucart18]", "a system"),
    ("between_trials: {response: 0.5, ", "between_trials: {", "one scale for each of"),
    ("spread: exhaustion", "spread: kill_half", "one in which all populations vary"),
    ("factor: kill_half", "factor: fludarabine_clearance_offset", "no population states"),
    ("together: [[eliana,", "together: [[elana,", "did you mean eliana"),
    ("title:", "titel:", "unknown key"),
    ("factor: kill_half", "factor: kill_half\n    spread: exhaustion", "one of them"),
    ("format: carsim-study/1", "format: carsim-study/1\nfacts: [eliana-crr]", "did you mean eliana-cr"),
    ("format: carsim-study/1", "format: carsim-study/1\nweights: {eliana-crr: 1}", "did you mean eliana-cr"),
    ("patients: 96", "patients: 2", "at least 24"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), WRONG, ids=[said for _, _, said in WRONG])
def test_a_wrong_study_says_where_and_what_would_be_right(tmp_path, right, wrong, said):
    assert right in TEXT
    file = tmp_path / "study.yaml"
    file.write_text(TEXT.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(CarsimError, match=said) as raised:
        load(file)
    assert f"{file}:" in str(raised.value)
    assert raised.value.exit_status == 2


REFUSED = [
    ("facts: [ucart19-cr]", "ucart19 is left out: The only allogeneic product"),
    ("facts: [eliana-cr, eliana-cr]", "it is named twice"),
    ("facts: [eliana-cr, mskcc-cr]", "20 free parameters for 2 facts"),
    ("facts: [fabrizio22-relapse-hr]", "predicted, not fitted"),
]


@pytest.mark.parametrize(("added", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_study_that_cannot_be_is_refused(tmp_path, added, said):
    file = tmp_path / "study.yaml"
    file.write_text(TEXT.replace("patients: 96", f"{added}\npatients: 96"), encoding="utf-8")
    with pytest.raises(StudyRefused, match=said):
        load(file)


def test_two_parameters_of_one_path_are_refused(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(TEXT.replace("factor: syndrome_half.vascular", "factor: syndrome_half.fever"), encoding="utf-8")
    with pytest.raises(StudyRefused, match=r"two that change parameters\.syndrome_half\.fever"):
        load(file)


def test_facts_of_one_sixth_of_the_trials_are_refused(tmp_path):
    one = "facts: [eliana-cr, eliana-mrd-cr, frey-cr]"
    text = TEXT[: TEXT.index("  - name: killing-spread")] + TEXT[TEXT.index("leave_out:") :]
    file = tmp_path / "study.yaml"
    file.write_text(
        text.replace("patients: 96", f"{one}\npatients: 96").replace("    because", "    held: true\n    because", 1)
    )
    with pytest.raises(StudyRefused, match="one sixth of the trials"):
        load(file)


def test_systems_that_share_patients_are_left_out_together():
    found = load(SHIPPED)
    of = dict(zip((fact.system for fact in fitted(found)), sixths(found, fitted(found)), strict=True))
    assert of["eliana"] == of["levine-pooled"]
    assert of["leahy"] == of["chop-p1"]
    assert len(set(of.values())) == 6


def test_a_parameter_that_too_few_facts_inform_must_be_held(tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text(TEXT.replace("informed_by: [toxicity-icans]", "informed_by: [allogeneic]", 1), encoding="utf-8")
    with pytest.raises(StudyRefused, match=r"neurotoxicity: got \d facts of [01] trials"):
        load(file)
    held = TEXT.replace("informed_by: [toxicity-icans]", "informed_by: [allogeneic]\n    held: true", 1)
    file.write_text(held, encoding="utf-8")
    load(file)


def test_a_file_that_is_not_there_is_said():
    with pytest.raises(StudyRefused, match="No such file"):
        load(Path("none.yaml"))


def test_directions_are_never_fitted():
    assert all(why_not(fact) for fact in facts().values() if fact.comparison is not None)


def test_what_a_parameter_changes_is_every_class_of_it():
    spread, factor = study("exhaustion", "kill_half").parameters
    assert list(stated_of(spread)) == ["cohort.spreads.exhaustion"]
    assert list(stated_of(factor)) == ["parameters.kill_half"]
