"""Alemtuzumab: depletes every lymphocyte that shows CD52, the host's and CAR T cells of the patient's own.

    hazard   alemtuzumab_kill * occupancy     on host T and B cells, the response against the CAR, autologous CAR T

Cells of a donor are edited to lack CD52 and are spared: that is what alemtuzumab is given for.
"""

from __future__ import annotations

from carsim.model.body import BLOOD_AND_MARROW, PHENOTYPES, Body
from carsim.model.processes.antibodies import deplete, occupancy
from carsim.model.processes.kinetics import first_order


def add(body: Body) -> None:
    """State kinetics and depletion, where alemtuzumab is given."""
    if not body.uses("alemtuzumab"):
        return
    signal = body.net.quantity(
        "alemtuzumab.signal",
        first_order(rate_constant=body.p("alemtuzumab_kill"), amount=occupancy(body, "alemtuzumab", "mg")),
        unit="1/d",
        meaning="hazard of lymphocytes with CD52",
    )
    victims = [body.row("host_t_cells"), *(body.bcells[site] for site in BLOOD_AND_MARROW)]
    immune = (f"immunity.{product.name}" for product in body.products)
    victims += [body.net.rows[name] for name in immune if name in body.net.rows]
    victims += [
        body.cart[product.name, phenotype, site]
        for product, site in body.product_sites()
        if product.donor == "autologous" and site != "CNS"
        for phenotype in PHENOTYPES
    ]
    deplete(body, "alemtuzumab", signal, victims)
