"""Fludarabine: F-ara-A in three compartments, its triphosphate at the site of effect, and the exposure.

    central  a1' = input - (CL/V1 + Q2/V1 + Q3/V1) a1 + Q2/V2 a2 + Q3/V3 a3,   C = a1/V1
    CL       (fludarabine_clearance_base + fludarabine_clearance_egfr eGFR) * size^0.75 * fludarabine_clearance_offset
    effect   F' = flu_effect_rate (C - F);   exposure AUC' = C

Langenhorst et al. 2019 (0.3-74 y). Doses are in F-ara-A: phosphate x 285.23/365.21. The paediatric offset is named as
such: with the model's own clearance a typical child reaches 25.6 mg h/L, 22 % above the published median of 21.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.kinetics import allometry, constant, first_order, ratio

F_ARA_A_PER_PHOSPHATE = 285.23 / 365.21  # molar masses, g/mol: what of a dose of fludarabine phosphate is F-ara-A


@law
def renal_clearance(base: Any, slope: Any, egfr: Any, size: Any, exponent: Any, offset: Any) -> Any:
    """Clearance that rises with renal function and body size."""
    return (base + slope * egfr) * size**exponent * offset


def clearance(parameters: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Clearance of F-ara-A in L/d, one per patient: the law of the network on a patient's parameters."""
    value: NDArray[np.float64] = renal_clearance.function(
        base=parameters["fludarabine_clearance_base"],
        slope=parameters["fludarabine_clearance_egfr"],
        egfr=parameters["egfr"],
        size=parameters["weight"] / parameters["reference_weight"],
        exponent=parameters["allometric_exponent"],
        offset=parameters["fludarabine_clearance_offset"],
    )
    return value


def add(body: Body) -> None:
    """State the kinetics of one input, `fludarabine.input`, which treatment sets."""
    net, size = body.net, body.row("size")
    central, shallow, deep = (
        net.species(f"fludarabine.{name}", unit="mg", kind="continuous", tolerance=1e-9, meaning=f"F-ara-A, {name}")
        for name in ("central", "shallow", "deep")
    )
    dose_rate = net.parameter("fludarabine.input", 0.0, unit="mg/d", meaning="infusion of F-ara-A", source="treatment")
    net.reaction(
        "infusion.fludarabine",
        produces={central: 1},
        process="fludarabine",
        rate=constant(rate=dose_rate, scale=1.0),
    )
    volumes = [
        net.quantity(
            f"fludarabine.volume{k}", constant(rate=body.p(f"fludarabine_volume_{name}"), scale=size), unit="L"
        )
        for k, name in enumerate(("central", "shallow", "deep"), start=1)
    ]
    clearance = net.quantity(
        "fludarabine.clearance",
        renal_clearance(
            base=body.p("fludarabine_clearance_base"),
            slope=body.p("fludarabine_clearance_egfr"),
            egfr=body.p("egfr"),
            size=size,
            exponent=body.p("allometric_exponent"),
            offset=body.p("fludarabine_clearance_offset"),
        ),
        unit="L/d",
        meaning="clearance of F-ara-A",
    )
    _transfer(body, "elimination", central, None, clearance, volumes[0])
    for name, species, volume in (("shallow", shallow, volumes[1]), ("deep", deep, volumes[2])):
        flow = net.quantity(
            f"fludarabine.flow_{name}",
            allometry(value=body.p(f"fludarabine_flow_{name}"), size=size, exponent=body.p("allometric_exponent")),
            unit="L/d",
        )
        _transfer(body, f"to_{name}", central, species, flow, volumes[0])
        _transfer(body, f"from_{name}", species, central, flow, volume)
    _exposure(body, central, volumes[0])


def _transfer(body: Body, name: str, source: Ref, target: Ref | None, flow: Ref, volume: Ref) -> None:
    rate = body.net.quantity(f"fludarabine.rate_{name}", ratio(amount=flow, volume=volume), unit="1/d")
    body.net.reaction(
        f"{name}.fludarabine",
        consumes={source: 1},
        produces={target: 1} if target else None,
        process="fludarabine",
        rate=first_order(rate_constant=rate, amount=source),
    )


def _exposure(body: Body, central: Ref, volume: Ref) -> None:
    net = body.net
    concentration = net.quantity(
        "fludarabine_concentration", ratio(amount=central, volume=volume), unit="mg/L", meaning="F-ara-A in plasma"
    )
    effect = net.species(
        "fludarabine.effect",
        unit="mg/L",
        kind="continuous",
        tolerance=1e-9,
        meaning="F-ara-A concentration that its triphosphate in the cell follows",
    )
    exposure = net.species(
        "fludarabine.auc", unit="mg/L*d", kind="continuous", tolerance=1e-9, meaning="exposure to F-ara-A so far"
    )
    turnover = body.p("flu_effect_rate")
    net.reaction(
        "uptake.fludarabine",
        produces={effect: 1},
        process="fludarabine",
        rate=first_order(rate_constant=turnover, amount=concentration),
    )
    net.reaction(
        "decay.fludarabine",
        consumes={effect: 1},
        process="fludarabine",
        rate=first_order(rate_constant=turnover, amount=effect),
    )
    net.reaction(
        "exposure.fludarabine",
        produces={exposure: 1},
        process="fludarabine",
        unit="mg/L",
        rate=constant(rate=concentration, scale=1.0),
    )
