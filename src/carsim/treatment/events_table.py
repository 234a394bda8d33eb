"""A table of doses as NONMEM, Monolix and nlmixr2 read it, in place of a scenario's doses at fixed times.

    ID,TIME,AMT,RATE,II,ADDL,EVID,CMT
    1,0,46.86,1124.6,1,3,1,fludarabine.central

TIME counts days from the start of the simulation. A record with RATE above zero (amount/d) is an infusion over AMT/RATE
days, any other enters at once; ADDL more follow, II days apart. CMT is a species by name, or its number among all
(`carsim export events` says them). EVID 0 is an observation, no dose; 2, 3 and 4 are refused. `.` and nothing mean 0.
Columns of observations and of covariates are not read: patients are those of the scenario.

Numbers are read as exact decimals and rounded once, so that a table that carsim wrote gives the doses to the bit.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from carsim.errors import Place, Problem, ScenarioError, nearest
from carsim.treatment.doses import Dose, Infusion

COLUMNS: Final = ("ID", "TIME", "AMT", "RATE", "II", "ADDL", "EVID", "CMT")
NEEDED: Final = {
    "ID": "the patient's identifier",
    "TIME": "days from the start of the simulation",
    "AMT": "the amount of a dose",
    "CMT": "what a dose enters, by name or number",
}
OBSERVED: Final = ("DV", "MDV", "CENS", "LIMIT", "DVID", "YTYPE")
ZERO: Final = frozenset({"", "."})
LIMIT_BYTES: Final = 64 * 2**20
MOST_DOSES: Final = 10_000  # of one record: as many as an entry of a scenario may have
LONGEST, LARGEST_POWER = 64, 300  # of a number: characters, power of ten


@dataclass(frozen=True)
class Compartment:
    """What enters a row: its label, and the input row of infusions (empty: at once only)."""

    label: str
    input: str = ""


@dataclass(frozen=True)
class Record:
    """One line that doses: where it stands, who, when (d from the start), how much, at what rate, how often."""

    line: int
    who: str
    time: Fraction
    amount: Fraction
    rate: Fraction
    times: int
    apart: Fraction
    compartment: str


@dataclass(frozen=True)
class Events:
    """The doses of a table, and where its columns stand."""

    name: str
    sha256: str
    header: tuple[str, ...]
    records: tuple[Record, ...]

    def place(self, record: Record, column: str) -> Place:
        """Where a cell of a record stands."""
        return Place(self.name, record.line, self.header.index(column) + 1)


class _WrongError(Exception):
    """What is wrong with a cell."""

    def __init__(self, column: str, got: str, expected: str) -> None:
        super().__init__(got)
        self.column, self.got, self.expected = column, got, expected


def read_events(path: Path | str) -> Events:
    """Read a table of doses; every problem that shows without a scenario is in one ScenarioError."""
    path = Path(path)
    name, content = str(path), _content(Path(path))
    reader = csv.reader(content.decode("utf-8-sig").splitlines())
    rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    header = tuple(cell.strip().lstrip("#").upper() for cell in rows[0][1]) if rows else ()
    problems = _header_problems(name, header)
    found: list[Record] = []
    latest: dict[str, Fraction] = {}
    for number, line in [] if problems else rows[1:]:
        if len(line) != len(header):
            problems.append(Problem(Place(name, number), "", f"{len(line)} values", f"{len(header)} as in the header"))
            continue
        cells = dict(zip(header, (cell.strip() for cell in line), strict=True))
        try:
            record = _record(number, cells, latest)
        except _WrongError as wrong:
            place = Place(name, number, header.index(wrong.column) + 1)
            problems.append(Problem(place, wrong.column, wrong.got, wrong.expected))
        else:
            found += [] if record is None else [record]
    if problems:
        raise ScenarioError(problems)
    return Events(name, hashlib.sha256(content).hexdigest(), header, tuple(found))


def _content(path: Path) -> bytes:
    expected = f"a CSV file with the columns {', '.join(NEEDED)}"
    if not path.is_file():
        raise ScenarioError([Problem(Place(str(path)), "", "no such file", expected)])
    if path.stat().st_size > LIMIT_BYTES:
        raise ScenarioError([Problem(Place(str(path)), "", "more than 64 MiB", expected)])
    content = path.read_bytes()
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        raise ScenarioError([Problem(Place(str(path)), "", "no text in UTF-8", expected)]) from None
    return content


def _header_problems(name: str, header: Sequence[str]) -> list[Problem]:
    found = [
        Problem(Place(name, 1, at), "", f"a second column `{column}`", "each column once")
        for at, column in enumerate(header, start=1)
        if column in header[: at - 1]
    ]
    found += [
        Problem(Place(name, 1), "", f"no column `{column}`", f"one, {meaning}")
        for column, meaning in NEEDED.items()
        if column not in header
    ]
    for at, column in enumerate(header, start=1):
        if column == "SS":
            expected = "each dose of a steady state as a record of its own, or ADDL and II"
            found.append(Problem(Place(name, 1, at), "", "column `SS`", expected))
        elif column not in (*COLUMNS, *OBSERVED):
            meant = nearest(column, set(COLUMNS) - set(header), cutoff=0.7)
            if meant:  # anything else is a covariate
                found.append(Problem(Place(name, 1, at), "", f"column `{column}`", "another name", f"`{meant}`"))
    return found


def _record(line: int, cells: Mapping[str, str], latest: dict[str, Fraction]) -> Record | None:
    """One dose; None for an observation. `latest` holds the last time of each patient."""
    if not cells["ID"]:
        raise _WrongError("ID", "nothing", "the identifier of a patient")
    time = _number(cells, "TIME", "days from the start of the simulation, 0 or more, for example 6")
    if time < latest.get(cells["ID"], Fraction(0)):
        raise _WrongError("TIME", f"`{cells['TIME']}`", "a time not before that of the record above")
    latest[cells["ID"]] = time
    amount = _number(cells, "AMT", "an amount, 0 or more, in the unit of its compartment")
    event = cells.get("EVID", "")
    if event in ZERO:
        event = "1" if amount else "0"
    if event not in {"0", "1"}:
        raise _WrongError("EVID", f"`{event}`", "0, an observation, or 1, a dose; resets and other events are not read")
    if event == "0":
        if amount:
            raise _WrongError("AMT", f"`{cells['AMT']}`", "0 in an observation, or EVID 1")
        return None
    rate = _number(cells, "RATE", "a rate per day, 0 or more; modelled rates and durations are not read")
    more = _number(cells, "ADDL", "a whole number of further doses")
    apart = _number(cells, "II", "days between doses, 0 or more")
    if more.denominator != 1 or more >= MOST_DOSES:
        raise _WrongError("ADDL", f"`{cells['ADDL']}`", f"a whole number of further doses below {MOST_DOSES:,}")
    if more and not apart:
        raise _WrongError("ADDL", f"`{cells['ADDL']}` with II of 0", "the days between doses in II, for example 1")
    if cells["CMT"] in ZERO:
        raise _WrongError("CMT", f"`{cells['CMT']}`", "a species by name or number, for example fludarabine.central")
    return Record(line, cells["ID"], time, amount, rate, int(more) + 1, apart, cells["CMT"])


def _number(cells: Mapping[str, str], column: str, expected: str) -> Fraction:
    """A number of at least zero, exactly as written; 0 where the column is missing."""
    text = cells.get(column, "")
    if text in ZERO:
        return Fraction(0)
    try:
        value = Decimal(text) if len(text) <= LONGEST else Decimal("nan")
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite() or value < 0 or (value and abs(value.adjusted()) > LARGEST_POWER):
        raise _WrongError(column, f"`{text:.80}`", expected)
    return Fraction(value)


def changes(
    events: Events,
    compartments: Mapping[str, Compartment],
    numbers: Mapping[str, str],
    identifiers: Sequence[str],
    start: float,
) -> list[Dose | Infusion]:
    """The doses of patients with these identifiers, whose simulation starts on day `start`.

    `compartments` by row, `numbers` their rows by CMT. A column of the schedule holds the k-th dose of its kind of each
    patient. Raises ScenarioError for compartments that cannot be dosed so and for patients that there are not.
    """
    places = {identifier: place for place, identifier in enumerate(identifiers)}
    problems: list[Problem] = []
    columns: dict[tuple[str, float, int], list[tuple[int, float, float]]] = {}
    used: dict[tuple[int, str, float], int] = {}
    for record in events.records:
        row = numbers.get(record.compartment, record.compartment)
        problem = _unknown(events, record, row, compartments, numbers, places)
        if problem is not None:
            problems.append(problem)
            continue
        duration = float(record.amount / record.rate) if record.rate else 0.0
        amount = float(record.rate or record.amount)
        who = places[record.who]
        for k in range(record.times):
            day = float(record.time + k * record.apart + exactly(start))
            occurrence = used[who, row, duration] = used.get((who, row, duration), -1) + 1
            columns.setdefault((row, duration, occurrence), []).append((who, day, amount))
    if problems:
        raise ScenarioError(problems)
    return [
        _change(compartments[row], row, duration, given, len(places)) for (row, duration, _), given in columns.items()
    ]


def _change(
    compartment: Compartment, row: str, duration: float, given: Sequence[tuple[int, float, float]], n: int
) -> Dose | Infusion:
    days, amounts = np.full(n, np.nan), np.zeros(n)
    for who, day, amount in given:
        days[who], amounts[who] = day, amount
    if duration > 0.0:
        return Infusion(compartment.input, days, duration, amounts, compartment.label)
    return Dose(row, days, amounts, compartment.label)


def _unknown(
    events: Events,
    record: Record,
    row: str,
    compartments: Mapping[str, Compartment],
    numbers: Mapping[str, str],
    places: Mapping[str, int],
) -> Problem | None:
    if record.who not in places:
        first, *rest = places
        expected = f"one of {len(places)} patients, {first} to {rest[-1]}" if rest else f"the one patient, {first}"
        return Problem(events.place(record, "ID"), "ID", f"`{record.who}`", expected)
    if row not in compartments:
        meant = None if record.compartment.isdigit() else nearest(row, compartments)
        known = [f"{name} ({number})" for number, name in numbers.items() if name in compartments]
        expected = f"what the scenario's treatment gives: {', '.join(known) or 'nothing'}; numbers are of one scenario"
        got = f"`{record.compartment}`"
        return Problem(events.place(record, "CMT"), "CMT", got, expected, f"`{meant}`" if meant else None)
    if record.rate and not compartments[row].input:
        expected = f"RATE 0: {compartments[row].label} enters {row} at once"
        return Problem(events.place(record, "RATE"), "RATE", f"{float(record.rate):g}", expected)
    return None


def exactly(value: float) -> Fraction:
    """A number as its shortest text says it."""
    return Fraction(Decimal(repr(float(value))))
