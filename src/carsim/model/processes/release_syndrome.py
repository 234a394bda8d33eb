"""Cytokine release syndrome: fever, failing circulation and failing lungs, and their grade on a named scale.

    signal    s = IL-6 as receptors see it + interferon_weight IFN                                        pg/mL
    severity  X' = syndrome_rate (s / (syndrome_half + s) - X)        X of fever, vascular, respiratory; 0 to 1
    rise of temperature = fever_range * fever

Fever begins at `fever_threshold`; the vascular stages are hypotension that answers to fluids, one vasopressor, and
high doses or several; the respiratory ones low-flow oxygen, high-flow oxygen, and positive pressure. What grade a stage
means is data of the scale (see grading). The grade is the highest of the three.
"""

from __future__ import annotations

from carsim import catalog
from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.processes.grading import grade, worst
from carsim.model.processes.kinetics import constant, first_order, larger, saturating

AXES = ("fever", "vascular", "respiratory")
STAGES = ("first", "second", "third")


def add(body: Body) -> None:
    """State the severities, the rise of temperature and the grades, where there are CAR T cells."""
    if not body.products:
        return
    net = body.net
    signal = net.total(
        "syndrome_signal",
        [body.row("il6_signal"), (body.p("interferon_weight"), body.row("ifn"))],
        unit="pg/mL",
        meaning="cytokines that drive the syndrome",
    )
    severity = {axis: _severity(body, axis, signal) for axis in AXES}
    rise = net.quantity(
        "temperature_rise",
        constant(rate=body.p("fever_range"), scale=severity["fever"]),
        meaning="rise of body temperature, in K",
    )
    name = body.cast.scales["crs"]
    scale = catalog.scales()[name].grades["crs"]
    stages = [body.p("syndrome_threshold", stage) for stage in STAGES]
    fever = grade(body, "crs_fever", rise, [body.p("fever_threshold")], scale["fever"], f"fever by {name}")
    others = [
        grade(body, f"crs_{axis}", severity[axis], stages, scale[axis], f"{axis} failure by {name}")
        for axis in AXES[1:]
    ]
    organs = net.quantity("crs_organs", larger(first=others[0], second=others[1]))
    found = net.quantity(
        "crs_grade", larger(first=fever, second=organs), meaning=f"grade of the cytokine release syndrome by {name}"
    )
    worst(body, "crs_worst", found, "highest grade of the cytokine release syndrome so far")


def _severity(body: Body, axis: str, signal: Ref) -> Ref:
    net, rate = body.net, body.p("syndrome_rate", axis)
    level = net.species(
        f"syndrome.{axis}", unit="1", kind="continuous", tolerance=1e-6, meaning=f"severity of {axis} signs, 0 to 1"
    )
    drive = net.quantity(f"syndrome_drive.{axis}", saturating(amount=signal, half=body.p("syndrome_half", axis)))
    net.reaction(
        f"onset.{axis}",
        produces={level: 1},
        process="cytokine release syndrome",
        rate=constant(rate=rate, scale=drive),
    )
    net.reaction(
        f"relief.{axis}",
        consumes={level: 1},
        process="cytokine release syndrome",
        rate=first_order(rate_constant=rate, amount=level),
    )
    return level
