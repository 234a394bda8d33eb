"""Neutrophils: a chain of the marrow (see haematopoiesis), and the room that leukaemia leaves it.

    set point  Z = neutrophil_base / (1 + blasts in marrow / normal marrow)^2
    stages     proliferating -> transit1 -> transit2 -> transit3 -> blood -> 0 at 4 / neutrophil_transit each

The chain is the track of normal nucleated cells too: without it copies per ug DNA, MRD and the blast fraction would
have no denominator. All five species are in cells per uL of blood.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.haematopoiesis import Lineage, add_chain

STAGES = ("proliferating", "transit1", "transit2", "transit3", "blood")
CROWDING = 2.0


def add(body: Body) -> None:
    """State the chain."""
    add_chain(
        body,
        Lineage(
            name="neutrophils",
            stages=tuple(f"neutrophils.{stage}" for stage in STAGES),
            unit="cells/uL",
            tolerance=1e-3,
            base="neutrophil_base",
            transit="neutrophil_transit",
            feedback="neutrophil_feedback",
            crowding=CROWDING,
        ),
    )
