"""Commands that answer at once import nothing heavy: no clock is read, only what was imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from .tree import ROOT

HEAVY = {"numba", "sympy", "xarray", "matplotlib"}
CARSIM = "import sys; from carsim.cli import main; sys.argv[0] = 'carsim'; sys.exit(main())"


def imported(program: str, arguments: list[str]) -> tuple[int, set[str]]:
    """Exit status of a program in a fresh interpreter, and the top names of the modules it imported."""
    finished = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", program, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = (line for line in finished.stderr.splitlines() if line.startswith("import time:"))
    return finished.returncode, {line.rpartition("|")[2].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    ("arguments", "absent"),
    [
        (["--help"], HEAVY | {"scipy", "pint", "pydantic", "numpy"}),
        (["--version"], HEAVY | {"scipy", "pint", "pydantic", "numpy"}),
        (["validate", "scenarios/antigen_escape.yaml"], HEAVY),
        (["list", "products"], HEAVY),
        (["list", "literature"], HEAVY),
    ],
)
def test_command_imports_nothing_heavy(arguments: list[str], absent: set[str]) -> None:
    status, modules = imported(CARSIM, arguments)
    assert status == 0
    assert "carsim" in modules
    assert sorted(modules & absent) == []


def test_a_run_imports_no_sympy(tmp_path: Path) -> None:
    status, modules = imported(CARSIM, ["run", "scenarios/antigen_escape.yaml", "--out", str(tmp_path), "--quiet"])
    assert status == 0
    assert "numba" in modules  # the list is of a run that computed
    assert "sympy" not in modules


def test_a_heavy_import_is_seen() -> None:
    status, modules = imported("def late():\n    import numba\nlate()", [])
    assert status == 0
    assert modules & HEAVY == {"numba"}
