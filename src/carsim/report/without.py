"""Emergent directions with their mechanisms and without them, in words: a table and its sum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from carsim.report.amounts import amount
from carsim.scorecard.without import HOLDS_NOT, KEPT, LOST, NO_SWITCH, NOBODY, UNTOLD, totals, without

if TYPE_CHECKING:
    from carsim.scorecard.score import Scored
    from carsim.scorecard.without import Compared

HEADS = ("direction", "expected", "with", "without", "what the mechanism adds", "without it", "switched off")


def cells_of_direction(one: Compared) -> tuple[str, ...]:
    """A row of the table, as `HEADS`."""
    comparison, told = one.fact.comparison, without(one.fact)
    added = f"{amount(one.added)} ({amount(one.low)} to {amount(one.high)})" if one.added == one.added else ""
    return (
        one.fact.id,
        comparison.expected if comparison else "",
        _contrast(one.present),
        _contrast(one.absent) if one.absent else "",
        added,
        one.verdict,
        ", ".join(f"{path}={value}" for path, value in told.changes.items()) or told.because,
    )


def _contrast(scored: Scored) -> str:
    """A contrast, and the share of trials of the published size in which it is what was published."""
    if scored.holds is None:
        return scored.reason
    return f"{amount(scored.simulated)}; in {100.0 * scored.holds:.0f} % of trials"


def sentence(compared: Sequence[Compared]) -> str:
    """How many emergent directions hold, and how many of those are lost without their mechanism."""
    found = totals(compared)
    told = "; ".join(f"{name}: {found[name]}" for name in (LOST, KEPT, UNTOLD, HOLDS_NOT, NOBODY, NO_SWITCH))
    return f"Of {found['emergent']} emergent directions {found['hold']} hold. Without their mechanisms {told}."
