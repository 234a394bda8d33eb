"""Where each value of a resolved scenario comes from, and values by dotted path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsim.spec.tree import Node, Origin, Sequence, Step, Table, Text, leaves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsim.spec.scenario import Scenario


def origins(scenario: Scenario, full: Table) -> dict[str, Origin]:
    """Return where each value of the resolved form comes from, by dotted path."""
    found: dict[str, Origin] = {}
    for path, steps in _paths(scenario.model_dump(mode="json", by_alias=True, exclude_none=True)):
        found[path] = _origin(full, steps)
    return found


def _paths(
    value: Any, words: tuple[str, ...] = (), steps: tuple[Step, ...] = ()
) -> Iterable[tuple[str, tuple[Step, ...]]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _paths(item, (*words, str(key)), (*steps, str(key)))
    elif isinstance(value, list | tuple) and value:
        for at, item in enumerate(value):
            name = item.get("name") if isinstance(item, dict) else None
            yield from _paths(item, (*words, str(name or at)), (*steps, at))
    else:
        yield ".".join(words), steps


def _origin(full: Table, steps: tuple[Step, ...]) -> Origin:
    node: Node | None = full
    for step in steps:
        if isinstance(node, Table):
            node = node.items.get(str(step))
        elif isinstance(node, Sequence):
            node = node.items[step] if isinstance(step, int) and step < len(node.items) else None
        elif isinstance(node, Text):
            break
        if node is None:
            return Origin("default")
    written = next((text for _, text in leaves(node)), None) if node is not None else None
    source = written or node
    if source is None:
        return Origin("default")
    if source.origin is not None:
        return source.origin
    return Origin("file", f"{source.place.file}:{source.place.line}") if source.place else Origin("default")


def value_at(scenario: Scenario | None, path: str) -> Any:
    """Return the value at a dotted path of a resolved scenario in canonical units; KeyError if there is none."""
    if scenario is None:
        raise KeyError(path)
    if path.startswith("parameters."):
        return scenario.parameters[path.removeprefix("parameters.")]
    value: Any = scenario.model_dump(mode="python", by_alias=True)
    for word in path.split("."):
        if isinstance(value, dict):
            value = value[word]
        else:
            named = [item for item in value if isinstance(item, dict) and item.get("name") == word]
            value = named[0] if named else value[int(word)]
    return value
