"""SymPy expressions of handles as laws: reactions of the same shape share one law.

An expression such as `birth * cells` becomes an anonymous law of its symbols in a canonical order, so that mass action
of any two rows is one law with two arguments. The order sorts symbols by the shape of the expression around them; where
two symbols have the same shape around them (a product), either order gives the same law.

What an expression may hold: numbers, symbols, sums, products, powers, exp and log. Anything else is refused by name.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sympy

from carsim.errors import CarsimError
from carsim.model.formula import Formula
from carsim.model.law import Law


class CannotDerive(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """A formula holds something that carsim cannot differentiate and compile."""

    exit_status = 2


def law_of_expression(expression: Any, where: str) -> tuple[Law, tuple[str, ...]]:
    """The anonymous law of an expression, and the names of the rows bound to its arguments, in its order.

    `where` names the reaction or quantity for the message of `CannotDerive`.
    """
    if not isinstance(expression, sympy.Expr):
        raise CannotDerive(f"{where}: got {type(expression).__name__}; expected a law or an expression of handles")
    refuse_unknown(expression, where)
    symbols = sorted(expression.free_symbols, key=lambda s: (_shape(expression, s), s.name))
    arguments = tuple(f"x{i}" for i in range(len(symbols)))
    renamed = expression.xreplace({s: sympy.Symbol(a, real=True) for s, a in zip(symbols, arguments, strict=True)})
    digest = hashlib.sha256(_shape(renamed, None).encode()).hexdigest()[:16]
    return Law(f"expression_{digest}", Formula(renamed), arguments), tuple(s.name for s in symbols)


def _shape(expression: Any, marked: Any) -> str:
    """The expression as text with one symbol marked (None: all symbols by name), free of SymPy's order of arguments."""
    if expression.is_Symbol:
        if marked is None:
            return str(expression.name)
        return "!" if expression == marked else "?"
    if not expression.args:
        return str(sympy.srepr(expression))
    parts = [_shape(part, marked) for part in expression.args]
    if expression.is_Add or expression.is_Mul:
        parts.sort()
    return f"{type(expression).__name__}({','.join(parts)})"


def refuse_unknown(expression: Any, where: str) -> None:
    """Raise CannotDerive for an expression that holds what carsim cannot derive; `where` names its place."""
    for part in sympy.preorder_traversal(expression):
        known = part.is_Symbol or part.is_Add or part.is_Mul or part.is_Pow or isinstance(part, sympy.exp | sympy.log)
        if not known and not (part.is_number and part.is_real and part.is_finite):
            raise CannotDerive(
                f"{where}: cannot derive {type(part).__name__} in {expression}; "
                "expected numbers, handles, + - * / **, exp and log"
            )
