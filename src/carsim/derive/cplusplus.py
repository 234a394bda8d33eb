"""C++ of a law: a function of its slots, with the formula and shared subexpressions that `codegen` prints for numba."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from carsim.derive.codegen import as_variables, of_numbers, shared_texts
from carsim.derive.symbolic import formula_of
from carsim.model.law import TRAIT_NODES, TRAIT_STEP, Law

FUNCTIONS: Final = {"exponential": "std::exp", "logarithm": "std::log", "power": "std::pow", "root": "std::sqrt"}
HALF: Final = len(TRAIT_NODES) // 2  # of the nodes lie on each side of zero
NODE: Final = f"const double node = {TRAIT_STEP} * k;"
WEIGHT: Final = f"const double weight = {TRAIT_STEP} * std::exp(-0.5 * node * node) / std::sqrt(2.0 * M_PI);"


def function_of(law: Law, name: str, arguments: Mapping[str, str]) -> str:
    """The definition of a law as a C++ function; `arguments` has the identifier of each slot."""
    shared, (value,) = shared_texts([as_variables(law, formula_of(law))])
    parts = [f"const double {part} = {_spelled(text, arguments)};" for part, text in shared]
    value = _bare(_spelled(value, arguments))
    if law.trait is None:
        inner = [*parts, f"return {value};"]
    else:
        loop = [NODE, WEIGHT, *parts, f"mean += weight * {value};"]
        head = ["double mean = 0.0;", f"for (int k = -{HALF}; k <= {HALF}; ++k) {{"]
        inner = [*head, *(f"  {line}" for line in loop), "}", "return mean;"]
    taken = ", ".join(f"double {arguments[slot]}" for slot in law.slots)
    return "\n".join([f"inline double {name}({taken}) {{", *(f"  {line}" for line in inner), "}"])


def _spelled(text: str, arguments: Mapping[str, str]) -> str:
    named = re.sub(r"\bv_(\w+)\b", lambda match: arguments[match[1]], text)
    return of_numbers(named, FUNCTIONS)


def _bare(text: str) -> str:
    """The text without parentheses around all of it."""
    return re.sub(r"^\(([^()]*)\)$", r"\1", text)
