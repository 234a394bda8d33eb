"""Rate laws: one formula, stated once as a plain Python function of its arguments.

The function uses operators and the functions of this module only, so that the same text is evaluated with numbers
(a plain reference), with units (the balance check), and with SymPy symbols (derivatives, code, LaTeX); no engine
holds a second copy of the formula. A law is bound to rows of a network by calling it with handles:

    @law
    def saturating_kill(potency, effectors, cells, half, opponents):
        return potency * effectors * cells / (half + opponents)

    net.reaction("kill.CD19-positive", consumes={cells: 1}, rate=saturating_kill(potency=..., effectors=..., ...))

A law with a trait is written for ONE cell, of trait value `density`; counting and ODE engines take its mean over a
log-normal trait by the fixed rule of `TRAIT_NODES`, agents evaluate it per cell. Its call names `density_median` and
`density_log_sd` instead of `density`.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, overload

# Trapezoidal rule on the standard normal. Its error falls as exp(-2 pi d / h) with d the distance of the nearest pole
# from the real axis (a Hill curve of exponent n in log density of sd s: d = pi / (n s)), so h = 1/4 reaches rounding
# for n s <= 2; the ends at 8.5 standard deviations leave out 2e-17.
TRAIT_STEP = 0.25
TRAIT_NODES: tuple[float, ...] = tuple(TRAIT_STEP * k for k in range(-34, 35))
TRAIT_WEIGHTS: tuple[float, ...] = tuple(
    TRAIT_STEP * math.exp(-0.5 * node * node) / math.sqrt(2.0 * math.pi) for node in TRAIT_NODES
)


def exp(x: Any) -> Any:
    """Exponential of a number or array, a SymPy expression, or a dimensionless unit."""
    return _apply("exp", x)


def log(x: Any) -> Any:
    """Natural logarithm of a number or array, a SymPy expression, or a dimensionless unit."""
    return _apply("log", x)


def _apply(name: str, x: Any) -> Any:
    if isinstance(x, int | float):
        return getattr(math, name)(x)
    if hasattr(x, "dimensionless_function"):  # the unit algebra of model.check
        return x.dimensionless_function(name)
    if hasattr(x, "__array__"):  # an array exists, so NumPy has been imported
        return getattr(sys.modules["numpy"], name)(x)
    return getattr(sys.modules["sympy"], name)(x)  # an expression exists, so SymPy has been imported


@dataclass(frozen=True)
class Law:
    """A formula and the names of its arguments; `trait` names the argument that is averaged over a population."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[str, ...]
    trait: str | None = None

    @property
    def slots(self) -> tuple[str, ...]:
        """Arguments as a network binds them: a trait stands as its median and its log standard deviation."""
        if self.trait is None:
            return self.arguments
        rest = tuple(name for name in self.arguments if name != self.trait)
        return (f"{self.trait}_median", f"{self.trait}_log_sd", *rest)

    @property
    def of_cell(self) -> Law:
        """The same formula for one cell, its trait an argument like others."""
        return Law(self.name, self.function, self.arguments)

    def __call__(self, **bindings: Any) -> Call:
        """Bind every argument to a handle or a number; names must match exactly."""
        if set(bindings) != set(self.slots):
            raise TypeError(f"law {self.name!r} takes {', '.join(self.slots)}; got {', '.join(bindings)}")
        return Call(self, tuple(bindings[name] for name in self.slots))

    def evaluate(self, values: Mapping[str, Any]) -> Any:
        """The formula itself with any values; a trait is averaged over its log-normal by the fixed rule."""
        if self.trait is None:
            return self.function(**{name: values[name] for name in self.arguments})
        fixed = {name: values[name] for name in self.arguments if name != self.trait}
        median, log_sd = values[f"{self.trait}_median"], values[f"{self.trait}_log_sd"]
        return sum(
            weight * self.function(**fixed, **{self.trait: median * exp(log_sd * node)})
            for node, weight in zip(TRAIT_NODES, TRAIT_WEIGHTS, strict=True)
        )


@dataclass(frozen=True)
class Call:
    """A law bound to handles or numbers, in the order of `law.slots`."""

    law: Law
    bindings: tuple[Any, ...]


@overload
def law(function: Callable[..., Any]) -> Law: ...
@overload
def law(*, trait: str) -> Callable[[Callable[..., Any]], Law]: ...


def law(function: Callable[..., Any] | None = None, *, trait: str | None = None) -> Any:
    """Declare a law from a function whose parameters are its arguments and whose body is one formula."""
    if function is None:
        return lambda f: law_of(f, trait)
    return law_of(function, None)


def law_of(function: Callable[..., Any], trait: str | None) -> Law:
    """The law of a plain function; its name is the function's."""
    arguments = tuple(inspect.signature(function).parameters)
    if trait is not None and trait not in arguments:
        raise TypeError(f"law {function.__name__!r} has no argument {trait!r} to average over")
    made = Law(function.__name__, function, arguments, trait)
    twice = [name for name in arguments if made.slots.count(name) > 1]
    if twice:
        raise TypeError(f"law {made.name!r} has an argument {twice[0]!r}, the name of what its trait is averaged over")
    return made
