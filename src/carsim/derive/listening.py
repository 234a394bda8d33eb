"""What reads species directly, and where one cell of it more or less must not be left unheard.

A rate that is proportional to each species that it reads follows them cell by cell in the hybrid engine. All else that
reads a species directly, a total of cells or a law that saturates in them, is a listener; so is the species itself,
where a condition watches it. What stands behind listeners is left as it is until one of them has changed by 2 %
(`STALE`). That is sound where rates follow listeners about in proportion, as products and saturating laws do, and wrong
where a difference is taken, as in b x (1 - total / K) near K. Whether it is, is looked at with numbers: a species is
steep if a change of what listens to it by that much moves a rate behind it by more than `MOST` of it, or a watched
quantity by more than the engine's margin; or if such a row is negative somewhere, or vanishes in some places.

    in states      drawn over twelve decades of cells: of every network, one listener after the other
    by sweeps      of each species, by steps of STALE through the numbers that are few, the other species, parameters
                   and modes drawn: of networks with laws of their own, whose shapes are not known here
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from carsim.derive.programs import Lowering, after
from carsim.derive.proportion import follows_alone
from carsim.derive.rows import Bound, Rows, Sum

STALE = 0.02  # as `engines.hybrid.DRIFT_LIMIT`
NEAR = 2.0  # as `engines.kernels.looking.NEAR`: times STALE, how far a watched quantity may move unseen
MOST = 3 * STALE  # of a rate: room for a product of three factors that move with the population
STATES = 16  # over DECADES of cells: a difference that turns negative does so in about half of them
DECADES = 12.0
SWEEPS = 6  # of each species, through
FEW = 4.0  # decades of cells from one on, by steps of STALE
OWN = "carsim.model.processes."  # where the laws of carsim's own biology stand
MOST_ROWS = 1_000_000  # evaluated in all sweeps, three seconds: a network that needs more is taken for steep


def listeners_of(low: Lowering, running: set[int], watched: set[int]) -> list[list[int]]:
    """For each species its listeners; `running`: the rows kept up to date, `watched`: those of conditions."""
    rows, readers = low.rows, low.readers
    species = range(rows.species, rows.parameters)
    alone = {row for row in rows.rates.values() if follows_alone(rows.formulas[row], species)}
    found = []
    for s in species:
        others = [row for row in readers.get(s, ()) if row in running and row not in alone]
        found.append([s, *others] if s in watched else others)
    return found


def steep_species(
    low: Lowering, running: set[int], watched: set[int], listeners: list[list[int]], moved: Iterable[int]
) -> set[int]:
    """Numbers of the species that are steep, among those that reactions with counts change (`moved`)."""
    rows, readers = low.rows, low.readers
    rates = set(rows.rates.values())
    states = [_state(low, k) for k in range(STATES)]
    crossing = {row for row in rates | watched if row in running and _crosses([v[row] for v in states])}
    steep: dict[int, bool] = {}
    found = set()
    for k in moved:
        for listener in listeners[k]:
            if listener not in steep:
                behind = after((listener,), readers, running)
                order = sorted(behind, key=lambda row: (low.level[row], row))
                steep[listener] = not crossing.isdisjoint({listener, *behind}) or any(
                    _moves(rows, listener, order, rates, watched, state) for state in states
                )
        if any(steep[listener] for listener in listeners[k]):
            found.add(k)
    return found | _swept(low, running, watched, listeners, set(moved) - found)


def _swept(
    low: Lowering, running: set[int], watched: set[int], listeners: list[list[int]], moved: set[int]
) -> set[int]:
    """The same by sweeps, of a network with any law that is not of carsim's own biology."""
    rows = low.rows
    laws = {formula.law for row in running if isinstance(formula := rows.formulas[row], Bound)}
    if all(law.function.__module__.startswith(OWN) for law in laws):
        return set()
    behind = {k: after((rows.species + k,), low.readers, running) for k in moved if listeners[k]}
    points = np.exp(np.arange(0.0, FEW * math.log(10.0), math.log(1.0 + STALE)))
    if SWEEPS * points.size * sum(len(some) for some in behind.values()) > MOST_ROWS:
        return set(behind)
    places = [_place(low, k) for k in range(SWEEPS)]
    return {k for k, some in behind.items() if any(_leaps(low, k, some, watched, place, points) for place in places)}


