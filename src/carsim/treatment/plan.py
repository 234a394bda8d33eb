"""The entries of a treatment as doses: those at fixed times, and those that wait for a condition.

An entry waits when it has `when`, or when a part of it may be withheld; everything else has its times from the start.
A course is its entries, each shifted by its own `at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from carsim.errors import UnsupportedMechanism
from carsim.treatment import drugs, infusion, lymphodepletion
from carsim.treatment.entries import (
    Course,
    Cyclophosphamide,
    Dexamethasone,
    Entry,
    Fludarabine,
    Infusion,
    Lymphodepletion,
    Tocilizumab,
)
from carsim.treatment.given import Given


@dataclass(frozen=True)
class Planned:
    """An entry with its doses, timed from its zero; `name` is its path below `treatment`."""

    entry: Entry
    name: str
    doses: tuple[Given, ...]

    @property
    def waits(self) -> bool:
        """Whether it is given by events of the network rather than by the schedule."""
        return self.entry.when is not None or any(dose.unless is not None for dose in self.doses)


def plan(entries: Sequence[Entry], costimulation: Mapping[str, str], seed: int) -> tuple[Planned, ...]:
    """Every entry with its doses; `costimulation` gives each product's domain.

    Raises UnsupportedMechanism for entries that this version cannot give.
    """
    planned = []
    for entry in entries:
        name = entry.name or ""
        planned.append(Planned(entry, name, tuple(_doses(entry, name, costimulation, seed))))
    return tuple(planned)


def _doses(entry: Entry, name: str, costimulation: Mapping[str, str], seed: int) -> list[Given]:
    if isinstance(entry, Course):
        return [dose for k, part in enumerate(entry.course) for dose in _part(part, f"{name}.{k}", costimulation, seed)]
    if isinstance(entry, Infusion):
        given = infusion.doses(entry, costimulation[entry.give], seed, name)
    elif isinstance(entry, Lymphodepletion | Fludarabine | Cyclophosphamide):
        given = lymphodepletion.doses(entry)
    elif isinstance(entry, Tocilizumab | Dexamethasone):
        given = drugs.doses(entry)
    else:
        raise UnsupportedMechanism([f"treatment.{name}: {type(entry).__name__.lower()}"])
    return [dose.later(entry.at) for dose in given] if entry.at else given


def _part(part: Entry, name: str, costimulation: Mapping[str, str], seed: int) -> list[Given]:
    """The doses of one entry of a course, with that entry's own share."""
    return [replace(dose, share=part.share, draw=name) for dose in _doses(part, name, costimulation, seed)]
