"""Replicative ageing: CAR T cells that have divided often divide less. Off where `replicative_limit` is 0.

    C      effector, memory and exhausted cells of a product, and one cell, so that nothing is divided by nothing
    m      mean number of divisions behind one of them: a division adds 2 to the sum and 1 to the cells,
           cells that come from the programme start at 0
    m'     = 2 divisions per day / C - m (arrivals per day / C)
    division x  limit^4 / (limit^4 + m^4)             half of it when the mean has reached the limit

The mean grows by 2 for each doubling time over ln 2: cells of a growing population descend from those that divided
most. Memory cells in the bag count as undivided; those of a later infusion are not averaged in.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body, Product
from carsim.model.law import law
from carsim.model.processes.domains import division
from carsim.model.processes.expansion import driven_division
from carsim.model.processes.kinetics import first_order, ratio
from carsim.model.processes.memory import rested_division

COUNTED = ("effector", "memory", "exhausted")


@law
def aged(divisions: Any, limit: Any) -> Any:
    """Division that is left after so many divisions."""
    return limit**4 / (limit**4 + divisions**4)


def state(body: Body) -> None:
    """State the mean number of divisions of each product and the factor on its division."""
    if body.value("replicative_limit") == 0.0:
        return
    for product in body.products:
        name = product.name
        divisions = body.net.species(
            f"divisions.{name}", kind="continuous", tolerance=1e-6, meaning=f"mean divisions behind a {name} CAR T cell"
        )
        cells = [body.cart[name, phenotype, site] for phenotype in COUNTED for site in body.sites]
        body.net.total(
            f"ageing_cells.{name}", [*cells, body.one_cell()], unit="cells", meaning=f"{name} CAR T cells that divided"
        )
        youth = body.net.quantity(
            f"youth.{name}",
            aged(divisions=divisions, limit=body.p("replicative_limit")),
            meaning=f"division of {name} that its age leaves",
        )
        other = body.division_factor.get(name)
        if other is not None:
            both = first_order(rate_constant=other, amount=youth)
            youth = body.net.quantity(f"division_factor.{name}", both, meaning="factors of composition and age")
        body.division_factor[name] = youth


def add(body: Body) -> None:
    """State how the mean rises with divisions and falls with arrivals; a step after those that divide."""
    if body.value("replicative_limit") == 0.0:
        return
    for product in body.products:
        _mean(body, product)


def _mean(body: Body, product: Product) -> None:
    net, name = body.net, product.name
    divided: list[Any] = []
    for site in body.sites:
        shared = {"drive": body.drive[name], "stimulation": body.stimulation[name, site], "cells": 1.0}
        for phenotype, formula, parameter in (
            ("effector", driven_division, "effector_division"),
            ("memory", rested_division, "memory_renewal"),
        ):
            hazard = net.quantity(
                f"division_hazard.{name}.{phenotype}.{site}",
                formula(division=division(body, product, parameter), **shared),
                unit="1/d",
                meaning=f"divisions per {phenotype} {name} CAR T cell in {site}",
            )
            divided.append((2.0, hazard, body.cart[name, phenotype, site]))
    programme = body.kinetic(product, "programme")
    arrived = [(programme, body.cart[name, "activated", site]) for site in body.sites]
    cells, mean = body.row(f"ageing_cells.{name}"), body.row(f"divisions.{name}")
    per_cell = []
    for what, terms in (("divided", divided), ("arrived", arrived)):
        flux = net.total(f"{what}.{name}", terms, unit="cells/d")
        per_cell.append(net.quantity(f"{what}_share.{name}", ratio(amount=flux, volume=cells), unit="1/d"))
    net.reaction(
        f"ageing.{name}",
        produces={mean: 1},
        process="ageing",
        rate=first_order(rate_constant=per_cell[0], amount=1.0),
    )
    net.reaction(
        f"rejuvenation.{name}",
        consumes={mean: 1},
        process="ageing",
        rate=first_order(rate_constant=per_cell[1], amount=mean),
    )
