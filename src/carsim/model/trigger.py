"""Treatment that waits for a condition, as plain records: what a cast carries and the network turns into events.

A trigger compares rows with numbers. When all comparisons hold, it begins, and its doses follow, each `delay` later. An
amount is a parameter row of its own, `dose.<entry>.<k>`, so that each patient has an own one; `open.<entry>` is 1 for
the patients, and between the days, in which the entry may begin.
"""

from __future__ import annotations

from dataclasses import dataclass

from carsim.model.words import Side


@dataclass(frozen=True)
class Comparison:
    """`row` at or above (`above`) or below (`below`) a value; `variable` is what the scenario calls it.

    With `lasting` above zero it must have held so long (d) without a break.
    """

    variable: str
    row: str
    side: Side
    value: float
    lasting: float = 0.0


@dataclass(frozen=True)
class TriggeredDose:
    """One dose: `amount` (a parameter row) enters `row`, `delay` (d) after the beginning; `label` says what is given.

    With a `duration` above zero `row` is an input of the entry's own that feeds `into`: from then on it is the amount,
    per day, and zero at the end. Where one of `withheld` holds when the dose is due, it is not given. `share` names the
    row that is 1 for the patients who are given it; empty: all.
    """

    name: str
    label: str
    row: str
    delay: float
    amount: str
    duration: float = 0.0
    into: str = ""
    share: str = ""
    withheld: tuple[Comparison, ...] = ()


@dataclass(frozen=True)
class Trigger:
    """An entry of the treatment that begins when its comparisons hold: when looked at, how often, how far apart."""

    name: str
    comparisons: tuple[Comparison, ...]
    doses: tuple[TriggeredDose, ...]
    visits: tuple[float, ...] = ()
    lasting: float = 0.0
    apart: float = 0.0
    count: int = 1
