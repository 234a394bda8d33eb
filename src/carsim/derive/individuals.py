"""Single cells in the tables of a network: each species has its own copy of what its cells' traits make.

The network speaks of a clone's recognition, one row for all its cells everywhere. Where cells are simulated one by
one, those of each species (a clone at a site) have a recognition of their own: the mean over the cells that are there.
So the rows that the network makes of traits are copied for each species, and what concerns one species alone (its share
of a sum, a hazard of its cells) is made to read that species' copy.

    own rows   what follows from a species' traits by parameters alone, evaluated for one cell (laws without the mean)
    made       those of them that anything else reads; their means over the cells are rows that the engine sets
    owner      the species whose cell does a reaction: the one it takes, else the one its rate is proportional to
"""

from __future__ import annotations

from dataclasses import dataclass, field

from carsim.derive.programs import Blocks, Lowering, after, starts, whole
from carsim.derive.proportion import proportional
from carsim.derive.rows import Bound, Rows, Sum
from carsim.derive.tables import Cells
from carsim.model.handle import Ref
from carsim.model.network import Reaction, Trait

NOBODY = -1


@dataclass
class Copies:
    """Copies of the rows that traits make: by species and row, the copy that one cell fills and that of the mean."""

    rows: Rows
    traits: dict[int, list[Trait]] = field(default_factory=dict)  # by species
    own: dict[int, dict[int, int]] = field(default_factory=dict)  # species -> row -> copy for one cell
    mean: dict[int, dict[int, int]] = field(default_factory=dict)  # species -> row that is read -> row of its mean


def copies_of(rows: Rows) -> Copies:
    """Add the copies to the rows, and let what concerns one species read its own; to be called before lowering."""
    network, low = rows.network, Lowering(rows)
    copies = Copies(rows)
    position = {species.name: k for k, species in enumerate(network.all_species)}
    for trait in network.traits:
        for ref in trait.species:
            copies.traits.setdefault(position[ref.name], []).append(trait)
    readers = low.readers
    derived = {row for row in rows.formulas if row not in low.switched}
    for s, traits in copies.traits.items():
        medians = [rows.names[trait.median.name] for trait in traits]
        made_of = after(medians, readers, derived)
        ordered = sorted(made_of, key=lambda row: (low.level[row], row))
        own = {row: rows.end + i for i, row in enumerate(ordered)}
        rows.end += len(own)
        read = [row for row in ordered if any(r not in derived for r in readers.get(row, ()))]
        copies.own[s] = own
        copies.mean[s] = {row: rows.end + i for i, row in enumerate(read)}
        rows.end += len(read)
    _read_own(copies, readers, {*derived}, position)
    return copies


def _read_own(copies: Copies, readers: dict[int, list[int]], derived: set[int], position: dict[str, int]) -> None:
    """Replace what each formula reads of a trait by the copy of the one species that it concerns."""
    rows, network = copies.rows, copies.rows.network
    shared = {row for mean in copies.mean.values() for row in mean}
    changes = {rows.rates[r.name]: _changed(r, position) for r in network.reactions}
    for row, formula in list(rows.formulas.items()):
        if row in derived or shared.isdisjoint(formula.rows):
            continue
        concerned = _concerned(row, readers, rows, changes)
        if isinstance(formula, Sum):
            terms = tuple((c, *_own_factors(copies, (a, b), concerned)) for c, a, b in formula.terms)
            rows.formulas[row] = Sum(terms)
        else:
            own = [_own_row(copies, r, concerned) for r in formula.rows]
            rows.formulas[row] = Bound(formula.law, tuple(own))


def _own_factors(copies: Copies, factors: tuple[int, int], concerned: set[int]) -> tuple[int, int]:
    """Both factors of a term; one that is multiplied with a species is that species' own."""
    a, b = factors
    first = copies.rows.species
    of_a, of_b = ({b - first} & copies.mean.keys(), {a - first} & copies.mean.keys())
    return _own_row(copies, a, of_a or concerned), _own_row(copies, b, of_b or concerned)


def _own_row(copies: Copies, row: int, concerned: set[int]) -> int:
    """The copy of a row for the one species that is concerned, or the row itself."""
    mine = [s for s in concerned if row in copies.mean.get(s, {})]
    return copies.mean[mine[0]][row] if len(mine) == 1 else row


def _concerned(row: int, readers: dict[int, list[int]], rows: Rows, changes: dict[int, set[int]]) -> set[int]:
    """The species that reactions behind a row change, where it acts on cells and not through a population."""
    found: set[int] = set()
    seen, open_rows = {row}, [row]
    while open_rows:
        here = open_rows.pop()
        found |= changes.get(here, set())
        for reader in readers.get(here, ()):
            if reader not in seen and not _counts_cells(rows, reader, here):
                seen.add(reader)
                open_rows.append(reader)
    return found


def _counts_cells(rows: Rows, reader: int, row: int) -> bool:
    """Whether a sum multiplies a row with the cells of a species: then it speaks of the population."""
    formula = rows.formulas[reader]
    species = range(rows.species, rows.parameters)
    return isinstance(formula, Sum) and any(
        (a == row and b in species) or (b == row and a in species) for _, a, b in formula.terms
    )


def _changed(reaction: Reaction, position: dict[str, int]) -> set[int]:
    """What a reaction takes; what it makes where it takes nothing."""
    taken = {position[ref.name] for ref, _ in reaction.consumes}
    return taken or {position[ref.name] for ref, _ in reaction.produces}


