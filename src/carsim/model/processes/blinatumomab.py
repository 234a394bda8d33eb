"""Blinatumomab: host T cells kill what shows CD19, as far as drug, T cells and antigen allow.

    signal   blinatumomab_kill * occupancy * N / (N + blinatumomab_t_half V_blood + blinatumomab_saturation L)
    killing  CD19-positive cell -> 0   signal * seen * cells                             (see antibodies)

N are host T cells in blood, L all blasts: one T cell kills one cell at a time, so many blasts and few T cells make a
non-responder. It needs more CD19 on a cell than a CAR does, so what it leaves is richer in dim and in negative cells.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.antibodies import kill, occupancy
from carsim.model.processes.kinetics import saturating, threefold


def add(body: Body) -> None:
    """State kinetics and killing, where blinatumomab is given."""
    if not body.uses("blinatumomab"):
        return
    net = body.net
    occupied = occupancy(body, "blinatumomab", "ug")
    half = net.total(
        "blinatumomab.t_half",
        [
            (body.p("blinatumomab_t_half"), body.row("volume.blood")),
            (body.p("blinatumomab_saturation"), body.row("blasts_total")),
        ],
        unit="cells",
        meaning="host T cells in blood that give half of the effect",
    )
    help_of_t_cells = net.quantity(
        "blinatumomab.t_cells",
        saturating(amount=body.row("host_t_cells"), half=half),
        meaning="share of the full effect that the patient's T cells allow",
    )
    signal = net.quantity(
        "blinatumomab.signal",
        threefold(first=body.p("blinatumomab_kill"), second=occupied, third=help_of_t_cells),
        unit="1/d",
        meaning="hazard of a cell that blinatumomab acts on",
    )
    kill(body, "blinatumomab", "CD19", signal)
