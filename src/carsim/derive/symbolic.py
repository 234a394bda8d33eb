"""A law as a SymPy expression: its function called with a symbol for each argument."""

from __future__ import annotations

import sympy

from carsim.model.law import Law

NODE = sympy.Dummy("node", real=True)  # no argument of this name is ever taken for it


def formula_of(law: Law) -> sympy.Expr:
    """The law as an expression of its slots; of a trait, also of the node of the averaging rule."""
    replaced: dict[str, sympy.Expr] = {}
    if law.trait is not None:
        median, log_sd = (sympy.Symbol(name, real=True) for name in law.slots[:2])
        replaced[law.trait] = median * sympy.exp(log_sd * NODE)
    return _formula(law, replaced)


def formula_of_cell(law: Law) -> sympy.Expr:
    """The law as an expression of its arguments, its trait included."""
    return _formula(law, {})


def _formula(law: Law, replaced: dict[str, sympy.Expr]) -> sympy.Expr:
    symbols = {name: sympy.Symbol(name, real=True) for name in law.arguments}
    formula = law.function(**(symbols | replaced))
    return formula if isinstance(formula, sympy.Expr) else sympy.Float(formula)
