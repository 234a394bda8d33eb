"""A scenario as its user stated it, in one text: parents and overrides merged in, nothing of the catalogue filled in.

`loads(stated(scenario))` is the same scenario, and values set over it by path have the same effect, which is not so of
the resolved form: there what follows from a value (a population's medians) is written out already.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from carsim.spec.tree import Node, Sequence, Table, Text

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from carsim.spec.scenario import Scenario


def stated(scenario: Scenario, without: Container[str] = ()) -> str:
    """Return the text of a scenario, as YAML, without the sections named."""
    source = scenario._source
    assert source is not None  # set by the loader, which makes every scenario
    kept = {key: item for key, item in source.items.items() if key not in without}
    return "\n".join(_lines(Table(kept), 0)) + "\n"


def _lines(node: Table | Sequence, depth: int) -> Iterator[str]:
    lead = "  " * depth
    heads = [f"{json.dumps(key)}:" for key in node.items] if isinstance(node, Table) else ["-"] * len(node.items)
    items = node.items.values() if isinstance(node, Table) else node.items
    for head, item in zip(heads, items, strict=True):
        if isinstance(item, Text) or not item.items:
            yield f"{lead}{head} {_scalar(item)}".rstrip()
        else:
            yield f"{lead}{head}"
            yield from _lines(item, depth + 1)


def _scalar(node: Node) -> str:
    """A scalar as written; text in quotes, so that it stays text."""
    if isinstance(node, Text):
        return node.text if node.plain else json.dumps(node.text, ensure_ascii=False)
    return "{}" if isinstance(node, Table) else "[]"
