"""What cerebrospinal fluid shows of the nervous system: only cells that float are counted, the others adhere.

blasts   csf_free_share * L_CNS / V_CSF      cells/uL of fluid;  V_CSF = csf_volume_per_weight * weight
CAR T    csf_free_share * C_CNS / V_CSF
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.kinetics import constant, first_order, ratio


def add(body: Body) -> None:
    """State both counts where the nervous system is a site."""
    if "CNS" not in body.sites:
        return
    net = body.net
    volume = net.quantity(
        "volume.csf",
        constant(rate=body.p("csf_volume_per_weight"), scale=body.p("weight")),
        unit="uL",
        meaning="volume of cerebrospinal fluid",
    )
    for name, cells, meaning in (
        ("csf_blasts", body.row("blasts_at.CNS"), "blasts"),
        ("csf_cart", body.cart_at["CNS"], "CAR T cells"),
    ):
        free = net.quantity(
            f"{name}_free",
            first_order(rate_constant=body.p("csf_free_share"), amount=cells),
            unit="cells",
            meaning=f"{meaning} that float in cerebrospinal fluid",
        )
        net.quantity(
            name, ratio(amount=free, volume=volume), unit="cells/uL", meaning=f"{meaning} in cerebrospinal fluid"
        )
