"""Quantities as people write them (`3e6 cells/kg`, `60 %`, `-6 d`) and the numbers the rest of carsim works with.

The registry of units is our own set-up of Pint (`definitions`): cells, copies, molecules, body mass (the kg after
`cells/` or `mg/`) and body surface are base dimensions, so that `mg/kg` is not a pure number; `mL/min/1.73m^2` is one
unit; a month is 30.4375 d. Importing Pint takes most of a second, so the units that scenarios use stand in the table
`KNOWN` with their dimension and exact factor, and Pint is asked only for others; a test proves the table against Pint.

Arithmetic is exact (fractions of integers) up to the last rounding, so `60 %` and `0.6`, `12 h` and `0.5 d` give the
same bits.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from carsim.errors import CarsimError, nearest

if TYPE_CHECKING:
    import pint

_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
# Powers other than a unit to one digit; refused before Pint sees them, because 9^9^9 would keep it busy for hours.
_POWERS: Final = re.compile(r"[^A-Za-z]\^|\^(?!-?\d(?!\d))|\d{5}|\*\*\*")
_LONGEST_NUMBER: Final = 40  # characters; doubles need 24, and exact arithmetic on longer ones has no use
_LARGEST_EXPONENT: Final = 330

definitions: Final = (
    "day = [time] = d = days",
    "hour = day / 24 = h = hours",
    "minute = hour / 60 = min = minutes",
    "second = minute / 60 = s = seconds",
    "week = 7 * day = weeks",
    "month = 30.4375 * day = months",
    "year = 365.25 * day = years",
    "mg = [drug_mass]",
    "g = 1000 * mg",
    "ug = mg / 1000",
    "ng = ug / 1000",
    "pg = ng / 1000",
    "kg = [body_mass]",
    "L = [volume]",
    "dL = L / 10",
    "mL = L / 1000",
    "uL = mL / 1000",
    "m = [body_length]",
    "cm = m / 100",
    "cells = [cells] = cell",
    "copies = [copies] = copy",
    "molecules = [molecules] = molecule",
    "fraction = []",
    "percent = fraction / 100",
    "standard_surface = 1.73 * m ** 2",
)

_DAY: Final = Fraction(1)
_HOUR: Final = Fraction(1, 24)
_MILLI: Final = Fraction(1, 1000)
_MICRO: Final = _MILLI**2

# Unit as written -> (dimension, factor to the unit of that dimension with factor 1).
KNOWN: Final[dict[str, tuple[str, Fraction]]] = {
    "": ("fraction", Fraction(1)),
    "%": ("fraction", Fraction(1, 100)),
    "d": ("time", _DAY),
    "day": ("time", _DAY),
    "days": ("time", _DAY),
    "h": ("time", _HOUR),
    "hour": ("time", _HOUR),
    "hours": ("time", _HOUR),
    "min": ("time", _HOUR / 60),
    "minutes": ("time", _HOUR / 60),
    "week": ("time", Fraction(7)),
    "weeks": ("time", Fraction(7)),
    "month": ("time", Fraction("30.4375")),
    "months": ("time", Fraction("30.4375")),
    "year": ("time", Fraction("365.25")),
    "years": ("time", Fraction("365.25")),
    "1/d": ("rate", Fraction(1)),
    "1/h": ("rate", Fraction(24)),
    "1/week": ("rate", Fraction(1, 7)),
    "mg": ("drug mass", Fraction(1)),
    "g": ("drug mass", Fraction(1000)),
    "ug": ("drug mass", _MILLI),
    "kg": ("body mass", Fraction(1)),
    "m": ("body length", Fraction(1)),
    "cm": ("body length", Fraction(1, 100)),
    "m^2": ("body surface", Fraction(1)),
    "L": ("volume", Fraction(1)),
    "mL": ("volume", _MILLI),
    "uL": ("volume", _MICRO),
    "cells": ("cells", Fraction(1)),
    "molecules": ("molecules", Fraction(1)),
    "copies": ("copies", Fraction(1)),
    "mg/m^2": ("drug mass per body surface", Fraction(1)),
    "g/m^2": ("drug mass per body surface", Fraction(1000)),
    "mg/kg": ("drug mass per body mass", Fraction(1)),
    "ug/kg": ("drug mass per body mass", _MILLI),
    "mg/m^2/d": ("drug mass per body surface and time", Fraction(1)),
    "ug/m^2/d": ("drug mass per body surface and time", _MILLI),
    "ug/d": ("drug mass per time", _MILLI),
    "mg/d": ("drug mass per time", Fraction(1)),
    "cells/kg": ("cells per body mass", Fraction(1)),
    "cells/uL": ("cells per volume", Fraction(1)),
    "cells/mL": ("cells per volume", _MILLI),
    "cells/L": ("cells per volume", _MICRO),
    "copies/ug": ("copies per DNA mass", Fraction(1)),
    "mg/L": ("concentration", Fraction(1)),
    "ug/mL": ("concentration", Fraction(1)),
    "ng/mL": ("concentration", _MILLI),
    "pg/mL": ("concentration", _MICRO),
    "mg/dL": ("concentration", Fraction(10)),
    "g/L": ("concentration", Fraction(1000)),
    "g/dL": ("concentration", Fraction(10_000)),
    "mg*d/L": ("exposure", Fraction(1)),
    "mg*h/L": ("exposure", _HOUR),
    "L/h": ("clearance", Fraction(24)),
    "L/d": ("clearance", Fraction(1)),
    "mL/min": ("clearance", Fraction(1440, 1000)),
    "mL/min/1.73m^2": ("clearance per body surface", Fraction(1440, 1000) / Fraction("1.73")),
    "uL/kg": ("volume per body mass", _MICRO),
    "mL/kg": ("volume per body mass", _MILLI),
}

# What a reader is shown as the right form; other units get "1 unit".
_EXAMPLES: Final = {
    "": "0.6 or 60 %",
    "d": "28 d",
    "h": "1 h",
    "years": "11 years",
    "kg": "39 kg",
    "m^2": "1.25 m^2",
    "1/d": "0.1 1/d",
    "mg": "800 mg",
    "mg/kg": "8 mg/kg",
    "mg/m^2": "30 mg/m^2",
    "mg/m^2/d": "0.015 mg/m^2/d",
    "mg*h/L": "14 mg*h/L",
    "cells": "1e8 cells",
    "cells/kg": "3e6 cells/kg",
    "cells/uL": "400 cells/uL",
    "molecules": "1200 molecules",
    "copies": "2 copies",
    "mL/min/1.73m^2": "120 mL/min/1.73m^2",
}


class QuantityError(CarsimError, ValueError):
    """A text is not a quantity of the expected unit; says what was found, what is expected and what may be meant."""

    def __init__(self, got: str, expected: str, suggestion: str | None = None) -> None:
        """Keep the three parts for the report that adds the place."""
        super().__init__(f"got {got}; expected {expected}" + (f"; did you mean {suggestion}" if suggestion else ""))
        self.got, self.expected, self.suggestion = got, expected, suggestion


def quantity(text: str | int | float, unit: str, example: str | None = None) -> float:
    """Return the value of `text` (`3e6 cells/kg`) in `unit`; for a pure number (`unit` "" or "1") `0.6` and `60 %`.

    Raises QuantityError if the number cannot be read, the unit is missing or unknown or of another dimension, or the
    result is not finite. `example` replaces the standard example of the message.
    """
    target = normal(unit)
    expected = _expected(target, example)
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise QuantityError(f"`{text}`", expected)
    written = str(text).strip()
    match = _NUMBER.match(written)
    if match is None:
        raise QuantityError(f"`{written}`, which does not begin with a number", expected)
    given = normal(written[match.end() :])
    if not given and target:
        raise QuantityError(f"`{written}`, a number without a unit", expected, f"`{written} {unit}`")
    exact = _exact(match.group(), written, expected)
    return _finite(exact * factor(given, target, written, expected), written, expected)


def factor(given: str, unit: str, written: str | None = None, expected: str | None = None) -> Fraction:
    """Return the exact number by which values in `given` are multiplied to be in `unit`.

    Raises QuantityError (whose message quotes `written`) if `given` is unknown or does not convert to `unit`.
    """
    given, unit = normal(given), normal(unit)
    if given == unit:
        return Fraction(1)
    written, expected = written or f"1 {given}", expected or _expected(unit, None)
    if given in KNOWN and unit in KNOWN:
        (dimension, scale), (wanted, reference) = KNOWN[given], KNOWN[unit]
        if dimension != wanted:
            raise QuantityError(f"`{written}`, which is {_article(dimension)}", expected)
        return scale / reference
    return _factor_of_registry(given, unit, written, expected)


def unit_of(text: str | int | float) -> str:
    """Return the unit that a text carries after its number, "" for a pure number or where there is no number."""
    match = _NUMBER.match(str(text).strip())
    return str(text).strip()[match.end() :].strip() if match else ""


def to_text(value: float, unit: str) -> str:
    """Return `value` with its unit in the form that `quantity` reads back to the same bits."""
    return f"{number_text(value)} {unit}" if normal(unit) else number_text(value)


def number_text(value: float) -> str:
    """Return the shortest text that reads back to the same number, whole numbers below 1e15 without a point."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(value)


