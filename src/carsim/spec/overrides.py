"""Values set from outside a file: `--set path=value` of the command line and `Scenario.with_` of Python."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from carsim.errors import Place, Problem, ScenarioError
from carsim.spec import text as yaml_text
from carsim.spec.tree import Node, Origin, Sequence, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable

SET: Final = "--set"
WITH: Final = "with_"


def from_arguments(overrides: Iterable[str]) -> list[tuple[str, Node]]:
    """Return path and value of each `path=value`; the value is read as in a file. Raises ScenarioError."""
    made: list[tuple[str, Node]] = []
    problems: list[Problem] = []
    for at, override in enumerate(overrides, start=1):
        path, sign, value = override.partition("=")
        path = path.strip()
        if not sign or not path:
            expected = "path=value, for example --set treatment.car.dose='1e6 cells/kg'"
            problems.append(Problem(Place(SET, at), "", f"`{override}`", expected))
            continue
        padded = " " * (len(override) - len(value)) + value
        node, found = yaml_text.read(padded.encode("utf-8", "surrogatepass"), SET, line=at)
        problems += [replace(item, path=path) for item in found]
        if node is None and not found:
            node = Text("", Place(SET, at, len(override) + 1))
        if node is not None:
            made.append((path, _as_override(node, Origin("override", f"{SET} {path}={value}"))))
    if problems:
        raise ScenarioError(problems)
    return made


def _as_override(node: Node, origin: Origin) -> Node:
    if isinstance(node, Text):
        return replace(node, origin=origin)
    if isinstance(node, Table):
        return replace(node, items={key: _as_override(item, origin) for key, item in node.items.items()})
    return replace(node, items=tuple(_as_override(item, origin) for item in node.items))


def node_of(value: Any, place: Place, origin: Origin) -> Node:
    """Return a value of Python as a tree; text stays text, numbers stay numbers."""
    if isinstance(value, dict):
        keys: dict[str, Place | None] = {str(key): place for key in value}
        return Table({str(key): node_of(item, place, origin) for key, item in value.items()}, place, keys)
    if isinstance(value, list | tuple):
        return Sequence(tuple(node_of(item, place, origin) for item in value), place)
    if value is None or isinstance(value, bool):
        return Text({None: "null", True: "true", False: "false"}[value], place, origin=origin)
    return Text(str(value), place, plain=not isinstance(value, str), origin=origin)
