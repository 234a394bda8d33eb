"""A cohort from a CSV file: one patient a line, `id` and any covariates by name, units in the header's brackets.

    id,age [year],weight [kg],marrow_blasts [%]
    P01,11,39,60

A column without brackets is in the covariate's own unit. Columns named as an item of history hold `yes` or `no`;
`creatinine`, `height` and `sex` stand for `egfr`. A column `variability.<parameter>` holds each patient's factor on a
parameter, which is drawn where there is no such column. So the table of a drawn cohort (`written`) is the cohort: its
numbers are written with all their digits, and read as the same bits.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from pydantic_core import PydanticCustomError

from carsim import catalog
from carsim.errors import Place, Problem, ScenarioError, nearest
from carsim.population.parts import COVARIATES, History, Patient, Renal, Sex
from carsim.population.renal import filtration, needed
from carsim.quantity import Quantity, refuse

LIMIT_BYTES = 64 * 2**20
ITEMS: tuple[str, ...] = get_args(History)
RENAL = ("creatinine", "height", "sex")  # in place of `egfr`
FACTOR = "variability."


@dataclass(frozen=True)
class Table:
    """Columns of a cohort file in canonical units."""

    identifiers: tuple[str, ...]
    covariates: Mapping[str, NDArray[np.float64]]
    history: Mapping[str, NDArray[np.bool_]]
    factors: Mapping[str, NDArray[np.float64]]

    @property
    def n(self) -> int:
        """Number of patients."""
        return len(self.identifiers)


def read_table(name: str, folder: Path | None, usual_age: float = 0.0) -> Table:
    """Read a cohort file inside `folder`; every problem of the file is in one ScenarioError.

    `usual_age` (years) is that of all patients where the table has no column of it.
    """
    header, lines = _lines(name, folder)
    columns = [_column(label) for label in header]
    problems = _header_problems(name, columns)
    cells: dict[str, list[Any]] = {column: [] for column, _ in columns}
    numbers: list[int] = []
    for number, line in [] if problems else lines:
        if len(line) != len(header):
            problems.append(_problem(name, number, 1, "", f"{len(line)} values", f"{len(header)} as in the header"))
            continue
        numbers.append(number)
        for position, ((column, unit), text) in enumerate(zip(columns, line, strict=True), start=1):
            try:
                cells[column].append(_cell(column, unit, text))
            except PydanticCustomError as error:
                context = error.context or {}
                problems.append(_problem(name, number, position, column, f"`{text}`", str(context["expected"])))
    problems += _repeated(name, cells.get("id", []), numbers)
    if "creatinine" in cells and not problems:
        cells["egfr"] = _filtration(name, numbers, cells, usual_age, problems)
    if problems:
        raise ScenarioError(problems)
    return Table(
        tuple(cells["id"]),
        {column: np.array(cells[column]) for column in COVARIATES if column in cells},
        {column: np.array(cells[column], dtype=bool) for column in ITEMS if column in cells},
        {column.removeprefix(FACTOR): np.array(cells[column]) for column in cells if column.startswith(FACTOR)},
    )


def written(
    identifiers: Sequence[str],
    covariates: Mapping[str, NDArray[np.float64]],
    history: Mapping[str, NDArray[np.bool_]],
    factors: Mapping[str, NDArray[np.float64]],
) -> str:
    """The text of a table; arrays have one entry per patient, in canonical units."""
    header = ["id", *(_labelled(name) for name in covariates), *history, *(f"{FACTOR}{name}" for name in factors)]
    columns: list[Iterable[str]] = [
        identifiers,
        *(map(repr, values.tolist()) for values in covariates.values()),
        *(("yes" if has else "no" for has in values.tolist()) for values in history.values()),
        *(map(repr, values.tolist()) for values in factors.values()),
    ]
    return "".join(",".join(line) + "\n" for line in [header, *zip(*columns, strict=True)])


def _labelled(covariate: str) -> str:
    unit = _quantity(covariate).unit
    return f"{covariate} [{unit}]" if unit else covariate


def _lines(name: str, folder: Path | None) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and each line that is not empty with its number in the file."""
    base = (folder or Path()).resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base):
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "a file outside the scenario's folder", "one inside")])
    if not path.is_file():
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "no such file", "a CSV file with one patient a line")])
    if path.stat().st_size > LIMIT_BYTES:
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "more than 64 MiB", "a smaller table")])
    try:
        reader = csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), strict=True)
        rows = [(reader.line_num, row) for row in reader if any(text.strip() for text in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", str(error), "a CSV file in UTF-8")]) from None
    if len(rows) < 2:
        raise ScenarioError([_problem(name, 1, 1, "cohort.from", "no patients", "a header and one patient a line")])
    return rows[0][1], rows[1:]


def _column(label: str) -> tuple[str, str]:
    """Name and unit of a header cell: `weight [kg]`."""
    column, _, unit = label.partition("[")
    return column.strip(), unit.rstrip().removesuffix("]").strip()


def _header_problems(name: str, columns: Sequence[tuple[str, str]]) -> list[Problem]:
    known = ("id", *COVARIATES, *ITEMS, *RENAL)
    names = [column for column, _ in columns]
    problems = []
    for position, column in enumerate(names, start=1):
        if column.startswith(FACTOR):
            problems += _unknown_parameter(name, position, column)
        elif column not in known:
            expected = f"one of {', '.join(known)}, or {FACTOR}<parameter>"
            problems.append(_problem(name, 1, position, "", f"column `{column}`", expected, nearest(column, known)))
        if column in names[: position - 1]:
            problems.append(_problem(name, 1, position, "", f"a second column `{column}`", "each column once"))
    if "id" not in names:
        problems.append(_problem(name, 1, 1, "", "no column `id`", "a column `id` that names each patient"))
    renal = [column for column in RENAL if column in names]
    if renal and ("egfr" in names or len(renal) < len(RENAL)):
        got = f"{', '.join(f'`{column}`' for column in renal)}" + (" beside `egfr`" if "egfr" in names else "")
        problems.append(_problem(name, 1, 1, "", got, f"either `egfr` or all of {', '.join(RENAL)}"))
    return problems


def _unknown_parameter(name: str, position: int, column: str) -> list[Problem]:
    known = catalog.parameters()
    if column.removeprefix(FACTOR) in known:
        return []
    meant = nearest(column.removeprefix(FACTOR), known)
    expected = f"{FACTOR}<parameter>, without its class, for example {FACTOR}kill_max"
    return [_problem(name, 1, position, "", f"column `{column}`", expected, f"{FACTOR}{meant}" if meant else None)]


def _cell(column: str, unit: str, text: str) -> float | bool | str:
    if column == "id":
        return text.strip()
    if column in ITEMS:
        return _word(text, ("yes", "no")) == "yes"
    if column == "sex":
        return _word(text, get_args(Sex))
    quantity = _quantity(column)
    return quantity.read(f"{text.strip()} {unit or quantity.unit}".strip())


def _word(text: str, known: tuple[str, ...]) -> str:
    word = text.strip().casefold()
    if word not in known:
        raise refuse(f"`{text}`", " or ".join(f"`{one}`" for one in known))
    return word


def _quantity(column: str) -> Quantity:
    """The form of a number in a column."""
    if column.startswith(FACTOR):
        return Quantity("", above=0)
    if column == "height":  # optional of one patient, whose field holds the form one level deeper
        return Quantity("cm", at_least=30, at_most=250, example="145 cm")
    fields = Renal.model_fields if column in RENAL else Patient.model_fields
    return next(item for item in fields[column].metadata if isinstance(item, Quantity))


def _filtration(
    name: str, numbers: Sequence[int], cells: Mapping[str, list[Any]], usual_age: float, problems: list[Problem]
) -> list[float]:
    """Filtration of each patient from creatinine, mL/min/1.73m2; one beyond what `egfr` may be is a problem."""
    ages = cells.get("age", [usual_age] * len(numbers))
    rows = zip(ages, cells["creatinine"], cells["height"], cells["sex"], strict=True)
    found = [filtration(age, value, height=height, sex=sex) for age, value, height, sex in rows]
    for number, age, egfr in zip(numbers, ages, found, strict=True):
        try:
            _quantity("egfr").read(f"{egfr!r} mL/min/1.73m^2")
        except PydanticCustomError as error:
            got = f"creatinine and {needed(age)} from which an egfr of {egfr:.4g} mL/min/1.73m^2 follows"
            problems.append(_problem(name, number, 1, "", got, str((error.context or {})["expected"])))
    return found


def _repeated(name: str, identifiers: Sequence[str], numbers: Sequence[int]) -> list[Problem]:
    problems, seen = [], set()
    for number, identifier in zip(numbers, identifiers, strict=True):
        if identifier in seen or not identifier:
            got, expected = (f"`{identifier}` again", "each patient once") if identifier else ("no name", "one of each")
            problems.append(_problem(name, number, 1, "id", got, expected))
        seen.add(identifier)
    return problems


def _problem(
    name: str, line: int, column: int, path: str, got: str, expected: str, suggestion: str | None = None
) -> Problem:
    return Problem(Place(name, line, column), path, got, expected, f"`{suggestion}`" if suggestion else None)
