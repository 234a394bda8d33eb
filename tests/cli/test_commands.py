"""What a user types and gets: exit status, standard output, standard error."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from carsim.cli import main
from carsim.cli.commands import COMMANDS
from carsim.engines import cache
from carsim.errors import CarsimError, ResourceRefused

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHILD = str(SCENARIOS / "tisagenlecleucel_child.yaml")
Printed = pytest.CaptureFixture[str]


def test_help_lists_every_command(capsys: Printed) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)
    assert "not for the treatment of any patient" in shown


@pytest.mark.parametrize("name", ["export sbml" if name == "export" else name for name in COMMANDS])
def test_every_command_has_help_and_common_options(capsys: Printed, name: str) -> None:
    assert main([*name.split(), "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(option in shown for option in ("--quiet", "--verbose", "--debug"))


def test_an_unknown_command_suggests_one(capsys: Printed) -> None:
    assert main(["valdate"]) == 2
    assert "validate" in capsys.readouterr().err


def test_version(capsys: Printed) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("carsim ")


def test_validate_says_valid(capsys: Printed) -> None:
    assert main(["validate", CHILD]) == 0
    assert "valid" in capsys.readouterr().out


def test_validate_as_json_is_one_object(capsys: Printed) -> None:
    assert main(["validate", CHILD, "--json", "--resolved"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert set(shown) == {"status", "scenario", "unsupported", "resolved"}
    assert len(shown["scenario"]["digest"]) == 64


def test_the_resolved_form_is_a_scenario_with_origins(capsys: Printed, tmp_path: Path) -> None:
    assert main(["validate", CHILD, "--resolved"]) == 0
    resolved = capsys.readouterr().out
    assert "# catalogue" in resolved
    (tmp_path / "again.yaml").write_text(resolved, encoding="utf-8")
    assert main(["validate", str(tmp_path / "again.yaml")]) == 0


def test_a_mechanism_of_a_later_version_is_named(capsys: Printed, tmp_path: Path) -> None:
    draws = ["--set", "run.draws=10"]
    assert main(["validate", CHILD, *draws]) == 0
    assert "draws of uncertain parameters" in capsys.readouterr().err
    assert main(["run", CHILD, *draws, "--out", str(tmp_path)]) == 2
    shown = capsys.readouterr()
    assert "draws of uncertain parameters" in shown.err
    assert shown.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "absent.yaml"],
        ["run", str(SCENARIOS)],
        ["validate", CHILD, "--set", "treatment.cra.dose=1e6 cells/kg"],
        ["validate", CHILD, "--set", "nonsense"],
        ["run", CHILD, "--patients", "5"],
        ["run", CHILD, "--patients", "0"],
        ["run", CHILD, "--seed", "-1"],
        ["run", CHILD, "--plot", "figure.jpg"],
        ["list", "nothing"],
        ["run"],
    ],
)
def test_usage_and_scenario_errors_are_one_message(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err
    assert "Traceback" not in shown.err
    assert list(tmp_path.iterdir()) == []


LISTS = ("products", "populations", "scenarios", "parameters", "systems", "literature", "facts")


@pytest.mark.parametrize("what", LISTS)
def test_lists_are_tables_and_json(capsys: Printed, what: str) -> None:
    assert main(["list", what]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert main(["list", what, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(lines) == len(rows) + 1
    assert lines[0].split("\t") == list(rows[0])


def test_every_scenario_to_start_from_is_listed(capsys: Printed) -> None:
    assert main(["list", "scenarios", "--json"]) == 0
    listed = {Path(row["file"]).name for row in json.loads(capsys.readouterr().out)}
    apart = {"systems", "parents", "format"}  # with a list of their own, and not to be run
    there = {file.name for file in SCENARIOS.rglob("*.yaml") if not apart & set(file.parts)}
    assert listed == there


def test_init_writes_a_valid_scenario_once(capsys: Printed, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    assert main(["init", str(file)]) == 0
    assert main(["validate", str(file)]) == 0
    file.write_text("mine")
    assert main(["init", str(file)]) == 2
    assert file.read_text() == "mine"
    assert main(["init", str(tmp_path / "absent" / "mine.yaml")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_schema_is_json(capsys: Printed) -> None:
    assert main(["schema"]) == 0
    assert "properties" in json.loads(capsys.readouterr().out)


def test_info_and_an_empty_cache(capsys: Printed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CARSIM_CACHE_DIR", str(tmp_path / "cache"))
    old = tmp_path / "cache" / f"0.1.0-{'0' * 16}"
    for part, size in ((old / "solve", 1000), (old / "hybrid", 500), (cache.path() / "solve", 20)):
        part.mkdir(parents=True)
        (part / "code").write_text("x" * size)
    assert main(["info", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["cache_bytes"] == 1520
    assert said["cache_parts"] == {"other versions": 1500, "solve": 20}
    assert main(["info", "--clear-cache"]) == 0
    printed = capsys.readouterr()
    assert "cores" in printed.out
    assert "Removed 0.0 MB" in printed.err
    assert list((tmp_path / "cache").iterdir()) == []


def test_show_prints_the_whole_model(capsys: Printed) -> None:
    assert main(["show", CHILD]) == 0
    shown = capsys.readouterr().out
    for heading in (
        "Species",
        "Parameters",
        "Equations",
        "killing",
        "quantities",
        "extinctions",
        "rates of",
        "Sources",
    ):
        assert f"\n{heading}" in shown
    assert main(["show", CHILD, "--json"]) == 0
    model = json.loads(capsys.readouterr().out)
    assert set(model["equations"]) == {row["name"] for row in model["species"]}
    assert all(row["unit"] for part in ("species", "parameters", "quantities") for row in model[part])


def test_show_prints_latex_with_balanced_braces(capsys: Printed) -> None:
    assert main(["show", CHILD, "--latex"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("\\begin{align*}")
    assert shown.replace("\\{", "").count("{") == shown.replace("\\}", "").count("}")


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (ResourceRefused("too large"), 4, "too large"),
        (CarsimError("plain"), 1, "plain"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (MemoryError(), 4, "out of memory"),
        (PermissionError(13, "Permission denied", "closed/result.nc"), 2, "closed/result.nc: Permission denied"),
        (RuntimeError("surprise"), 1, "--debug"),
    ],
)
def test_every_error_has_its_exit_status(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, error: BaseException, status: int, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("carsim.spec.load", fail)
    assert main(["validate", CHILD]) == status
    shown = capsys.readouterr().err
    assert words in shown
    assert "Traceback" not in shown


def test_debug_shows_the_error_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr("carsim.spec.load", fail)
    with pytest.raises(RuntimeError, match="surprise"):
        main(["validate", CHILD, "--debug"])


def test_a_reader_that_goes_away_is_no_error() -> None:
    program = "import sys; from carsim.cli import main; sys.exit(main(['list', 'parameters']))"
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        finished = subprocess.run(
            [sys.executable, "-c", program], stdout=closed, stderr=subprocess.PIPE, text=True, timeout=60, check=False
        )
    assert finished.returncode == 0
    assert finished.stderr == ""


def test_more_than_memory_holds_is_refused_before_anything_is_drawn(capsys: Printed, tmp_path: Path) -> None:
    text = Path(CHILD).read_text(encoding="utf-8")
    begin = text.index("patient:")
    rest = text[begin:].split("\n", 1)[1].split("\n")
    after = next(index for index, line in enumerate(rest) if line and not line.startswith((" ", "#")))
    population = next(line.split(":")[1].strip() for line in text.split("\n") if "population:" in line)
    cohort = f"cohort: {{population: {population.rstrip('}').split(',')[0]}, n: 1000000000000}}\n"
    (tmp_path / "huge.yaml").write_text(text[:begin] + cohort + "\n".join(rest[after:]), encoding="utf-8")
    assert main(["run", str(tmp_path / "huge.yaml"), "--out", str(tmp_path)]) == 4
    assert "GB of memory" in capsys.readouterr().err


def test_a_parameter_outside_its_plausible_range_is_noted(capsys: Printed) -> None:
    assert main(["validate", CHILD, "--set", "parameters.kill_max=1e6 1/d"]) == 0
    assert "parameters.kill_max: 1000000 1/d is outside the plausible range" in capsys.readouterr().err
    assert main(["validate", CHILD, "--set", "parameters.antigen_loss.CD19=0"]) == 0
    assert "outside" not in capsys.readouterr().err


def test_validate_reads_the_table_of_a_cohort(capsys: Printed, tmp_path: Path) -> None:
    (tmp_path / "table.yaml").write_text(
        "format: carsim/1\ntitle: t\ncohort: {population: paediatric-rr-ball, from: patients.csv}\nleukaemia: {}\n",
        encoding="utf-8",
    )
    (tmp_path / "patients.csv").write_text("id,weight [kg]\nA,-3\n", encoding="utf-8")
    assert main(["validate", str(tmp_path / "table.yaml")]) == 2
    assert "patients.csv:2:2" in capsys.readouterr().err