def normal(unit: str) -> str:
    """Return the one spelling of a unit: no blanks, `^` for powers, `u` for µ, "" for a pure number."""
    short = "".join(unit.split())
    for written, meant in (("µ", "u"), ("μ", "u"), ("²", "^2"), ("m2", "m^2"), ("**", "^"), ("·", "*")):
        short = short.replace(written, meant)
    return "" if short == "1" else short


@cache
def registry() -> pint.UnitRegistry[Any]:
    """Return the registry of units, made when first needed; exact fractions inside."""
    from pint import UnitRegistry

    units: pint.UnitRegistry[Any] = UnitRegistry(None, non_int_type=Fraction, cache_folder=None)
    for line in definitions:
        units.define(line)
    return units


def in_registry(unit: str) -> Any:
    """Return one of `unit` as a Pint quantity of our registry; raises the errors of Pint if it is not a unit."""
    text = normal(unit).replace("1.73m^2", "standard_surface").replace("%", "percent").replace("^", "**")
    made = registry()(text or "fraction")
    return made if hasattr(made, "units") else made * registry().fraction


def _factor_of_registry(given: str, unit: str, written: str, expected: str) -> Fraction:
    if not re.fullmatch(r"[A-Za-z0-9_./*^()%]{1,60}", given) or _POWERS.search(given):
        raise QuantityError(f"`{written}`, whose unit `{given}` cannot be read", expected)
    try:
        found = in_registry(given)
    except Exception:  # noqa: BLE001  (whatever Pint's parser raises, the text is not a unit)
        wanted = KNOWN[unit][0] if unit in KNOWN else None
        meant = nearest(given, [name for name in KNOWN if name and wanted in {None, KNOWN[name][0]}])
        raise QuantityError(
            f"`{written}`, whose unit `{given}` is unknown", expected, f"`{meant}`" if meant else None
        ) from None
    target = in_registry(unit)
    if found.dimensionality != target.dimensionality:
        raise QuantityError(f"`{written}`, which is of another dimension", expected)
    ratio = (found / target).to_base_units().magnitude
    return Fraction(ratio)


def _exact(number: str, written: str, expected: str) -> Fraction:
    exponent = number.lower().partition("e")[2]
    if len(number) > _LONGEST_NUMBER or (exponent and abs(int(exponent)) > _LARGEST_EXPONENT):
        shown = written if len(written) <= _LONGEST_NUMBER else written[:_LONGEST_NUMBER] + "…"
        raise QuantityError(f"`{shown}`, a number outside the range of double precision", expected)
    return Fraction(number)


def _finite(exact: Fraction, written: str, expected: str) -> float:
    try:
        value = float(exact)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise QuantityError(f"`{written}`, a number outside the range of double precision", expected)
    return value


def _expected(unit: str, example: str | None) -> str:
    shown = example or _EXAMPLES.get(unit, f"1 {unit}")
    if not unit:
        return f"a number without a unit, for example {shown}"
    return f"a number with a unit that converts to {unit}, for example {shown}"


def _article(dimension: str) -> str:
    if dimension == "fraction":
        return "a fraction"
    return f"{'an' if dimension[0] in 'aeiou' else 'a'} quantity of {dimension}"
