"""Is a network stated soundly? Every row that it names is its own, every word is known, every number can be meant.

Engines read rows by position, so what is not refused here would be read from a wrong place.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, get_args

from carsim.errors import nearest
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.words import Kind, Operation, Side

if TYPE_CHECKING:
    from carsim.model.network import Condition, Network

MOST_FACTORS = 2


def refuse_unsound(network: Network) -> None:
    """Raise ValueError with the first thing that cannot be meant, in order of statement."""
    if not network.all_species:
        raise ValueError(f"network {network.title!r}: got no species; expected at least one")
    _species(network)
    _quantities(network)
    for reaction in network.reactions:
        where = f"reaction {reaction.name!r}"
        for ref, number in reaction.consumes + reaction.produces:
            _number(f"{where}: stoichiometry of {ref.name!r}", number, above=0.0)
        _formula(network, where, reaction.rate, network.rows)
    _modes(network)
    _events(network)
    _extinctions(network)
    _traits(network)
    for lattice in network.lattices:
        for ref in lattice.species:
            _own(network, f"lattice {lattice.name!r}", ref)
            if ref.kind != "species":
                raise ValueError(f"lattice {lattice.name!r}: {ref!r} is no species; expected one")


def _species(network: Network) -> None:
    for species in network.all_species:
        where = f"species {species.name!r}"
        _word(f"{where}: kind", species.kind, get_args(Kind))
        _number(f"{where}: tolerance", species.tolerance, least=0.0)


def _quantities(network: Network) -> None:
    known = [name for name, ref in network.rows.items() if ref.kind != "quantity"]
    for quantity in network.quantities:
        where = f"quantity {quantity.name!r}"
        for term in quantity.terms or ():
            if len(term.factors) > MOST_FACTORS:
                raise ValueError(f"{where}: got a term of {len(term.factors)} factors; expected one or two")
            _number(f"{where}: coefficient", term.coefficient)
            for factor in term.factors:
                _own(network, where, factor)
        if quantity.terms is None:
            _formula(network, where, quantity.formula, known)
        known.append(quantity.name)


def _modes(network: Network) -> None:
    for mode in network.modes:
        where = f"mode {mode.name!r}"
        _unique(f"{where}: state", mode.states)
        _word(f"{where}: initial", mode.initial, mode.states)
        for move in mode.transitions:
            _word(f"{where}: transition from", move.source, mode.states)
            _word(f"{where}: transition to", move.target, mode.states)
            _condition(network, where, move.condition)
        for day in mode.visits:
            _number(f"{where}: visit", day)


def _events(network: Network) -> None:
    _unique("event", [event.name for event in network.events])
    for event in network.events:
        where = f"event {event.name!r}"
        for condition in event.conditions:
            _condition(network, where, condition)
        for change in event.changes:
            _own(network, f"{where}: target", change.target, ("species", "parameter"))
            _word(f"{where}: operation", change.operation, get_args(Operation))
            _row_or_number(network, f"{where}: amount", change.amount)
        for name in ("duration", "delay", "apart"):
            _number(f"{where}: {name}", getattr(event, name), least=0.0)
        for day in event.visits:
            _number(f"{where}: visit", day)


def _extinctions(network: Network) -> None:
    _unique("extinction", [extinction.name for extinction in network.extinctions])
    for extinction in network.extinctions:
        where = f"extinction {extinction.name!r}"
        for ref in extinction.species:
            _own(network, where, ref, ("species",))
        _number(f"{where}: below", extinction.below, least=0.0)


def _condition(network: Network, where: str, condition: Condition) -> None:
    _own(network, f"{where}: condition", condition.quantity)
    _word(f"{where}: side", condition.side, get_args(Side))
    _row_or_number(network, f"{where}: threshold", condition.threshold)


def _formula(network: Network, where: str, formula: Any, known: Iterable[str]) -> None:
    """`known`: names that an expression may hold; a quantity is evaluated after those stated before it."""

    if isinstance(formula, Call):
        for slot, part in zip(formula.law.slots, formula.bindings, strict=True):
            _row_or_number(network, f"{where}: argument {slot!r} of law {formula.law.name!r}", part)
    elif isinstance(formula, Ref):
        _own(network, where, formula)
    elif isinstance(formula, Real):
        _number(where, formula)
    else:
        for name in sorted(symbol.name for symbol in getattr(formula, "free_symbols", ())):
            if name not in known:
                expected = f"a row of network {network.title!r} stated before it"
                raise ValueError(f"{where}: got {name!r}; expected {expected}{_meant(name, known)}")


def _row_or_number(network: Network, where: str, value: Any) -> None:
    if isinstance(value, Real):
        _number(where, value)
    else:
        _own(network, where, value, expected="a handle or a number")


def _own(network: Network, where: str, ref: Any, kinds: Sequence[str] = (), expected: str = "a handle") -> None:
    """Refuse what is no handle of this network, or not of these kinds (none: of any)."""

    if not isinstance(ref, Ref):
        raise ValueError(f"{where}: got {ref!r}; expected {expected} of network {network.title!r}{_row(network, ref)}")
    if network.rows.get(ref.name) is not ref:
        meant = _row(network, ref.name)
        raise ValueError(f"{where}: got {ref!r} of another network; expected a handle of {network.title!r}{meant}")
    if kinds and ref.kind not in kinds:
        raise ValueError(f"{where}: got {ref!r}; expected a {' or '.join(kinds)}")


def _row(network: Network, name: Any) -> str:
    return _meant(str(name), network.rows)


def _meant(name: str, valid: Iterable[str]) -> str:
    meant = nearest(name, valid)
    return f"; did you mean {meant!r}?" if meant else ""


def _word(where: str, word: str, words: Sequence[str]) -> None:
    if word not in words:
        raise ValueError(f"{where}: got {word!r}; expected one of {', '.join(words)}{_meant(str(word), words)}")


def _unique(what: str, names: Sequence[str]) -> None:
    twice = next((name for i, name in enumerate(names) if name in names[:i]), None)
    if twice is not None:
        raise ValueError(f"{what} {twice!r} is stated twice; expected a name of its own")


def _number(where: str, value: Any, *, least: float | None = None, above: float | None = None) -> None:
    good = isinstance(value, Real) and math.isfinite(value)
    if good and (least is None or value >= least) and (above is None or value > above):
        return
    bound = f" of at least {least:g}" if least is not None else f" above {above:g}" if above is not None else ""
    raise ValueError(f"{where}: got {value!r}; expected a finite number{bound}")


def _traits(network: Network) -> None:
    for trait in network.traits:
        where = f"trait {trait.name!r}"
        rows = (trait.median, trait.log_sd, trait.heritability)
        for ref in (row for row in rows if isinstance(row, Ref)):
            _own(network, where, ref)
            if ref.kind != "parameter":
                raise ValueError(f"{where}: {ref!r} is no parameter; expected one")
        for ref in trait.species:
            _own(network, where, ref)
            if ref.kind != "species":
                raise ValueError(f"{where}: {ref!r} is no species; expected one")
