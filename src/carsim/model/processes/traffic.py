"""Traffic between blood and marrow.

CAR T   blood -> marrow cart_homing, marrow -> blood cart_egress: 1.5 % of the cells are in blood
blasts  marrow -> blood blast_egress, blood -> marrow blast_homing: 5 % of the cells are in blood
"""

from __future__ import annotations

from carsim.model.body import PHENOTYPES, Body
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import first_order


def add(body: Body) -> None:
    """State both directions for every phenotype of every product and for every clone."""
    for product in body.products:
        for phenotype in PHENOTYPES:
            marrow, blood = (body.cart[product.name, phenotype, site] for site in ("marrow", "blood"))
            _exchange(body, f"{product.name}.{phenotype}", marrow, blood, "cart")
    for clone in body.clones:
        marrow, blood = (body.blasts[clone.name, site] for site in ("marrow", "blood"))
        _exchange(body, clone.name, marrow, blood, "blast")


def _exchange(body: Body, name: str, marrow: Ref, blood: Ref, kind: str) -> None:
    body.net.reaction(
        f"homing.{name}",
        consumes={blood: 1},
        produces={marrow: 1},
        process="traffic",
        rate=first_order(rate_constant=body.p(f"{kind}_homing"), amount=blood),
    )
    body.net.reaction(
        f"egress.{name}",
        consumes={marrow: 1},
        produces={blood: 1},
        process="traffic",
        rate=first_order(rate_constant=body.p(f"{kind}_egress"), amount=marrow),
    )
