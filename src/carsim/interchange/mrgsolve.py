"""One patient of a network as an mrgsolve model file: what `carsim export mrgsolve` writes.

    $PARAM   parameters
    $INIT    species, in the order of their CMT
    $GLOBAL  each law once, as a function; variables for what only happenings change: modes, parameters, memory
    $MAIN    quantities of parameters alone; the start of those variables
    $ODE     quantities that rates need, rates, dxdt
    $EVENT   extinctions, modes, triggered events, and scheduled changes other than doses
    $TABLE   all quantities of states, after the record's dose

Doses are records of the table that `carsim export events` writes. TIME 0 is the start of the simulation; `day` counts
the scenario's days. Lines follow the order of statement, and equal input gives equal text.

Specification: mrgsolve user guide, https://mrgsolve.org/user-guide/
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from carsim.derive.cplusplus import function_of
from carsim.derive.rows import Bound, Rows, Sum
from carsim.derive.rows import rows_of as resolved
from carsim.interchange.cpp_names import Names
from carsim.interchange.fixed import fixed_values
from carsim.interchange.happenings import Happenings, happenings
from carsim.interchange.identifiers import sid
from carsim.interchange.individual import Individual
from carsim.interchange.mrgsolve_events import event_block, rows_of
from carsim.interchange.mrgsolve_watch import WATCH
from carsim.interchange.refusals import refuse_unsayable
from carsim.interchange.sedml import Course
from carsim.model.law import Law
from carsim.model.network import Network

INCLUDES: Final = "#include <algorithm>\n#include <cmath>\n#include <limits>\n#include <vector>"
BACK: Final = """\
// A solver tries states below zero, where powers have no value; a slope that no step can take sends it back.
for (auto k = 0; k < _nEQ; ++k) if (!std::isfinite(_DADT_[k])) _DADT_[k] = 1e30;"""
SETTINGS: Final = "rtol = 1e-12, atol = 1e-13, maxsteps = 100000, recsort = 3"


@dataclass(frozen=True)
class Parts:
    """What the blocks are made from: the identifier of each row and law, and who moves.

    `still` is what only happenings change, with its value at the start: parameters, modes, what events remember. These
    are variables, not compartments: a solver's rounding would take a mode of 1 to 1 - 4e-16, which is no mode.
    """

    network: Network
    one: Individual
    rows: Rows
    happenings: Happenings
    identifiers: Mapping[str, str]  # of rows by name, of memory by its identifier
    names: Mapping[str, str]  # what formulas read: for a parameter that changes, the variable `now_X`
    laws: Mapping[Law, str]
    rates: Mapping[str, str]
    by_place: Mapping[int, str]  # rows of the network by their place in `rows`
    still: Mapping[str, str]
    fixed: frozenset[str]

    @property
    def compartments(self) -> dict[str, int]:
        """The number of each compartment, as CMT of tables has it."""
        return {self.names[row.name]: place for place, row in enumerate(self.network.all_species, start=1)}

    def formula(self, place: int, names: Mapping[str, str] | None = None) -> str:
        """The right-hand side of the quantity or rate at this place of `rows`; `names` replaces the identifiers."""
        return self._text(self.rows.formulas[place], names or self.names)

    def reads(self, place: int) -> set[str]:
        """The rows that the quantity or rate at this place reads."""
        return {self.by_place[row] for row in self.rows.formulas[place].rows if row in self.by_place}

    def _text(self, formula: Bound | Sum, names: Mapping[str, str]) -> str:
        def part(place: int) -> str:
            return names[self.by_place[place]] if place in self.by_place else repr(self.rows.constants[place])

        if isinstance(formula, Bound):
            return f"{self.laws[formula.law]}({', '.join(part(place) for place in formula.rows)})"
        terms = []
        for coefficient, *factors in formula.terms:
            texts = [part(place) for place in factors if place]
            texts = texts if coefficient == 1.0 and texts else [repr(coefficient), *texts]
            terms.append(" * ".join(texts))
        return " + ".join(terms) or "0.0"


def document(
    network: Network, one: Individual, course: Course, dosed: Collection[str] = (), about: Iterable[str] = ()
) -> str:
    """The file's text; raises CannotExport with every reason for which the model cannot be said.

    `dosed` are the rows whose scheduled changes are left to the table of doses; `about` are the lines of $PROB.
    """
    network.seal()
    refuse_unsayable(network, one)
    parts = _parts(network, one, dosed)
    events, watch = _events(parts)
    states = [parts.names[row] for row in _quantities(parts) if row not in parts.fixed]
    blocks = {
        "$PROB": [_plain(line) for line in (network.title, *about)],
        "$PLUGIN": ["evtools"],
        "$SET": [f"end = {course.length!r}, delta = {course.length / course.steps!r}, {SETTINGS}"],
        "$PARAM @annotated": list(_parameters(parts)),
        "$INIT @annotated": list(_compartments(parts)),
        "$GLOBAL": [INCLUDES, "namespace {", *_functions(parts), *_variables(parts), "}", *watch],
        "$MAIN": list(_main(parts)),
        "$ODE": list(_equations(parts)),
        "$EVENT": events,
        "$TABLE": list(_table(parts)),
        "$CAPTURE": ["day", *(parts.names[row] for row in parts.still if row in network.rows), *states],
    }
    return "\n\n".join("\n".join([block, *lines]) for block, lines in blocks.items() if lines) + "\n"


def _parts(network: Network, one: Individual, dosed: Collection[str]) -> Parts:
    made = happenings(network, [change for change in one.changes if change.row not in dosed], one.start)
    changed = {identifier for event in made.events for identifier in event.values}
    rows = resolved(network)
    claimed = Names()
    identifiers = {row: claimed.claim(row) for row in network.rows}
    identifiers |= {item.identifier: claimed.claim(item.name) for item in made.memory}
    moving = [row.name for row in network.parameters if sid(row.name) in changed]
    still = {row: identifiers[row] for row in moving}
    still |= {mode.name: repr(float(mode.states.index(mode.initial))) for mode in network.modes}
    still |= {item.identifier: repr(item.value) for item in made.memory}
    laws = dict.fromkeys(formula.law for formula in rows.formulas.values() if isinstance(formula, Bound))
    return Parts(
        network=network,
        one=one,
        rows=rows,
        happenings=made,
        identifiers=identifiers,
        names=identifiers | {row: f"now_{identifiers[row]}" for row in moving},
        laws={law: claimed.claim(f"law {law.name}") for law in laws},
        rates={row: claimed.claim(f"rate {row}") for row in rows.rates},
        by_place={place: row for row, place in rows.names.items()},
        still=still,
        fixed=frozenset(fixed_values(network, one.parameters, moving)),
    )


def _quantities(parts: Parts) -> list[str]:
    return [quantity.name for quantity in parts.network.quantities]


def _stated(parts: Parts, row: str) -> str:
    quantity = next(quantity for quantity in parts.network.quantities if quantity.name == row)
    comment = _plain(": ".join(filter(None, (row, quantity.meaning))))
    return f"double {parts.names[row]} = {parts.formula(parts.rows.names[row])};  // {comment} ({quantity.unit})"


def _parameters(parts: Parts) -> Iterator[str]:
    for row in parts.network.parameters:
        value, source = parts.one.parameters[row.name], f"source {row.source}" if row.source else ""
        yield _annotated(parts.identifiers[row.name], value, row.name, row.meaning, source, unit=row.unit)


def _compartments(parts: Parts) -> Iterator[str]:
    for row in parts.network.all_species:
        yield _annotated(parts.names[row.name], parts.one.initial[row.name], row.name, row.meaning, unit=row.unit)


def _variables(parts: Parts) -> Iterator[str]:
    """The declaration of what only happenings change."""
    network = parts.network
    said = {row.name: f"{row.name}: as it is now ({row.unit})" for row in network.parameters}
    for mode in network.modes:
        words = ", ".join(f"{place} {word}" for place, word in enumerate(mode.states))
        said[mode.name] = f"{mode.name}: {mode.meaning}; {words} (1)"
    said |= {item.identifier: f"remembered {item.name} ({item.unit})" for item in parts.happenings.memory}
    yield from (f"double {parts.names[row]};  // {_plain(said[row])}" for row in parts.still)


def _main(parts: Parts) -> Iterator[str]:
    yield from (_stated(parts, row) for row in _quantities(parts) if row in parts.fixed)
    if parts.still:
        yield "if (NEWIND <= 1) {"
        yield from (f"  {parts.names[row]} = {start};" for row, start in parts.still.items())
        yield "}"


def _annotated(name: str, value: float, *texts: str, unit: str = "1") -> str:
    """A line of an annotated block; brackets and the last parentheses are its own syntax."""
    text = "; ".join(_plain(part) for part in texts if part).translate(str.maketrans("[]", "()"))
    return f"{name} : {value!r} : {text} ({unit})"


def _functions(parts: Parts) -> Iterator[str]:
    for law, name in parts.laws.items():
        own = Names()
        mean = f", mean over log-normal {law.trait}" if law.trait else ""
        yield f"// {law.name}{mean}\n" + function_of(law, name, {slot: own.claim(slot) for slot in law.slots})


def _equations(parts: Parts) -> Iterator[str]:
    """Quantities that rates need, the rate of each reaction, and what it does to each species."""
    needed = _behind(parts, {row for place in parts.rows.rates.values() for row in parts.reads(place)})
    yield from (_stated(parts, row) for row in _quantities(parts) if row in needed and row not in parts.fixed)
    changes: dict[str, list[str]] = {row.name: [] for row in parts.network.all_species}
    for reaction in parts.network.reactions:
        rate = parts.rates[reaction.name]
        formula, process = parts.formula(parts.rows.rates[reaction.name]), _plain(reaction.process)
        yield f"double {rate} = {formula};  // {process} ({reaction.unit})"
        for sign, side in (("-", reaction.consumes), ("+", reaction.produces)):
            for ref, count in side:
                changes[ref.name].append(f"{sign} {rate}" if count == 1.0 else f"{sign} {float(count)!r} * {rate}")
    for row, terms in changes.items():
        yield f"dxdt_{parts.names[row]} = {' '.join(terms).removeprefix('+ ') or '0.0'};"
    yield BACK


def _events(parts: Parts) -> tuple[list[str], list[str]]:
    """The lines of $EVENT and its `watch`; none where nothing happens."""
    events = parts.happenings.events
    if not events:
        return [], []
    rows = {sid(row): row for row in parts.network.rows} | {name: name for name in parts.still}
    behind = _behind(parts, {rows[identifier] for identifier in rows_of(events)})
    places = parts.compartments
    copied = {name: places[name] for row, name in parts.names.items() if row in behind and name in places}
    names = {row: f"now_{name}" if name in copied else name for row, name in parts.names.items()}
    quantities = [
        f"{parts.names[row]} = {parts.formula(parts.rows.names[row], names)};"
        for row in _quantities(parts)
        if row in behind and row not in parts.fixed
    ]
    spelled = {identifier: names[row] for identifier, row in rows.items()}
    lines, watch = event_block(events, spelled, quantities, copied, next(iter(places)))
    return lines, [WATCH.rstrip(), watch]


def _table(parts: Parts) -> Iterator[str]:
    """Quantities as they are after the record; those of $ODE, which were computed before it, anew."""
    needed = _behind(parts, {row for place in parts.rows.rates.values() for row in parts.reads(place)})
    for row in _quantities(parts):
        if row in needed and row not in parts.fixed:
            yield f"{parts.names[row]} = {parts.formula(parts.rows.names[row])};"
        elif row not in parts.fixed:
            yield _stated(parts, row)
    yield f"double day = TIME + ({parts.one.start!r});  // of the scenario (d)"


def _behind(parts: Parts, rows: Collection[str]) -> set[str]:
    """These rows and all that their quantities read."""
    formulas = set(_quantities(parts))
    found: set[str] = set()
    unread = list(rows)
    while unread:
        row = unread.pop()
        if row not in found:
            found.add(row)
            unread += parts.reads(parts.rows.names[row]) if row in formulas else ()
    return found


def _plain(text: str) -> str:
    """A text on one line, without what begins a block or a comment of mrgsolve, or makes C++ go on to the next line."""
    text = re.sub(r"\s+", " ", text).replace("$", "").rstrip("\\")
    return re.sub(r"([/#])(?=\1)", r"\1 ", text)
