"""Units as algebra: exact factors and exponents over base symbols, so that a formula can be evaluated with units alone.

    day, cell, litre, milligram, kilogram of body mass, metre, copy, molecule;  hours are days / 24, uL are L / 1e6, ...

Factors count: a rate per hour where one per day belongs is as wrong as a rate in litres. Plain numbers in a formula
have no unit, so they may scale anything, be added to pure numbers only, and stand as exponents.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

BASE: dict[str, tuple[Fraction, str]] = {
    "d": (Fraction(1), "d"),
    "h": (Fraction(1, 24), "d"),
    "min": (Fraction(1, 1440), "d"),
    "week": (Fraction(7), "d"),
    "L": (Fraction(1), "L"),
    "dL": (Fraction(1, 10), "L"),
    "mL": (Fraction(1, 1000), "L"),
    "uL": (Fraction(1, 10**6), "L"),
    "g": (Fraction(1000), "mg"),
    "mg": (Fraction(1), "mg"),
    "ug": (Fraction(1, 1000), "mg"),
    "ng": (Fraction(1, 10**6), "mg"),
    "pg": (Fraction(1, 10**9), "mg"),
    "kg": (Fraction(1), "kg"),
    "m": (Fraction(1), "m"),
    "cell": (Fraction(1), "cell"),
    "copy": (Fraction(1), "copy"),
    "molecule": (Fraction(1), "molecule"),
}
PLURALS = {"cells": "cell", "copies": "copy", "molecules": "molecule", "days": "d", "hours": "h"}
TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|([A-Za-z]+)|(\^-?\d+)|([*/()]))")


class UnitMismatch(Exception):  # noqa: N818  (a finding of the check, never seen by users as such)
    """Two units that would have to be the same are not; the text says which."""


@dataclass(frozen=True)
class Unit:
    """factor x product of base symbols to exponents (sorted pairs)."""

    factor: Fraction
    exponents: tuple[tuple[str, Fraction], ...]

    def __str__(self) -> str:
        """The unit in base symbols, for example `cell/d`."""
        above = [_power(name, e) for name, e in self.exponents if e > 0]
        below = [_power(name, -e) for name, e in self.exponents if e < 0]
        text = "*".join(above) or "1"
        text += "".join(f"/{part}" for part in below)
        return text if self.factor == 1 else f"{float(self.factor):.6g} {text}"

    @property
    def pure(self) -> bool:
        """A number without unit (percent is not: its factor is 1/100)."""
        return self.factor == 1 and not self.exponents

    def __mul__(self, other: Any) -> Unit:
        if not isinstance(other, Unit):
            return self
        exponents = dict(self.exponents)
        for name, exponent in other.exponents:
            exponents[name] = exponents.get(name, Fraction(0)) + exponent
        return Unit(self.factor * other.factor, _sorted(exponents))

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Unit:
        return self * other**-1 if isinstance(other, Unit) else self

    def __rtruediv__(self, other: Any) -> Unit:
        return self**-1

    def __add__(self, other: Any) -> Unit:
        other = other if isinstance(other, Unit) else PURE
        if self != other:
            raise UnitMismatch(f"adds {self} to {other}")
        return self

    __radd__ = __sub__ = __rsub__ = __add__

    def __neg__(self) -> Unit:
        return self

    def __pow__(self, exponent: Any) -> Unit:
        if isinstance(exponent, Unit):
            if not (self.pure and exponent.pure):
                raise UnitMismatch(f"raises {self} to the power of a row in {exponent}")
            return PURE
        power = Fraction(exponent).limit_denominator(1000)
        if power.denominator != 1 and self.factor != 1:
            raise UnitMismatch(f"takes a root of {self}")
        factor = self.factor**power.numerator if power.denominator == 1 else Fraction(1)
        return Unit(factor, _sorted({name: e * power for name, e in self.exponents}))

    def __rpow__(self, base: Any) -> Unit:
        return self.dimensionless_function("power")

    def dimensionless_function(self, name: str) -> Unit:
        """Unit of exp or log of a row: it must be a pure number (the hook of `model.law`)."""
        if not self.pure:
            raise UnitMismatch(f"takes {name} of {self}")
        return PURE


PURE = Unit(Fraction(1), ())


def parse(text: str) -> Unit:
    """The unit that a text such as `cells/uL`, `L/d/(mL/min/1.73m^2)` or `1` states; ValueError if it is none."""
    tokens = []
    place = 0
    cleaned = text.strip().replace("%", "0.01") or "1"
    while place < len(cleaned):
        match = TOKEN.match(cleaned, place)
        if match is None:
            raise ValueError(f"unit {text!r} cannot be read")
        tokens.append(match.group().strip())
        place = match.end()
    unit, rest = _product(tokens, text)
    if rest:
        raise ValueError(f"unit {text!r} cannot be read from {rest[0]!r} on")
    return unit


def _product(tokens: list[str], text: str) -> tuple[Unit, list[str]]:
    unit, tokens = _factor(tokens, text)
    while tokens and tokens[0] in "*/":
        sign, (other, tokens) = tokens[0], _factor(tokens[1:], text)
        unit = unit * other if sign == "*" else unit / other
    return unit, tokens


def _factor(tokens: list[str], text: str) -> tuple[Unit, list[str]]:
    """A name with its power, a number (which may stand before a name: 1.73m^2), or a product in brackets."""
    if not tokens:
        raise ValueError(f"unit {text!r} ends too early")
    head, rest = tokens[0], tokens[1:]
    if head == "(":
        unit, rest = _product(rest, text)
        if not rest or rest[0] != ")":
            raise ValueError(f"unit {text!r} lacks a closing bracket")
        rest = rest[1:]
    elif head[0].isdigit():
        unit = Unit(Fraction(head), ())
        if rest and rest[0][0].isalpha():
            other, rest = _factor(rest, text)
            return unit * other, rest
    elif PLURALS.get(head, head) in BASE:
        factor, name = BASE[PLURALS.get(head, head)]
        unit = Unit(factor, ((name, Fraction(1)),))
    else:
        raise ValueError(f"unit {text!r} holds {head!r}, which is unknown")
    if rest and rest[0].startswith("^"):
        return unit ** int(rest[0][1:]), rest[1:]
    return unit, rest


def _sorted(exponents: dict[str, Fraction]) -> tuple[tuple[str, Fraction], ...]:
    return tuple(sorted((name, e) for name, e in exponents.items() if e != 0))


def _power(name: str, exponent: Fraction) -> str:
    return name if exponent == 1 else f"{name}^{exponent}"
