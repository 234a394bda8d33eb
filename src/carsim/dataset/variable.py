"""How a variable of a result is declared, and along what: the fixed list of dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

DIMENSIONS = (
    "patient",
    "replicate",
    "draw",
    "time",
    "visit",
    "clone",
    "product",
    "phenotype",
    "site",
    "treatment",
    "entry",
    "arm",
    "point",
    "cell",
    "lineage",
)

Kind = Literal["float64", "int8", "int64", "text"]


@dataclass(frozen=True)
class Variable:
    """One variable of a result; `rows` are patterns of network row names, the first that fits is read.

    In a run with replicates `replicate` follows `patient` in `dims`, save for what is `of_patient`: the same in all.
    """

    name: str
    dims: tuple[str, ...]
    unit: str
    meaning: str
    kind: Kind = "float64"
    rows: tuple[str, ...] = ()
    of_patient: bool = False


def course(name: str, unit: str, meaning: str, *rows: str, per: tuple[str, ...] = ()) -> Variable:
    """A course in time, read from network rows of these patterns (default: its own name)."""
    return Variable(name, ("patient", "time", *per), unit, meaning, rows=rows or (name,))


def answer(name: str, unit: str, meaning: str, kind: Kind = "float64") -> Variable:
    """One value for each patient."""
    return Variable(name, ("patient",), unit, meaning, kind)
