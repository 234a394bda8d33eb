"""The text of a network: its species, quantities and reactions as formulas of named rows, and its equations.

Every formula is the law itself, printed: the law's function is called with a symbol for each row it is bound to, so
what is shown is what is simulated. A law with a trait is written for one cell of density D and averaged over cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carsim.model.network import Network, Quantity, Reaction

NOTHING = "∅"


def formula(call: Any, *, latex: bool = False) -> str:
    """A law's call, or a SymPy expression of handles, as text or LaTeX."""
    import sympy

    from carsim.model.law import Call

    expression = _expression(call) if isinstance(call, Call) else sympy.sympify(call, strict=True)
    return sympy.latex(expression, symbol_names=_names(expression)) if latex else str(expression)


def reaction(row: Reaction, *, latex: bool = False) -> str:
    """`consumed -> produced` of one reaction."""
    arrow = r" \to " if latex else " -> "
    return arrow.join(_side(side, latex=latex) for side in (row.consumes, row.produces))


def quantity(row: Quantity, *, latex: bool = False) -> str:
    """Right-hand side of one quantity."""
    if row.terms is None:
        return formula(row.formula, latex=latex)
    join = " " if latex else "*"
    parts = []
    for term in row.terms:
        factors = [_name(factor.name, latex=latex) for factor in term.factors]
        parts.append(join.join(([f"{term.coefficient:g}"] if term.coefficient != 1.0 else []) + factors))
    return " + ".join(parts) or "0"


def equations(network: Network, *, latex: bool = False) -> Iterator[tuple[str, str]]:
    """(species, right-hand side of its derivative as a sum of reaction rates by name)."""
    for species in network.all_species:
        terms = []
        for row in network.reactions:
            change = sum(count for ref, count in row.produces if ref.name == species.name)
            change -= sum(count for ref, count in row.consumes if ref.name == species.name)
            if change:
                rate = rate_in_latex(row.name) if latex else f"r[{row.name}]"
                size = "" if abs(change) == 1 else f"{abs(change):g} "
                terms.append(("- " if change < 0 else "+ ") + size + rate)
        yield species.name, (" ".join(terms).removeprefix("+ ") or "0")


def name_in_latex(name: str) -> str:
    """A row's name, upright."""
    return r"\mathrm{" + name.replace("_", r"\_") + "}"


def rate_in_latex(name: str) -> str:
    """Symbol of a reaction's rate."""
    return "r_{" + name_in_latex(name) + "}"


def _expression(call: Any) -> Any:
    """The law's formula with a symbol for each row; numbers stay numbers; a trait stands as its density D."""
    import sympy

    def symbol(part: Any) -> Any:
        return sympy.Symbol(part.name, positive=True) if hasattr(part, "name") else sympy.Float(part)

    bound = dict(zip(call.law.slots, call.bindings, strict=True))
    values = {name: symbol(bound[name]) for name in call.law.arguments if name in bound}
    if call.law.trait is not None:
        values[call.law.trait] = sympy.Symbol("D", positive=True)
        median, spread = (symbol(bound[f"{call.law.trait}_{part}"]) for part in ("median", "log_sd"))
        return sympy.Function("mean_over_cells")(call.law.function(**values), median, spread)
    return call.law.function(**values)


def _side(side: tuple[tuple[Any, float], ...], *, latex: bool) -> str:
    parts = [("" if count == 1 else f"{count:g} ") + _name(ref.name, latex=latex) for ref, count in side]
    return " + ".join(parts) or (r"\varnothing" if latex else NOTHING)


def _names(expression: Any) -> dict[Any, str]:
    return {symbol: _name(symbol.name, latex=True) for symbol in expression.free_symbols}


def _name(name: str, *, latex: bool) -> str:
    return name_in_latex(name) if latex else name
