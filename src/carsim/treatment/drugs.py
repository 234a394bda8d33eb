"""Drugs that are given as repeated infusions of an amount by size: where each enters."""

from __future__ import annotations

from typing import Final

from carsim.treatment.entries import Dexamethasone, Tocilizumab
from carsim.treatment.given import Given, drug_amount, repeated

ENTERS: Final = {  # drug -> the species that its doses enter
    "tocilizumab": "tocilizumab.central",
    "dexamethasone": "dexamethasone.effect",
}
Drug = Tocilizumab | Dexamethasone


def doses(entry: Drug) -> list[Given]:
    """Every dose of the entry."""
    return repeated(
        entry.give,
        ENTERS[entry.give],
        drug_amount(entry.dose),
        start=entry.start,
        doses=entry.doses,
        every=entry.every,
        over=entry.duration,
    )
