"""The rows of a network's workspace and the formula of each: first step of lowering.

Order of rows: constants (row 0 is one), species, parameters, modes, quantities, rates. Each quantity and rate is a law
bound to rows, or a sum of coefficient x row or coefficient x row x row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from carsim.model.handle import Ref
from carsim.model.law import Call, Law
from carsim.model.network import Network


@dataclass(frozen=True)
class Bound:
    """A law with the rows of its slots."""

    law: Law
    rows: tuple[int, ...]


@dataclass(frozen=True)
class Sum:
    """Terms (coefficient, row, row); row 0 is the constant one."""

    terms: tuple[tuple[float, int, int], ...]

    @property
    def linear(self) -> bool:
        """No term multiplies two rows."""
        return all(b == 0 for _, _, b in self.terms)

    @property
    def rows(self) -> tuple[int, ...]:
        """Every row that the sum reads."""
        return tuple(row for _, a, b in self.terms for row in ((a, b) if b else (a,)))


@dataclass
class Rows:
    """Row numbers by name, constants, and formulas by row."""

    network: Network
    constants: list[float] = field(default_factory=lambda: [1.0])
    names: dict[str, int] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)
    formulas: dict[int, Bound | Sum] = field(default_factory=dict)
    species: int = 0
    parameters: int = 0
    modes: int = 0
    end: int = 0

    def constant(self, value: float) -> int:
        """Row of a literal number."""
        try:
            return self.constants.index(value)
        except ValueError:
            self.constants.append(value)
            return len(self.constants) - 1


def rows_of(network: Network) -> Rows:
    """Number the rows of a network (which is sealed by it) and resolve every formula to rows."""
    network.seal()
    rows = Rows(network)
    raw = [(q.name, q.terms if q.formula is None else q.formula) for q in network.quantities]
    raw += [(r.name, r.rate) for r in network.reactions]
    resolved = [_resolve(rows, name, formula) for name, formula in raw]
    for row in _amounts(network):
        rows.constant(row)
    row = len(rows.constants)
    rows.species, rows.parameters = row, row + len(network.all_species)
    rows.modes = rows.parameters + len(network.parameters)
    for named in (network.all_species, network.parameters, network.modes, network.quantities):
        for item in named:
            rows.names[item.name] = row
            row += 1
    for reaction in network.reactions:
        rows.rates[reaction.name] = row
        row += 1
    rows.end = row
    first = rows.modes + len(network.modes)
    for i, formula in enumerate(resolved):
        rows.formulas[first + i] = _numbered(rows, formula)
    return rows


def _amounts(network: Network) -> list[float]:
    """Literal numbers that are read as rows: thresholds and amounts of events and modes, heritabilities of traits."""
    conditions = [c for event in network.events for c in event.conditions]
    conditions += [t.condition for mode in network.modes for t in mode.transitions]
    values = [c.threshold for c in conditions] + [c.amount for event in network.events for c in event.changes]
    values += [trait.heritability for trait in network.traits]
    return [float(value) for value in values if not isinstance(value, Ref)]


def _resolve(rows: Rows, name: str, formula: Any) -> tuple[Any, tuple[Any, ...]]:
    """(law or None, parts): parts are names or constant rows for a law, (coefficient, names) for a sum."""
    if isinstance(formula, Call):
        parts = tuple(p.name if isinstance(p, Ref) else rows.constant(float(p)) for p in formula.bindings)
        return formula.law, parts
    if isinstance(formula, tuple):
        return None, tuple((t.coefficient, tuple(f.name for f in t.factors)) for t in formula)
    if isinstance(formula, Ref):
        return None, ((1.0, (formula.name,)),)
    if isinstance(formula, int | float):
        return None, ((float(formula), ()),)
    from carsim.derive.expressions import law_of_expression

    law, names = law_of_expression(formula, name)
    if not names:
        return None, ((float(formula), ()),)
    return law, names


def _numbered(rows: Rows, resolved: tuple[Any, tuple[Any, ...]]) -> Bound | Sum:
    law, parts = resolved
    if law is not None:
        return Bound(law, tuple(part if isinstance(part, int) else rows.names[part] for part in parts))
    terms = []
    for coefficient, names in parts:
        a, b = (*(rows.names[name] for name in names), 0, 0)[:2]
        terms.append((coefficient, a, b))
    return Sum(tuple(terms))
