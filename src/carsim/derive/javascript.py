"""JavaScript of a set of laws: the values and partial derivatives that `codegen` prints for numba, in another syntax.

    VALUES[k](w, e, n, a)      n instances of law k, whose rows stand in e from a on, in the workspace w
    SLOPES[k](w, e, n, a, m)   their partial derivatives, those that the mask m wants

Formulas, shared subexpressions and the order of operations are those of `codegen`, so that what differs between a page
and a run are the last digits of exp, log and pow.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sympy

from carsim.derive.codegen import as_variables, of_numbers, shared_texts
from carsim.derive.symbolic import formula_of
from carsim.model.law import TRAIT_NODES, TRAIT_STEP, Law

TRAIT_RULE = """const NODES = Array.from({{length: {count}}}, (_, k) => {first} + {step} * k);
const WEIGHTS = NODES.map((node) => {step} * Math.exp(-0.5 * node * node) / Math.sqrt(2 * Math.PI));"""
FUNCTIONS = {"exponential": "Math.exp", "logarithm": "Math.log", "power": "Math.pow", "root": "Math.sqrt"}


def javascript_of(laws: Sequence[Law]) -> str:
    """The two tables VALUES and SLOPES of these laws, by their position, as JavaScript."""
    parts = []
    if any(law.trait for law in laws):
        parts.append(TRAIT_RULE.format(count=len(TRAIT_NODES), first=TRAIT_NODES[0], step=TRAIT_STEP))
    for name, function in (("VALUES", _value), ("SLOPES", _slopes)):
        body = ",\n".join(function(law) for law in laws)
        parts.append(f"const {name} = [\n{body},\n];")
    return "\n".join(parts) + "\n"


def _value(law: Law) -> str:
    formula = as_variables(law, formula_of(law))
    shared, (value,) = shared_texts([formula])
    width = len(law.slots)
    body = [f"const {name} = {text};" for name, text in shared]
    if law.trait is None:
        inner = [*body, f"w[e[a + {width}]] = {value};"]
    else:
        inner = [*_averaged(body, {"mean": value}), f"w[e[a + {width}]] = mean;"]
    return _loop(law, "w, e, n, a", [formula], inner, width + 1)


def _slopes(law: Law) -> str:
    formula = as_variables(law, formula_of(law))
    slopes = [sympy.diff(formula, sympy.Symbol(f"v_{name}", real=True)) for name in law.slots]
    shared, values = shared_texts(slopes)
    width = len(law.slots)
    body = [f"const {name} = {text};" for name, text in shared]
    if law.trait is not None:
        sums = {f"slope_{k}": value for k, value in enumerate(values)}
        body, values = _averaged(body, sums), list(sums)
    stores = [f"if (m & {1 << k}) w[e[a + {width + k}]] = {value};" for k, value in enumerate(values)]
    return _loop(law, "w, e, n, a, m", slopes, [*body, *stores], 2 * width)


def _averaged(body: list[str], sums: dict[str, str]) -> list[str]:
    starts = [f"let {name} = 0;" for name in sums]
    adds = [f"{name} += weight * {value};" for name, value in sums.items()]
    head = "for (let k = 0; k < NODES.length; k++) { const node = NODES[k], weight = WEIGHTS[k];"
    return [*starts, head, *body, *adds, "}"]


def _loop(law: Law, arguments: str, formulas: Sequence[sympy.Expr], inner: list[str], stride: int) -> str:
    """One function over the instances of a law; arguments are named by their place, which is short."""
    used = {symbol.name for formula in formulas for symbol in formula.free_symbols}
    text = "\n".join(inner)
    for k, name in enumerate(law.slots):
        text = re.sub(rf"\bv_{re.escape(name)}\b", f"x{k}", text)
    text = of_numbers(text, FUNCTIONS)
    text = re.sub(r"\b(\d+)\.0\b(?!e)", r"\1", text)
    text = _bare(text)
    loads = ", ".join(
        f"x{k} = w[e[{f'a + {k}' if k else 'a'}]]" for k, name in enumerate(law.slots) if f"v_{name}" in used
    )
    head = [f"// {law.name}", f"({arguments}) => {{", f"for (; n > 0; n--, a += {stride}) {{"]
    return "\n".join([*head, *([f"const {loads};"] if loads else []), text, "}", "}"])


def _bare(text: str) -> str:
    """The text without parentheses around a name, a number, or all that is assigned."""
    text = re.sub(r"(?<![\w.])\(([\w.]+)\)", r"\1", text)
    return re.sub(r"= \(([^()]*)\);", r"= \1;", text)
