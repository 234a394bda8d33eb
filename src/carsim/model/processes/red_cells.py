"""Red cells, counted as the haemoglobin that they carry: a chain of the marrow (see haematopoiesis) with a long life.

    stages  proliferating -> transit -> haemoglobin at 2 / red_cell_transit each;  haemoglobin -> 0 at 1 / red_cell_life

In g per dL of blood throughout. No transfusion: haemoglobin is what the marrow supports by itself.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.haematopoiesis import Lineage, add_chain
from carsim.model.processes.kinetics import ratio

STAGES = ("red_cells.proliferating", "red_cells.transit", "haemoglobin")


def add(body: Body) -> None:
    """State the chain."""
    loss = body.net.quantity("red_cell_loss", ratio(amount=1.0, volume=body.p("red_cell_life")), unit="1/d")
    add_chain(
        body,
        Lineage(
            name="red_cells",
            stages=STAGES,
            unit="g/dL",
            tolerance=1e-6,
            base="haemoglobin_base",
            transit="red_cell_transit",
            feedback="red_cell_feedback",
            crowding=body.p("chain_crowding", "red_cells"),
            stem=body.p("stem_supply", "red_cells"),
            loss=loss,
        ),
    )
