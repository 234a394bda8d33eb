"""The resolved form as YAML: everything written out in canonical units, with its origin as a comment if asked for.

Reading the text back gives the same scenario, to the bit.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from carsim.catalog import find_product
from carsim.units import number_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carsim.spec.scenario import Scenario
    from carsim.spec.tree import Origin

# Text that every YAML reader takes for itself without quotes: words and quantities, no numbers or flags.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_./ +^%-]*[A-Za-z0-9_/^%]|[A-Za-z]")
_QUANTITY: Final = re.compile(r"-?[0-9][0-9.]*(?:e[+-]?[0-9]+)? [A-Za-z0-9%][A-Za-z0-9./^*%]*")
_RESERVED: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_COMMENT_COLUMN: Final = 58


def dump(scenario: Scenario, *, origins: bool = False) -> str:
    """Return the resolved form of a scenario as YAML; with `origins`, each line says where its value is from."""
    plain = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    for product in plain["products"]:
        taken_away = set(find_product(product["extends"]).arms) - set(product["arms"])
        product["arms"] |= dict.fromkeys(sorted(taken_away))
    where = scenario.origins if origins else {}
    return "\n".join(_table(plain, 0, (), where)) + "\n"


def _table(table: Mapping[str, Any], depth: int, path: tuple[str, ...], where: Mapping[str, Origin]) -> Iterator[str]:
    for key, value in table.items():
        yield from _item(f"{'  ' * depth}{_text(key)}:", value, depth + 1, (*path, key), where)


def _item(head: str, value: Any, depth: int, path: tuple[str, ...], where: Mapping[str, Origin]) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield head
        yield from _table(value, depth, path, where)
    elif isinstance(value, list) and value:
        yield head
        for at, entry in enumerate(value):
            yield from _entry(entry, at, depth, path, where)
    else:
        yield _noted(f"{head} {_scalar(value)}", where.get(".".join(path)))


def _entry(entry: Any, at: int, depth: int, path: tuple[str, ...], where: Mapping[str, Origin]) -> Iterator[str]:
    lead = f"{'  ' * depth}-"
    if isinstance(entry, dict) and entry:
        name = str(entry.get("name") or at)
        ordered = {"name": entry["name"], **entry} if "name" in entry else entry
        lines = list(_table(ordered, depth + 1, (*path, name), where))
        yield f"{lead} {lines[0].lstrip()}"
        yield from lines[1:]
    else:
        yield _noted(f"{lead} {_scalar(entry)}", where.get(".".join((*path, str(at)))))


def _noted(line: str, origin: Origin | None) -> str:
    return f"{line:<{_COMMENT_COLUMN}}  # {origin}" if origin else line


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return _text(str(value))


def _text(text: str) -> str:
    """Return text as a YAML scalar: plain where no reader could take it for anything else, else in quotes."""
    safe = (_PLAIN.fullmatch(text) and text.lower() not in _RESERVED) or _QUANTITY.fullmatch(text)
    return text if safe else json.dumps(text, ensure_ascii=False)
