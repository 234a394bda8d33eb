"""The cell populations: CAR T by product, phenotype and site; leukaemic clones by site; their totals.

A clone's rate of division is switched by its mode `present.<clone>`: a clone with less than one cell in the body does
not divide, and a clone that falls below one cell is gone (extinction). So is a product: what has been rejected to the
last cell does not come back with the next lymphodepletion. For engines that count cells both rules hold by
themselves; the deterministic engine needs them, since otherwise its tolerance would decide the day of relapse.
"""

from __future__ import annotations

from carsim.model.body import PHENOTYPES, Body
from carsim.model.network import Condition, Transition

CELL_TOLERANCE = 1e-3  # cells: well below the one cell at which a clone counts as extinct


def add(body: Body) -> None:
    """State the populations, their totals per site, and each clone's presence."""
    for product, site in body.product_sites():
        for phenotype in PHENOTYPES:
            body.cart[product.name, phenotype, site] = body.net.species(
                f"cart.{product.name}.{phenotype}.{site}",
                unit="cells",
                tolerance=CELL_TOLERANCE,
                meaning=f"{phenotype} {product.name} CAR T cells in {site}",
            )
    for clone, site in body.clone_sites():
        body.blasts[clone.name, site] = body.net.species(
            f"blasts.{clone.name}.{site}",
            unit="cells",
            tolerance=CELL_TOLERANCE,
            meaning=f"{clone.name} leukaemia cells in {site}",
        )
    for site in body.sites:
        _site_totals(body, site)
    body.net.total(
        "blasts_total",
        [body.blasts[clone.name, site] for clone, site in body.clone_sites()],
        unit="cells",
        meaning="leukaemia cells in the body",
    )
    for clone in body.clones:
        _presence(body, clone.name)
    for product in body.products:
        cells = [body.cart[product.name, phenotype, site] for phenotype in PHENOTYPES for site in body.sites]
        body.net.extinction(f"cart.{product.name}", cells, below=1.0)


def _site_totals(body: Body, site: str) -> None:
    for product in body.products:
        body.net.total(
            f"cart_at.{product.name}.{site}",
            [body.cart[product.name, f, site] for f in PHENOTYPES],
            unit="cells",
            meaning=f"{product.name} CAR T cells in {site}",
        )
    body.cart_at[site] = body.net.total(
        f"cart_at.{site}",
        [body.row(f"cart_at.{product.name}.{site}") for product in body.products],
        unit="cells",
        meaning=f"CAR T cells of all products in {site}",
    )
    body.net.total(
        f"blasts_at.{site}",
        [body.blasts[clone.name, site] for clone in body.clones],
        unit="cells",
        meaning=f"leukaemia cells in {site}",
    )


def _presence(body: Body, clone: str) -> None:
    cells = [body.blasts[clone, site] for site in body.sites]
    total = body.net.total(f"blasts_total.{clone}", cells, unit="cells", meaning=f"{clone} leukaemia cells in the body")
    body.net.mode(
        f"present.{clone}",
        ("absent", "present"),
        [
            Transition("absent", "present", Condition(total, "above", 1.0)),
            Transition("present", "absent", Condition(total, "below", 1.0)),
        ],
        meaning=f"whether at least one {clone} cell is in the body",
    )
    body.net.extinction(clone, cells, below=1.0)
