"""Merging of trees: a child over its parent, an override over a file, a scenario over the catalogue.

Tables merge by key, lists whose entries have names by name (new names are appended), anything else is replaced. An
empty value (`dose:` or `dose: null`) takes away what the parent stated. A treatment entry that gives something else
than the parent's entry of that name replaces it whole.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from carsim.errors import Place, Problem
from carsim.spec.tree import Node, Sequence, Table, Text, name_of, scalar

if TYPE_CHECKING:
    from collections.abc import Callable


def merge(below: Node, above: Node) -> Node:
    """Return `below` with everything that `above` states; places stay with the values."""
    if isinstance(below, Table) and isinstance(above, Table):
        if _gives(below) and _gives(above) and _gives(below) != _gives(above):
            return above
        items, keys = dict(below.items), dict(below.keys)
        for key, item in above.items.items():
            items[key] = merge(items[key], item) if key in items else item
            keys[key] = above.keys.get(key)
        return Table(items, above.place or below.place, keys, above.origin)
    if isinstance(below, Sequence) and isinstance(above, Sequence) and _named(below) and _named(above):
        return _by_name(below, above)
    return above


def _by_name(below: Sequence, above: Sequence) -> Sequence:
    changes: dict[str | None, Node] = {}
    for item in above.items:
        name = name_of(item)
        if name in changes:
            return above  # a name twice: kept as written, so that the report shows both
        changes[name] = item
    merged = [merge(item, changes.pop(name_of(item), item)) for item in below.items]
    return Sequence((*merged, *changes.values()), above.place)


def _named(node: Sequence) -> bool:
    return bool(node.items) and all(name_of(item) for item in node.items)


def _gives(node: Table) -> str | None:
    given = node.items.get("give")
    return given.text if isinstance(given, Text) else None


def without_empty(node: Node) -> Node:
    """Return the tree without keys whose value is empty."""
    if isinstance(node, Table):
        kept = {key: without_empty(item) for key, item in node.items.items() if not empty(item)}
        return replace(node, items=kept)
    if isinstance(node, Sequence):
        return replace(node, items=tuple(without_empty(item) for item in node.items))
    return node


def empty(node: Node) -> bool:
    """Whether a value is null (written `null`, `~` or nothing)."""
    if not isinstance(node, Text):
        return False
    try:
        return scalar(node) is None
    except ValueError:
        return False


class NoSuchEntry(LookupError):  # noqa: N818  (named after what is missing)
    """A path names a list entry that is not there; `args` are the path so far, the name and the valid names."""


def put(root: Table, path: str, value: Node, place: Place | None, known: Callable[[str], bool]) -> Table:
    """Return the tree with `value` at a dotted path; missing tables are made, list entries must exist.

    Everything after `parameters.` is one key. `known` says whether a name is a product of the catalogue, which may be
    changed without being listed. Raises NoSuchEntry.
    """
    words = path.split(".")
    if words[0] == "parameters" and len(words) > 1:
        words = ["parameters", ".".join(words[1:])]
    made = _put(root, words, value, place, (), known)
    assert isinstance(made, Table)
    return made


def _put(
    node: Node | None,
    words: list[str],
    value: Node,
    place: Place | None,
    done: tuple[str, ...],
    known: Callable[[str], bool],
) -> Node:
    if not words:
        return value
    word, rest = words[0], words[1:]
    if done == ("products",) and (node is None or isinstance(node, Sequence)):
        node = _with_product(node, word, place, known)
    if isinstance(node, Sequence):
        at = _index(node, word, done)
        items = list(node.items)
        items[at] = _put(items[at], rest, value, place, (*done, word), known)
        return replace(node, items=tuple(items))
    table = node if isinstance(node, Table) else Table({}, place)
    inner = _put(table.items.get(word), rest, value, place, (*done, word), known)
    keys = {**table.keys, word: table.keys.get(word) or place}
    return replace(table, items={**table.items, word: inner}, keys=keys if rest else {**keys, word: place})


def _with_product(node: Node | None, word: str, place: Place | None, known: Callable[[str], bool]) -> Sequence:
    listed = node if isinstance(node, Sequence) else Sequence((), place)
    if any(name_of(item) == word for item in listed.items) or word.isdigit() or not known(word):
        return listed
    return replace(listed, items=(*listed.items, Table({"name": Text(word, place)}, place)))


def _index(node: Sequence, word: str, done: tuple[str, ...]) -> int:
    names = [name_of(item) for item in node.items]
    if word in names:
        return names.index(word)
    if word.isdigit() and int(word) < len(node.items):
        return int(word)
    raise NoSuchEntry(".".join(done), word, [name or str(at) for at, name in enumerate(names)])


def no_such_entry(error: NoSuchEntry, path: str, place: Place | None, meant: str | None) -> Problem:
    """Return the problem of a path that leads to no list entry."""
    done, word, valid = error.args
    listed = ", ".join(valid) or "no entries"
    return Problem(place, path, f"`{word}`, which `{done}` does not have", f"one of: {listed}", meant)
