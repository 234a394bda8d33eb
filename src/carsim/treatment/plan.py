"""The entries of a treatment as doses: those at fixed times, and those that wait for a condition.

An entry waits when it has `when`, or when a part of it may be withheld; everything else has its times from the start.
A course is its entries, each shifted by its own `at`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from carsim.treatment import drugs, infusion, lymphodepletion, procedures
from carsim.treatment.entries import (
    Alemtuzumab,
    Blinatumomab,
    Bridging,
    Course,
    Cyclophosphamide,
    Dexamethasone,
    Entry,
    Fludarabine,
    Immunoglobulin,
    Infusion,
    Inotuzumab,
    Intrathecal,
    Lymphodepletion,
    Tocilizumab,
    Transplant,
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

    @property
    def for_product(self) -> bool:
        """Whether it gives a CAR T product or prepares for one."""
        parts = self.entry.course if isinstance(self.entry, Course) else (self.entry,)
        return any(isinstance(part, Infusion | Lymphodepletion | Fludarabine | Cyclophosphamide) for part in parts)


def plan(entries: Sequence[Entry], costimulation: Mapping[str, str], seed: int) -> tuple[Planned, ...]:
    """Every entry with its doses; `costimulation` gives each product's domain."""
    planned = []
    for entry in entries:
        name = entry.name or ""
        planned.append(Planned(entry, name, tuple(_doses(entry, name, costimulation, seed))))
    return tuple(planned)


def _doses(entry: Entry, name: str, costimulation: Mapping[str, str], seed: int) -> list[Given]:
    if isinstance(entry, Course):
        parts = enumerate(entry.course)
        given = [dose for k, part in parts for dose in _part(part, f"{name}.{k}", costimulation, seed)]
    else:
        given = _single(entry, name, costimulation, seed)
    return [dose.later(entry.at) for dose in given] if entry.at else given


def _single(entry: Entry, name: str, costimulation: Mapping[str, str], seed: int) -> list[Given]:
    """The doses of one thing that is given, from its own zero."""
    match entry:
        case Infusion():
            return infusion.doses(entry, costimulation[entry.give], seed, name)
        case Lymphodepletion() | Fludarabine() | Cyclophosphamide():
            return lymphodepletion.doses(entry)
        case Tocilizumab() | Dexamethasone() | Alemtuzumab() | Inotuzumab():
            return drugs.doses(entry)
        case Blinatumomab():
            return drugs.blinatumomab(entry)
        case Immunoglobulin():
            return drugs.immunoglobulin(entry)
        case Transplant():
            return procedures.transplant(entry)
        case Bridging():
            return procedures.bridging(entry)
        case Intrathecal():
            return procedures.intrathecal(entry)
    raise TypeError(f"no such entry: {entry!r}")  # every kind of entry stands above


def _part(part: Entry, name: str, costimulation: Mapping[str, str], seed: int) -> list[Given]:
    """The doses of one entry of a course, with that entry's own share."""
    return [replace(dose, share=part.share, draw=name) for dose in _doses(part, name, costimulation, seed)]
