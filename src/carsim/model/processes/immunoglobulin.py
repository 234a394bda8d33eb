"""Immunoglobulin G in serum: what long-lived plasma cells make, and what needs B cells.

    production  k igg_base (f + (1 - f) B / (igg_b_cell_half + B))      f = igg_without_b_cells, k = ln2 / igg_half_life
    loss        k IgG

B is the count of B cells in blood. Without B cells IgG falls with its half-life to igg_base * f. A replacement is added
to `igg` (g/L).
"""

from __future__ import annotations

import math

from carsim.model.body import Body
from carsim.model.processes.homeostasis import floored
from carsim.model.processes.kinetics import first_order, ratio, saturating, threefold


def add(body: Body) -> None:
    """State production and loss."""
    net = body.net
    level = net.species("igg", unit="g/L", kind="continuous", tolerance=1e-6, meaning="immunoglobulin G in serum")
    body.p("igg_start")
    rate = net.quantity("igg_rate", ratio(amount=math.log(2.0), volume=body.p("igg_half_life")), unit="1/d")
    from_cells = net.quantity(
        "igg_from_b_cells", saturating(amount=body.row("bcells_blood"), half=body.p("igg_b_cell_half"))
    )
    supply = net.quantity(
        "igg_supply",
        floored(floor=body.p("igg_without_b_cells"), cytokine=from_cells),
        meaning="production of IgG, relative to that with all B cells",
    )
    net.reaction(
        "production.igg",
        produces={level: 1},
        process="immunoglobulin",
        rate=threefold(first=rate, second=body.p("igg_base"), third=supply),
    )
    net.reaction(
        "loss.igg", consumes={level: 1}, process="immunoglobulin", rate=first_order(rate_constant=rate, amount=level)
    )
