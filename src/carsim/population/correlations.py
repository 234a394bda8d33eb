"""How what differs between patients goes together: correlations of logarithms, joined by a Gaussian copula.

    scores     s = L z        z independent standard normals, one per covariate and varying parameter of a patient
    values     median x exp(log_sd s), each with the median and spread that it has without correlation
    L          lower triangular, L L' = correlation matrix: ones, the stated pairs, zero for every other pair

A name without a pair has s = z, to the bit. Not every set of pairs can be: of three things that go together closely,
no two can be opposed. L is made row by row; where a row has no diagonal, one of its pairs is impossible beside the
others, and what it could be instead follows from the same equations, which are quadratic in one pair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Pairs = Mapping[tuple[str, str], float]
Matrix = list[list[float]]
LEAST_SQUARE = 1e-9  # of a diagonal element of L: below, a name would only repeat others


@dataclass(frozen=True)
class Impossible:
    """A pair that no patients could have beside the others; `limits` bound what it could be, None for nothing."""

    pair: tuple[str, str]
    limits: tuple[float, float] | None


def ordered(first: str, second: str, known: Sequence[str]) -> tuple[str, str]:
    """A pair in the order of `known`; a name that is not known comes last."""
    place = {name: at for at, name in enumerate(known)}
    return (first, second) if place.get(first, len(known)) <= place.get(second, len(known)) else (second, first)


def root(known: Sequence[str], pairs: Pairs) -> Matrix:
    """The rows of L, each as long as it has elements up to the diagonal. Raises ValueError for impossible pairs."""
    rows: Matrix = []
    for last, name in enumerate(known):
        row = _row(rows, [pairs.get((other, name), 0.0) for other in known[:last]])
        square = 1.0 - _product(row, row)
        if square < LEAST_SQUARE:
            raise ValueError(f"the correlations of {name} with others cannot all hold")
        rows.append([*row, math.sqrt(square)])
    return rows


def impossible(known: Sequence[str], pairs: Pairs) -> Impossible | None:
    """A pair of the first name, in order of `known`, whose pairs with those before it cannot all be; None: all can."""
    used = [name for name in known if any(name in pair for pair in pairs)]
    rows: Matrix = []
    for last, name in enumerate(used):
        stated = [pairs.get((other, name), 0.0) for other in used[:last]]
        row = _row(rows, stated)
        square = 1.0 - _product(row, row)
        if square < LEAST_SQUARE:
            wrong = [at for at, value in enumerate(stated) if value != 0.0]
            limits = [_possible(rows, stated, at) for at in wrong]
            mended = [(at, found) for at, found in zip(wrong, limits, strict=True) if found is not None]
            at, found = mended[0] if mended else (wrong[-1], None)
            return Impossible((used[at], name), found)
        rows.append([*row, math.sqrt(square)])
    return None


def _row(rows: Matrix, correlations: Sequence[float]) -> list[float]:
    """The next row of L without its diagonal, by forward substitution; exactly zero where nothing is correlated."""
    found: list[float] = []
    for row, value in zip(rows, correlations, strict=True):
        found.append((value - _product(row[:-1], found)) / row[-1])
    return found


def _possible(rows: Matrix, stated: Sequence[float], at: int) -> tuple[float, float] | None:
    """Between what limits the correlation at this place could be, the others as stated; None where nowhere."""
    rest = _row(rows, [0.0 if place == at else value for place, value in enumerate(stated)])
    unit = _row(rows, [1.0 if place == at else 0.0 for place in range(len(stated))])
    a, b, c = _product(unit, unit), _product(unit, rest), _product(rest, rest) - 1.0  # a x^2 + 2 b x + c <= 0
    square = b * b - a * c
    return None if square <= 0.0 else ((-b - math.sqrt(square)) / a, (-b + math.sqrt(square)) / a)


def _product(first: Sequence[float], second: Sequence[float]) -> float:
    """Sum of products in order, so that the same pairs have the same bits on every machine."""
    total = 0.0
    for one, other in zip(first, second, strict=True):
        total += one * other
    return total
