"""Quantities: the table of units agrees with the registry; arithmetic is exact; what does not fit is refused."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsim.units import KNOWN, QuantityError, factor, in_registry, number_text, quantity, to_text


@pytest.mark.parametrize("unit", KNOWN)
def test_table_agrees_with_the_registry(unit: str) -> None:
    dimension, scale = KNOWN[unit]
    reference = (
        next(name for name, (kind, one) in KNOWN.items() if kind == dimension and one == 1)
        if any(kind == dimension and one == 1 for kind, one in KNOWN.values())
        else unit
    )
    ratio = (in_registry(unit) / in_registry(reference)).to_base_units()
    assert ratio.dimensionless
    assert Fraction(ratio.magnitude) == scale / KNOWN[reference][1]


def test_table_separates_dimensions_as_the_registry_does() -> None:
    by_registry: dict[str, set[str]] = {}
    for unit, (dimension, _) in KNOWN.items():
        by_registry.setdefault(str(sorted(in_registry(unit).dimensionality.items())), set()).add(dimension)
    assert all(len(dimensions) == 1 for dimensions in by_registry.values())
    assert len(by_registry) == len({dimension for dimension, _ in KNOWN.values()})


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("3e6 cells/kg", "cells/kg", 3e6),
        ("60 %", "", 0.6),
        ("61%", "1", 0.61),
        (0.6, "", 0.6),
        ("-6 d", "d", -6.0),
        ("12 h", "d", 0.5),
        ("2 months", "d", 60.875),
        ("11 years", "year", 11.0),
        ("120 mL/min/1.73 m^2", "mL/min/1.73m^2", 120.0),
        ("14 mg*h/L", "mg*d/L", 14 / 24),
        ("1.2 g/m²", "mg/m^2", 1200.0),
        ("3 µg/mL", "mg/L", 3.0),
        ("5 ng/kg", "mg/kg", 5e-6),
        ("3 1/month", "1/d", 3 / 30.4375),
    ],
)
def test_quantity(text: str | float, unit: str, value: float) -> None:
    assert quantity(text, unit) == value


@pytest.mark.parametrize(
    ("text", "unit", "said"),
    [
        ("3e6", "cells/kg", "a number without a unit"),
        (3e6, "cells/kg", "did you mean `3000000.0 cells/kg`"),
        ("8 mg/kg", "", "drug mass per body mass"),
        ("100 mL/min", "mL/min/1.73m^2", "for example 120 mL/min/1.73m^2"),
        ("3 kg", "mg", "body mass"),
        ("3 cels/kg", "cells/kg", "did you mean `cells/kg`"),
        ("1 m^9^9^9", "d", "cannot be read"),
        ("1 (m)^9", "d", "cannot be read"),
        ("1e999 d", "d", "double precision"),
        ("1e99999999999 d", "d", "double precision"),
        ("9" * 400, "", "double precision"),
        ("twelve d", "d", "does not begin with a number"),
        ("", "d", "does not begin with a number"),
        ("1_000 d", "d", "unit `_000d` is unknown"),
        ("12:30", "d", "cannot be read"),
        (True, "", "`True`"),
        ("nan", "", "does not begin with a number"),
    ],
)
def test_refused(text: str | float, unit: str, said: str) -> None:
    with pytest.raises(QuantityError) as refused:
        quantity(text, unit)
    assert said in str(refused.value)


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["d", "cells/kg", "", "mL/min/1.73m^2"]))
def test_text_reads_back_to_the_same_bits(value: float, unit: str) -> None:
    assert quantity(to_text(value, unit), unit) == value
    assert float(number_text(value)) == value


@given(st.integers(0, 10**6))
def test_percent_and_fraction_agree(percent: int) -> None:
    assert quantity(f"{percent} %", "") == quantity(str(percent / 100), "") == percent / 100


def test_unit_of_other_dimension_has_no_factor() -> None:
    assert factor("mg/m^2", "g/m^2") == Fraction(1, 1000)
    with pytest.raises(QuantityError, match="body surface"):
        factor("mg/m^2", "mg/kg")
