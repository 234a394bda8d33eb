"""Dexamethasone: its late and lasting effect, and what that does to cytokines, neurotoxicity and CAR T cells.

dose     d' = - ln2 / dexamethasone_onset d                          mg; a dose is added to `dexamethasone.dose`
effect   e' = ln2 / dexamethasone_onset d - ln2 / dexamethasone_half_life e
share    u = e / (dexamethasone_half size + e)
release of cytokines x (1 - dexamethasone_release u);  their way into the brain x (1 - dexamethasone_passage u)
drive of CAR T cells x (1 - dexamethasone_division u);  effector death   E -> 0   dexamethasone_death u E

Glucocorticoids act by transcription, hours after a dose, and an endothelium that is open does not close at once: so
neurotoxicity can go on worsening in patients who are treated when it begins.
"""

from __future__ import annotations

import math

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import constant, first_order, lessened, ratio, saturating, threefold

DRUG = "dexamethasone"


def add(body: Body) -> None:
    """State the effect, the drive that it leaves, and the deaths of effectors, where the drug is given."""
    if DRUG not in body.cast.given:
        return
    net = body.net
    effect = _effect(body)
    half = net.quantity(f"{DRUG}.half", constant(rate=body.p("dexamethasone_half"), scale=body.row("size")), unit="mg")
    share = net.quantity(
        "steroid_share", saturating(amount=effect, half=half), meaning="effect of steroids, as a share of the whole"
    )
    for name, of in (("release", "the release of cytokines"), ("passage", "the way of cytokines into the brain")):
        net.quantity(
            f"steroid_{name}",
            lessened(value=1.0, effect=body.p(f"dexamethasone_{name}"), share=share),
            meaning=f"what steroids leave of {of}",
        )
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


def _effect(body: Body) -> Ref:
    """What was given and acts, after its onset and until it is gone."""
    net = body.net
    dose, effect = (
        net.species(f"{DRUG}.{name}", unit="mg", kind="continuous", tolerance=1e-6, meaning=meaning)
        for name, meaning in (("dose", f"{DRUG} that does not act yet"), ("effect", f"{DRUG} that still acts"))
    )
    for name, half, source, target in (
        ("onset", "dexamethasone_onset", dose, effect),
        ("elimination", "dexamethasone_half_life", effect, None),
    ):
        rate = net.quantity(f"{DRUG}.{name}_rate", ratio(amount=math.log(2.0), volume=body.p(half)), unit="1/d")
        net.reaction(
            f"{name}.{DRUG}",
            consumes={source: 1},
            produces={target: 1} if target else None,
            process=DRUG,
            rate=first_order(rate_constant=rate, amount=source),
        )
    return effect
