"""Which species move rates steeply: where one of many cells more or less must not be left unheard.

The hybrid engine leaves rates as they are until a population has changed by 2 % (`STALE`). That is sound where rates
follow populations about in proportion, as products and saturating laws do, and wrong where a difference is taken, as in
b x (1 - x / K) near K. Whether it is, is looked at in states drawn over all orders of magnitude: a species is steep if
a change of it by that much moves a rate that it stands behind by more than `MOST` of it (beyond the proportion that the
engine itself follows), or a watched quantity by more than the engine's margin; or if such a row is negative in any
state, or vanishes in some.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from carsim.derive.individuals import proportional
from carsim.derive.programs import Lowering, after
from carsim.derive.rows import Bound, Rows, Sum

STALE = 0.02  # as `engines.hybrid.DRIFT_LIMIT`
NEAR = 2.0  # as `engines.kernels.looking.NEAR`: times STALE, how far a watched quantity may move unseen
MOST = 3 * STALE  # of a rate: room for a product of three factors that move with the population
STATES = 16  # over DECADES of cells: a difference that turns negative does so in about half of them
DECADES = 12.0


def steep_species(low: Lowering, running: set[int], watched: Iterable[int]) -> list[bool]:
    """For each species, whether it is steep; `running`: the rows kept up to date, `watched`: those of conditions.

    What does not count is never many cells, and taken for steep without a look.
    """
    rows = low.rows
    counted = [item.kind == "count" for item in rows.network.all_species]
    species = [row for row, counts in enumerate(counted, start=rows.species) if counts]
    order = sorted(running, key=lambda row: (low.level[row], row))
    states = [_state(low, k) for k in range(STATES)]
    rates, conditions = set(rows.rates.values()), set(watched)
    readers = low.readers
    behind = {s: after((s,), readers, running) for s in species}
    crossing = {row for row in rates | conditions if row in running and _crosses([v[row] for v in states])}
    found = dict.fromkeys(range(rows.species, rows.parameters), True)
    for s in species:
        heard = {row: _heard(rows.formulas[row], s, row in rates) for row in order if row in behind[s]}
        most = {row: MOST if row in rates else NEAR * STALE for row in heard if row in rates or row in conditions}
        steep = not crossing.isdisjoint(heard)
        found[s] = steep or any(_moves(rows, s, heard, most, state) for state in states)
    return list(found.values())


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


def _heard(formula: Bound | Sum, species: int, is_rate: bool) -> float:
    """By how much the engine itself changes a rate when a species changes by `STALE`."""
    return float((1.0 + STALE) ** proportional(formula, range(species, species + 1)).count(species)) if is_rate else 1.0


def _moves(rows: Rows, species: int, heard: dict[int, float], most: dict[int, float], state: list[float]) -> bool:
    """Whether a change of one species in this state moves one of its rows by too much."""
    moved = list(state)
    moved[species] *= 1.0 + STALE
    for row, factor in heard.items():
        moved[row] = _value(rows.formulas[row], moved)
        expected = state[row] * factor
        if row in most and abs(moved[row] - expected) > most[row] * abs(expected):
            return True
    return False
