"""Draws of parameters: the rows of a posterior, of a prior or of a user's table, each a set of values to simulate with.

    parameters.kill_max.4-1BB [1/d],cohort.marrow_blasts.log_sd
    7.1,0.8
    6.4,0.75

The header names paths of a scenario, as after `--set`, with the unit in brackets; a parameter of the catalogue without
brackets is in its own unit. The shipped draws are `posterior.csv`, its units and where it comes from `posterior.toml`:
study, run (the day of it), seed, sha256 (of the table) and the table `units` by path; its `values` stand over those of
the data files (`calibrated`).
"""

from __future__ import annotations

import csv
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from carsim.catalog.calibrated import ABOUT, TABLE
from carsim.catalog.load import parameters
from carsim.errors import CarsimError, Place, Problem, ScenarioError
from carsim.units import to_text

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from carsim.catalog.records import Value

LIMIT_BYTES: Final = 64 * 2**20
STATED: Final = ("study", "run", "seed", "sha256")  # of every shipped table


class NoDraws(CarsimError):  # noqa: N818  (reads as what it says)
    """There are no draws of this kind, or not as many; the text says what there is."""

    exit_status: ClassVar[int] = 2


@dataclass(frozen=True)
class Draws:
    """N draws of k values: `values` (N, k) in `units`, one column for each path of a scenario.

    `kind` is posterior, prior or table; `origin` says in words where they come from.
    """

    kind: str
    origin: str
    paths: tuple[str, ...]
    units: tuple[str, ...]
    values: NDArray[np.float64]

    @property
    def n(self) -> int:
        """How many draws."""
        return int(self.values.shape[0])

    @property
    def sha256(self) -> str:
        """Digest of paths, units and values."""
        head = json.dumps([self.paths, self.units]).encode()
        return hashlib.sha256(head + np.ascontiguousarray(self.values, dtype="<f8").tobytes()).hexdigest()

    def settings(self, number: int) -> dict[str, str | float]:
        """What one draw sets, by path: a number where there is no unit, else text that reads back to the same bits."""
        row = self.values[number].tolist()
        return {
            path: value if unit == "1" else to_text(value, unit)
            for path, unit, value in zip(self.paths, self.units, row, strict=True)
        }

    def chosen(self, n: int | None) -> Draws:
        """n of the draws, evenly spaced, since neighbours of a chain are alike; all without n."""
        if n is None or n == self.n:
            return self
        if n > self.n:
            raise NoDraws(f"{self.origin}: got {n} draws; expected at most {self.n}, as many as there are")
        return replace(self, values=self.values[np.arange(n) * self.n // n])


def catalogue_values() -> dict[str, Value]:
    """The catalogue's values of parameters by scenario path, `parameters.memory_death.4-1BB`."""
    return {f"parameters.{path}": value for record in parameters().values() for path, value in record.paths().items()}


def posterior(folder: Traversable | None = None) -> Draws:
    """The draws that carsim ships. Raises NoDraws where it ships none, or where they are not what they are said to be.

    `folder` is where the two files lie; default: the data of the catalogue.
    """
    folder = files("carsim.catalog") / "data" if folder is None else folder
    table, about = folder / TABLE, folder / ABOUT
    if not table.is_file() or not about.is_file():
        raise NoDraws(
            "this version of carsim ships no draws of a posterior; give a table of your own (--draws-from FILE), or "
            "draw from the ranges that the catalogue states (--prior)"
        )
    record, content = tomllib.loads(about.read_text(encoding="utf-8")), table.read_bytes()
    missing = [key for key in (*STATED, "units") if key not in record]
    if missing or record["sha256"] != hashlib.sha256(content).hexdigest():
        what = f"lacks {', '.join(missing)}" if missing else f"states another sha256 than that of {TABLE}"
        raise NoDraws(f"{ABOUT} {what}; the shipped draws cannot be used")
    origin = f"posterior of {record['study']}, run {record['run']}, seed {record['seed']}"
    return _read(TABLE, content.decode("utf-8"), "posterior", origin, record["units"])


def read_draws(path: Path | str) -> Draws:
    """The draws of a user's table; every problem of it is in one ScenarioError."""
    path = Path(path)
    if not path.is_file():
        raise NoDraws(f"{path} is not there; expected a CSV file with one draw a line")
    if path.stat().st_size > LIMIT_BYTES:
        raise NoDraws(f"{path} has more than 64 MiB; expected a smaller table")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise NoDraws(f"{path} is not UTF-8 text; expected a CSV file with one draw a line") from None
    return _read(str(path), text, "table", str(path), {})


def _read(name: str, text: str, kind: str, origin: str, units: Mapping[str, Any]) -> Draws:
    reader = csv.reader(text.splitlines())
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    if len(rows) < 2:
        raise NoDraws(f"{name}: got no draws; expected a header of paths and one draw a line")
    (_, header), *lines = rows
    columns = [_column(label, units) for label in header]
    problems = _header_problems(name, columns)
    values: list[list[float]] = []
    for number, line in lines:
        if len(line) != len(columns):
            problems.append(_problem(name, number, 1, f"{len(line)} values", f"{len(columns)} as in the header"))
            continue
        values.append([_number(cell) for cell in line])
        problems += [
            _problem(name, number, at, f"`{cell}`", f"a finite number for {path}", path)
            for at, (cell, value, (path, _)) in enumerate(zip(line, values[-1], columns, strict=True), start=1)
            if not math.isfinite(value)
        ]
    if problems:
        raise ScenarioError(problems)
    return Draws(kind, origin, tuple(path for path, _ in columns), tuple(u for _, u in columns), np.array(values))


def _column(label: str, units: Mapping[str, Any]) -> tuple[str, str]:
    """Path and unit of a header cell."""
    path, _, unit = label.partition("[")
    path, known = path.strip(), catalogue_values()
    usual = known[path].unit if path in known else "1"
    return path, unit.rstrip().removesuffix("]").strip() or str(units.get(path, usual))


def _header_problems(name: str, columns: list[tuple[str, str]]) -> list[Problem]:
    paths = [path for path, _ in columns]
    return [
        _problem(name, 1, at, f"a second column `{path}`" if path else "a column without a path", "each path once")
        for at, path in enumerate(paths, start=1)
        if not path or path in paths[: at - 1]
    ]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _problem(name: str, line: int, column: int, got: str, expected: str, path: str = "") -> Problem:
    return Problem(Place(name, line, column), path, got, expected)
