"""A reaction network: species, parameters, quantities, reactions, modes and events, each named once with its unit.

A network is stated row by row, then sealed by its first use; a sealed network is immutable. Rows refer to one another
by handles (`Ref`), and every formula is a `Call` of a law (see `model.law`) or a SymPy expression of handles:

    net = Network("two-clone growth")
    cells = net.species("cells", unit="cell", initial=1e3)
    birth = net.parameter("birth", 0.105, unit="1/d")
    net.reaction("birth", produces={cells: 1}, rate=birth * cells)

Quantities are the named intermediates: a law of other rows, or a sum of products of them. What each one is follows
from what it depends on: parameters only, a derived parameter (evaluated once per patient and after each change of a
parameter); states and needed by a rate, an aggregate; states and not needed by a rate, an observable (evaluated for
outputs, events and modes only). They are differentiated by the chain rule, never substituted.

Order of rows is the order of statement; nothing is sorted by name or by hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any, Literal

from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.sound import refuse_unsound
from carsim.model.words import Kind, Operation, Side

LARGEST_SIDE = 512  # of a lattice: 1.3e8 places, half a gigabyte


@dataclass(frozen=True)
class Species:
    """A state. `initial` is its default start value; `tolerance` its absolute error scale (in its own unit).

    A `signed` state may be negative (reference problems, integrals of net rates); for any other a negative value is an
    error of the method, which engines reject.
    """

    name: str
    unit: str
    kind: Kind
    initial: float
    tolerance: float
    meaning: str
    signed: bool = False


@dataclass(frozen=True)
class Parameter:
    """A constant of one patient between two changes. `source` says where the default value comes from."""

    name: str
    unit: str
    value: float
    meaning: str
    source: str


@dataclass(frozen=True)
class Term:
    """One term of a sum: coefficient x product of one or two rows."""

    coefficient: float
    factors: tuple[Ref, ...]


@dataclass(frozen=True)
class Quantity:
    """A named intermediate: either a law's call (or a SymPy expression) or a sum of terms."""

    name: str
    unit: str
    formula: Any
    terms: tuple[Term, ...] | None
    meaning: str


@dataclass(frozen=True)
class Reaction:
    """What it takes, what it makes, how fast. `process` names its biology; `net` marks a rate that may be negative."""

    name: str
    consumes: tuple[tuple[Ref, float], ...]
    produces: tuple[tuple[Ref, float], ...]
    rate: Any
    unit: str
    process: str
    net: bool


@dataclass(frozen=True)
class Condition:
    """`quantity` above (`>=`) or below (`<`) a threshold (number or parameter)."""

    quantity: Ref
    side: Side
    threshold: Ref | float


@dataclass(frozen=True)
class Change:
    """What an event does to one species or parameter; `amount` is a number, or a row read at the event."""

    target: Ref
    operation: Operation
    amount: Ref | float


@dataclass(frozen=True)
class Event:
    """Changes that happen when all conditions hold.

    Without `visits` the moment is located in continuous time; with them the conditions are looked at on those days
    only. They must have held for `duration`; the changes come `delay` later; at most `count` times (None: no limit),
    at least `apart` after one another. A condition that holds at the start of the simulation fires there.

    With `apart` above zero an event repeats while its conditions go on holding; without it, they must first cease to
    hold. While changes are delayed, the event does not trigger again.
    """

    name: str
    conditions: tuple[Condition, ...]
    changes: tuple[Change, ...]
    visits: tuple[float, ...] = ()
    duration: float = 0.0
    delay: float = 0.0
    apart: float = 0.0
    count: int | None = 1


@dataclass(frozen=True)
class Transition:
    """A mode leaves state `source` for `target` when `condition` comes to hold (hysteresis: different thresholds)."""

    source: str
    target: str
    condition: Condition


@dataclass(frozen=True)
class Mode:
    """A finite state with thresholds; its value as a row is the index of the state."""

    name: str
    states: tuple[str, ...]
    initial: str
    transitions: tuple[Transition, ...]
    visits: tuple[float, ...]
    meaning: str


