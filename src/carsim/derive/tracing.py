"""Arithmetic that is written down instead of done: what a page evaluates for each patient, from the Python of a run.

A `Traced` stands for one number per patient. NumPy's functions of it note an operation in a `Trace`, once for equal
ones, so that functions such as `model.start.start` need not be stated a second time in another language.

    leaf       [kind, name]              operation   [word, place, place]      constant    number
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

WORDS: dict[Any, str] = {
    np.add: "+",
    np.subtract: "-",
    np.multiply: "*",
    np.true_divide: "/",
    np.power: "**",
    np.exp: "exp",
    np.log: "log",
    np.minimum: "min",
    np.maximum: "max",
    np.negative: "neg",
}
Node = float | tuple[Any, ...]


@dataclass
class Trace:
    """Nodes in the order in which they were made, each once; operands come before what is made of them."""

    nodes: list[Node] = field(default_factory=list)
    places: dict[Node, int] = field(default_factory=dict)

    def place(self, node: Node) -> int:
        """Where a node stands."""
        if node not in self.places:
            self.places[node] = len(self.nodes)
            self.nodes.append(node)
        return self.places[node]

    def leaf(self, kind: str, name: str) -> Traced:
        """A number that is known only where the trace is evaluated."""
        return Traced(self, self.place((kind, name)))

    def of(self, value: Any) -> int:
        """The place of a traced number, or of one that is known: a float, or an array that holds one."""
        while isinstance(value, np.ndarray):
            value = value.item()
        return value.at if isinstance(value, Traced) else self.place(float(value))


class Traced(np.lib.mixins.NDArrayOperatorsMixin):
    """One number per patient that is not known yet."""

    def __init__(self, trace: Trace, at: int) -> None:
        """Stand for the node at this place."""
        self.trace = trace
        self.at = at

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Note an operation; constants alone are never noted, so that they keep their digits."""
        if method != "__call__" or kwargs or ufunc not in WORDS:
            return NotImplemented
        return self._made((WORDS[ufunc], *(self.trace.of(value) for value in inputs)))

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        """What models' start values use beside arithmetic."""
        known = FUNCTIONS.get(function)
        return NotImplemented if known is None else known(self, *args)

    def _made(self, node: Node) -> Traced:
        return Traced(self.trace, self.trace.place(node))


def _zeros(one: Traced, *_: Any) -> Traced:
    return Traced(one.trace, one.trace.of(0.0))


def _listed(_: Traced, values: Any, *__: Any) -> list[Any]:
    return list(values)


FUNCTIONS: dict[Any, Callable[..., Any]] = {np.zeros_like: _zeros, np.stack: _listed}
