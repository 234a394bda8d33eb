"""Platelets: a chain of the marrow (see haematopoiesis) whose cells circulate for days.

    proliferating -> transit1 -> transit2 -> blood at 3 / platelet_transit each;  blood -> 0 at 1 / platelet_life

No transfusion: a nadir is what the marrow supports by itself.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.haematopoiesis import Lineage, add_chain
from carsim.model.processes.kinetics import ratio

STAGES = ("platelets.proliferating", "platelets.transit1", "platelets.transit2", "platelets.blood")


def add(body: Body) -> None:
    """State the chain."""
    loss = body.net.quantity("platelet_loss", ratio(amount=1.0, volume=body.p("platelet_life")), unit="1/d")
    add_chain(
        body,
        Lineage(
            name="platelets",
            stages=STAGES,
            unit="cells/uL",
            tolerance=1e-1,
            base="platelet_base",
            transit="platelet_transit",
            feedback="platelet_feedback",
            crowding=body.p("chain_crowding", "platelets"),
            stem=body.p("stem_supply", "platelets"),
            loss=loss,
        ),
    )
