"""Grades of toxicity: modes that follow a severity between 0 and 1 up and, with a lag, down again.

A scale is data of the catalogue: for each axis (fever, vascular, respiratory, neurological) the grade that each stage
means. A mode's states are the grades 0 to 4, so that its value is the grade; a stage ends when the severity has fallen
to `syndrome_relief` times what began it. The worst grade so far is a mode that only rises.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.network import Condition, Transition
from carsim.model.processes.kinetics import ratio

GRADES = ("0", "1", "2", "3", "4")


def grade(body: Body, name: str, severity: Ref, stages: Sequence[Ref], grades: Sequence[int], meaning: str) -> Ref:
    """State the mode `name`: the grade of the stage that a severity has reached.

    `stages` are the severities at which the stages begin, `grades` what each stage means on the scale.
    """
    net = body.net
    abating = net.quantity(
        f"{name}.abating", ratio(amount=severity, volume=body.p("syndrome_relief")), unit=net.unit_of(severity)
    )
    moves: list[Transition] = []
    lower = 0
    for begins, upper in zip(stages, grades, strict=True):
        if upper > lower:
            moves.append(Transition(GRADES[lower], GRADES[upper], Condition(severity, "above", begins)))
            moves.append(Transition(GRADES[upper], GRADES[lower], Condition(abating, "below", begins)))
            lower = upper
    return net.mode(name, GRADES, moves, meaning=meaning)


def worst(body: Body, name: str, of: Ref, meaning: str) -> Ref:
    """State the mode `name`: the highest grade that `of` has had so far."""
    steps = [
        Transition(low, high, Condition(of, "above", index + 0.5)) for index, (low, high) in enumerate(pairwise(GRADES))
    ]
    return body.net.mode(name, GRADES, steps, meaning=meaning)
