"""Inotuzumab ozogamicin: kills what shows CD22, without the help of T cells.

signal   inotuzumab_kill * occupancy
killing  CD22-positive cell -> 0   signal * seen * cells       (see antibodies); what it leaves shows less CD22
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.antibodies import kill, occupancy
from carsim.model.processes.kinetics import first_order


def add(body: Body) -> None:
    """State kinetics and killing, where inotuzumab is given."""
    if not body.uses("inotuzumab"):
        return
    signal = body.net.quantity(
        "inotuzumab.signal",
        first_order(rate_constant=body.p("inotuzumab_kill"), amount=occupancy(body, "inotuzumab", "mg")),
        unit="1/d",
        meaning="hazard of a cell that inotuzumab acts on",
    )
    kill(body, "inotuzumab", "CD22", signal)
