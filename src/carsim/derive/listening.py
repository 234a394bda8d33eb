"""What reads species directly, and where one cell of it more or less must not be left unheard.

A rate that is proportional to a species follows it cell by cell in the hybrid engine. What else reads the species
directly, a total of cells or a law that saturates in them, is a listener; so is the species itself, where a condition
watches it. What stands behind listeners is left as it is until one of them has changed by 2 % (`STALE`). That is sound
where rates follow listeners about in proportion, as products and saturating laws do, and wrong where a difference is
taken, as in b x (1 - total / K) near K. Whether it is, is looked at in states drawn over all orders of magnitude: a
species is steep if a change of one of its listeners by that much moves a rate behind it by more than `MOST` of it, or
a watched quantity by more than the engine's margin; or if such a row is negative in any state, or vanishes in some.
"""

from __future__ import annotations

import math

import numpy as np

from carsim.derive.individuals import proportional
from carsim.derive.programs import Lowering, after
from carsim.derive.rows import Bound, Rows, Sum

STALE = 0.02  # as `engines.hybrid.DRIFT_LIMIT`
NEAR = 2.0  # as `engines.kernels.looking.NEAR`: times STALE, how far a watched quantity may move unseen
MOST = 3 * STALE  # of a rate: room for a product of three factors that move with the population
STATES = 16  # over DECADES of cells: a difference that turns negative does so in about half of them
DECADES = 12.0


def listeners_of(low: Lowering, running: set[int], watched: set[int]) -> list[list[int]]:
    """For each species its listeners; `running`: the rows kept up to date, `watched`: those of conditions."""
    rows, readers = low.rows, low.readers
    rates = set(rows.rates.values())
    found = []
    for s in range(rows.species, rows.parameters):
        reading = [row for row in readers.get(s, ()) if row in running]
        others = [
            row for row in reading if not (row in rates and s in proportional(rows.formulas[row], range(s, s + 1)))
        ]
        found.append([s, *others] if s in watched else others)
    return found


def steep_species(low: Lowering, running: set[int], watched: set[int], listeners: list[list[int]]) -> set[int]:
    """Numbers of the species that are steep; what does not count is never counted, and none of them."""
    rows, readers = low.rows, low.readers
    rates = set(rows.rates.values())
    states = [_state(low, k) for k in range(STATES)]
    crossing = {row for row in rates | watched if row in running and _crosses([v[row] for v in states])}
    steep: dict[int, bool] = {}
    found = set()
    for k, species in enumerate(rows.network.all_species):
        if species.kind != "count":
            continue
        for listener in listeners[k]:
            if listener not in steep:
                behind = after((listener,), readers, running)
                order = sorted(behind, key=lambda row: (low.level[row], row))
                steep[listener] = not crossing.isdisjoint({listener, *behind}) or any(
                    _moves(rows, listener, order, rates, watched, state) for state in states
                )
        if any(steep[listener] for listener in listeners[k]):
            found.add(k)
    return found


def _state(low: Lowering, number: int) -> list[float]:
    """Values of all rows in a state that is drawn anew for each number; parameters have the network's values."""
    rows, network = low.rows, low.rows.network
    rng = np.random.default_rng(number)
    drawn = 10.0 ** (DECADES * rng.random(rows.parameters - rows.species))
    values = [*rows.constants, *drawn.tolist()]
    values += [parameter.value for parameter in network.parameters]
    values += [float(mode.states.index(mode.initial)) for mode in network.modes]
    values += [math.nan] * (rows.end - len(values))
    for row in sorted(rows.formulas, key=lambda r: (low.level[r], r)):
        values[row] = _value(rows.formulas[row], values)
    return values


def _value(formula: Bound | Sum, values: list[float]) -> float:
    """A row from those it reads; not a number where it is not defined."""
    if isinstance(formula, Sum):
        return math.fsum(c * values[a] * values[b] for c, a, b in formula.terms)
    read = zip(formula.law.slots, formula.rows, strict=True)
    try:
        return float(formula.law.evaluate({name: values[row] for name, row in read}))
    except (ArithmeticError, ValueError, TypeError):
        return math.nan


def _crosses(values: list[float]) -> bool:
    """Whether a row is negative in any state, or zero in some but not in others."""
    known = [value for value in values if not math.isnan(value)]
    zeros = sum(value == 0.0 for value in known)
    return any(value < 0.0 for value in known) or 0 < zeros < len(known)


def _moves(
    rows: Rows, listener: int, behind: list[int], rates: set[int], watched: set[int], state: list[float]
) -> bool:
    """Whether a change of a listener in this state moves one of the rows behind it by too much."""
    moved = list(state)
    moved[listener] *= 1.0 + STALE
    for row in behind:
        moved[row] = _value(rows.formulas[row], moved)
        most = MOST if row in rates else NEAR * STALE if row in watched else math.inf
        if abs(moved[row] - state[row]) > most * abs(state[row]):
            return True
    return False
