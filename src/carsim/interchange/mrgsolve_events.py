"""What happens at moments, as the $EVENT block of an mrgsolve file: the happenings that SBML files state, in C++.

Each look copies the compartments that conditions or changes name (`now_X`), does what has become true, one after
another, puts back what has changed, and starts the solver anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from carsim.interchange.happenings import Happening

BETWEEN: Final = {"plus": " + ", "times": " * ", "eq": " == "}
MOST: Final = 1000  # happenings of one record before the simulation is stopped: they would go on for ever


@dataclass
class Looks:
    """Writes formulas of happenings by the identifiers of the file; counts the conditions that may cross."""

    names: Mapping[str, str]  # SBML identifier -> name of the row or memory in the file, `now_` included
    conditions: int = 0
    triggers: list[str] = field(default_factory=list)

    def trigger(self, element: Element) -> str:
        """The parts that must all hold; all of them are looked at."""
        parts = list(element)[1:] if _operator(element) == "and" else [element]
        return " & ".join(self._condition(part) for part in parts)

    def _condition(self, element: Element) -> str:
        operator = _operator(element)
        if operator not in ("geq", "lt"):
            return f"({self.text(element)})"
        first, second = list(element)[1:]
        if first.tag == "csymbol":
            return f"watch.from({self.text(second)})"
        word = {"geq": "above", "lt": "below"}[operator]
        self.conditions += 1
        return f"watch.{word}({self.conditions - 1}, {self.text(first)}, {self.text(second)})"

    def text(self, element: Element) -> str:
        """A number, a name, the time, or an operation of them."""
        if element.tag == "cn":
            return number(element)
        if element.tag == "ci":
            return self.names[str(element.text)]
        if element.tag == "csymbol":
            return "TIME"
        if element.tag == "true":
            return "true"
        parts = [self.text(part) for part in list(element)[1:]]
        inner = BETWEEN[_operator(element)].join(parts)
        return inner if len(parts) == 1 or _operator(element) == "eq" else f"({inner})"


def event_block(
    events: Sequence[Happening],
    names: Mapping[str, str],
    quantities: Sequence[str],
    copied: Mapping[str, int],
    first: str,
) -> tuple[list[str], str]:
    """The lines of $EVENT, and the definition of its `watch`.

    `names` as in `Looks`; `quantities` are the assignments that triggers and changes need, in their order; `copied`
    has the numbers of the compartments that are copied, `first` is compartment 1.
    """
    looks = Looks(names)
    triggers = [f"watch.holds[{place}] = {looks.trigger(event.trigger)};" for place, event in enumerate(events)]
    lines = ["if (NEWIND <= 1) watch.start();", "watch.look(TIME, EVID != 0);"]
    lines += [f"double now_{name} = {name};" for name in copied]
    lines += ["auto see = [&]() {", "  watch.see();", *(f"  {line}" for line in (*quantities, *triggers)), "};"]
    lines += ["int happened = 0;", "see();", "while (watch.next()) {"]
    lines += [f"  if (++happened > {MOST}) {{ self.stop(); break; }}", "  switch (watch.happens) {"]
    for place, event in enumerate(events):
        lines += [f"  case {place}:  // {event.name}", *(f"    {line}" for line in _acts(event, looks)), "    break;"]
    lines += ["  }", "  see();", "}"]
    lines.append(f"if (happened > 0) evt::replace(self, {first}, 1);  // starts the solver anew")
    lines += [f"if (now_{name} != {name}) evt::replace(self, now_{name}, {place});" for name, place in copied.items()]
    lines.append("if (watch.ask()) self.push(mrgsolve::evdata(watch.asked, 0));")
    before = ", ".join(str(int(event.held_before)) for event in events)
    delays = ", ".join(repr(event.delay) for event in events)
    return lines, f"namespace {{ Watch watch({{{before}}}, {{{delays}}}, {looks.conditions}); }}"


def _acts(event: Happening, looks: Looks) -> list[str]:
    """What an event assigns; where a value names a row that is assigned before it, all values come first."""
    texts = [(looks.names[target], looks.text(value)) for target, value in event.values.items()]
    targets = list(event.values)
    reads = [{part.text for part in value.iter("ci")} for value in event.values.values()]
    if all(read.isdisjoint(targets[:place]) for place, read in enumerate(reads)):
        return [f"{target} = {text};" for target, text in texts]
    values = [f"const auto value_{place} = {text};" for place, (_, text) in enumerate(texts)]
    return ["{", *values, *(f"{target} = value_{place};" for place, (target, _) in enumerate(texts)), "}"]


def number(element: Element) -> str:
    """A number as C++ has it, never a whole one: whole numbers divide otherwise."""
    parts = [str(element.text), *(str(part.tail) for part in element)]
    return repr(float("e".join(parts)))


def rows_of(events: Sequence[Happening]) -> set[str]:
    """The identifiers that triggers and changes name."""
    elements = [element for event in events for element in (event.trigger, *event.values.values())]
    read = {str(part.text) for element in elements for part in element.iter("ci")}
    return read | {target for event in events for target in event.values}


def _operator(element: Element) -> str:
    return element[0].tag if element.tag == "apply" else ""
