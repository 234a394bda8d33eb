"""What lowering decides: what is derived, an aggregate or an observable, in which order, and the same every time."""

import numpy as np
import pytest

from carsim.derive.equations import as_latex, as_text
from carsim.derive.lower import lower
from carsim.model.law import law
from carsim.model.network import Network


@law
def product(first, second):
    return first * second


def network() -> Network:
    net = Network("levels")
    cells = net.species("cells", unit="cells")
    a, b = net.parameter("a", 2.0), net.parameter("b", 3.0, unit="1/d")
    derived = net.quantity("derived", product(first=a, second=b), unit="1/d")
    aggregate = net.total("aggregate", [cells, (2.0, cells)], unit="cells")
    net.quantity("observable", product(first=aggregate, second=5.0), unit="cells")
    net.reaction("birth", produces={cells: 1}, rate=product(first=derived, second=aggregate), process="growth")
    return net


def written(program) -> set[int]:
    """Rows that the blocks of laws and sums of a program write."""
    rows = set()
    for law_index, count, start in zip(program.law, program.count, program.start, strict=True):
        at = int(start)
        for _ in range(count):
            if law_index >= 0:
                rows.add(int(program.entries[at + 2]))  # every law here has two arguments
                at += 3
            else:
                rows.add(int(program.entries[at]))
                at += 2 + int(program.entries[at + 1]) * (1 if law_index == -2 else 2)
    return rows


def test_quantities_are_evaluated_where_they_belong():
    tables = lower(network(), ["observable"])
    row = tables.rows
    assert written(tables.derived) == {row["derived"]}
    assert {row["aggregate"], tables.rate_rows["birth"]} <= written(tables.rates)
    assert row["observable"] not in written(tables.rates)
    assert row["derived"] not in written(tables.rates)
    assert written(tables.output) == {row["aggregate"], row["observable"]}
    assert tables.unknowns == ("aggregate",)
    assert tables.feeds_derived.tolist() == [True, True]


def test_lowering_is_deterministic():
    first, second = lower(network()), lower(network())
    for one, two in zip(first.programs, second.programs, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert first.rows == second.rows


def test_lowering_seals_the_network():
    net = network()
    lower(net)
    with pytest.raises(ValueError, match="immutable"):
        net.species("late")


def test_equations_name_every_law_once_and_every_reaction():
    net = network()
    text = as_text(net, by_species=True)
    assert text.count("product = first*second") == 2  # once among the rates, once among the quantities
    assert "birth  0 -> cells   at product(first=derived, second=aggregate)  [cells/d]" in text
    assert "d[cells]/dt = v[birth]" in text
    latex = as_latex(net)
    assert latex.count(r"\mathrm{product} &=") == 1
    assert r"\frac{d}{dt}\,\mathrm{cells} &= v_{\mathrm{birth}}" in latex
