"""The doses of a scenario as a table that NONMEM, Monolix and nlmixr2 read: what `carsim export events` writes.

    ID,TIME,AMT,RATE,II,ADDL,EVID,CMT,DV,MDV,CENS,LIMIT and the covariates, in capital letters

One record for each dose at a fixed time, in order of time for each patient. TIME counts days from the start of the
simulation, CMT is the number of a species in order of statement, RATE is per day, AMT in the unit of the species. There
are no observations: DV is missing (`.`), MDV 1, CENS 0. Reading the table back (`carsim run --events`) gives the same
doses to the bit; AMT of an infusion has as many digits as its length needs.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.interchange.refusals import CannotExport
from carsim.population.parts import COVARIATES
from carsim.spec.prepare import Prepared, numbers, prepare
from carsim.treatment.doses import Infusion
from carsim.treatment.events_table import COLUMNS, exactly

if TYPE_CHECKING:
    from carsim.spec import Scenario

OBSERVED: Final = ("DV", "MDV", "CENS", "LIMIT")
NO_OBSERVATION: Final = (".", "1", "0", ".")
DIGITS: Final = range(6, 40)  # of an amount, tried from the fewest on


def events_table(scenario: Scenario) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The table of all patients, what it holds and what it leaves out, in sentences.

    Raises CannotExport where an entry at a fixed time is no dose into a species.
    """
    made = prepare(scenario.with_(**{"run.replicates": 1}), Path(scenario.file).parent if scenario.file else None)
    rows = dosed_rows(made)
    text, count = _text(made, rows)
    used = dict.fromkeys(rows[change.row] for change in made.fixed)
    cmt = {row: number for number, row in numbers(made.network).items()}
    units = {row.name: row.unit for row in made.network.all_species}
    holds = (
        f"{count} doses; TIME 0 is day {made.times[0]:g} of the scenario",
        *(f"CMT {cmt[row]}: {row}, AMT in {units[row]}, RATE in {units[row]}/d" for row in used),
    )
    waiting = [entry for entry in scenario.treatment if entry.when is not None]
    leaves_out = [f"{entry.name}, which waits for a condition" for entry in waiting]
    return text, holds, (*leaves_out, "observations: DV is missing", "the model: `carsim export sbml` or `omex`")


def dosed_rows(made: Prepared) -> dict[str, str]:
    """The species that is dosed through each row at fixed times: itself, or the rate of its infusion.

    Raises CannotExport where an entry at a fixed time is no dose into a species.
    """
    rows = {entry.input: row for row, entry in made.compartments.items() if entry.input}
    rows |= {row: row for row in made.compartments}
    strange = sorted({change.label for change in made.fixed if change.row not in rows})
    if strange:
        raise CannotExport(
            f"treatment: got {label}, which switches a parameter and is no dose into a species; expected a scenario "
            "without it, or with a condition (`when`), which tables leave out"
            for label in strange
        )
    return rows


def _text(made: Prepared, rows: dict[str, str]) -> tuple[str, int]:
    names = [name for name in COVARIATES if name in made.patients.covariates]
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, *OBSERVED, *(name.upper() for name in names)])
    count = 0
    for who, identifier in enumerate(made.patients.identifiers):
        covariates = [repr(float(made.patients.covariates[name][who])) for name in names]
        for cells in _records(made, rows, who):
            writer.writerow([identifier, *cells, *NO_OBSERVATION, *covariates])
            count += 1
    return out.getvalue(), count


def _records(made: Prepared, rows: dict[str, str], who: int) -> Iterator[tuple[str, ...]]:
    """Cells from TIME to CMT of each dose of a patient, in order of time; no dose of nothing."""
    cmt = {row: number for number, row in numbers(made.network).items()}
    found = []
    for change in made.fixed:
        day = (change.starts if isinstance(change, Infusion) else change.times)[who]
        amount = (change.rates if isinstance(change, Infusion) else change.amounts)[who]
        if np.isnan(day) or amount == 0.0:
            continue
        time = _decimal(exactly(day) - exactly(made.times[0]))
        if isinstance(change, Infusion):
            dose, rate = _whole(float(amount), change.duration), repr(float(amount))
        else:
            dose, rate = repr(float(amount)), "0"
        found.append((float(day), (time, dose, rate, "0", "0", "1", cmt[rows[change.row]])))
    return (cells for _, cells in sorted(found, key=lambda item: item[0]))


def _decimal(value: Fraction) -> str:
    """A difference of two decimals as a decimal, exactly."""
    power = 0
    while (value * 10**power).denominator != 1:
        power += 1
    return format(Decimal(int(value * 10**power)).scaleb(-power), "f")


def _whole(rate: float, duration: float) -> str:
    """The amount, of the fewest digits, by which an infusion at this rate lasts this long to the bit."""
    whole = exactly(rate) * exactly(duration)
    for digits in DIGITS:
        text = f"{Decimal(whole.numerator) / Decimal(whole.denominator):.{digits}g}" if digits < 28 else _decimal(whole)
        if float(Fraction(Decimal(text)) / exactly(rate)) == duration:
            return format(Decimal(text).normalize(), "f")
    raise AssertionError(f"no amount lasts {duration} d at {rate} a day")  # the exact product always does