@dataclass(frozen=True)
class Extinction:
    """A population that is gone when its total falls below `below`: its species are set to zero, and it is recorded."""

    name: str
    species: tuple[Ref, ...]
    below: float


@dataclass(frozen=True)
class Trait:
    """What single cells of some species differ by: log-normal over the cells, with these rows as its parameters.

    Laws with a trait read the two rows and take the mean; engines of single cells give each cell a value of its own. A
    daughter keeps the share `heritability` (a row, or 1) of how far its mother lies from the median, in log.
    """

    name: str
    species: tuple[Ref, ...]
    median: Ref
    log_sd: Ref
    heritability: Ref | float


@dataclass(frozen=True)
class Lattice:
    """A cubic lattice of side^3 places, joined at opposite faces, each for one cell of these species.

    For engines of single cells alone: a cell divides only where one of its six neighbouring places is free, and what
    comes from elsewhere takes any free place. Engines that count leave it out.
    """

    name: str
    species: tuple[Ref, ...]
    side: int


@dataclass(eq=False)
class Network:
    """Rows of a reaction system; see the module's text. Attributes are read-only views for the rooms that derive."""

    title: str
    time_unit: str = "d"
    rows: dict[str, Ref] = field(default_factory=dict, init=False)
    all_species: list[Species] = field(default_factory=list, init=False)
    parameters: list[Parameter] = field(default_factory=list, init=False)
    quantities: list[Quantity] = field(default_factory=list, init=False)
    reactions: list[Reaction] = field(default_factory=list, init=False)
    modes: list[Mode] = field(default_factory=list, init=False)
    events: list[Event] = field(default_factory=list, init=False)
    extinctions: list[Extinction] = field(default_factory=list, init=False)
    traits: list[Trait] = field(default_factory=list, init=False)
    lattices: list[Lattice] = field(default_factory=list, init=False)
    sealed: bool = field(default=False, init=False)

    def species(
        self,
        name: str,
        *,
        unit: str = "1",
        kind: Kind = "count",
        initial: float = 0.0,
        tolerance: float = 0.0,
        meaning: str = "",
        signed: bool = False,
    ) -> Ref:
        """State a species; its handle."""
        ref = self._row(name, "species")
        self.all_species.append(Species(name, unit, kind, float(initial), float(tolerance), meaning, signed))
        return ref

    def parameter(self, name: str, value: float, *, unit: str = "1", meaning: str = "", source: str = "") -> Ref:
        """State a parameter with its default value; its handle."""
        ref = self._row(name, "parameter")
        self.parameters.append(Parameter(name, unit, float(value), meaning, source))
        return ref

    def quantity(self, name: str, formula: Any, *, unit: str = "1", meaning: str = "") -> Ref:
        """State an intermediate by a law's call or a SymPy expression of handles; its handle."""
        ref = self._row(name, "quantity")
        self.quantities.append(Quantity(name, unit, self._checked(name, formula), None, meaning))
        return ref

    def total(
        self,
        name: str,
        terms: Iterable[Ref | tuple[Ref, ...] | tuple[float, Ref] | tuple[float, Ref, Ref]],
        *,
        unit: str = "1",
        meaning: str = "",
    ) -> Ref:
        """State a sum of any length: each term a handle or a product of two, with or without a leading coefficient."""
        ref = self._row(name, "quantity")
        self.quantities.append(Quantity(name, unit, None, tuple(_term(t) for t in terms), meaning))
        return ref

    def reaction(
        self,
        name: str,
        *,
        rate: Any,
        consumes: Mapping[Ref, float] | None = None,
        produces: Mapping[Ref, float] | None = None,
        unit: str = "",
        process: str = "",
        net: bool = False,
    ) -> None:
        """State a reaction; `unit` is that of its rate and defaults to the first species' unit per time unit."""
        self._open(name)
        taken, made = tuple((consumes or {}).items()), tuple((produces or {}).items())
        if not taken and not made:
            raise ValueError(f"reaction {name!r} neither consumes nor produces anything")
        for ref, _ in taken + made:
            if ref.kind != "species" or self.rows.get(ref.name) is not ref:
                raise ValueError(f"reaction {name!r} names {ref!r}, which is no species of network {self.title!r}")
        if name in self._reaction_names:
            raise ValueError(f"reaction {name!r} is stated twice")
        self._reaction_names.add(name)
        unit = unit or f"{self.unit_of((taken or made)[0][0])}/{self.time_unit}"
        self.reactions.append(Reaction(name, taken, made, self._checked(name, rate), unit, process or name, net))

    def mode(
        self,
        name: str,
        states: Sequence[str],
        transitions: Sequence[Transition],
        *,
        initial: str | None = None,
        visits: Sequence[float] = (),
        meaning: str = "",
    ) -> Ref:
        """State a mode; its handle, whose value is the index of its present state."""
        ref = self._row(name, "mode")
        start = states[0] if initial is None else initial
        self.modes.append(Mode(name, tuple(states), start, tuple(transitions), tuple(visits), meaning))
        return ref

    def event(self, event: Event) -> None:
        """State an event."""
        self._open(event.name)
        self.events.append(event)

    def extinction(self, name: str, species: Sequence[Ref], below: float = 1.0) -> None:
        """State that a population below `below` in total is gone."""
        self._open(name)
        self.extinctions.append(Extinction(name, tuple(species), float(below)))

    def trait(
        self, name: str, species: Sequence[Ref], *, median: Ref, log_sd: Ref, heritability: Ref | float = 1.0
    ) -> None:
        """State a trait of the cells of these species; species of one name share it when cells pass between them."""
        self._open(name)
        self.traits.append(Trait(name, tuple(species), median, log_sd, heritability))

    def lattice(self, name: str, species: Sequence[Ref], side: int) -> None:
        """State that the cells of these species stand on a lattice, a niche of side^3 places; one in a network."""
        self._open(name)
        if self.lattices:
            raise ValueError(f"lattice {name!r}: network {self.title!r} has {self.lattices[0].name!r}; expected one")
        if not 1 <= side <= LARGEST_SIDE:
            raise ValueError(
                f"lattice {name!r}: got a side of {side}; expected a whole number from 1 to {LARGEST_SIDE}"
            )
        self.lattices.append(Lattice(name, tuple(species), side))

    def seal(self) -> Network:
        """Make the network immutable; called by its first derivation.

        Raises ValueError for what cannot be meant (see `model.sound`); the network then stays open.
        """
        if not self.sealed:
            refuse_unsound(self)
            self.sealed = True
        return self

    def unit_of(self, ref: Ref) -> str:
        """Unit of a row; a mode is a pure number."""
        return self._units[ref.name]

    @property
    def _units(self) -> dict[str, str]:
        named: list[Species | Parameter | Quantity] = [*self.all_species, *self.parameters, *self.quantities]
        return {row.name: row.unit for row in named} | {mode.name: "1" for mode in self.modes}

    def __post_init__(self) -> None:
        self._reaction_names: set[str] = set()

    def _row(self, name: str, kind: Literal["species", "parameter", "quantity", "mode"]) -> Ref:
        self._open(name)
        if name in self.rows:
            raise ValueError(f"{name!r} is stated twice in network {self.title!r}")
        ref = self.rows[name] = Ref(name, kind)
        return ref

    def _open(self, name: str) -> None:
        if self.sealed:
            raise ValueError(f"network {self.title!r} has been used and is immutable; {name!r} cannot be added")

    def _checked(self, name: str, formula: Any) -> Any:
        for part in formula.bindings if isinstance(formula, Call) else ():
            if isinstance(part, Ref) and self.rows.get(part.name) is not part:
                raise ValueError(f"{name!r} refers to {part!r}, which is not of network {self.title!r}")
        return float(formula) if isinstance(formula, Real) else formula


def _term(term: Any) -> Term:
    if isinstance(term, Ref):
        return Term(1.0, (term,))
    first, *rest = term
    if isinstance(first, Ref):
        return Term(1.0, (first, *rest))
    return Term(float(first), tuple(rest))
