"""The tree between a scenario's text and its meaning: every value still knows where it was written.

A tree is made of `Text` (a scalar as written), `Table` (keys in order) and `Sequence`. Trees from a file, its parent,
the catalogue and the command line are merged into one, which pydantic then checks; the places make the report and the
origins. The scalars follow YAML 1.2; what other readers would silently take for something else is refused by name.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from carsim.errors import Place, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTEGER: Final = re.compile(r"[-+]?\d+")
_DECIMAL: Final = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?")
_LEADING_ZERO: Final = re.compile(r"[-+]?0\d[\d_.eE+-]*")
_UNDERSCORES: Final = re.compile(r"[-+]?\d[\d_]*_[\d_.eE+-]*")
_OTHER_BASE: Final = re.compile(r"0[xob][\da-fA-F_]+", re.IGNORECASE)
_NOT_FINITE: Final = re.compile(r"[-+]?\.inf|\.nan", re.IGNORECASE)
_LARGEST_INTEGER: Final = 10**18
_SHOWN: Final = 60  # characters of a value that a message quotes


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: `kind` is file, override, catalogue or default, `detail` says which."""

    kind: str
    detail: str = ""

    def __str__(self) -> str:
        """Return the comment of the resolved form."""
        return f"{self.kind}: {self.detail}" if self.detail else self.kind


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as written; `plain` is false inside quotes and block scalars, which are always text."""

    text: str
    place: Place | None = None
    plain: bool = True
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Keys with their values in the order written; `keys` holds the place of each key."""

    items: dict[str, Node]
    place: Place | None = None
    keys: dict[str, Place | None] = field(default_factory=dict)
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """Values in order."""

    items: tuple[Node, ...]
    place: Place | None = None
    origin: Origin | None = None


Node = Text | Table | Sequence
Step = str | int


class Refused:
    """Stands for a scalar that was refused while the rest of the file is checked; equal to nothing."""

    def __repr__(self) -> str:
        return "a value refused above"


def values(node: Node, problems: list[Problem], steps: tuple[Step, ...] = (), root: Node | None = None) -> Any:
    """Return the tree as dicts, tuples, text, numbers, True, False and None; adds refused scalars to `problems`."""
    root = root if root is not None else node
    if isinstance(node, Table):
        return {key: values(item, problems, (*steps, key), root) for key, item in node.items.items()}
    if isinstance(node, Sequence):
        return tuple(values(item, problems, (*steps, at), root) for at, item in enumerate(node.items))
    try:
        return scalar(node)
    except ScalarError as error:
        problems.append(Problem(node.place, dotted(root, steps), *error.args))
        return Refused()


class ScalarError(ValueError):
    """A scalar that carsim does not accept; `args` are what was got, what is expected and what may be meant."""


def scalar(node: Text) -> str | int | float | bool | None:
    """Return the meaning of a scalar in YAML 1.2; raises ScalarError for what is not finite or could be misread."""
    text = node.text
    if not node.plain:
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(f"`{text}`", "a finite number, for example 1e6")
    if _UNDERSCORES.fullmatch(text):
        clear = text.replace("_", "")
        raise ScalarError(f"`{shown(text)}`", "a number without `_`, for example 1e6", f"`{shown(clear)}`")
    if _LEADING_ZERO.fullmatch(text):
        clear = text.lstrip("+-0") or "0"
        raise ScalarError(
            f"`{shown(text)}`",
            "a number without leading zeros, for example 123, or text in quotes",
            f"`{shown(clear)}`",
        )
    if _OTHER_BASE.fullmatch(text):
        raise ScalarError(f"`{shown(text)}`", "a decimal number, for example 255, or text in quotes")
    return _number(text)


def _number(text: str) -> str | int | float:
    if _INTEGER.fullmatch(text):
        if len(text) > 20 or abs(int(text)) > _LARGEST_INTEGER:
            raise ScalarError(f"`{shown(text)}`", "a whole number up to 1e18, for example 1000000")
        return int(text)
    if _DECIMAL.fullmatch(text):
        value = float(text)
        if not math.isfinite(value):
            raise ScalarError(f"`{shown(text)}`", "a number within double precision, for example 1e6")
        return value
    return text


def shown(text: str) -> str:
    """Return the text as a message quotes it: one line, not longer than a line can carry."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[:_SHOWN] + "…"


def name_of(node: Node) -> str | None:
    """Return the `name` of a list entry, or None if it has none."""
    named = node.items.get("name") if isinstance(node, Table) else None
    return named.text if isinstance(named, Text) else None


def dotted(root: Node, steps: tuple[Step, ...]) -> str:
    """Return the dotted path of a value: keys, and list entries by name or, where they have none, by index."""
    words: list[str] = []
    node: Node | None = root
    for step in steps:
        name = None
        if isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            node = node.items[step]
            name = name_of(node)
        elif isinstance(node, Table) and isinstance(step, str):
            node = node.items.get(step)
        else:
            node = None
        words.append(name or str(step))
    return ".".join(words)


def leaves(node: Node, steps: tuple[Step, ...] = ()) -> Iterator[tuple[tuple[Step, ...], Text]]:
    """Yield every scalar of a tree with its steps, in reading order."""
    if isinstance(node, Text):
        yield steps, node
    elif isinstance(node, Table):
        for key, item in node.items.items():
            yield from leaves(item, (*steps, key))
    else:
        for at, item in enumerate(node.items):
            yield from leaves(item, (*steps, at))
