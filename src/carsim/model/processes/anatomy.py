"""Body size and the volumes of the sites.

size = weight / 70 kg;  V_blood = blood_volume_per_weight * weight;  V_marrow = marrow_volume_per_weight * weight
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.kinetics import constant, ratio


def add(body: Body) -> None:
    """State size, volumes and the marrow's capacities; every later process scales with them."""
    net, weight = body.net, body.p("weight")
    size = net.quantity(
        "size", ratio(amount=weight, volume=body.p("reference_weight")), meaning="body size relative to 70 kg"
    )
    for site in ("blood", "marrow"):
        per_weight = body.p(f"{site}_volume_per_weight")
        net.quantity(f"volume.{site}", constant(rate=per_weight, scale=weight), unit="uL", meaning=f"volume of {site}")
    net.quantity(
        "marrow_capacity",
        constant(rate=body.p("marrow_cells"), scale=size),
        unit="cells",
        meaning="nucleated cells of a normal marrow",
    )
    net.quantity(
        "blast_limit",
        constant(rate=body.p("blast_capacity"), scale=size),
        unit="cells",
        meaning="marrow blasts at which growth stops",
    )
