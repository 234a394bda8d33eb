"""A handle on a named row of a network; arithmetic with it gives a SymPy expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, eq=False)
class Ref:
    """A handle on a named row of one network; arithmetic with it gives a SymPy expression."""

    name: str
    kind: Literal["species", "parameter", "quantity", "mode"]

    def _sympy_(self) -> Any:
        from sympy import Symbol

        return Symbol(self.name, real=True)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    def __add__(self, other: Any) -> Any:
        return self._sympy_() + other

    def __radd__(self, other: Any) -> Any:
        return other + self._sympy_()

    def __sub__(self, other: Any) -> Any:
        return self._sympy_() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self._sympy_()

    def __mul__(self, other: Any) -> Any:
        return self._sympy_() * other

    def __rmul__(self, other: Any) -> Any:
        return other * self._sympy_()

    def __truediv__(self, other: Any) -> Any:
        return self._sympy_() / other

    def __rtruediv__(self, other: Any) -> Any:
        return other / self._sympy_()

    def __pow__(self, other: Any) -> Any:
        return self._sympy_() ** other

    def __rpow__(self, other: Any) -> Any:
        return other ** self._sympy_()

    def __neg__(self) -> Any:
        return -self._sympy_()
