"""One patient of a network as SBML Level 3 Version 2 (core): a text that other simulators run to the same numbers.

    species      species of one compartment of size 1, as amounts
    parameters   parameters; constant unless a treatment or an event changes them
    quantities   of constants alone: initial assignments; any other: assignment rules
    laws         function definitions, each stated once; a mean over a trait is the sum of the engines' fixed rule,
                 or, of constants, its value: simulators take ten times as long to read the sum
    reactions    reactions, whose kinetic law calls the function of their law
    modes        parameters that events change (`happenings.py`)

Time zero of the file is the start of the simulation; the parameter `_day` counts the scenario's days. The order of
elements is the order of statement, and equal input gives equal text.

SBML has one unit for the extent of all reactions; it is a pure number here, and the parameters `_one_<unit>` take a
rate in cells or milligrams to it and back. Amounts must be numbers, items or masses: a species in another unit, such as
cells/uL, has its unit in its notes.

Specification: SBML Level 3 Version 2 Core, https://sbml.org/documents/specifications/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from carsim.derive.equations import rate_text
from carsim.engines.protocol import Options
from carsim.interchange.fixed import averages_a_trait, fixed_values, rows_read
from carsim.interchange.happenings import Happening, Happenings, happenings
from carsim.interchange.identifiers import sid, sid_of
from carsim.interchange.individual import Individual
from carsim.interchange.mathml import (
    PURE,
    apply,
    call,
    ci,
    cn,
    definition,
    expression,
    math,
    mean_definition,
    time,
    total,
)
from carsim.interchange.refusals import refuse_unsayable
from carsim.interchange.unit_definitions import is_substance, unit_definition, unit_id
from carsim.model.dimension import parse
from carsim.model.handle import Ref
from carsim.model.law import Call, Law
from carsim.model.network import Network, Quantity, Reaction

CORE = "http://www.sbml.org/sbml/level3/version2/core"
XHTML = "http://www.w3.org/1999/xhtml"
RUN = "urn:carsim:run"
BODY, DAY, ONE = "_body", "_day", "one"


@dataclass(frozen=True)
class About:
    """What the file says of its origin: paragraphs for people, and words by which carsim knows its own files."""

    paragraphs: tuple[str, ...] = ()
    mark: str = ""


@dataclass(frozen=True)
class Parts:
    """What the elements of the file are made from; `averaged`: values of the constant means over a trait.

    `factors` names, by row, a parameter of the file that multiplies it: what another program may vary.
    """

    network: Network
    one: Individual
    happenings: Happenings
    changed: frozenset[str]
    fixed: frozenset[str]
    averaged: Mapping[str, float]
    factors: Mapping[str, str]


def document(
    network: Network, one: Individual, about: About | None = None, factors: Mapping[str, str] | None = None
) -> str:
    """The file's text; raises CannotExport with every reason for which the model cannot be said in SBML.

    `factors` names, by parameter row, what multiplies it: a parameter of the file of its own, which is 1.
    """
    network.seal()
    refuse_unsayable(network, one)
    parts = _parts(network, one, factors or {})
    root = Element("sbml", {"xmlns": CORE, "xmlns:sbml": CORE, "level": "3", "version": "2"})
    unit = unit_id(network.time_unit)
    model = SubElement(root, "model", id="carsim", name=network.title, timeUnits=unit, extentUnits=PURE)
    _about(model, about or About())
    functions = _functions(SubElement(model, "listOfFunctionDefinitions"), parts)
    SubElement(model, "listOfUnitDefinitions").extend(unit_definition(text) for text in _units(parts))
    compartment = {"id": BODY, "name": "body", "spatialDimensions": "3", "size": "1", "units": PURE, "constant": "true"}
    SubElement(SubElement(model, "listOfCompartments"), "compartment", compartment)
    _species(SubElement(model, "listOfSpecies"), parts)
    _parameters(SubElement(model, "listOfParameters"), parts)
    _quantities(SubElement(model, "listOfInitialAssignments"), SubElement(model, "listOfRules"), parts, functions)
    reactions = SubElement(model, "listOfReactions")
    for reaction in network.reactions:
        _reaction(reactions, reaction, functions, {row.name: row.unit for row in network.all_species})
    events = SubElement(model, "listOfEvents")
    for place, event in enumerate(parts.happenings.events):
        _event(events, event, len(parts.happenings.events) - place, unit)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _parts(network: Network, one: Individual, factors: Mapping[str, str]) -> Parts:
    made = happenings(network, one.changes, one.start)
    changed = frozenset(identifier for event in made.events for identifier in event.values)
    moving = {name for name in network.rows if sid(name) in changed}
    fixed = fixed_values(network, one.parameters, moving)
    known = fixed_values(network, one.parameters, moving | set(factors)) if factors else fixed
    means = {quantity.name for quantity in network.quantities if averages_a_trait(quantity.formula)}
    averaged = {name: value for name, value in known.items() if name in means and isfinite(value)}
    return Parts(network, one, made, changed, frozenset(fixed), averaged, factors)


def _about(model: Element, about: About) -> None:
    _notes(model, *about.paragraphs)
    if about.mark:
        annotation = SubElement(model, "annotation")
        SubElement(annotation, "run", xmlns=RUN).text = about.mark


def _notes(element: Element, *paragraphs: str) -> None:
    if any(paragraphs):
        notes = SubElement(element, "notes")
        for paragraph in paragraphs:
            SubElement(notes, "p", xmlns=XHTML).text = paragraph


def _functions(parent: Element, parts: Parts) -> dict[Law, str]:
    """State each law that formulas call once; the identifier of the function that takes a law's slots."""
    formulas = [q.formula for q in parts.network.quantities if q.name not in parts.averaged]
    formulas += [reaction.rate for reaction in parts.network.reactions]
    found: dict[Law, str] = {}
    names: dict[str, int] = {}
    for law in dict.fromkeys(formula.law for formula in formulas if isinstance(formula, Call)):
        names[law.name] = names.get(law.name, 0) + 1
        name = law.name if names[law.name] == 1 else f"{law.name}.{names[law.name]}"
        found[law] = _function(parent, sid_of("law", name), law.name, definition(law))
        if law.trait is not None:
            text = f"mean of {law.name} over log-normal {law.trait}"
            found[law] = _function(parent, sid_of("mean", name), text, mean_definition(law, found[law]))
    return found


