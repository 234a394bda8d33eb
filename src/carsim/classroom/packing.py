"""Cases as one small table: rows that many networks share stand once, names become numbers, lists become runs.

names     of everything that a page asks for by name; other rows have a number alone, beyond the last name
rows      by kind, each distinct row of any network (see derive.plain), its names as numbers; [x] is the number x
lists     by kind, each distinct list of rows as runs: first, how many, first, how many, ...
cases     the numbers of a case's lists, in the order of KINDS
nodes     of the traced formulas, those that are used
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from carsim.classroom.cases import Case
from carsim.derive.plain import plain
from carsim.derive.tracing import Trace
from carsim.model.law import Law

KINDS = (
    "species",
    "parameters",
    "modes",
    "quantities",
    "reactions",
    "events",
    "extinctions",
    "given",
    "clones",
    "varies",
)


@dataclass
class Packing:
    """A table under construction."""

    index: Mapping[Law, int]
    trace: Trace
    names: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    lists: dict[str, dict[str, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    cases: dict[tuple[int, ...], int] = field(default_factory=dict)

    def add(self, case: Case) -> int:
        """Pack a case; its number, which equal cases share."""
        net = plain(case.made.network, self.index)
        parts = {kind: [self._named(kind, row) for row in net[kind]] for kind in KINDS[:7]}
        parts["species"] = [[*row, at] for row, at in zip(parts["species"], case.start, strict=True)]
        parts["parameters"] = [[row, value] for row, value in zip(parts["parameters"], case.values, strict=True)]
        parts |= {"given": list(case.given), "clones": list(case.clones), "varies": list(case.varies)}
        packed = tuple(self._list(kind, parts[kind]) for kind in KINDS)
        return self.cases.setdefault(packed, len(self.cases))

    def table(self, wanted: Sequence[str]) -> dict[str, Any]:
        """The finished table; `wanted` are the rows, beside states and parameters, that are asked for by name."""
        public = {name for name in self.names if name in wanted} | self._of("species") | self._of("parameters")
        order = sorted(self.names, key=lambda name: (name not in public, self.names[name]))
        new = {self.names[name]: place for place, name in enumerate(order)}
        used = sorted(self._used())
        place = {node: k for k, node in enumerate(used)}
        rows = {kind: [self._final(kind, json.loads(row), new, place) for row in self.rows[kind]] for kind in KINDS}
        return {
            "names": [name for name in order if name in public],
            "rows": rows,
            "lists": {kind: [json.loads(runs) for runs in self.lists[kind]] for kind in KINDS},
            "cases": [list(case) for case in self.cases],
            "nodes": [self._node(self.trace.nodes[node], place) for node in used],
        }

    def _named(self, kind: str, row: Any) -> Any:
        """A row with numbers in place of names, and [x] in place of a number that could be one."""
        if kind == "parameters":
            return self._name(row)
        if kind == "species":
            return [self._name(row[0]), *row[1:]]
        if kind == "quantities":
            return [self._name(row[0]), *self._formula(row[1:])]
        if kind == "reactions":
            return [[[self._name(name), by] for name, by in row[0]], *self._formula(row[1:])]
        if kind == "modes":
            moves = [[source, target, self._condition(when)] for source, target, when in row[2]]
            return [self._name(row[0]), row[1], moves, row[3]]
        if kind == "events":
            changes = [[self._name(name), how, self._value(by)] for name, how, by in row[2]]
            return [row[0], [self._condition(when) for when in row[1]], changes, *row[3:]]
        return [row[0], [self._name(name) for name in row[1]], row[2]]

    def _name(self, name: str) -> int:
        return self.names.setdefault(name, len(self.names))

    def _value(self, value: str | float) -> Any:
        return self._name(value) if isinstance(value, str) else [value]

    def _condition(self, when: Sequence[Any]) -> list[Any]:
        return [self._name(when[0]), when[1], self._value(when[2])]

    def _formula(self, formula: Sequence[Any]) -> list[Any]:
        law, *parts = formula
        if law >= 0:
            return [law, *(self._value(part) for part in parts)]
        return [law, *([c, *(self._name(name) for name in names)] for c, *names in parts)]

    def _list(self, kind: str, items: Iterable[Any]) -> int:
        """The number of a list of rows."""
        known, runs = self.rows[kind], list[int]()
        for item in items:
            at = known.setdefault(json.dumps(item), len(known))
            if runs and runs[-2] + runs[-1] == at:
                runs[-1] += 1
            else:
                runs += [at, 1]
        lists = self.lists[kind]
        return lists.setdefault(json.dumps(runs), len(lists))

    def _of(self, kind: str) -> set[str]:
        names = list(self.names)
        return {names[json.loads(row)[0]] for row in self.rows[kind]}

    def _used(self) -> set[int]:
        """The nodes that any start or dose needs."""
        open_nodes = [json.loads(row)[3] for row in self.rows["species"]]
        open_nodes += [json.loads(row)[5] for row in self.rows["given"]]
        found: set[int] = set()
        while open_nodes:
            at = open_nodes.pop()
            if at not in found:
                found.add(at)
                open_nodes += _operands(self.trace.nodes[at])
        return found

    def _node(self, node: Any, place: Mapping[int, int]) -> Any:
        if not isinstance(node, tuple) or isinstance(node[1], str):
            return node
        return [node[0], *(place[at] for at in _operands(node))]

    def _final(self, kind: str, row: Any, new: Mapping[int, int], place: Mapping[int, int]) -> Any:
        """A row with the final numbers of names and nodes."""

        def named(value: Any) -> Any:
            return value if isinstance(value, list) else new[value]

        def formula(parts: Sequence[Any]) -> list[Any]:
            if parts[0] >= 0:
                return [parts[0], *(named(part) for part in parts[1:])]
            return [parts[0], *([term[0], *(new[name] for name in term[1:])] for term in parts[1:])]

        def condition(when: Sequence[Any]) -> list[Any]:
            return [new[when[0]], when[1], named(when[2])]

        if kind == "species":
            return [new[row[0]], *row[1:3], place[row[3]]]
        if kind == "parameters":
            return [new[row[0]], row[1]]
        if kind == "quantities":
            return [new[row[0]], *formula(row[1:])]
        if kind == "reactions":
            return [[[new[name], by] for name, by in row[0]], *formula(row[1:])]
        if kind == "modes":
            return [new[row[0]], row[1], [[a, b, condition(when)] for a, b, when in row[2]], row[3]]
        if kind == "events":
            changes = [[new[name], how, named(by)] for name, how, by in row[2]]
            return [row[0], [condition(when) for when in row[1]], changes, *row[3:]]
        if kind == "extinctions":
            return [row[0], [new[name] for name in row[1]], row[2]]
        if kind == "given":
            return [*row[:5], place[row[5]], row[6]]
        return row


def _operands(node: Any) -> tuple[int, ...]:
    return node[1:] if isinstance(node, tuple) and not isinstance(node[1], str) else ()