def _place(low: Lowering, number: int) -> list[float]:
    """A state of few cells; from the second on with parameters and modes that are not the network's."""
    rows = low.rows
    rng = np.random.default_rng(number)
    values = _state(low, number)
    values[rows.species : rows.parameters] = (10.0 ** (FEW * rng.random(rows.parameters - rows.species))).tolist()
    if number > 0:
        for row, parameter in enumerate(rows.network.parameters, start=rows.parameters):
            drawn = 2.0 ** rng.uniform(-1.0, 1.0) * parameter.value
            values[row] = drawn if parameter.value != 0.0 else 10.0 ** rng.uniform(-FEW, 0.0)
        for row, mode in enumerate(rows.network.modes, start=rows.modes):
            values[row] = float(rng.integers(len(mode.states)))
    return values


def _leaps(
    low: Lowering, species: int, behind: set[int], watched: set[int], place: list[float], points: np.ndarray
) -> bool:
    """Whether a row behind a species leaps between two points of its sweep, or crosses zero, or is not defined."""
    rows = low.rows
    rates = set(rows.rates.values())
    row = rows.species + species
    order = sorted((each for each in rows.formulas if each in low.moving | behind), key=lambda r: (low.level[r], r))
    own = {r: (1.0 + STALE) ** follows_alone(rows.formulas[r], range(row, row + 1)).count(row) for r in behind & rates}
    looked = [r for r in order if r in behind and (r in rates or r in watched)]
    values: list[Any] = list(place)
    for r in order:
        values[r] = _value(rows.formulas[r], values)
    found = _sweep(rows, values, row, [r for r in order if r in behind], looked, points)
    for r, course in zip(looked, found, strict=True):
        if np.isnan(course).any() or (r in rates and (course < 0.0).any()):
            return True
        expected, most = course[:-1] * own.get(r, 1.0), MOST if r in rates else NEAR * STALE
        with np.errstate(invalid="ignore"):  # two infinities are no leap
            if (np.abs(course[1:] - expected) > most * np.abs(expected)).any():
                return True
    return False


def _sweep(
    rows: Rows, values: list[Any], row: int, behind: list[int], looked: list[int], points: np.ndarray
) -> np.ndarray:
    """The looked-at rows (row, point) along a sweep of one row, to the first point where one behind it is undefined.

    All points at once. Where a law does not take arrays, or anything is not finite on the way, one by one: then Python
    says what is undefined.
    """
    swept = list(values)
    swept[row] = points
    try:
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            for r in behind:
                swept[r] = _formula(rows.formulas[r], swept)
            return np.array([np.broadcast_to(np.asarray(swept[r], dtype=float), points.shape) for r in looked])
    except (ArithmeticError, ValueError, TypeError):
        pass
    swept, found = list(values), []
    for point in points.tolist():
        swept[row] = point
        for r in behind:
            swept[r] = _value(rows.formulas[r], swept)
        found.append([swept[r] for r in looked])
        if any(math.isnan(value) for value in found[-1]):
            break
    return np.array(found).reshape(len(found), len(looked)).T


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


def _formula(formula: Bound | Sum, values: list[Any]) -> Any:
    """A row from those it reads, each a number or an array of them."""
    if isinstance(formula, Sum):
        return sum(c * values[a] * values[b] for c, a, b in formula.terms)
    read = zip(formula.law.slots, formula.rows, strict=True)
    return formula.law.evaluate({name: values[row] for name, row in read})


def _value(formula: Bound | Sum, values: list[Any]) -> float:
    """A row from those it reads; not a number where it is not defined."""
    if isinstance(formula, Sum):
        return math.fsum(c * values[a] * values[b] for c, a, b in formula.terms)
    try:
        return float(_formula(formula, values))
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
