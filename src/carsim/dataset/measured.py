"""A table of measurements: what was measured of patients, when, and what lay below a limit of detection.

    id,day,variable,value,limit,censored
    P01,7,cart_copies,5200,10,no
    P01,180,cart_copies,,10,yes

`variable` is a course of the results (`cart_copies`, `mrd`, `bcells`, …) or an assay of the catalogue (`cart_qpcr`),
whose course, noise and limit it then has; a course has those of the first assay that measures it. `value` is in the
unit of the course, or in that of a column `unit`. Below the limit of detection is what `censored` says, and what is
smaller than its limit; of such a value only the limit counts. Without `limit`, it is that of the assay; what no assay
measures then has none.

A table of events as NONMEM, Monolix and nlmixr2 have it is read too, where its header has TIME and DV:

    ID,TIME,DV,DVID,MDV,CENS,LIMIT
    P01,13,5200,cart_copies,0,0,.
    P01,186,10,cart_copies,0,1,0

TIME counts days from the start of the simulation, DVID is the variable. With CENS 1 the value lay below DV; a LIMIT
above 0 (it lay between both) and CENS -1 (it lay above) are refused. Records with MDV 1 or an EVID other than 0 are no
measurements; columns of doses and covariates are not read.

noise    observed = level x exp(log_sd z): what a column `log_sd` says, else the assay's record. What no assay of the
         catalogue measures: blood counts 0.1 (assumed, 0.03 to 0.2: analysers repeat within a few per cent, and counts
         differ over a day), all else 0.3 (assumed, 0.1 to 0.6, as the assays)
"""

from __future__ import annotations

import csv
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim import catalog
from carsim.dataset.variables import COURSES, VARIABLES
from carsim.errors import Place, Problem, ScenarioError, nearest
from carsim.units import QuantityError, normal, quantity

if TYPE_CHECKING:
    from carsim.catalog import Assay

COLUMNS: Final = ("id", "day", "variable", "value", "unit", "limit", "censored", "log_sd")
NEEDED: Final = COLUMNS[:4]
EVENT_COLUMNS: Final = {  # of a table of events -> of the plain one
    "ID": "id",
    "TIME": "day",
    "DV": "value",
    "DVID": "variable",
    "YTYPE": "variable",
    "CENS": "censored",
    "LIMIT": "limit",
    "MDV": "",
    "EVID": "",
}
EVENT_NEEDED: Final = (("ID",), ("TIME",), ("DV",), ("DVID", "YTYPE"))
COUNTED: Final = {"neutrophils", "platelets", "haemoglobin", "leucocytes"}
COUNT_LOG_SD, OTHER_LOG_SD = 0.1, 0.3  # assumed, see above
Row = tuple[str, float, str, float, bool, float, float]
LIMIT_BYTES: Final = 64 * 2**20
NOT_MEASURED: Final = {"infection_rate", "homeostatic_cytokine", "fludarabine_exposure", "steroid_effect"}  # of models
MEASURABLE: Final = tuple(
    course.name
    for course in COURSES
    if course.dims in {("patient", "time"), ("patient", "time", "product")}
    and not course.name.startswith(("hazard_", "crs_", "icans_", "host_response", "temperature"))
    and course.name not in NOT_MEASURED
)


@dataclass(frozen=True)
class Measured:
    """m measurements: who (m,), when (d), which course, its value (of what lies below it: the limit), below, limit.

    Values are in the unit of the course; a limit is NaN where there is none. `log_sd` is the noise of the assay.
    """

    name: str
    sha256: str
    who: NDArray[Any]
    day: NDArray[np.float64]
    course: NDArray[Any]
    value: NDArray[np.float64]
    below: NDArray[np.bool_]
    limit: NDArray[np.float64]
    log_sd: NDArray[np.float64]

    @property
    def courses(self) -> tuple[str, ...]:
        """What was measured, in the order of the table."""
        return tuple(dict.fromkeys(self.course.tolist()))

    @property
    def patients(self) -> tuple[str, ...]:
        """Who was measured, in the order of the table."""
        return tuple(dict.fromkeys(self.who.tolist()))

    def of(self, course: str) -> NDArray[np.int64]:
        """Where the measurements of a course stand."""
        return np.flatnonzero(self.course == course)


