"""From a network to tables: who depends on what, programs in dependency order, and the matrix of the implicit method.

1. Number the rows (`rows.py`).
2. Classify: a quantity of parameters alone is derived; one that a rate needs, directly or not, and that depends on
   states or modes, an aggregate; any other is an observable.
3. Programs: `derived`; `rates` (aggregates, rates, then the right-hand side: stoichiometry times rates); `matrix`
   (partial derivatives of laws, then every entry of the matrix as a linear sum of them).
4. The matrix over the unknowns (states y, state-dependent aggregates q), for a right-hand side f(y, q), q = g(y, q):

       | I/(gamma h) - df/dy    - df/dq   |        Its Schur complement in y is I/(gamma h) - J: the chain rule
       | - dg/dy                I - dg/dq |        is part of the factorisation (`factorization.py`).

5. For engines of chance: each rate stands in the right-hand side times a row that is 0 where its reaction fires as
   jumps, and each reaction has the program that must follow it (`jumping.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from carsim.derive.factorization import eliminate
from carsim.derive.individuals import cells_of, copies_of
from carsim.derive.jumping import jumps_of
from carsim.derive.programs import Blocks, Lowering
from carsim.derive.rows import Bound, Rows, Sum, rows_of
from carsim.derive.tables import Layout, Program, Tables
from carsim.derive.watching import needed_rows, watch_of
from carsim.model.network import Network


def lower(network: Network, outputs: Sequence[str] = (), *, chance: bool = False, individuals: bool = False) -> Tables:
    """The tables of a network, which is sealed by it, with a program for these rows as outputs.

    `chance`: reactions can fire as jumps; the tables then have `jumps`, and rows that leave them out of the equations.
    `individuals`: cells are simulated one by one; the tables then have `cells` too.
    """
    rows = rows_of(network)
    copies = copies_of(rows) if individuals else None
    low = Lowering(rows)
    n = len(network.all_species)
    derived = [row for row in rows.formulas if row not in low.switched and row not in rows.rates.values()]
    needed = low.behind(rows.rates.values())
    running = [row for row in rows.formulas if row in needed and row not in derived]
    unknown_rows = [row for row in running if row in low.moving and row not in rows.rates.values()]

    keep = dict(zip(rows.rates.values(), range(rows.end, rows.end + len(rows.rates)), strict=True)) if chance else {}
    derivative = rows.end + len(keep)
    right = _right_side(rows, keep)
    partials, entries = _matrix_entries(low, right, unknown_rows, derivative + n)
    first_entry = derivative + n + sum(len(p.outputs) for p in partials)
    factors, place = eliminate(n + len(unknown_rows), entries, first_entry, driven=n)
    layout = _layout(rows, derivative, first_entry, n + len(unknown_rows), first_entry + len(place), chance=chance)

    watch, watched = watch_of(rows)
    watching = needed_rows(low.behind(watched), derived)
    output_rows = [rows.names[name] for name in outputs]
    cells = cells_of(low, copies) if copies is not None else None
    return Tables(
        laws=tuple(low.number),
        rows=dict(rows.names),
        layout=layout,
        constants=np.array(rows.constants),
        derived=low.program(derived),
        rates=low.program(running, [(derivative + i, right[i]) for i in range(n)]),
        matrix=_matrix_program(low, partials, entries, place),
        factors=factors,
        watch=watch,
        watching=low.program(watching),
        output=low.program(needed_rows(low.behind(output_rows), derived)),
        output_rows=np.array(output_rows, dtype=np.int64),
        feeds_derived=_feeds_derived(low, derived, len(network.parameters)),
        matrix_rows=place,
        unknowns=tuple(name for name, row in rows.names.items() if row in unknown_rows),
        rate_rows=dict(rows.rates),
        jumps=jumps_of(low, {*running, *watching}, watch, watched, copies) if chance else None,
        cells=cells,
    )


def _right_side(rows: Rows, keep: Mapping[int, int]) -> list[Sum]:
    """Per state the sum of its reactions' rates times what they make less what they take (times the row `keep`)."""
    position = {species.name: i for i, species in enumerate(rows.network.all_species)}
    change: list[dict[int, float]] = [{} for _ in position]
    for reaction in rows.network.reactions:
        rate = rows.rates[reaction.name]
        for side, sign in ((reaction.consumes, -1.0), (reaction.produces, 1.0)):
            for ref, number in side:
                into = change[position[ref.name]]
                into[rate] = into.get(rate, 0.0) + sign * float(number)
    return [Sum(tuple((c, rate, keep.get(rate, 0)) for rate, c in into.items() if c != 0.0)) for into in change]


