"""Formulas as the part of content MathML that SBML takes, with the unit of every number.

Laws and expressions are printed by SymPy; what joins them (calls, sums, comparisons, changes) is put together here in
the order of statement. A number in a law has no unit, as the balance check of the network reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree.ElementTree import Element, fromstring

from sympy.printing.mathml import MathMLContentPrinter

from carsim.derive.expressions import refuse_unknown
from carsim.derive.symbolic import formula_of_cell
from carsim.interchange.identifiers import sid
from carsim.model.law import TRAIT_NODES, TRAIT_WEIGHTS, Law

MATHML = "http://www.w3.org/1998/Math/MathML"
TIME = "http://www.sbml.org/sbml/symbols/time"
PURE = "dimensionless"
UNITS = "sbml:units"  # the prefix is declared by the root of the document


def math(content: Element) -> Element:
    """The `math` element around a formula."""
    return _element("math", content, xmlns=MATHML)


def ci(identifier: str) -> Element:
    """What has this identifier."""
    return _element("ci", text=identifier)


def time() -> Element:
    """The time since the start of the simulation."""
    return _element("csymbol", text="time", encoding="text", definitionURL=TIME)


def cn(value: float, unit: str = PURE) -> Element:
    """A number in a unit of the model, with all its digits."""
    mantissa, exponential, exponent = repr(float(value)).partition("e")
    number = _element("cn", text=mantissa.removesuffix(".0"))
    number.set(UNITS, unit)
    if exponential:
        number.set("type", "e-notation")
        power = _element("sep")
        power.tail = str(int(exponent))
        number.append(power)
    return number


def apply(operator: str, *parts: Element) -> Element:
    """An operator of MathML with its operands."""
    return _element("apply", _element(operator), *parts)


def call(function: str, parts: Sequence[Element]) -> Element:
    """A function definition of the model with its arguments."""
    return _element("apply", ci(function), *parts)


def total(parts: Sequence[Element], unit: str = PURE) -> Element:
    """A sum of any length; zero of the unit where there is nothing to add."""
    return apply("plus", *parts) if len(parts) > 1 else parts[0] if parts else cn(0.0, unit)


def every(parts: Sequence[Element]) -> Element:
    """All of these hold; true where there are none."""
    return apply("and", *parts) if len(parts) > 1 else parts[0] if parts else _element("true")


def expression(formula: Any, where: str) -> Element:
    """A SymPy expression of handles; raises CannotDerive for what engines could not run either."""
    refuse_unknown(formula, where)
    printed = fromstring(_Printer().doprint(formula))
    for number in printed.iter("cn"):
        number.set(UNITS, PURE)
    return printed


def definition(law: Law) -> Element:
    """A law as a function of its arguments, its trait included."""
    body = expression(formula_of_cell(law), f"law {law.name!r}")
    return _lambda(law.arguments, body)


def mean_definition(law: Law, cell: str) -> Element:
    """A law's mean over its log-normal trait as a function of its slots; `cell` is the function of one cell.

    Sum of weight x law(median exp(log_sd node)) over the fixed rule of `model.law`, which the engines use too.
    """
    median, log_sd = (ci(sid(name)) for name in law.slots[:2])
    terms = []
    for node, weight in zip(TRAIT_NODES, TRAIT_WEIGHTS, strict=True):
        value = apply("times", median, apply("exp", apply("times", cn(node), log_sd)))
        arguments = [value if name == law.trait else ci(sid(name)) for name in law.arguments]
        terms.append(apply("times", cn(weight), call(cell, arguments)))
    return _lambda(law.slots, total(terms))


def _lambda(arguments: Sequence[str], body: Element) -> Element:
    return _element("lambda", *(_element("bvar", ci(sid(name))) for name in arguments), body)


def _element(tag: str, *parts: Element, text: str | None = None, **attributes: str) -> Element:
    element = Element(tag, attributes)
    element.text = text
    element.extend(parts)
    return element


class _Printer(MathMLContentPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's printer with identifiers as SBML spells them and numbers to their last digit.

    SymPy alone would set `cell_max` as a subscript, `beta` as a Greek letter, and 1e-9 in a form that SBML lacks.
    """

    def _print_Symbol(self, sym: Any) -> Any:  # noqa: N802  (SymPy's name)
        return self._leaf("ci", sid(sym.name))

    def _print_Float(self, e: Any) -> Any:  # noqa: N802
        mantissa, exponential, exponent = repr(float(e)).partition("e")
        number = self._leaf("cn", mantissa.removesuffix(".0"))
        if exponential:
            number.setAttribute("type", "e-notation")
            number.appendChild(self.dom.createElement("sep"))
            number.appendChild(self.dom.createTextNode(str(int(exponent))))
        return number

    def _leaf(self, tag: str, text: str) -> Any:
        leaf = self.dom.createElement(tag)
        leaf.appendChild(self.dom.createTextNode(text))
        return leaf
