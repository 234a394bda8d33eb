"""Who depends on what in a network's rows, and programs that evaluate rows in dependency order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, field

import numpy as np

from carsim.derive.rows import Bound, Rows, Sum
from carsim.derive.tables import LINEAR, PRODUCTS, Program
from carsim.model.law import Law


@dataclass
class Lowering:
    """Rows with their dependencies: the level, and whether states, modes or only parameters stand behind a row."""

    rows: Rows
    number: dict[Law, int] = field(default_factory=dict)  # of each law
    level: dict[int, int] = field(default_factory=dict)
    moving: set[int] = field(default_factory=set)  # depends on states
    switched: set[int] = field(default_factory=set)  # depends on states or modes

    def __post_init__(self) -> None:
        rows = self.rows
        self.moving = set(range(rows.species, rows.parameters))
        self.switched = self.moving | set(range(rows.modes, rows.modes + len(rows.network.modes)))
        for row, formula in rows.formulas.items():
            read = formula.rows
            self.level[row] = 1 + max((self.level.get(r, 0) for r in read), default=0)
            if any(r in self.moving for r in read):
                self.moving.add(row)
            if any(r in self.switched for r in read):
                self.switched.add(row)
            if isinstance(formula, Bound):
                self.number.setdefault(formula.law, len(self.number))

    @property
    def readers(self) -> dict[int, list[int]]:
        """For each row the rows whose formula reads it."""
        found: dict[int, list[int]] = {}
        for row, formula in self.rows.formulas.items():
            for read in dict.fromkeys(formula.rows):
                found.setdefault(read, []).append(row)
        return found

    def behind(self, wanted: Iterable[int]) -> set[int]:
        """The rows with formulas that these rows need, themselves included."""
        found: set[int] = set()
        open_rows = list(wanted)
        while open_rows:
            row = open_rows.pop()
            if row in self.rows.formulas and row not in found:
                found.add(row)
                open_rows.extend(self.rows.formulas[row].rows)
        return found

    def program(self, wanted: Iterable[int], last: Sequence[tuple[int, Sum]] = ()) -> Program:
        """A program that evaluates these rows, in dependency order, and then the sums `last`."""
        blocks = Blocks()
        self.add(blocks, wanted)
        for row, total in last:
            blocks.sum(("last", total.linear), row, total)
        return blocks.program()

    def add(self, blocks: Blocks, wanted: Iterable[int], which: object = None) -> None:
        """Add the evaluation of these rows, in dependency order; blocks of another `which` stay apart."""
        key = {row: self._kind(self.rows.formulas[row]) for row in wanted}
        for row in sorted(key, key=lambda r: (self.level[r], key[r], r)):
            formula = self.rows.formulas[row]
            group = (which, self.level[row], key[row])
            if isinstance(formula, Bound):
                blocks.law(group, key[row], formula.rows, (row,))
            else:
                blocks.sum(group, row, formula)

    def _kind(self, formula: Bound | Sum) -> int:
        if isinstance(formula, Bound):
            return self.number[formula.law]
        return LINEAR if formula.linear else PRODUCTS


@dataclass
class Blocks:
    """A program under construction; consecutive instances of one group form one block."""

    groups: list[object] = field(default_factory=list)
    heads: list[list[int]] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)
    coefficients: list[float] = field(default_factory=list)

    def law(self, group: object, law: int, arguments: Sequence[int], out: Sequence[int], mask: int = 0) -> None:
        """Add an instance of a law."""
        self._head((group, law, mask), law, mask)
        self.entries += [*arguments, *out]

    def sum(self, group: object, out: int, total: Sum) -> None:
        """Add a sum."""
        self._head((group, "sum"), LINEAR if total.linear else PRODUCTS, 0)
        self.entries += [out, len(total.terms)]
        for coefficient, a, b in total.terms:
            self.entries += [a] if total.linear else [a, b]
            self.coefficients.append(coefficient)

    def _head(self, group: object, law: int, mask: int) -> None:
        if not self.groups or self.groups[-1] != group:
            self.groups.append(group)
            self.heads.append([law, 0, len(self.entries), mask, len(self.coefficients)])
        self.heads[-1][1] += 1

    def program(self) -> Program:
        """The finished program."""
        heads = np.array(self.heads, dtype=np.int64).reshape(-1, 5)
        law, count, start, mask, first = (np.ascontiguousarray(heads[:, k]) for k in range(5))
        entries = np.array(self.entries, dtype=np.int64)
        return Program(len(heads), law, count, start, mask, first, entries, np.array(self.coefficients))


def after(changed: Iterable[int], readers: dict[int, list[int]], within: set[int]) -> set[int]:
    """The rows among `within` that read these, directly or through others."""
    found: set[int] = set()
    open_rows = list(changed)
    while open_rows:
        for row in readers.get(open_rows.pop(), ()):
            if row in within and row not in found:
                found.add(row)
                open_rows.append(row)
    return found


def starts(parts: Sequence[Sized]) -> np.ndarray:
    """Where each part begins in all parts one after the other, and where the last ends."""
    return np.cumsum([0, *(len(part) for part in parts)]).astype(np.int64)


def whole(values: Iterable[int]) -> np.ndarray:
    """Whole numbers as kernels take them."""
    return np.array(list(values), dtype=np.int64)
