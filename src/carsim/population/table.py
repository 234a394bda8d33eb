"""A cohort from a CSV file: one patient a line, `id` and any covariates by name, units in the header's brackets.

    id,age [year],weight [kg],marrow_blasts [%]
    P01,11,39,60

A column without brackets is in the covariate's own unit. Columns named as an item of history hold `yes` or `no`.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from carsim.errors import Place, Problem, ScenarioError, nearest
from carsim.population.parts import COVARIATES, History, Patient
from carsim.quantity import Quantity, refuse

LIMIT_BYTES = 64 * 2**20
ITEMS: tuple[str, ...] = get_args(History)


@dataclass(frozen=True)
class Table:
    """Columns of a cohort file in canonical units."""

    identifiers: tuple[str, ...]
    covariates: Mapping[str, NDArray[np.float64]]
    history: Mapping[str, NDArray[np.bool_]]

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.identifiers)


def read_table(name: str, folder: Path | None) -> Table:
    """Read a cohort file inside `folder`; every problem of the file is in one ScenarioError."""
    header, lines = _lines(name, folder)
    columns = [_column(label) for label in header]
    problems = _header_problems(name, columns)
    cells: dict[str, list[Any]] = {column: [] for column, _ in columns}
    for number, line in enumerate([] if problems else lines, start=2):
        if len(line) != len(header):
            problems.append(_problem(name, number, 1, "", f"{len(line)} values", f"{len(header)} as in the header"))
            continue
        for position, ((column, unit), text) in enumerate(zip(columns, line, strict=True), start=1):
            try:
                cells[column].append(_cell(column, unit, text))
            except PydanticCustomError as error:
                context = error.context or {}
                problems.append(_problem(name, number, position, column, f"`{text}`", str(context["expected"])))
    problems += _repeated(name, cells.get("id", []))
    if problems:
        raise ScenarioError(problems)
    return Table(
        tuple(cells["id"]),
        {column: np.array(cells[column]) for column in COVARIATES if column in cells},
        {column: np.array(cells[column], dtype=bool) for column in ITEMS if column in cells},
    )


def _lines(name: str, folder: Path | None) -> tuple[list[str], list[list[str]]]:
    base = (folder or Path()).resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base):
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "a file outside the scenario's folder", "one inside")])
    if not path.is_file():
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "no such file", "a CSV file with one patient a line")])
    if path.stat().st_size > LIMIT_BYTES:
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "more than 64 MiB", "a smaller table")])
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", str(error), "a CSV file in UTF-8")]) from None
    rows = [row for row in rows if any(text.strip() for text in row)]
    if len(rows) < 2:
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "no patients", "a header and one patient a line")])
    return rows[0], rows[1:]


def _column(label: str) -> tuple[str, str]:
    """Name and unit of a header cell: `weight [kg]`."""
    column, _, unit = label.partition("[")
    return column.strip(), unit.rstrip().removesuffix("]").strip()


def _header_problems(name: str, columns: Sequence[tuple[str, str]]) -> list[Problem]:
    known = ("id", *COVARIATES, *ITEMS)
    names = [column for column, _ in columns]
    problems = []
    for position, column in enumerate(names, start=1):
        if column not in known:
            expected = f"one of {', '.join(known)}"
            problems.append(_problem(name, 1, position, "", f"column `{column}`", expected, nearest(column, known)))
        elif column in names[: position - 1]:
            problems.append(_problem(name, 1, position, "", f"a second column `{column}`", "each column once"))
    if "id" not in names:
        problems.append(_problem(name, 1, 1, "", "no column `id`", "a column `id` that names each patient"))
    return problems


def _cell(column: str, unit: str, text: str) -> float | bool | str:
    if column == "id":
        return text.strip()
    if column in ITEMS:
        word = text.strip().casefold()
        if word not in {"yes", "no"}:
            raise refuse(f"`{text}`", "`yes` or `no`")
        return word == "yes"
    quantity = next(item for item in Patient.model_fields[column].metadata if isinstance(item, Quantity))
    return quantity.read(f"{text.strip()} {unit or quantity.unit}".strip())


def _repeated(name: str, identifiers: Sequence[str]) -> list[Problem]:
    problems, seen = [], set()
    for number, identifier in enumerate(identifiers, start=2):
        if identifier in seen:
            problems.append(_problem(name, number, 1, "id", f"`{identifier}` again", "each patient once"))
        seen.add(identifier)
    return problems


def _problem(
    name: str, line: int, column: int, path: str, got: str, expected: str, suggestion: str | None = None
) -> Problem:
    return Problem(Place(name, line, column), path, got, expected, f"`{suggestion}`" if suggestion else None)
