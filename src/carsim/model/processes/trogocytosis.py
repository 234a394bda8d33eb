"""Trogocytosis: a CAR T cell tears the antigen off a cell that survives. Off at `trogocytosis` 0.

reaction  L -> Ldim   trogocytosis * sum_g q_gc w_gs * L      g: products with an arm against the antigen that dims

As often as killing at 1. The dim cells recover like others (see antigen_loss), so the loss is reversible.
"""

from __future__ import annotations

from carsim.model.body import Body, Step
from carsim.model.processes.kinetics import threefold


def add(body: Body) -> None:
    """State the tearing at each site for each dim state of the main clone."""
    if body.value("trogocytosis") == 0.0:
        return
    for step in body.cast.lineage.dimming:
        for site in body.sites:
            _tear(body, step, site)


def _tear(body: Body, step: Step, site: str) -> None:
    products = [p.name for p in body.products if step.antigen in {arm.antigen for arm in p.arms}]
    if not products:  # the antigen is targeted by a drug alone
        return
    cells = body.blasts[step.source, site]
    contact = body.net.total(
        f"contact.{step.target}.{site}",
        [(body.recognition[name, step.source], body.pressure[name, site]) for name in products],
        unit="1/d",
        meaning=f"hazard of {step.source} cells in {site} from products against {step.antigen}",
    )
    body.net.reaction(
        f"trogocytosis.{step.source}.{step.target}.{site}",
        consumes={cells: 1},
        produces={body.blasts[step.target, site]: 1},
        process="dimming",
        rate=threefold(first=body.p("trogocytosis"), second=contact, third=cells),
    )
