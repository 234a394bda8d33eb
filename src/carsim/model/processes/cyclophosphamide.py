"""Cyclophosphamide: one compartment, scaled with body surface; the parent's concentration drives its effects.

    a' = input - CL/V a;  C = a/V;  CL and V scale as (BSA / 1.58 m2)^0.861

Ahmed et al. 2020 (600 mg/m2, adults). The activated metabolite is not needed at this scale.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.kinetics import allometry, constant, first_order, ratio


def add(body: Body) -> None:
    """State the kinetics of one input, `cyclophosphamide.input`, which treatment sets."""
    net = body.net
    central = net.species(
        "cyclophosphamide.central", unit="mg", kind="continuous", tolerance=1e-6, meaning="cyclophosphamide"
    )
    dose_rate = net.parameter(
        "cyclophosphamide.input", 0.0, unit="mg/d", meaning="infusion of cyclophosphamide", source="treatment"
    )
    surface = net.quantity(
        "cyclophosphamide.size",
        ratio(amount=body.p("body_surface"), volume=body.p("cyclophosphamide_reference_surface")),
    )
    exponent = body.p("cyclophosphamide_exponent")
    clearance, volume = (
        net.quantity(
            f"cyclophosphamide.{name}",
            allometry(value=body.p(f"cyclophosphamide_{name}"), size=surface, exponent=exponent),
            unit=unit,
        )
        for name, unit in (("clearance", "L/d"), ("volume", "L"))
    )
    rate = net.quantity("cyclophosphamide.rate", ratio(amount=clearance, volume=volume), unit="1/d")
    net.reaction(
        "infusion.cyclophosphamide",
        produces={central: 1},
        process="cyclophosphamide",
        rate=constant(rate=dose_rate, scale=1.0),
    )
    net.reaction(
        "elimination.cyclophosphamide",
        consumes={central: 1},
        process="cyclophosphamide",
        rate=first_order(rate_constant=rate, amount=central),
    )
    net.quantity(
        "cyclophosphamide_concentration",
        ratio(amount=central, volume=volume),
        unit="mg/L",
        meaning="cyclophosphamide in plasma",
    )
