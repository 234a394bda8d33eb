"""Tocilizumab: two compartments with linear and saturable elimination, and the share of IL-6 receptors it occupies.

    c = a1 / V1;  a1' = - CL/V1 a1 - Vmax c / (Km + c) - Q/V1 a1 + Q/V2 a2;  a2' = Q/V1 a1 - Q/V2 a2
    CL scales as (BSA / 1.8 m2)^0.7, volumes and flow with size;  occupied = c / (tocilizumab_half + c)

Frey et al. 2010 (adults with rheumatoid arthritis). A dose is added to `tocilizumab.central` (mg).
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import allometry, constant, first_order, ratio, saturating

DRUG = "tocilizumab"


def add(body: Body) -> None:
    """State the kinetics and the receptor occupancy, where the drug is given."""
    if DRUG not in body.cast.given:
        return
    net = body.net
    central, peripheral = (
        net.species(f"{DRUG}.{name}", unit="mg", kind="continuous", tolerance=1e-6, meaning=f"{DRUG}, {name}")
        for name in ("central", "peripheral")
    )
    surface = net.quantity(
        f"{DRUG}.size", ratio(amount=body.p("body_surface"), volume=body.p("tocilizumab_reference_surface"))
    )
    clearance = net.quantity(
        f"{DRUG}.clearance",
        allometry(
            value=body.p("tocilizumab_clearance"), size=surface, exponent=body.p("tocilizumab_clearance_exponent")
        ),
        unit="L/d",
    )
    first, second, flow = (
        net.quantity(f"{DRUG}.{name}", constant(rate=body.p(f"tocilizumab_{name}"), scale=body.row("size")), unit=unit)
        for name, unit in (("volume_central", "L"), ("volume_peripheral", "L"), ("flow", "L/d"))
    )
    concentration = net.quantity(
        "tocilizumab_concentration", ratio(amount=central, volume=first), unit="mg/L", meaning=f"{DRUG} in plasma"
    )
    _loss(body, "elimination", central, None, clearance, first)
    _loss(body, "distribution", central, peripheral, flow, first)
    _loss(body, "return", peripheral, central, flow, second)
    saturation = net.quantity(
        f"{DRUG}.saturation", saturating(amount=concentration, half=body.p("tocilizumab_saturable_half"))
    )
    net.reaction(
        f"saturable_elimination.{DRUG}",
        consumes={central: 1},
        process=DRUG,
        rate=constant(rate=body.p("tocilizumab_saturable_rate"), scale=saturation),
    )
    net.quantity(
        "il6_receptor_occupied",
        saturating(amount=concentration, half=body.p("tocilizumab_half")),
        meaning=f"share of IL-6 receptors that {DRUG} occupies",
    )


def _loss(body: Body, kind: str, source: Ref, target: Ref | None, flow: Ref, volume: Ref) -> None:
    rate = body.net.quantity(f"{DRUG}.{kind}_rate", ratio(amount=flow, volume=volume), unit="1/d")
    body.net.reaction(
        f"{kind}.{DRUG}",
        consumes={source: 1},
        produces={target: 1} if target else None,
        process=DRUG,
        rate=first_order(rate_constant=rate, amount=source),
    )
