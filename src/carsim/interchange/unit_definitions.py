"""Units of a network as SBML unit definitions: products of SBML's base units.

Cells, copies of a vector and molecules are all `item`, mass of a drug and of the body are both kilograms: SBML does not
tell them apart, carsim's own balance check does. A definition's name is the unit as carsim writes it.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement

from carsim.interchange.identifiers import sid
from carsim.interchange.mathml import PURE
from carsim.model.dimension import Unit, parse

# base symbol -> SBML's base unit, multiplier, scale (power of ten)
BASE: dict[str, tuple[str, str, int]] = {
    "d": ("second", "86400", 0),
    "L": ("litre", "1", 0),
    "mg": ("kilogram", "1", -6),
    "kg": ("kilogram", "1", 0),
    "m": ("metre", "1", 0),
    "cell": ("item", "1", 0),
    "copy": ("item", "1", 0),
    "molecule": ("item", "1", 0),
}

SUBSTANCES = ("item", "kilogram")


def unit_id(unit: str) -> str:
    """The identifier of a unit in the file."""
    return PURE if parse(unit).pure else sid(unit)


def is_substance(unit: str) -> bool:
    """Whether SBML takes the unit for the amount of a species: a pure number, items, or a mass."""
    exponents = parse(unit).exponents
    return not exponents or (len(exponents) == 1 and exponents[0][1] == 1 and BASE[exponents[0][0]][0] in SUBSTANCES)


def unit_definition(unit: str) -> Element:
    """The definition of a unit; a factor, such as that from uL to L, stands as a dimensionless unit of its own."""
    definition = Element("unitDefinition", id=unit_id(unit), name=unit)
    parts = SubElement(definition, "listOfUnits")
    meant: Unit = parse(unit)
    for symbol, exponent in meant.exponents:
        kind, multiplier, scale = BASE[symbol]
        _part(parts, kind, exponent, multiplier, scale)
    if meant.factor != 1 or not meant.exponents:
        _part(parts, PURE, Fraction(1), repr(float(meant.factor)), 0)
    return definition


def _part(parts: Element, kind: str, exponent: Fraction, multiplier: str, scale: int) -> None:
    power = str(exponent.numerator) if exponent.denominator == 1 else repr(float(exponent))
    SubElement(parts, "unit", kind=kind, exponent=power, scale=str(scale), multiplier=multiplier)
