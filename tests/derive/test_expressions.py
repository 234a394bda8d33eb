"""SymPy expressions as laws: one law per shape, the right rows in the right places, refusal by name."""

import pytest
import sympy

from carsim.derive.equations import report
from carsim.derive.expressions import CannotDerive, law_of_expression
from carsim.model.network import Network

A, B, K, H = (sympy.Symbol(name, real=True) for name in ("A", "B", "k", "h"))


@pytest.mark.parametrize(
    ("first", "second"),
    [(K * A, K * B), (K * A, A * B), (K * A / (H + A), H * B / (A + B)), (A**2 * K, H**2 * A), (A - B, K - H)],
)
def test_reactions_of_one_shape_share_a_law(first, second):
    assert law_of_expression(first, "a")[0] == law_of_expression(second, "b")[0]


@pytest.mark.parametrize(("first", "second"), [(K * A, K / A), (A + B, A - B), (2 * A, 3 * A), (A**2, A**3)])
def test_other_shapes_are_other_laws(first, second):
    assert law_of_expression(first, "a")[0] != law_of_expression(second, "b")[0]


def test_the_law_of_the_bound_rows_is_the_expression():
    expression = K * A**1.5 / (H + A) - sympy.exp(-B) * sympy.log(1 + H)
    law, names = law_of_expression(expression, "rate")
    values = {"A": 2.0, "B": 0.3, "k": 1.7, "h": 0.9}
    bound = dict(zip(law.slots, (values[name] for name in names), strict=True))
    assert law.evaluate(bound) == pytest.approx(float(expression.subs({A: 2.0, B: 0.3, K: 1.7, H: 0.9})), rel=1e-14)


@pytest.mark.parametrize("expression", [sympy.sin(A), sympy.Max(A, B), sympy.I * A, A * sympy.oo])
def test_what_cannot_be_derived_is_refused_by_name(expression):
    with pytest.raises(CannotDerive, match="kill"):
        law_of_expression(expression, "kill")


def test_text_is_never_an_expression():
    with pytest.raises(CannotDerive, match="expected a law or an expression"):
        law_of_expression("k * A", "kill")


def test_the_report_names_every_formula_that_fails():
    net = Network("two bad rates")
    cells = net.species("cells")
    net.reaction("good", produces={cells: 1}, rate=2 * cells)
    net.reaction("wave", produces={cells: 1}, rate=sympy.sin(cells._sympy_()))
    net.quantity("largest", sympy.Max(cells._sympy_(), 1))
    problems = report(net).problems
    assert [problem.split(":")[0] for problem in problems] == ["quantity 'largest'", "reaction 'wave'"]


def test_a_handle_may_be_an_exponent():
    cells = Network("doubling").species("cells")
    assert 2**cells == 2 ** sympy.Symbol("cells", real=True)
