"""Mass balance: the integral of every reaction's rate as a species of its own, integrated by the same method.

Then for every species   change = doses + sum over reactions of (made - taken) x flux   must hold to rounding, whatever
the steps were. `flux.<reaction>` is in the unit of the rate times the unit of time.
"""

from __future__ import annotations

from typing import Any

from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Change, Condition, Event, Network, Transition

PREFIX = "flux."


def with_fluxes(network: Network) -> Network:
    """A copy of the network in which every reaction also makes one of its flux; the given one is left as it is."""
    copy = Network(network.title, network.time_unit)
    for species in network.all_species:
        copy.species(
            species.name,
            unit=species.unit,
            kind=species.kind,
            initial=species.initial,
            tolerance=species.tolerance,
            meaning=species.meaning,
            signed=species.signed,
        )
    tolerances = {species.name: species.tolerance for species in network.all_species}
    for reaction in network.reactions:
        refs = [ref for ref, _ in reaction.consumes + reaction.produces]
        copy.species(
            PREFIX + reaction.name,
            unit=f"{reaction.unit}*{network.time_unit}",
            kind="continuous",
            tolerance=min(tolerances[ref.name] for ref in refs),
            meaning=f"integral of the rate of {reaction.name}",
            signed=reaction.net,
        )
    for row in network.parameters:
        copy.parameter(row.name, row.value, unit=row.unit, meaning=row.meaning, source=row.source)
    _copy_modes_and_quantities(network, copy)
    for reaction in network.reactions:
        copy.reaction(
            reaction.name,
            consumes={copy.rows[ref.name]: number for ref, number in reaction.consumes},
            produces={copy.rows[ref.name]: number for ref, number in reaction.produces}
            | {copy.rows[PREFIX + reaction.name]: 1},
            rate=_moved(reaction.rate, copy),
            unit=reaction.unit,
            process=reaction.process,
            net=reaction.net,
        )
    for event in network.events:
        conditions = tuple(_condition(item, copy) for item in event.conditions)
        changes = tuple(
            Change(copy.rows[item.target.name], item.operation, _moved(item.amount, copy)) for item in event.changes
        )
        copy.event(
            Event(event.name, conditions, changes, event.visits, event.duration, event.delay, event.apart, event.count)
        )
    for extinction in network.extinctions:
        copy.extinction(extinction.name, [copy.rows[ref.name] for ref in extinction.species], extinction.below)
    for trait in network.traits:
        copy.trait(
            trait.name,
            [copy.rows[ref.name] for ref in trait.species],
            median=copy.rows[trait.median.name],
            log_sd=copy.rows[trait.log_sd.name],
            heritability=_moved(trait.heritability, copy),
        )
    for lattice in network.lattices:
        copy.lattice(lattice.name, [copy.rows[ref.name] for ref in lattice.species], lattice.side)
    return copy


def _copy_modes_and_quantities(network: Network, copy: Network) -> None:
    """In order of statement: a quantity may read a mode, and a mode's conditions read quantities."""
    modes = {mode.name: mode for mode in network.modes}
    quantities = {quantity.name: quantity for quantity in network.quantities}
    for name in network.rows:
        if name in modes:
            mode = modes[name]
            copy.mode(name, mode.states, (), initial=mode.initial, visits=mode.visits, meaning=mode.meaning)
        elif name in quantities:
            row = quantities[name]
            if row.terms is None:
                copy.quantity(name, _moved(row.formula, copy), unit=row.unit, meaning=row.meaning)
            else:
                terms: list[Any] = [
                    (term.coefficient, *(copy.rows[factor.name] for factor in term.factors)) for term in row.terms
                ]
                copy.total(name, terms, unit=row.unit, meaning=row.meaning)
    for k, mode in enumerate(network.modes):
        transitions = tuple(
            Transition(item.source, item.target, _condition(item.condition, copy)) for item in mode.transitions
        )
        copy.modes[k] = type(mode)(mode.name, mode.states, mode.initial, transitions, mode.visits, mode.meaning)


def _condition(item: Condition, copy: Network) -> Condition:
    return Condition(copy.rows[item.quantity.name], item.side, _moved(item.threshold, copy))


def _moved(formula: Any, copy: Network) -> Any:
    """The same formula of the rows of another network; an expression names its rows, so it stays."""
    if isinstance(formula, Ref):
        return copy.rows[formula.name]
    if isinstance(formula, Call):
        return Call(formula.law, tuple(_moved(part, copy) for part in formula.bindings))
    return formula
