"""The balance of units: sound networks pass, and each kind of fault is named with both units."""

from fractions import Fraction

import pytest

from carsim.model.check import check
from carsim.model.dimension import UnitMismatch, parse
from carsim.model.law import exp, law
from carsim.model.network import Change, Condition, Event, Network


@law
def first_order(rate, amount):
    return rate * amount


@law
def saturating(top, amount, half):
    return top * amount / (half + amount)


@law
def aged(amount, time):
    return amount * exp(-time)


def network(rate_unit="1/d", half_unit="cells", top_unit="cells/d"):
    net = Network("units")
    cells = net.species("cells", unit="cells")
    rate, half = net.parameter("rate", 1.0, unit=rate_unit), net.parameter("half", 1.0, unit=half_unit)
    top = net.parameter("top", 1.0, unit=top_unit)
    net.reaction("death", consumes={cells: 1}, rate=first_order(rate=rate, amount=cells))
    net.reaction("kill", consumes={cells: 1}, rate=saturating(top=top, amount=cells, half=half))
    net.reaction("mass action", consumes={cells: 1}, rate=rate * cells)
    return net


def test_a_sound_network_has_no_problem():
    assert check(network()) == []


def test_hours_against_days_are_reported():
    assert check(network(rate_unit="1/h")) == [
        "reaction 'death': stated in cells/d (cell/d), but its formula is in 24 cell/d",
        "reaction 'mass action': stated in cells/d (cell/d), but its formula is in 24 cell/d",
    ]


def test_adding_unlike_rows_is_reported():
    (problem,) = check(network(half_unit="cells/uL"))
    assert problem == "reaction 'kill': its formula adds 1e+06 cell/L to cell"


def test_a_rate_of_another_unit_than_the_species_is_reported():
    net = Network("species")
    drug = net.species("drug", unit="mg")
    rate = net.parameter("rate", 1.0, unit="cells/d")
    net.reaction("input", produces={drug: 1}, rate=rate, unit="cells/d")
    assert check(net) == ["reaction 'input': rate in cells/d changes 'drug', which is in mg"]


def test_sums_functions_conditions_and_changes_are_looked_at():
    net = Network("rest")
    cells = net.species("cells", unit="cells")
    drug = net.species("drug", unit="mg")
    time, dose = net.parameter("time", 1.0, unit="d"), net.parameter("dose", 1.0, unit="ug")
    net.total("mixture", [cells, drug], unit="cells")
    net.quantity("age", aged(amount=cells, time=time), unit="cells")
    net.event(Event("give", (Condition(cells, "below", time),), (Change(drug, "add", dose),)))
    assert check(net) == [
        "quantity 'mixture': its formula adds cell to mg",
        "quantity 'age': its formula takes exp of d",
        "event 'give': condition on 'cells': 'time' is in d, not cell",
        "event 'give': change of 'drug': 'dose' is in 0.001 mg, not mg",
    ]


def test_a_unit_that_cannot_be_read_is_named():
    net = Network("unknown")
    net.species("stars", unit="parsec")
    assert check(net) == ["species 'stars': unit 'parsec' holds 'parsec', which is unknown"]


@pytest.mark.parametrize(
    ("text", "factor", "shown"),
    [
        ("mg*h/L", Fraction(1, 24), "0.0416667 d*mg/L"),
        ("mg/L*d", 1, "d*mg/L"),
        ("cells/uL", 10**6, "1e+06 cell/L"),
        ("mL/min/1.73m^2", Fraction(144, 100) / Fraction("1.73"), "0.83237 L/d/m^2"),
        ("L/d/(mL/min/1.73m^2)", Fraction("1.73") / Fraction(144, 100), "1.20139 m^2"),
        ("1", 1, "1"),
        ("%", Fraction(1, 100), "0.01 1"),
    ],
)
def test_units_are_read_exactly(text, factor, shown):
    unit = parse(text)
    assert unit.factor == factor
    assert str(unit) == shown


@pytest.mark.parametrize("text", ["cells/", "(mg", "mg)", "3 $", "mg^", "d d"])
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(ValueError, match="unit"):
        parse(text)


def test_powers_keep_exact_factors():
    assert (parse("h") ** 2).factor == Fraction(1, 576)
    with pytest.raises(UnitMismatch):
        parse("h") ** 0.5
