"""The network as a reader sees it, in plain text or LaTeX, from the same laws that the engines run.

Per process: each law once with its formula, then a row per reaction: name, what it takes and makes, and the law with
its arguments. Then quantities, and, where asked for, dy/dt of every species as a sum of rates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sympy

from carsim.derive.expressions import CannotDerive, law_of_expression
from carsim.derive.symbolic import formula_of
from carsim.model.handle import Ref
from carsim.model.law import Call, Law
from carsim.model.network import Mode, Network, Quantity, Reaction


@dataclass(frozen=True)
class Report:
    """What of a network cannot be derived, one sentence each; empty where everything can."""

    problems: tuple[str, ...]

    @property
    def sound(self) -> bool:
        """Whether everything can be derived."""
        return not self.problems


def report(network: Network) -> Report:
    """Try to derive every formula of the network."""
    problems = []
    formulas = [(f"quantity {q.name!r}", q.formula) for q in network.quantities if q.formula is not None]
    formulas += [(f"reaction {r.name!r}", r.rate) for r in network.reactions]
    for where, formula in formulas:
        try:
            if isinstance(formula, Call):
                formula_of(formula.law)
            elif not isinstance(formula, Ref | int | float):
                law_of_expression(formula, where)
        except CannotDerive as error:
            problems.append(str(error))
        except TypeError as error:
            problems.append(f"{where}: its law cannot be evaluated with symbols ({error})")
    return Report(tuple(problems))


def as_text(network: Network, *, by_species: bool = False) -> str:
    """The equations in plain text."""
    lines: list[str] = []
    for process, reactions in _by_process(network):
        lines += ["", process, "-" * len(process)]
        laws = dict.fromkeys(r.rate.law for r in reactions if isinstance(r.rate, Call))
        lines += [f"  {law.name} = {formula_text(law)}" for law in laws]
        width = max(len(r.name) for r in reactions)
        lines += [f"  {r.name:{width}}  {sides(r)}   at {rate_text(r.rate)}  [{r.unit}]" for r in reactions]
    if network.quantities:
        lines += ["", "quantities", "----------"]
        laws = dict.fromkeys(q.formula.law for q in network.quantities if isinstance(q.formula, Call))
        lines += [f"  {law.name} = {formula_text(law)}" for law in laws]
        lines += [f"  {q.name} = {quantity_text(q)}  [{q.unit}]" for q in network.quantities]
    if network.modes:
        lines += ["", "modes", "-----"]
        lines += [f"  {line}" for mode in network.modes for line in _mode_lines(mode)]
    if network.extinctions:
        lines += ["", "extinctions", "-----------"]
        lines += [
            f"  {item.name}: gone when {' + '.join(ref.name for ref in item.species)} < {item.below:g}"
            for item in network.extinctions
        ]
    if by_species:
        lines += ["", "rates of change", "---------------"]
        lines += [f"  d[{name}]/dt = {text}" for name, text in changes(network)]
    return "\n".join(lines[1:]) + "\n"


def as_latex(network: Network) -> str:
    """The equations in LaTeX: laws, then dy/dt of every species as a sum of rates v_reaction."""
    laws = laws_of(network)
    lines = [r"\begin{align*}"]
    lines += [rf"  {_word(law.name)} &= {formula_latex(law)} \\" for law in laws]
    lines += [rf"  {_word(q.name)} &= {_latex_of(q)} \\" for q in network.quantities]
    lines += [rf"  v_{{{_word(r.name)}}} &= {_rate_latex(r.rate)} \\" for r in network.reactions]
    for name, terms in _stoichiometry(network).items():
        total = " ".join(
            f"{'-' if c < 0 else '+'} {'' if abs(c) == 1 else f'{abs(c):g} '}v_{{{_word(rate)}}}" for rate, c in terms
        )
        lines.append(rf"  \frac{{d}}{{dt}}\,{_word(name)} &= {total.removeprefix('+ ') or '0'} \\")
    return "\n".join([*lines, r"\end{align*}"]) + "\n"


def laws_of(network: Network) -> tuple[Law, ...]:
    """Every law that the network uses, in order of use."""
    formulas = (*(q.formula for q in network.quantities), *(r.rate for r in network.reactions))
    return tuple(dict.fromkeys(formula.law for formula in formulas if isinstance(formula, Call)))


def formula_text(law: Law) -> str:
    """A law's formula in plain text; of a trait, for one cell, with the mean marked."""
    text = str(_for_one_cell(law))
    return text if law.trait is None else f"mean over log-normal {law.trait} of {text}"