def _function(parent: Element, identifier: str, name: str, body: Element) -> str:
    SubElement(parent, "functionDefinition", id=identifier, name=name).append(math(body))
    return identifier


def _units(parts: Parts) -> list[str]:
    """One text for each unit that the file names, in order of use."""
    network = parts.network
    texts = [network.time_unit, *(network.unit_of(ref) for ref in network.rows.values())]
    texts += [item.unit for item in parts.happenings.memory]
    found = {unit_id(text): text for text in texts if not parse(text).pure}
    return list(found.values())


def _species(parent: Element, parts: Parts) -> None:
    for row in parts.network.all_species:
        given = {"id": sid(row.name), "name": row.name, "compartment": BODY}
        given |= {"initialAmount": repr(parts.one.initial[row.name]), "hasOnlySubstanceUnits": "true"}
        given |= {"boundaryCondition": "false", "constant": "false"}
        given |= {"substanceUnits": unit_id(row.unit)} if is_substance(row.unit) else {}
        given |= {} if parse(row.unit).pure else {"conversionFactor": sid_of(ONE, row.unit)}
        species = SubElement(parent, "species", given)
        absolute = row.tolerance or Options().atol
        _notes(species, row.meaning, f"{row.kind}, in {row.unit}; absolute tolerance of carsim: {absolute:g}")


def _parameters(parent: Element, parts: Parts) -> None:
    """Parameters, modes and quantities of the network, then what events remember, single units, and the day."""
    network = parts.network

    def state(identifier: str, name: str, unit: str, value: float | None, *notes: str, constant: bool) -> None:
        given = {"id": identifier, "name": name, "units": unit_id(unit), "constant": str(constant).lower()}
        parameter = SubElement(parent, "parameter", given | ({} if value is None else {"value": repr(value)}))
        _notes(parameter, *notes)

    for row in network.parameters:
        value, constant = parts.one.parameters[row.name], sid(row.name) not in parts.changed
        source = f"source: {row.source}" if row.source else ""
        state(sid(row.name), row.name, row.unit, value, row.meaning, source, constant=constant)
    for factor in dict.fromkeys(parts.factors.values()):
        state(factor_id(factor), f"factor on {factor}", "1", 1.0, constant=True)
    for mode in network.modes:
        value, words = float(mode.states.index(mode.initial)), ", ".join(f"{i}: {w}" for i, w in enumerate(mode.states))
        state(sid(mode.name), mode.name, "1", value, mode.meaning, words, constant=sid(mode.name) not in parts.changed)
    for quantity in network.quantities:
        mean, constant = parts.averaged.get(quantity.name), quantity.name in parts.fixed
        text = "" if mean is None else f"computed by carsim: {rate_text(quantity.formula)}, mean over the cells"
        state(sid(quantity.name), quantity.name, quantity.unit, mean, quantity.meaning, text, constant=constant)
    for item in parts.happenings.memory:
        state(item.identifier, item.name, item.unit, item.value, constant=False)
    for unit in dict.fromkeys(row.unit for row in network.all_species):
        if not parse(unit).pure:
            state(sid_of(ONE, unit), f"one {unit}", unit, 1.0, constant=True)
    state(DAY, "day", network.time_unit, None, "time as the scenario counts it", constant=False)


