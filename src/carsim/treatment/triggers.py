"""Entries that wait for a condition, as the plain triggers that a network turns into events.

Side of a comparison: at or above a value, or below it. `above x` is at or above the next number after x, `at_most x`
is below it, so that every comparison is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from carsim.model.trigger import Comparison, Trigger, TriggeredDose
from carsim.treatment.conditions import FEVER, ROWS, Condition, Threshold
from carsim.treatment.given import Given
from carsim.treatment.plan import Planned


def triggers(planned: Sequence[Planned]) -> tuple[Trigger, ...]:
    """The trigger of each entry that waits."""
    return tuple(_trigger(item) for item in planned if item.waits)


def beginning(item: Planned) -> float:
    """Time of the first dose of an entry, from its zero."""
    return min(dose.at for dose in item.doses)


def amount_row(item: Planned, k: int) -> str:
    """Row of the amount of the k-th dose."""
    return f"dose.{item.name}.{k}"


def share_row(dose: Given) -> str:
    """Row that is 1 in the patients who are given a part of a course; empty where all are."""
    return f"share.{dose.draw}" if dose.share < 1.0 else ""


def _trigger(item: Planned) -> Trigger:
    when = item.entry.when
    if when is None:  # a fixed time, and parts that may be withheld
        return Trigger(item.name, (), _doses(item, beginning(item)), visits=(beginning(item),))
    return Trigger(
        item.name,
        tuple(found for threshold in (when, *when.also) for found in compared(threshold)),
        _doses(item, 0.0),
        visits=visits(when),
        lasting=when.lasting,
        apart=when.apart,
        count=when.repeat,
    )


def visits(when: Condition) -> tuple[float, ...]:
    """Days on which a condition is looked at; none: at every moment."""
    return () if when.visit is None else (when.visit,)


def _doses(item: Planned, zero: float) -> tuple[TriggeredDose, ...]:
    return tuple(
        TriggeredDose(
            name=f"{item.name}.{k}",
            label=dose.label,
            row=f"{dose.label}.input.{item.name}" if dose.duration > 0.0 else dose.row,
            delay=dose.at - zero,
            amount=amount_row(item, k),
            duration=dose.duration,
            into=dose.row,
            share=share_row(dose),
            withheld=compared(dose.unless) if dose.unless else (),
        )
        for k, dose in enumerate(item.doses)
    )


def compared(threshold: Threshold) -> tuple[Comparison, ...]:
    """The comparisons of rows that a comparison of a scenario means."""
    name, row = threshold.variable, ROWS[threshold.variable]
    sides = (
        ("above", threshold.at_least),
        ("below", threshold.below),
        ("above", None if threshold.above is None else math.nextafter(threshold.above, math.inf)),
        ("below", None if threshold.at_most is None else math.nextafter(threshold.at_most, math.inf)),
    )
    return tuple(_comparison(name, row, side, value) for side, value in sides if value is not None)


def _comparison(name: str, row: str, side: str, value: float) -> Comparison:
    if name != "fever":
        return Comparison(name, row, "above" if side == "above" else "below", value)
    return Comparison(name, row, "above", FEVER, lasting=value)
