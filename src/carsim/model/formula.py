"""A SymPy expression as a plain function, like the function of any law: of numbers, of units, or of symbols."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from carsim.model import law as laws


class Formula:
    """An expression to be called with its symbols' values by name; equal expressions are equal formulas."""

    def __init__(self, expression: Any) -> None:
        self.expression = expression

    def __eq__(self, other: object) -> bool:
        """Whether the expressions are the same, so that reactions of one shape share their law."""
        return isinstance(other, Formula) and bool(self.expression == other.expression)

    def __hash__(self) -> int:
        """Hash of the expression."""
        return hash(self.expression)

    def __call__(self, **values: Any) -> Any:
        """The value of the expression."""
        return evaluate(self.expression, values)


def evaluate(expression: Any, values: Mapping[str, Any]) -> Any:
    """The value of an expression of numbers, symbols, sums, products, powers, exp and log."""
    if expression.is_Symbol:
        return values[expression.name]
    if expression.is_Integer:
        return int(expression)
    if expression.is_number:
        return float(expression)
    parts = [evaluate(part, values) for part in expression.args]
    if expression.is_Add:
        return sum(parts[1:], parts[0])
    if expression.is_Mul:
        return math.prod(parts[1:], start=parts[0])
    if expression.is_Pow:
        return parts[0] ** parts[1]
    return {"exp": laws.exp, "log": laws.log}[type(expression).__name__](parts[0])
