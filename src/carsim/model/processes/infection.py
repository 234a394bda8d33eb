"""Rate of infections: EMPIRICAL, a sum of what each lack of defence adds; no infection changes anything else.

    rate = infection_rest + infection_neutropenia (h_n / (h_n + ANC))^2 + infection_low_igg (h_g / (h_g + IgG))^2
           + infection_steroids u                                                                 infections per day

h_n = 250/uL, h_g = 4 g/L. Expected infections are its integral; it acts as a hazard where deaths are simulated.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.processes.kinetics import inhibited, threefold


def add(body: Body) -> None:
    """State the rate."""
    net = body.net
    few = net.quantity(
        "neutropenia", inhibited(amount=body.row("neutrophils.blood"), half=body.p("infection_neutrophil_half"))
    )
    low = net.quantity("hypogammaglobulinaemia", inhibited(amount=body.row("igg"), half=body.p("infection_igg_half")))
    lacks = [
        net.quantity(f"{name}.rate", threefold(first=body.p(name), second=lack, third=lack), unit="1/d")
        for name, lack in (("infection_neutropenia", few), ("infection_low_igg", low))
    ]
    terms: list[Any] = [body.p("infection_rest"), *lacks]
    if "steroid_share" in net.rows:
        terms.append((body.p("infection_steroids"), body.row("steroid_share")))
    net.total("infection_rate", terms, unit="1/d", meaning="expected infections per day")
