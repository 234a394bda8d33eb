"""`carsim export sbml` and `mrgsolve`: the file, what is said about it, and what is never overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from carsim.cli import main
from carsim.spec import load
from carsim.spec.prepare import prepare

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHILD = str(SCENARIOS / "tisagenlecleucel_child.yaml")
Printed = pytest.CaptureFixture[str]


def test_the_file_is_written_and_what_it_lacks_is_said(tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "child.xml"
    assert main(["export", "sbml", CHILD, str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.out == ""
    for words in (
        f"Wrote {out}",
        "patient 1",
        f"{len(prepare(load(CHILD)).network.all_species)} species",
        "Time 0 of the file is day -6",
        "Not in the file",
        "noise",
    ):
        assert words in printed.err
    assert out.read_text(encoding="utf-8").startswith('<?xml version="1.0" encoding="UTF-8"?>')


def test_the_same_export_again_is_silent_and_another_needs_force(tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "child.xml"
    command = ["export", "sbml", CHILD, str(out), "--quiet"]
    assert main(command) == 0
    first = out.read_bytes()
    assert main(command) == 0
    assert out.read_bytes() == first
    changed = [*command, "--set", "parameters.kill_half=1e5 cells/mL"]
    assert main(changed) == 2
    assert "holds another run" in capsys.readouterr().err
    assert out.read_bytes() == first
    assert main([*changed, "--force"]) == 0
    assert out.read_bytes() != first


def test_an_edited_export_and_a_foreign_file_stay(tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "child.xml"
    command = ["export", "sbml", CHILD, str(out), "--quiet"]
    assert main(command) == 0
    edited = out.read_text(encoding="utf-8").replace('name="body"', 'name="somebody"')
    out.write_text(edited, encoding="utf-8")
    assert main(command) == 2
    assert "holds another export" in capsys.readouterr().err
    out.write_text("<sbml/>", encoding="utf-8")
    assert main([*command, "--force"]) == 2
    assert out.read_text(encoding="utf-8") == "<sbml/>"


def test_a_patient_of_a_cohort_is_chosen_by_identifier(tmp_path: Path, capsys: Printed) -> None:
    cohort, out = tmp_path / "cohort.yaml", tmp_path / "one.xml"
    lines = Path(CHILD).read_text(encoding="utf-8").split("patient:\n")[1].split("treatment:\n")[1]
    head = "format: carsim/1\ntitle: Three\ncohort: {population: paediatric-rr-ball, n: 3}\n"
    cohort.write_text(head + "treatment:\n" + lines, encoding="utf-8")
    command = ["export", "sbml", str(cohort), str(out)]
    assert main(command) == 0
    printed = capsys.readouterr().err
    assert "patient 1" in printed
    assert "the other 2 patients" in printed
    assert main([*command, "--patient", "3"]) == 2
    assert "holds another export" in capsys.readouterr().err
    assert main([*command, "--patient", "3", "--force"]) == 0
    assert "Patient 3 of this scenario" in out.read_text(encoding="utf-8")
    assert main([*command, "--patient", "9"]) == 2
    assert "--patient: got '9'; expected one of 3 patients, 1 to 3" in capsys.readouterr().err


def test_an_mrgsolve_model_is_written_and_its_doses_are_named(tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "child.cpp"
    command = ["export", "mrgsolve", CHILD, str(out)]
    assert main(command) == 0
    said = capsys.readouterr().err
    assert f"Wrote {out}: mrgsolve model, patient 1" in said
    assert "Not in the file:\n  doses: `carsim export events` writes them" in said
    assert out.read_text(encoding="utf-8").startswith("$PROB\n")
    first = out.read_bytes()
    assert main(command) == 0
    assert main([*command, "--set", "parameters.kill_half=1e5 cells/mL"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert out.read_bytes() == first
    out.write_text("$PROB mine\n", encoding="utf-8")
    assert main([*command, "--force"]) == 2
    assert out.read_text(encoding="utf-8") == "$PROB mine\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["xml", CHILD, "x.xml"], "No such command 'xml'"),
        (["sbml", CHILD, "x.txt"], "ends in .xml or .sbml"),
        (["mrgsolve", CHILD, "x.R"], "ends in .cpp"),
    ],
)
def test_other_formats_are_named(words: list[str], said: str, capsys: Printed) -> None:
    assert main(["export", *words]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("form", ["sbml", "omex", "mrgsolve"])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("low_density_survivors", "run.engine: got agent, whose single cells no file of equations can hold"),
        ("why_one_cell_matters", "run.engine: got hybrid, whose chance no file of equations can hold"),
    ],
)
def test_cells_and_chance_are_refused_by_name(form: str, name: str, said: str, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / {"sbml": "x.xml", "omex": "x.omex", "mrgsolve": "x.cpp"}[form]
    assert main(["export", form, str(SCENARIOS / f"{name}.yaml"), str(out)]) == 2
    assert said in capsys.readouterr().err
    assert not out.exists()


def test_the_equations_behind_chance_are_exported_when_asked_for(tmp_path: Path) -> None:
    out, asked = tmp_path / "x.xml", ["--set", "run.engine=ode", "--set", "run.replicates=1"]
    assert main(["export", "sbml", str(SCENARIOS / "why_one_cell_matters.yaml"), str(out), "--quiet", *asked]) == 0
    assert out.stat().st_size > 10_000
