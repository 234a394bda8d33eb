"""Reactions as jumps: what each changes, and the program that must follow it (a dependency graph).

A reaction that fires changes some species. What reads them, directly or through aggregates, is evaluated anew in
dependency order, and nothing else: the rates among these rows are the propensities that have changed. Where one cell
more or less is next to nothing to what reads them directly, the engine can stop there (`listening`).

Source: M. A. Gibson and J. Bruck, J Phys Chem A 104:1876 (2000).
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from carsim.derive.individuals import Copies, owner_of
from carsim.derive.listening import listeners_of, steep_species
from carsim.derive.programs import Blocks, Lowering, after, starts, whole
from carsim.derive.proportion import follows_alone
from carsim.derive.tables import Jumps, Watch
from carsim.model.network import Reaction


def jumps_of(
    low: Lowering, running: set[int], watch: Watch, watched: Iterable[int], copies: Copies | None = None
) -> Jumps:
    """The jumps of a lowered network; `running`: the rows kept up to date, `watched`: those of conditions.

    With `copies`, cells are simulated one by one, and a reaction also changes what the traits of its cells make.
    """
    rows, network = low.rows, low.rows.network
    position = {species.name: k for k, species in enumerate(network.all_species)}
    rates = list(rows.rates.values())
    number = {row: r for r, row in enumerate(rates)}
    conditions = set(watched)
    mortal = _extinctions(watch)
    readers = low.readers
    changes = [_changes(reaction, position) for reaction in network.reactions]
    of_species: list[list[int]] = [[] for _ in position]
    for r, row in enumerate(rates):
        for factor in follows_alone(rows.formulas[row], range(rows.species, rows.parameters)):
            of_species[factor - rows.species].append(r)
    listeners = listeners_of(low, running, conditions)
    counted = {position[species.name] for species in network.all_species if species.kind == "count"}
    moved = {k for change in changes if not counted.isdisjoint(change) for k in change}
    steep = steep_species(low, running, conditions, listeners, moved) if copies is None else moved
    number_of = {row: k for k, row in enumerate(sorted({row for some in listeners for row in some}))}
    blocks, listen = Blocks(), Blocks()
    ends, affected, conditional, touched = [0], [], [], []
    listen_ends, hearing = [0], []
    sides = list(zip(watch.condition_row.tolist(), watch.condition_threshold.tolist(), strict=True))
    behind: list[list[int]] = [[] for _ in sides]
    for r, change in enumerate(changes):
        changed = [rows.species + k for k in change]
        if copies is not None:
            own = {*change, owner_of(network.reactions[r], rows)}
            changed += [row for s in sorted(own) for row in copies.mean.get(s, {}).values()]
        anew = after(changed, readers, running)
        low.add(blocks, anew, which=r)
        ends.append(len(blocks.groups))
        affected.append([number[row] for row in sorted(anew) if row in number])
        hear = sorted({row for k in change for row in listeners[k]})
        low.add(listen, [row for row in hear if row in rows.formulas], which=r)
        listen_ends.append(len(listen.groups))
        hearing.append([number_of[row] for row in hear])
        conditional.append(not conditions.isdisjoint((*changed, *anew)))
        for c, both in enumerate(sides):
            if not {*changed, *anew}.isdisjoint(both):
                behind[c].append(r)
        touched.append(sorted({e for k in change for e in mortal.get(k, ())}))
    return Jumps(
        n_reactions=len(rates),
        rate=whole(rates),
        change_start=starts(changes),
        change_species=whole(k for change in changes for k in change),
        change_amount=np.array([amount for change in changes for amount in change.values()], dtype=np.float64),
        counted=whole(species.kind == "count" for species in network.all_species),
        order=whole(_order(name, network.reactions) for name in position),
        update=blocks.program(),
        update_start=whole(ends),
        affected_start=starts(affected),
        affected=whole(r for some in affected for r in some),
        own_start=starts(of_species),
        own=whole(r for some in of_species for r in some),
        n_listeners=len(number_of),
        listener=whole(number_of),
        listen=listen.program(),
        listen_start=whole(listen_ends),
        hearing_start=starts(hearing),
        hearing=whole(k for some in hearing for k in some),
        steep=whole(not steep.isdisjoint(change) for change in changes),
        watched=whole(either or bool(some) for either, some in zip(conditional, touched, strict=True)),
        conditional=whole(conditional),
        behind_start=starts(behind),
        behind=whole(r for some in behind for r in some),
        touched_start=starts(touched),
        touched=whole(e for some in touched for e in some),
    )


def _changes(reaction: Reaction, position: dict[str, int]) -> dict[int, float]:
    """Net change of each species, by its position, in order of statement."""
    net: dict[int, float] = {}
    for side, sign in ((reaction.consumes, -1.0), (reaction.produces, 1.0)):
        for ref, amount in side:
            k = position[ref.name]
            net[k] = net.get(k, 0.0) + sign * float(amount)
    return {k: amount for k, amount in net.items() if amount != 0.0}


def _extinctions(watch: Watch) -> dict[int, list[int]]:
    """For each species, by its position, the extinctions whose population it is part of."""
    found: dict[int, list[int]] = {}
    for e, (first, last) in enumerate(pairwise(watch.extinction_start)):
        for s in watch.extinction_species[first:last]:
            found.setdefault(int(s), []).append(e)
    return found


def _order(species: str, reactions: Iterable[Reaction]) -> int:
    """Cells that meet in the largest reaction that takes this species; one where none takes it."""
    meeting = [sum(n for _, n in r.consumes) for r in reactions if any(ref.name == species for ref, _ in r.consumes)]
    return int(max(meeting, default=1.0))
