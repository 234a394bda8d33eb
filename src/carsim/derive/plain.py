"""A network as numbers, names and lists, from which `classroom/model/lower.js` makes the tables that `lower` makes.

    species     [name, tolerance, signed]           quantities  [name, *formula]
    parameters  name                                 reactions   [[[species, change], ...], *formula]
    modes       [name, initial, [[source, target, condition], ...], visits]
    events      [name, [condition, ...], [[row, operation, amount], ...], visits, duration, delay, apart, count]
    extinctions [name, [species, ...], below]
    formula     law, argument, ...  or  -1, [coefficient, row, row], ...       condition  [row, above, row or number]

An argument is a name or a number. Values of parameters and states at the start are no part of it: a network that is
built anew with other values is the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carsim.derive.rows import Bound, Rows, Sum, rows_of
from carsim.derive.watching import OPERATIONS
from carsim.model.handle import Ref
from carsim.model.law import Law
from carsim.model.network import Condition, Network

DEFAULT_TOLERANCE = 1e-9  # of a species that states none: that of the engines' options


def plain(network: Network, index: Mapping[Law, int]) -> dict[str, list[Any]]:
    """The network as lists; `index` numbers its laws."""
    rows = rows_of(network)
    names = {row: name for name, row in rows.names.items()}
    first = rows.modes + len(network.modes)
    formulas = [_formula(rows, names, index, first + k) for k in range(len(rows.formulas))]
    count = len(network.quantities)
    return {
        "species": [[s.name, s.tolerance or DEFAULT_TOLERANCE, int(s.signed)] for s in network.all_species],
        "parameters": [row.name for row in network.parameters],
        "modes": [
            [
                mode.name,
                mode.states.index(mode.initial),
                [
                    [mode.states.index(move.source), mode.states.index(move.target), _condition(move.condition)]
                    for move in mode.transitions
                ],
                list(mode.visits),
            ]
            for mode in network.modes
        ],
        "quantities": [[q.name, *formula] for q, formula in zip(network.quantities, formulas[:count], strict=True)],
        "reactions": [
            [
                [
                    *([ref.name, -float(number)] for ref, number in reaction.consumes),
                    *([ref.name, float(number)] for ref, number in reaction.produces),
                ],
                *formula,
            ]
            for reaction, formula in zip(network.reactions, formulas[count:], strict=True)
        ],
        "events": [
            [
                event.name,
                [_condition(item) for item in event.conditions],
                [[item.target.name, OPERATIONS[item.operation], _value(item.amount)] for item in event.changes],
                list(event.visits),
                event.duration,
                event.delay,
                event.apart,
                event.count,
            ]
            for event in network.events
        ],
        "extinctions": [[item.name, [ref.name for ref in item.species], item.below] for item in network.extinctions],
    }


def _formula(rows: Rows, names: Mapping[int, str], index: Mapping[Law, int], row: int) -> list[Any]:
    formula = rows.formulas[row]
    if isinstance(formula, Bound):
        return [index[formula.law], *(names[r] if r in names else rows.constants[r] for r in formula.rows)]
    assert isinstance(formula, Sum)
    return [-1, *([c, *(names[r] for r in (a, b) if r)] for c, a, b in formula.terms)]


def _condition(item: Condition) -> list[Any]:
    return [item.quantity.name, int(item.side == "above"), _value(item.threshold)]


def _value(value: Ref | float) -> str | float:
    return value.name if isinstance(value, Ref) else float(value)
