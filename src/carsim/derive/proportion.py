"""Which rates are proportional to which species: looked at with numbers, since a run imports no SymPy."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from carsim.derive.rows import Bound, Sum
from carsim.model.law import Law

SIZES: Final = tuple(1.3 * 10.0**decade for decade in range(-3, 13))  # from traces of a drug to all cells of a body
OTHERS: Final = (1.0, 1e3, 1e-3)  # sizes of the other arguments: a limit in one of them shows in one of these


def follows_alone(formula: Bound | Sum, species: range) -> list[int]:
    """Species rows that a rate is proportional to, if it reads no species in any other way; else none.

    A row stands in the list as often as it is a factor.
    """
    found = proportional(formula, species)
    read = [row for row in _factors(formula) if row in species]
    return found if sorted(found) == sorted(read) else []


def _factors(formula: Bound | Sum) -> list[int]:
    """Every row that a formula reads, as often as it does."""
    if isinstance(formula, Sum):
        return [row for _, *factors in formula.terms for row in factors]
    return list(formula.rows)


def proportional(formula: Bound | Sum, species: range) -> list[int]:
    """Species rows that a rate is proportional to."""
    if isinstance(formula, Sum):
        if len(formula.terms) != 1:
            return []
        return [row for row in formula.terms[0][1:] if row in species]
    return [row for k, row in enumerate(formula.rows) if row in species and _is_proportional(formula.law, k)]


@lru_cache(maxsize=4096)
def _is_proportional(law: Law, slot: int) -> bool:
    """Whether a law is zero where an argument is, and else the same multiple of it over all sizes that cells come in.

    Looked at with unlike numbers for the others, of several sizes; where the law is not defined by them, without those.
    """
    name = law.slots[slot]
    for size in OTHERS:
        others = {each: size * (0.37 + 0.11 * k) for k, each in enumerate(law.slots)}
        try:
            none = law.evaluate(others | {name: 0.0})
            ratios = [law.evaluate(others | {name: x}) / x for x in SIZES]
        except (ArithmeticError, ValueError):
            if size == 1.0:
                return False
            continue
        if none != 0.0 or not all(abs(ratio - ratios[0]) <= 1e-9 * abs(ratios[0]) for ratio in ratios):
            return False
    return True
