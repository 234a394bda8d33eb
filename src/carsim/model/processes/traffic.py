"""Traffic between blood and each other site: blood is the middle of a star.

CAR T   blood -> site cart_homing.<site>, site -> blood cart_egress.<site>
blasts  blood -> site blast_homing.<site>, site -> blood blast_egress.<site>

With marrow alone 1.5 % of the CAR T cells are in blood, and 0.3 % of the blasts at rest.
"""

from __future__ import annotations

from collections.abc import Mapping

from carsim.model.body import PHENOTYPES, Body
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import first_order


def add(body: Body) -> None:
    """State both directions at each site, for every phenotype of every product and for every clone."""
    for product in body.products:
        for phenotype in PHENOTYPES:
            cells = {site: body.cart[product.name, phenotype, site] for site in body.sites}
            _star(body, f"{product.name}.{phenotype}", cells, "cart")
    for clone in body.clones:
        _star(body, clone.name, {site: body.blasts[clone.name, site] for site in body.sites}, "blast")


def _star(body: Body, name: str, cells: Mapping[str, Ref], kind: str) -> None:
    blood = cells["blood"]
    for site in body.sites_around_blood:
        body.net.reaction(
            f"homing.{name}.{site}",
            consumes={blood: 1},
            produces={cells[site]: 1},
            process="traffic",
            rate=first_order(rate_constant=body.p(f"{kind}_homing", site), amount=blood),
        )
        body.net.reaction(
            f"egress.{name}.{site}",
            consumes={cells[site]: 1},
            produces={blood: 1},
            process="traffic",
            rate=first_order(rate_constant=body.p(f"{kind}_egress", site), amount=cells[site]),
        )
