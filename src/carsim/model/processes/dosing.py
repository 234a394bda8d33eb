"""How drugs enter and leave: an infusion rate that treatment sets and returns to zero, and a half-life.

amount' = input - ln 2 / half-life * amount
"""

from __future__ import annotations

import math
from typing import Final

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import constant, first_order, ratio

ENTERS: Final = {  # drug -> the species that its doses enter
    "fludarabine": "fludarabine.central",
    "cyclophosphamide": "cyclophosphamide.central",
    "tocilizumab": "tocilizumab.central",
    "dexamethasone": "dexamethasone.dose",
    "blinatumomab": "blinatumomab.central",
    "inotuzumab": "inotuzumab.central",
    "alemtuzumab": "alemtuzumab.central",
}


def add(body: Body) -> None:
    """State the input of each drug that is given and has none yet, and what amounts are worked out from."""
    net = body.net
    if body.uses("immunoglobulin"):
        body.p("immunoglobulin_volume")
    for drug, species in ENTERS.items():
        row = f"{drug}.input"
        if not body.uses(drug) or species not in net.rows or row in net.rows:
            continue
        target = net.rows[species]
        unit = f"{net.unit_of(target)}/d"
        rate = net.parameter(row, 0.0, unit=unit, meaning=f"infusion of {drug}", source="treatment")
        net.reaction(f"infusion.{drug}", produces={target: 1}, process="dosing", rate=constant(rate=rate, scale=1.0))


def fade(body: Body, drug: str, amount: Ref) -> None:
    """State that an amount falls with the half-life of its drug."""
    rate = body.net.quantity(
        f"{drug}.rate",
        ratio(amount=math.log(2.0), volume=body.p(f"{drug}_half_life")),
        unit="1/d",
        meaning=f"elimination of {drug}",
    )
    body.net.reaction(
        f"elimination.{drug}",
        consumes={amount: 1},
        process=drug,
        rate=first_order(rate_constant=rate, amount=amount),
    )
