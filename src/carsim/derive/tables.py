"""A network as flat arrays: what the compiled kernels read at run time.

One workspace holds W consecutive doubles (lanes) per row; every table speaks of rows. `Program` says which law is
evaluated with which rows in which order, `Factors` how the matrix of the implicit method is factorised and solved,
`Watch` which conditions, modes, events and extinctions are looked at. Named tuples, because numba takes them as they
are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carsim.model.law import Law

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

PRODUCTS = -1  # a block of sums of coefficient x row x row
LINEAR = -2  # a block of sums of coefficient x row


class Program(NamedTuple):
    """Blocks in dependency order. A block evaluates one law for `count` instances.

    `entries[start:]` holds per instance of a law its argument rows and then its output row(s): one for the value, one
    per argument for partial derivatives (`mask` says which of them are wanted). Per sum: output row, number of terms,
    then the rows of each term; its coefficients lie at `coefficients[coefficient_start:]`.
    """

    blocks: int
    law: Integers
    count: Integers  # type: ignore[assignment]  # hides tuple.count, which nobody asks a program
    start: Integers
    mask: Integers
    coefficient_start: Integers
    entries: Integers
    coefficients: Floats


class Factors(NamedTuple):
    """Elimination of the matrix without pivoting, one unknown after the other, as lists of rows.

    Step k eliminates `unknown[k]` with its diagonal at row `diagonal[k]`. Its column below lies at
    `column[column_start[k]:column_start[k + 1]]` (rows) for the unknowns `column_unknown`, its row to the right at
    `across[...]`, `across_unknown`; `target` lists, for each pair of them in that order, the row of the entry changed.
    `left[...]`, `left_unknown` are the entries of its row that the forward pass of a solution needs.
    """

    size: int
    unknown: Integers
    diagonal: Integers
    column_start: Integers
    column: Integers
    column_unknown: Integers
    left_start: Integers
    left: Integers
    left_unknown: Integers
    across_start: Integers
    across: Integers
    across_unknown: Integers
    target: Integers


class Layout(NamedTuple):
    """Where things lie in the workspace (rows), and how many there are.

    Tables for engines of chance have three more sets: `keep`, one row per reaction, which is 1 where the reaction runs
    in the differential equations and 0 where it fires as jumps; `moved`, what jumps have changed in the present step;
    and `aside`, where all rows from the species to before `keep` are laid while an output is evaluated. `suspect` is
    above zero in a lane that has to be looked at state by state: one may be drained, or is negative.
    """

    species: int
    n_species: int
    parameters: int
    n_parameters: int
    modes: int
    n_modes: int
    derivative: int
    diagonal: int
    right_side: int
    n_unknowns: int
    inverse: int
    state: int
    candidate: int
    stages: int
    dense: int
    inverse_step: int
    share: int
    error: int
    defect: int
    suspect: int
    keep: int
    moved: int
    aside: int
    size: int


class Watch(NamedTuple):
    """Conditions, events, modes and extinctions as arrays (indices into one another; rows of the workspace).

    A visit (time, what, which) makes a mode (0) or an event (1) look at its conditions on that day only.
    """

    n_events: int
    n_extinctions: int
    n_visits: int
    n_conditions: int
    condition_row: Integers
    condition_above: Integers
    condition_threshold: Integers
    event_condition: Integers
    event_change: Integers
    event_visited: Integers
    event_duration: Floats
    event_delay: Floats
    event_apart: Floats
    event_count: Integers
    change_is_parameter: Integers
    change_target: Integers
    change_operation: Integers
    change_amount: Integers
    mode_transition: Integers
    mode_visited: Integers
    mode_initial: Integers
    transition_source: Integers
    transition_target: Integers
    transition_condition: Integers
    extinction_start: Integers
    extinction_species: Integers
    extinction_below: Floats
    visit_time: Floats
    visit_what: Integers
    visit_which: Integers


class Jumps(NamedTuple):
    """Reactions as jumps: what each changes, and what has to be evaluated anew when it has fired.

    Reaction r changes species `change_species[change_start[r]:change_start[r + 1]]` by `change_amount`, has its
    propensity in row `rate[r]`, and is followed by blocks `update_start[r]` to `update_start[r + 1]` of the program
    `update`, which leave new propensities for the reactions `affected[affected_start[r]:...]`. The rates of reactions
    `own[own_start[s]:...]` are proportional to species s (twice in the list: to its square). What else reads species
    directly are the listeners, rows `listener[k]`: reaction r is heard by those of `hearing[hearing_start[r]:...]`,
    which blocks `listen_start[r]` to `listen_start[r + 1]` of the program `listen` evaluate; `steep[r]` tells whether a
    small change of one of these can change what stands behind it much. `watched` tells whether a condition or an
    extinction can come to hold by the reaction, `conditional` whether a condition can: condition c by the reactions
    `behind[behind_start[c]:...]`. It changes the populations of the extinctions `touched[touched_start[r]:...]`.
    `counted` marks the species that count, `order` is the largest number of cells that meet in a reaction which takes
    one of them.
    """

    n_reactions: int
    rate: Integers
    change_start: Integers
    change_species: Integers
    change_amount: Floats
    counted: Integers
    order: Integers
    update: Program
    update_start: Integers
    affected_start: Integers
    affected: Integers
    own_start: Integers
    own: Integers
    n_listeners: int
    listener: Integers
    listen: Program
    listen_start: Integers
    hearing_start: Integers
    hearing: Integers
    steep: Integers
    watched: Integers
    conditional: Integers
    behind_start: Integers
    behind: Integers
    touched_start: Integers
    touched: Integers


class Cells(NamedTuple):
    """What single cells need: their traits, what each of them makes of the traits, and which reactions are theirs.

    Species s has traits `trait_start[s]` to `trait_start[s + 1]`: `trait[k]` is the trait's number among `n_traits`,
    `median[k]`, `log_sd[k]` and `heritability[k]` are rows. Blocks `own_start[s]` to `own_start[s + 1]` of the program
    `own` make of these rows, set to one cell's, what the network reads: `made[k]`, for `made_start[s]` on; the mean of
    it over all cells of the species stands in `mean[k]`, and for a species without single cells what the network itself
    makes of the whole population, `whole[k]`.

    Reaction r is done by a cell of species `owner[r]` (-1: nobody's). Where its rate depends on what the owner's traits
    make (`dependent[r]`), blocks `rate_start[r]` to `rate_start[r + 1]` of the program `rate` evaluate it for one cell,
    in the rows `path[path_start[r]]` on; these reactions are listed by owner: `selective[selective_start[s]]` on.

    Cells of the species `on_lattice[s]` stand on a lattice of this side (0: there is none), to which reaction r adds
    `crowds[r]` cells.
    """

    n_traits: int
    n_made: int
    trait_start: Integers
    trait: Integers
    median: Integers
    log_sd: Integers
    heritability: Integers
    own: Program
    own_start: Integers
    made_start: Integers
    made: Integers
    mean: Integers
    whole: Integers
    owner: Integers
    dependent: Integers
    rate: Program
    rate_start: Integers
    path_start: Integers
    path: Integers
    selective_start: Integers
    selective: Integers
    side: int
    on_lattice: Integers
    crowds: Integers


@dataclass(frozen=True)
class Tables:
    """A lowered network.

    `rows` gives the workspace row of every species, parameter, mode and quantity; `constants` the values of rows
    0, 1, ...; `laws` what the law indices of the programs mean; `feeds_derived` which parameters change a derived one.
    """

    laws: tuple[Law, ...]
    rows: dict[str, int]
    layout: Layout
    constants: Floats
    derived: Program
    rates: Program
    matrix: Program
    factors: Factors
    watch: Watch
    watching: Program
    output: Program
    output_rows: Integers
    feeds_derived: NDArray[np.bool_]
    matrix_rows: dict[tuple[int, int], int]
    unknowns: tuple[str, ...]
    rate_rows: dict[str, int]
    jumps: Jumps | None = None
    cells: Cells | None = None

    @property
    def programs(self) -> tuple[Program, Program, Program, Program, Program]:
        """All programs in the order in which engines take them."""
        return self.derived, self.rates, self.matrix, self.watching, self.output
