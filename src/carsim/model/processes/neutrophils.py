"""Neutrophils (Friberg chain), the room that leukaemia leaves them, and the count of nucleated cells.

    set point      Z = neutrophil_base / (1 + blasts in marrow / normal marrow)^2
    proliferating  birth ktr P (Z / ANC)^neutrophil_feedback;  P -> T1 -> T2 -> T3 -> blood -> 0 at ktr = 4 / transit

The chain is the track of normal nucleated cells too: without it copies per ug DNA, MRD and the blast fraction would
have no denominator. All five species are in cells per uL of blood.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order, ratio

STAGES = ("proliferating", "transit1", "transit2", "transit3", "blood")


@law
def crowded_set_point(base: Any, blasts: Any, capacity: Any) -> Any:
    """Neutrophils that the marrow left by the leukaemia can sustain."""
    return base / (1.0 + blasts / capacity) ** 2


@law
def feedback_birth(rate_constant: Any, cells: Any, set_point: Any, circulating: Any, feedback: Any) -> Any:
    """Proliferation that makes good a lack of circulating cells."""
    return rate_constant * cells * (set_point / circulating) ** feedback


def add(body: Body) -> None:
    """State the chain."""
    net = body.net
    cells = [
        net.species(
            f"neutrophils.{stage}",
            unit="cells/uL",
            kind="continuous",
            tolerance=1e-3,
            meaning=f"neutrophils, {stage}, per uL of blood",
        )
        for stage in STAGES
    ]
    rate = net.quantity(
        "neutrophil_rate",
        ratio(amount=4.0, volume=body.p("neutrophil_transit")),
        unit="1/d",
        meaning="rate of each step of the chain",
    )
    set_point = net.quantity(
        "neutrophil_set_point",
        crowded_set_point(
            base=body.p("neutrophil_base"), blasts=body.row("blasts_at.marrow"), capacity=body.row("marrow_capacity")
        ),
        unit="cells/uL",
        meaning="neutrophils that the marrow can sustain",
    )
    net.reaction(
        "birth.neutrophils",
        produces={cells[0]: 1},
        process="neutrophils",
        rate=feedback_birth(
            rate_constant=rate,
            cells=cells[0],
            set_point=set_point,
            circulating=cells[-1],
            feedback=body.p("neutrophil_feedback"),
        ),
    )
    for stage, source, target in zip(STAGES, cells, [*cells[1:], None], strict=True):
        net.reaction(
            f"maturation.neutrophils.{stage}",
            consumes={source: 1},
            produces={target: 1} if target else None,
            process="neutrophils",
            rate=first_order(rate_constant=rate, amount=source),
        )
