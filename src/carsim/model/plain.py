"""A network's rows by plain Python at one state: for estimates before a run; engines compile the same formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carsim.model.formula import evaluate
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Network


def rates_at(network: Network, values: Mapping[str, float]) -> dict[str, float]:
    """Rate of each reaction by name; `values` holds every species and parameter, modes are in their first state."""
    known = dict(values) | {mode.name: float(mode.states.index(mode.initial)) for mode in network.modes}
    for quantity in network.quantities:
        known[quantity.name] = _value(quantity.terms if quantity.formula is None else quantity.formula, known)
    return {reaction.name: _value(reaction.rate, known) for reaction in network.reactions}


def _value(formula: Any, known: Mapping[str, float]) -> float:
    if isinstance(formula, Call):
        parts = {s: _value(part, known) for s, part in zip(formula.law.slots, formula.bindings, strict=True)}
        return float(formula.law.evaluate(parts))
    if isinstance(formula, tuple):
        return sum(_product(term, known) for term in formula)
    if isinstance(formula, Ref):
        return known[formula.name]
    return float(formula) if isinstance(formula, int | float) else float(evaluate(formula, known))


def _product(term: Any, known: Mapping[str, float]) -> float:
    product = float(term.coefficient)
    for factor in term.factors:
        product *= known[factor.name]
    return product