def read_measured(path: Path | str, start: Callable[[], float] | None = None) -> Measured:
    """Read a table of measurements; every problem of it is in one ScenarioError.

    `start` says on which day of the scenario TIME is 0; it is asked only by a table of events.
    """
    path = Path(path)
    name, content = str(path), _content(path)
    reader = csv.reader(content.decode("utf-8-sig").splitlines())
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    of_events = {"TIME", "DV"} <= {column.upper() for column in header}
    if of_events:
        header = [column.lstrip("#").upper() for column in header]
    problems = _event_header_problems(name, header, start) if of_events else _header_problems(name, header)
    begin = start() if of_events and start is not None and not problems else 0.0
    found: list[Row] = []
    for number, line in [] if problems else rows[1:]:
        if len(line) != len(header):
            problems.append(Problem(Place(name, number), "", f"{len(line)} values", f"{len(header)} as in the header"))
            continue
        cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
        try:
            plain = _of_event(cells, begin) if of_events else cells
            found += [] if plain is None else [_row(plain)]
        except _WrongError as wrong:
            if of_events:
                wrong.column = next(
                    (column for column in header if EVENT_COLUMNS.get(column) == wrong.column), wrong.column
                )
            place = Place(name, number, header.index(wrong.column) + 1)
            problems.append(Problem(place, wrong.column, wrong.got, wrong.expected, wrong.suggestion))
    if not problems and not found:
        problems.append(Problem(Place(name), "", "no measurements", "a header and one measurement a line"))
    if problems:
        raise ScenarioError(problems)
    who, day, course, value, below, limit, log_sd = zip(*found, strict=True)
    return Measured(
        path.name,
        hashlib.sha256(content).hexdigest(),
        np.array(who),
        np.array(day),
        np.array(course),
        np.array(value),
        np.array(below, dtype=bool),
        np.array(limit),
        np.array(log_sd),
    )


class _WrongError(Exception):
    """What is wrong with a cell."""

    def __init__(self, column: str, got: str, expected: str, suggestion: str | None = None) -> None:
        super().__init__(got)
        self.column, self.got, self.expected, self.suggestion = column, got, expected, suggestion


def _content(path: Path) -> bytes:
    what = None
    if not path.is_file():
        what = "no such file"
    elif path.stat().st_size > LIMIT_BYTES:
        what = "more than 64 MiB"
    else:
        content = path.read_bytes()
        try:
            content.decode("utf-8")
        except UnicodeDecodeError:
            what = "no text in UTF-8"
        else:
            return content
    raise ScenarioError([Problem(Place(str(path)), "", what, f"a CSV file with the columns {', '.join(NEEDED)}")])


def _header_problems(name: str, header: Sequence[str]) -> list[Problem]:
    found = [
        Problem(Place(name, 1, at), "", f"column `{column}`", f"one of {', '.join(COLUMNS)}", nearest(column, COLUMNS))
        for at, column in enumerate(header, start=1)
        if column not in COLUMNS
    ]
    twice = [column for at, column in enumerate(header) if column in header[:at]]
    missing = [column for column in NEEDED if column not in header]
    found += [Problem(Place(name, 1), "", f"a second column `{column}`", "each column once") for column in twice]
    expected = f"the columns {', '.join(NEEDED)}"
    return found + [Problem(Place(name, 1), "", f"no column `{column}`", expected) for column in missing]


def _event_header_problems(name: str, header: Sequence[str], start: object) -> list[Problem]:
    twice = [column for at, column in enumerate(header) if column in header[:at]]
    missing = [" or ".join(either) for either in EVENT_NEEDED if not set(either) & set(header)]
    found = [Problem(Place(name, 1), "", f"a second column `{column}`", "each column once") for column in twice]
    expected = f"the columns {', '.join(' or '.join(either) for either in EVENT_NEEDED)}"
    found += [Problem(Place(name, 1), "", f"no column `{column}`", expected) for column in missing]
    if start is None:
        found.append(Problem(Place(name, 1), "", "column `TIME`, of no scenario", "`day`, of the scenario"))
    return found


