"""Dexamethasone: its lasting effect, and what that does to cytokines, neurotoxicity and CAR T cells.

effect   e' = - ln2 / dexamethasone_half_life e                      mg; a dose is added to `dexamethasone.effect`
share    u = e / (dexamethasone_half size + e)
release of cytokines and their way into the brain x (1 - u);  drive of CAR T cells x (1 - dexamethasone_division u)
effector death   E -> 0   dexamethasone_death u E
"""

from __future__ import annotations

import math

from carsim.model.body import Body
from carsim.model.processes.kinetics import constant, first_order, lessened, ratio, saturating, threefold

DRUG = "dexamethasone"


def add(body: Body) -> None:
    """State the effect, the drive that it leaves, and the deaths of effectors, where the drug is given."""
    if DRUG not in body.cast.given:
        return
    net = body.net
    effect = net.species(
        f"{DRUG}.effect", unit="mg", kind="continuous", tolerance=1e-6, meaning=f"{DRUG} that still acts"
    )
    decay = net.quantity(
        f"{DRUG}.decay", ratio(amount=math.log(2.0), volume=body.p("dexamethasone_half_life")), unit="1/d"
    )
    net.reaction(
        f"elimination.{DRUG}",
        consumes={effect: 1},
        process=DRUG,
        rate=first_order(rate_constant=decay, amount=effect),
    )
    half = net.quantity(f"{DRUG}.half", constant(rate=body.p("dexamethasone_half"), scale=body.row("size")), unit="mg")
    share = net.quantity(
        "steroid_share", saturating(amount=effect, half=half), meaning="effect of steroids, as a share of the whole"
    )
    net.quantity("steroid_damping", lessened(value=1.0, effect=1.0, share=share), meaning="what steroids leave")
    for domain, drive in list(body.drive.items()):
        body.drive[domain] = net.quantity(
            f"steroid_drive.{domain}",
            lessened(value=drive, effect=body.p("dexamethasone_division"), share=share),
            meaning=f"drive that steroids leave to CAR T cells with {domain}",
        )
    for product, site in body.product_sites():
        cells = body.cart[product.name, "effector", site]
        net.reaction(
            f"steroid_death.{product.name}.{site}",
            consumes={cells: 1},
            process=DRUG,
            rate=threefold(first=body.p("dexamethasone_death"), second=share, third=cells),
        )
