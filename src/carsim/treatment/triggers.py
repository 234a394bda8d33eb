"""Entries that wait for a condition, as the plain triggers that a network turns into events.

Side of a comparison: at or above a value, or below it. `above x` is at or above the next number after x, `at_most x`
is below it, so that every comparison is exact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from carsim.catalog import assays
from carsim.model.trigger import Comparison, Trigger, TriggeredDose
from carsim.treatment.conditions import FEVER, ROWS, VARIABLES, Condition, Threshold
from carsim.treatment.given import Given
from carsim.treatment.plan import Planned

_REMISSION = Comparison("response", "disease.remission", "below", 1.0)
_DISEASE = Comparison("response", "disease.remission", "above", 1.0)
_RECOVERED = Comparison("response", "counts_lacking", "below", 0.5)
_LACKING = Comparison("response", "counts_lacking", "above", 0.5)
_MRD = assays()["mrd_flow"].limit.value
_NO_MRD = Comparison("response", "blasts_marrow_fraction", "below", _MRD)
_SOME_MRD = Comparison("response", "blasts_marrow_fraction", "above", _MRD)
_RELAPSE = Comparison("relapse", "relapsed", "above", 1.0)

# What each word of a state means in rows (see model.processes.response).
WORDS = {
    ("response", "remission"): (_REMISSION,),  # CR or CRi
    ("response", "NR"): (_DISEASE,),
    ("response", "CR"): (_REMISSION, _RECOVERED),
    ("response", "CRi"): (_REMISSION, _LACKING),
    ("response", "MRD-negative CR"): (_REMISSION, _NO_MRD),
    ("response", "MRD-positive CR"): (_REMISSION, _SOME_MRD),
    ("relapse", "any"): (_RELAPSE,),
    **{
        ("relapse", word): (_RELAPSE, Comparison("relapse", f"relapse.{word}", "above", 0.0))
        for word in VARIABLES["relapse"]
        if word != "any"
    },
}


def triggers(planned: Sequence[Planned], seen: Sequence[float]) -> tuple[Trigger, ...]:
    """The trigger of each entry that waits; `seen` are the days on which a response is looked at."""
    return tuple(_trigger(item, seen) for item in planned if item.waits)


def beginning(item: Planned) -> float:
    """Time of the first dose of an entry, from its zero."""
    return min(dose.at for dose in item.doses)


def amount_row(item: Planned, k: int) -> str:
    """Row of the amount of the k-th dose."""
    return f"dose.{item.name}.{k}"


def share_row(dose: Given) -> str:
    """Row that is 1 in the patients who are given a part of a course; empty where all are."""
    return f"share.{dose.draw}" if dose.share < 1.0 else ""


def _trigger(item: Planned, seen: Sequence[float]) -> Trigger:
    when = item.entry.when
    if when is None:  # a fixed time, and parts that may be withheld
        return Trigger(item.name, (), _doses(item, beginning(item)), visits=(beginning(item),))
    return Trigger(
        item.name,
        tuple(found for threshold in (when, *when.also) for found in compared(threshold)),
        _doses(item, 0.0),
        visits=_visits(when, seen),
        lasting=when.lasting,
        apart=when.apart,
        count=when.repeat,
    )


def _visits(when: Condition, seen: Sequence[float]) -> tuple[float, ...]:
    """Days on which a condition is looked at; none: at every moment. A response is what a visit finds."""
    if when.visit is not None:
        return (when.visit,)
    return tuple(seen) if any(item.variable == "response" for item in (when, *when.also)) else ()


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
    name = threshold.variable
    if threshold.equals is not None:
        return WORDS[name, threshold.equals]
    row = ROWS[name]
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