def cells_of(low: Lowering, copies: Copies) -> Cells:
    """The tables of single cells."""
    rows, network = low.rows, low.rows.network
    n, rates = len(network.all_species), list(rows.rates.values())
    names = list(dict.fromkeys(trait.name for trait in network.traits))
    owner = [owner_of(reaction, rows) for reaction in network.reactions]
    readers = low.readers
    own, rate = Blocks(), Blocks()
    own_ends, rate_ends = [0], [0]
    selective: list[list[int]] = [[] for _ in range(n)]
    for s in range(n):
        filled = copies.own.get(s, {})
        for row, copy in filled.items():
            _add_own(low, own, rows.formulas[row], filled, copy)
        own_ends.append(len(own.groups))
    dependent = []
    paths: list[list[int]] = []
    for r, row in enumerate(rates):
        mine = set(copies.mean.get(owner[r], {}).values()) if owner[r] != NOBODY else set()
        path = _path(rows, readers, mine, row, low)
        low.add(rate, path, which=r)
        rate_ends.append(len(rate.groups))
        dependent.append(bool(path))
        paths.append(sorted(path))
        if path:
            selective[owner[r]].append(r)
    standing = {ref.name for lattice in network.lattices for ref in lattice.species}
    traits = [copies.traits.get(s, []) for s in range(n)]
    means = [copies.mean.get(s, {}) for s in range(n)]
    flat = [trait for some in traits for trait in some]
    return Cells(
        n_traits=len(names),
        n_made=max((len(mean) for mean in means), default=0),
        trait_start=starts(traits),
        trait=whole(names.index(trait.name) for trait in flat),
        median=whole(rows.names[trait.median.name] for trait in flat),
        log_sd=whole(rows.names[trait.log_sd.name] for trait in flat),
        heritability=whole(
            rows.names[t.heritability.name] if isinstance(t.heritability, Ref) else rows.constant(float(t.heritability))
            for t in flat
        ),
        own=own.program(),
        own_start=whole(own_ends),
        made_start=starts(means),
        made=whole(copies.own[s][row] for s in range(n) for row in means[s]),
        mean=whole(row for mean in means for row in mean.values()),
        whole=whole(row for mean in means for row in mean),
        owner=whole(owner),
        dependent=whole(dependent),
        rate=rate.program(),
        rate_start=whole(rate_ends),
        path_start=starts(paths),
        path=whole(row for path in paths for row in path),
        selective_start=starts(selective),
        selective=whole(r for some in selective for r in some),
        side=network.lattices[0].side if network.lattices else 0,
        on_lattice=whole(species.name in standing for species in network.all_species),
        crowds=whole(_added(reaction, standing) for reaction in network.reactions),
    )


def _added(reaction: Reaction, species: set[str]) -> int:
    """Cells of these species that a reaction makes, less those that it takes."""
    sides = ((reaction.produces, 1.0), (reaction.consumes, -1.0))
    return int(sum(sign * number for side, sign in sides for ref, number in side if ref.name in species))


def _add_own(low: Lowering, blocks: Blocks, formula: Bound | Sum, mine: dict[int, int], copy: int) -> None:
    """Add the evaluation of one own row of a cell, a block of its own."""
    if isinstance(formula, Sum):
        terms = tuple((c, mine.get(a, a), mine.get(b, b)) for c, a, b in formula.terms)
        blocks.sum((copy,), copy, Sum(terms))
        return
    law, read = formula.law, formula.rows
    if law.trait is not None:  # slots: median, log sd, the rest in order; of one cell: its trait among the rest
        rest = iter(read[2:])
        read = tuple(read[0] if name == law.trait else next(rest) for name in law.arguments)
        law = law.of_cell
    blocks.law((copy,), low.number.setdefault(law, len(low.number)), [mine.get(r, r) for r in read], (copy,))


def _path(rows: Rows, readers: dict[int, list[int]], means: set[int], rate: int, low: Lowering) -> set[int]:
    """The rows between a cell's own and a rate, not through what counts a population."""
    forward: set[int] = set()
    open_rows = list(means)
    while open_rows:
        here = open_rows.pop()
        for row in readers.get(here, ()):
            if row not in forward and not _counts_cells(rows, row, here):
                forward.add(row)
                open_rows.append(row)
    return forward & low.behind([rate])


def owner_of(reaction: Reaction, rows: Rows) -> int:
    """The species whose cell does a reaction: the first that loses by it, else one its rate is proportional to."""
    change: dict[str, float] = {}
    for sign, side in ((-1.0, reaction.consumes), (1.0, reaction.produces)):
        for ref, number in side:
            change[ref.name] = change.get(ref.name, 0.0) + sign * number
    losing = [name for name, net in change.items() if net < 0.0]
    if losing:
        return rows.names[losing[0]] - rows.species
    formula = rows.formulas[rows.rates[reaction.name]]
    candidates = proportional(formula, range(rows.species, rows.parameters))
    gaining = [rows.names[name] for name, net in change.items() if net > 0.0]
    best = [row for row in candidates if row in gaining] or candidates
    return best[0] - rows.species if best else NOBODY


def no_cells() -> Cells:
    """The tables of a simulation without single cells."""
    nothing = whole(())
    program = Blocks().program()
    empty = dict.fromkeys(Cells._fields, nothing) | {
        "n_traits": 0,
        "n_made": 0,
        "side": 0,
        "own": program,
        "rate": program,
    }
    return Cells(**empty)  # type: ignore[arg-type]
