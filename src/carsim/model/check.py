"""Does a network balance? Units of every formula, sum, reaction, condition and change; nothing is simulated for it.

Each law is evaluated with units in place of numbers, so the check reads the formula that the engines run. A finding
names the row, the unit that it states and the unit that its formula has.
"""

from __future__ import annotations

from typing import Any

from carsim.model.dimension import PURE, Unit, UnitMismatch, parse
from carsim.model.formula import evaluate
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Change, Condition, Network, Term


def check(network: Network) -> list[str]:
    """Everything that does not balance, one sentence each, in order of statement; empty for a sound network."""
    problems: list[str] = []
    units: dict[str, Unit] = {}
    for name, ref in network.rows.items():
        try:
            units[name] = parse(network.unit_of(ref))
        except ValueError as error:
            problems.append(f"{ref.kind} {name!r}: {error}")
            units[name] = PURE
    for quantity in network.quantities:
        where = f"quantity {quantity.name!r}"
        formula = quantity.terms if quantity.formula is None else quantity.formula
        problems += _compare(where, formula, units, units[quantity.name], quantity.unit)
    for reaction in network.reactions:
        problems += _reaction(network, reaction, units)
    for event in network.events:
        where = f"event {event.name!r}"
        problems += [p for item in event.conditions for p in _condition(where, item, units)]
        problems += [p for item in event.changes for p in _change(where, item, units)]
    for mode in network.modes:
        problems += [p for item in mode.transitions for p in _condition(f"mode {mode.name!r}", item.condition, units)]
    for extinction in network.extinctions:
        problems += _same(f"extinction {extinction.name!r}", extinction.species, units)
    return problems


def _reaction(network: Network, reaction: Any, units: dict[str, Unit]) -> list[str]:
    where = f"reaction {reaction.name!r}"
    try:
        stated = parse(reaction.unit)
    except ValueError as error:
        return [f"{where}: {error}"]
    problems = _compare(where, reaction.rate, units, stated, reaction.unit)
    time = parse(network.time_unit)
    for ref, _ in reaction.consumes + reaction.produces:
        if units[ref.name] / time != stated:
            problems.append(
                f"{where}: rate in {reaction.unit} changes {ref.name!r}, which is in {network.unit_of(ref)}"
            )
    return problems


def _compare(where: str, formula: Any, units: dict[str, Unit], stated: Unit, text: str) -> list[str]:
    try:
        found = _unit_of(formula, units)
    except UnitMismatch as error:
        return [f"{where}: its formula {error}"]
    return [] if found == stated else [f"{where}: stated in {text} ({stated}), but its formula is in {found}"]


def _unit_of(formula: Any, units: dict[str, Unit]) -> Unit:
    if isinstance(formula, Call):
        return _of_call(formula, units)
    if isinstance(formula, tuple):
        return _of_terms(formula, units)
    if isinstance(formula, Ref):
        return units[formula.name]
    value = PURE if isinstance(formula, int | float) else evaluate(formula, units)
    return value if isinstance(value, Unit) else PURE


def _of_call(call: Call, units: dict[str, Unit]) -> Unit:
    law = call.law
    values = {
        slot: units[part.name] if isinstance(part, Ref) else PURE
        for slot, part in zip(law.slots, call.bindings, strict=True)
    }
    if law.trait is not None:
        if not values[f"{law.trait}_log_sd"].pure:
            raise UnitMismatch(f"has a log standard deviation in {values[f'{law.trait}_log_sd']}")
        values[law.trait] = values[f"{law.trait}_median"]
    value = law.function(**{name: values[name] for name in law.arguments})
    return value if isinstance(value, Unit) else PURE


def _of_terms(terms: tuple[Term, ...], units: dict[str, Unit]) -> Unit:
    total: Unit | None = None
    for term in terms:
        unit = PURE
        for factor in term.factors:
            unit = unit * units[factor.name]
        total = unit if total is None else total + unit
    return PURE if total is None else total


def _condition(where: str, item: Condition, units: dict[str, Unit]) -> list[str]:
    if isinstance(item.threshold, Ref):
        return _same(f"{where}: condition on {item.quantity.name!r}", (item.quantity, item.threshold), units)
    return []


def _change(where: str, item: Change, units: dict[str, Unit]) -> list[str]:
    if not isinstance(item.amount, Ref):
        return []
    if item.operation == "scale":
        amount = units[item.amount.name]
        return [] if amount.pure else [f"{where}: scales {item.target.name!r} by {item.amount.name!r} in {amount}"]
    return _same(f"{where}: change of {item.target.name!r}", (item.target, item.amount), units)


def _same(where: str, refs: tuple[Ref, ...], units: dict[str, Unit]) -> list[str]:
    first = units[refs[0].name]
    return [f"{where}: {r.name!r} is in {units[r.name]}, not {first}" for r in refs[1:] if units[r.name] != first]
