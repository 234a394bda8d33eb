"""Quantities that have one value for the whole simulation, since nothing changes the parameters behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import prod
from typing import Any

import numpy as np

from carsim.model.formula import evaluate
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Network


def rows_read(formula: Any) -> set[str]:
    """Names of the rows that a rate or a quantity's formula or terms read."""
    if isinstance(formula, Call):
        return {part.name for part in formula.bindings if isinstance(part, Ref)}
    if isinstance(formula, tuple):
        return {factor.name for term in formula for factor in term.factors}
    if isinstance(formula, Ref):
        return {formula.name}
    return {symbol.name for symbol in getattr(formula, "free_symbols", ())}


def fixed_values(network: Network, parameters: Mapping[str, float], changed: Collection[str]) -> dict[str, float]:
    """Values of the quantities that read neither states nor modes nor `changed` parameters, directly or not."""
    values = {name: np.float64(value) for name, value in parameters.items() if name not in changed}
    found = {}
    for quantity in network.quantities:  # each after those that it reads
        formula = quantity.terms if quantity.formula is None else quantity.formula
        if rows_read(formula) <= values.keys():
            with np.errstate(all="ignore"):  # a division by zero is infinite, as it is to an engine
                values[quantity.name] = np.float64(_value(formula, values))
            found[quantity.name] = float(values[quantity.name])
    return found


def averages_a_trait(formula: Any) -> bool:
    """Whether a formula is the mean of a law over a population of cells."""
    return isinstance(formula, Call) and formula.law.trait is not None


def _value(formula: Any, values: Mapping[str, float]) -> Any:
    if isinstance(formula, Call):
        parts = [values[part.name] if isinstance(part, Ref) else part for part in formula.bindings]
        return formula.law.evaluate(dict(zip(formula.law.slots, parts, strict=True)))
    if isinstance(formula, tuple):
        return sum(term.coefficient * prod(values[factor.name] for factor in term.factors) for term in formula)
    if isinstance(formula, Ref):
        return values[formula.name]
    return formula if isinstance(formula, int | float) else evaluate(formula, values)