def factor_id(name: str) -> str:
    """The identifier of the factor on a parameter."""
    return sid_of("factor", name)


def _quantities(starts: Element, rules: Element, parts: Parts, functions: Mapping[Law, str]) -> None:
    for row, factor in parts.factors.items():
        value = cn(parts.one.parameters[row], unit_id(parts.network.unit_of(parts.network.rows[row])))
        product = apply("times", value, ci(factor_id(factor)))
        SubElement(starts, "initialAssignment", symbol=sid(row)).append(math(product))
    for quantity in parts.network.quantities:
        if quantity.name in parts.averaged:
            continue
        formula = math(_quantity(quantity, functions))
        if quantity.name in parts.fixed:
            SubElement(starts, "initialAssignment", symbol=sid(quantity.name)).append(formula)
        else:
            SubElement(rules, "assignmentRule", variable=sid(quantity.name)).append(formula)
    day = apply("plus", time(), cn(parts.one.start, unit_id(parts.network.time_unit)))
    SubElement(rules, "assignmentRule", variable=DAY).append(math(day))


def _quantity(quantity: Quantity, functions: Mapping[Law, str]) -> Element:
    if quantity.terms is None:
        return _formula(quantity.formula, functions, f"quantity {quantity.name!r}")
    terms = []
    for term in quantity.terms:
        factors = [ci(sid(factor.name)) for factor in term.factors]
        factors = factors if term.coefficient == 1.0 else [cn(term.coefficient), *factors]
        terms.append(apply("times", *factors) if len(factors) > 1 else factors[0])
    return total(terms, unit_id(quantity.unit))


def _formula(formula: Any, functions: Mapping[Law, str], where: str) -> Element:
    """A law's call, a handle, a number, or an expression of handles."""
    if isinstance(formula, Call):
        return call(functions[formula.law], [_formula(part, functions, where) for part in formula.bindings])
    if isinstance(formula, Ref):
        return ci(sid(formula.name))
    return cn(formula) if isinstance(formula, int | float) else expression(formula, where)


def _reaction(parent: Element, reaction: Reaction, functions: Mapping[Law, str], species: Mapping[str, str]) -> None:
    given = {"id": sid_of("reaction", reaction.name), "name": reaction.name, "reversible": str(reaction.net).lower()}
    made = SubElement(parent, "reaction", given)
    _notes(made, f"{reaction.process}, rate in {reaction.unit}")
    for tag, side in (("listOfReactants", reaction.consumes), ("listOfProducts", reaction.produces)):
        entries = SubElement(made, tag) if side else made
        for ref, number in side:
            part = {"species": sid(ref.name), "stoichiometry": repr(float(number)), "constant": "true"}
            SubElement(entries, "speciesReference", part)
    named = {ref.name for ref, _ in (*reaction.consumes, *reaction.produces)}
    others = sorted((rows_read(reaction.rate) & set(species)) - named)
    if others:
        modifiers = SubElement(made, "listOfModifiers")
        for name in others:
            SubElement(modifiers, "modifierSpeciesReference", species=sid(name))
    law = SubElement(made, "kineticLaw")
    rate = _formula(reaction.rate, functions, f"reaction {reaction.name!r}")
    unit = species[(reaction.consumes + reaction.produces)[0][0].name]
    law.append(math(rate if parse(unit).pure else apply("divide", rate, ci(sid_of(ONE, unit)))))


def _event(parent: Element, event: Happening, priority: int, time_unit: str) -> None:
    """An event that is looked at from the start on; one that waits its delay comes whatever happens meanwhile."""
    made = SubElement(parent, "event", id=event.identifier, name=event.name, useValuesFromTriggerTime="false")
    lasting, before = str(event.delay > 0.0).lower(), str(event.held_before).lower()
    SubElement(made, "trigger", initialValue=before, persistent=lasting).append(math(event.trigger))
    SubElement(made, "priority").append(math(cn(float(priority))))
    if event.delay > 0.0:
        SubElement(made, "delay").append(math(cn(event.delay, time_unit)))
    values = SubElement(made, "listOfEventAssignments")
    for identifier, value in event.values.items():
        SubElement(values, "eventAssignment", variable=identifier).append(math(value))
