"""Intrathecal chemotherapy: an effect in the cerebrospinal fluid that each dose raises and that fades.

effect F   + 1 at each dose;   F' = -ln2 / intrathecal_half_life * F
hazard     intrathecal_kill * F      on the blasts and the CAR T cells of the nervous system, on nothing else
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.antibodies import deplete
from carsim.model.processes.dosing import fade
from carsim.model.processes.kinetics import first_order


def add(body: Body) -> None:
    """State the effect and what it kills, where intrathecal chemotherapy is given."""
    if not body.uses("intrathecal"):
        return
    net = body.net
    effect = net.species(
        "intrathecal.effect", kind="continuous", tolerance=1e-9, meaning="effect of intrathecal chemotherapy"
    )
    fade(body, "intrathecal", effect)
    hazard = net.quantity(
        "intrathecal.signal",
        first_order(rate_constant=body.p("intrathecal_kill"), amount=effect),
        unit="1/d",
        meaning="hazard of cells of the nervous system from intrathecal chemotherapy",
    )
    cells = [*body.blasts.items(), *(((name, site), ref) for (name, _, site), ref in body.cart.items())]
    deplete(body, "intrathecal", hazard, [ref for (_, site), ref in cells if site == "CNS"])