@dataclass(frozen=True)
class Partials:
    """Rows of the partial derivatives of one instance of a law, by the position of the argument."""

    row: int
    outputs: dict[int, int]


Entries = dict[tuple[int, int], list[tuple[float, int, int]]]


def _matrix_entries(
    low: Lowering, right: list[Sum], unknown_rows: list[int], first: int
) -> tuple[list[Partials], Entries]:
    """Partial derivatives that are needed, and every entry of the matrix (without 1/(gamma h)) as a linear sum."""
    rows, n = low.rows, len(right)
    index = {rows.species + i: i for i in range(n)} | {row: n + k for k, row in enumerate(unknown_rows)}
    partials: list[Partials] = []
    slopes: dict[int, list[tuple[int, float, int]]] = {}  # row -> (unknown, coefficient, row of the slope)
    moving_rates = [rate for rate in rows.rates.values() if rate in low.moving]
    for row in [*unknown_rows, *moving_rates]:
        formula = rows.formulas[row]
        if isinstance(formula, Sum):
            slopes[row] = [(index[a], c, b) for c, a, b in formula.terms if a in index]
            slopes[row] += [(index[b], c, a) for c, a, b in formula.terms if b in index]
            continue
        outputs = {k: first + i for i, k in enumerate(k for k, r in enumerate(formula.rows) if r in index)}
        first += len(outputs)
        partials.append(Partials(row, outputs))
        slopes[row] = [(index[formula.rows[k]], 1.0, out) for k, out in outputs.items()]
    entries: Entries = {(i, i): [] for i in range(n)}
    for k, row in enumerate(unknown_rows):
        entries[n + k, n + k] = [(1.0, 0, 0)]
        for j, c, slope in slopes[row]:
            entries.setdefault((n + k, j), []).append((-c, slope, 0))
    for i, total in enumerate(right):
        for stoichiometry, rate, keep in total.terms:
            for j, c, slope in slopes.get(rate, ()):
                entries.setdefault((i, j), []).append((-stoichiometry * c, slope, keep))
    return partials, entries


def _matrix_program(
    low: Lowering, partials: list[Partials], entries: Entries, place: dict[tuple[int, int], int]
) -> Program:
    blocks = Blocks()
    keyed = []
    for part in partials:
        formula = low.rows.formulas[part.row]
        assert isinstance(formula, Bound)
        mask = sum(1 << k for k in part.outputs)
        outputs = [part.outputs.get(k, 0) for k in range(len(formula.rows))]
        keyed.append((low.number[formula.law], mask, part.row, formula.rows, outputs))
    for law, mask, _, arguments, outputs in sorted(keyed):
        blocks.law("partials", law, arguments, outputs, mask)
    sums = {row: Sum(tuple(entries.get(where, ()))) for where, row in place.items()}
    for row in sorted(sums, key=lambda row: sums[row].linear):
        blocks.sum(("entries", sums[row].linear), row, sums[row])
    return blocks.program()


def _layout(rows: Rows, derivative: int, diagonal: int, n_unknowns: int, inverse: int, *, chance: bool) -> Layout:
    n = len(rows.network.all_species)
    right_side = inverse + n_unknowns
    state = right_side + n_unknowns
    return Layout(
        species=rows.species,
        n_species=n,
        parameters=rows.parameters,
        n_parameters=len(rows.network.parameters),
        modes=rows.modes,
        n_modes=len(rows.network.modes),
        derivative=derivative,
        diagonal=diagonal,
        n_unknowns=n_unknowns,
        inverse=inverse,
        right_side=right_side,
        state=state,
        candidate=state + n,
        stages=state + 2 * n,
        dense=state + 10 * n,
        inverse_step=state + 13 * n,
        share=state + 13 * n + 1,
        error=state + 13 * n + 2,
        defect=state + 13 * n + 3,
        suspect=state + 13 * n + 4,
        keep=rows.end,
        moved=state + 13 * n + 5,
        aside=state + 14 * n + 5,
        size=state + 13 * n + 5 + (n + rows.end - rows.species if chance else 0),
    )


def _feeds_derived(low: Lowering, derived: list[int], count: int) -> np.ndarray:
    read = {r for row in derived for r in low.rows.formulas[row].rows}
    return np.array([low.rows.parameters + i in read for i in range(count)], dtype=np.bool_)