def formula_latex(law: Law) -> str:
    """A law's formula in LaTeX."""
    names = {sympy.Symbol(a, real=True): _word(a) for a in law.arguments}
    text = sympy.latex(_for_one_cell(law), symbol_names=names)
    return text if law.trait is None else rf"\operatorname{{E}}_{{{_word(law.trait)}}}\left[{text}\right]"


def _for_one_cell(law: Law) -> Any:
    return law.function(**{name: sympy.Symbol(name, real=True) for name in law.arguments})


def _by_process(network: Network) -> Iterable[tuple[str, list[Reaction]]]:
    groups: dict[str, list[Reaction]] = {}
    for reaction in network.reactions:
        groups.setdefault(reaction.process, []).append(reaction)
    return groups.items()


def sides(reaction: Reaction) -> str:
    """`consumed -> produced` of a reaction."""

    def side(items: tuple[tuple[Ref, float], ...]) -> str:
        return " + ".join(ref.name if number == 1 else f"{number:g} {ref.name}" for ref, number in items) or "0"

    return f"{side(reaction.consumes)} -> {side(reaction.produces)}"


def rate_text(rate: Any) -> str:
    """A rate: the law with what each argument is bound to, or an expression of rows."""
    if isinstance(rate, Call):
        pairs = zip(rate.law.slots, rate.bindings, strict=True)
        return f"{rate.law.name}({', '.join(f'{slot}={_name(part)}' for slot, part in pairs)})"
    return _name(rate)


def _rate_latex(rate: Any) -> str:
    if isinstance(rate, Call):
        inside = ", ".join(_word(_name(part)) for part in rate.bindings)
        return rf"{_word(rate.law.name)}\left({inside}\right)"
    if isinstance(rate, Ref | int | float):
        return _word(_name(rate))
    return str(sympy.latex(rate, symbol_names={s: _word(s.name) for s in rate.free_symbols}))


def quantity_text(quantity: Quantity) -> str:
    """Right-hand side of a quantity."""
    return rate_text(quantity.formula) if quantity.terms is None else _terms(quantity, str, " * ")


def _latex_of(quantity: Quantity) -> str:
    return _rate_latex(quantity.formula) if quantity.terms is None else _terms(quantity, _word, r" \cdot ")


def _terms(quantity: Quantity, word: Any, times: str) -> str:
    parts = []
    for term in quantity.terms or ():
        factors = [word(factor.name) for factor in term.factors]
        if term.coefficient != 1:
            factors.insert(0, f"{term.coefficient:g}")
        parts.append(times.join(factors))
    return " + ".join(parts) or "0"


def _mode_lines(mode: Mode) -> list[str]:
    head = f"{mode.name}: {', '.join(mode.states)}; starts as {mode.initial}"
    signs = {"above": ">=", "below": "<"}
    return [head] + [
        f"  {t.source} -> {t.target} when {t.condition.quantity.name} {signs[t.condition.side]} "
        f"{_name(t.condition.threshold)}"
        for t in mode.transitions
    ]


def _stoichiometry(network: Network) -> dict[str, list[tuple[str, float]]]:
    changes: dict[str, dict[str, float]] = {species.name: {} for species in network.all_species}
    for reaction in network.reactions:
        for side, sign in ((reaction.consumes, -1.0), (reaction.produces, 1.0)):
            for ref, number in side:
                into = changes[ref.name]
                into[reaction.name] = into.get(reaction.name, 0.0) + sign * number
    return {name: [(rate, c) for rate, c in into.items() if c != 0.0] for name, into in changes.items()}


def changes(network: Network) -> list[tuple[str, str]]:
    """(species, its rate of change as a sum of v[reaction])."""
    lines = []
    for name, terms in _stoichiometry(network).items():
        parts = [f"{'-' if c < 0 else '+'} {'' if abs(c) == 1 else f'{abs(c):g} * '}v[{rate}]" for rate, c in terms]
        lines.append((name, " ".join(parts).removeprefix("+ ") or "0"))
    return lines


def _name(part: Any) -> str:
    if isinstance(part, Ref):
        return part.name
    return f"{part:g}" if isinstance(part, int | float) else str(part)


def _word(name: str) -> str:
    """A row's name as upright text in a formula."""
    escaped = name.replace("_", r"\_").replace("%", r"\%")
    return rf"\mathrm{{{escaped}}}"