def _of_event(cells: Mapping[str, str], begin: float) -> dict[str, str] | None:
    """A record of a table of events as a line of the plain table; None for what is no measurement."""
    given = {column: "" if cells.get(column, "") == "." else cells.get(column, "") for column in EVENT_COLUMNS}
    for column, known in (("MDV", ("", "0", "1")), ("EVID", ("", "0", "1", "2", "3", "4")), ("CENS", ("", "0", "1"))):
        if given[column] not in known:
            raise _WrongError(column, f"`{given[column]}`", f"one of {', '.join(known[1:])}")
    if given["MDV"] == "1" or given["EVID"] not in ("", "0"):
        return None
    censored = given["CENS"] == "1"
    if censored and given["LIMIT"] and _quantity(given, "LIMIT", "", "") != 0.0:
        raise _WrongError("LIMIT", f"`{given['LIMIT']}`", "0 or nothing where CENS is 1: the value lay below DV")
    day = _quantity(given, "TIME", "d", "d") + begin
    found = {"id": given["ID"], "day": repr(day), "variable": given["DVID"] or given["YTYPE"], "value": given["DV"]}
    return found | {"censored": "yes" if censored else "no" if given["CENS"] == "0" else ""}


def _row(cells: Mapping[str, str]) -> Row:
    """One measurement: who, day, course, value, below, limit and the noise of its assay."""
    if not cells["id"]:
        raise _WrongError("id", "nothing", "the name of the patient")
    course, assay = _measured_by(cells["variable"])
    unit = VARIABLES[course].unit
    day = _quantity(cells, "day", "d", "d")
    censored = cells.get("censored", "").casefold()
    if censored not in {"", "yes", "no"}:
        raise _WrongError("censored", f"`{censored}`", "`yes`, `no` or nothing")
    stated = _quantity(cells, "limit", unit, cells.get("unit") or unit) if cells.get("limit") else None
    if stated is not None and stated <= 0.0:
        raise _WrongError("limit", f"`{cells['limit']}`", "a limit above 0")
    usual = math.nan if assay is None else assay.limit.value
    absent = censored == "yes" and not cells["value"]
    given = None if absent else _quantity(cells, "value", unit, cells.get("unit") or unit)
    if censored == "yes":
        limit = stated or given or usual
        if math.isnan(limit) or limit < 0.0:
            raise _WrongError("value", f"`{cells['value']}`", "the limit below which it lay, here or in `limit`")
        value, below = limit, True
    else:
        assert given is not None  # read above
        limit = usual if stated is None else stated
        below = given < limit and not censored
        if given < 0.0 or (given == 0.0 and not below):
            raise _WrongError("value", f"`{cells['value']}`", "a value above 0, or 0 with a limit of detection")
        value = limit if below else given
    return cells["id"], day, course, value, below, limit, _noise(cells, course, assay)


def _noise(cells: Mapping[str, str], course: str, assay: Assay | None) -> float:
    if cells.get("log_sd"):
        stated = _quantity(cells, "log_sd", "", "")
        if not 0.0 < stated <= 5.0:
            raise _WrongError("log_sd", f"`{cells['log_sd']}`", "a number above 0 and at most 5, for example 0.3")
        return stated
    if assay is not None:
        return assay.log_sd.value
    return COUNT_LOG_SD if course in COUNTED else OTHER_LOG_SD


def _measured_by(variable: str) -> tuple[str, Assay | None]:
    """The course that a variable names, and the assay that measured it."""
    assays = catalog.assays()
    if variable in assays:
        return assays[variable].course, assays[variable]
    if variable not in MEASURABLE:
        known = (*MEASURABLE, *assays)
        meant = nearest(variable, known)
        raise _WrongError(
            "variable",
            f"`{variable}`",
            "a course of the results or an assay, for example cart_copies or mrd_flow",
            f"`{meant}`" if meant else None,
        )
    return variable, next((assay for assay in assays.values() if assay.course == variable), None)


def _quantity(cells: Mapping[str, str], column: str, unit: str, written: str) -> float:
    """A number in the unit of its course; `written` is the unit in which the table has it."""
    try:
        shown = "" if normal(written) == "" else written
        return quantity(f"{cells[column]} {shown}".strip(), normal(unit))
    except QuantityError as error:
        of_unit = shown and shown != unit
        raise _WrongError("unit" if of_unit and "unit" in cells else column, error.got, error.expected) from None
