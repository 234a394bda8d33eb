"""Body size and the volumes of the sites.

size = weight / 70 kg;  volume of a site = its volume per weight * weight;  limit of a site = blast_capacity * size

In the nervous system most cells adhere to the leptomeninges: its volume is that layer, in which they meet, and not the
cerebrospinal fluid, in which a part of them is counted. Blood has no limit of its own: blasts there are an
overflow of marrow, and stop growing with it.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.kinetics import constant, ratio

VOLUMES = {  # parameter of each site's volume
    "marrow": "marrow_volume_per_weight",
    "blood": "blood_volume_per_weight",
    "CNS": "meningeal_volume_per_weight",
    "extramedullary": "extramedullary_volume_per_weight",
}


def add(body: Body) -> None:
    """State size, volumes and the marrow's capacities; every later process scales with them."""
    net, weight = body.net, body.p("weight")
    size = net.quantity(
        "size", ratio(amount=weight, volume=body.p("reference_weight")), meaning="body size relative to 70 kg"
    )
    for site in body.sites:
        volume = constant(rate=body.p(VOLUMES[site]), scale=weight)
        net.quantity(f"volume.{site}", volume, unit="uL", meaning=f"volume of {site}")
    net.quantity(
        "marrow_capacity",
        constant(rate=body.p("marrow_cells"), scale=size),
        unit="cells",
        meaning="nucleated cells of a normal marrow",
    )
    for site in body.sites_around_blood:
        net.quantity(
            f"blast_limit.{site}",
            constant(rate=body.p("blast_capacity", site), scale=size),
            unit="cells",
            meaning=f"blasts in {site} at which growth stops there",
        )
