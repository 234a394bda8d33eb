"""Killing: CAR T effectors kill the cells they recognise; saturates in effectors and in targets.

pressure  w_g = kill_max (E + memory_killing M + exhausted_killing X) / (kill_half V + C + target_saturation G)   [1/d]
hazard    H_c = sum_g w_g q_gc (+ bystander)
reaction  cell -> 0   (1 - death_resistance) H_c * cells           leukaemic clones and healthy B cells alike

A clone that resists death is seen, stimulates and is attacked like others, but that share of the attacks fails.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import BLOOD_AND_MARROW, HEALTHY, Body
from carsim.model.handle import Ref
from carsim.model.law import Call, law
from carsim.model.processes.kinetics import first_order, threefold


@law
def kill_pressure(
    kill_max: Any,
    effector: Any,
    memory_killing: Any,
    memory: Any,
    exhausted_killing: Any,
    exhausted: Any,
    half: Any,
    volume: Any,
    cart: Any,
    saturation: Any,
    antigen: Any,
) -> Any:
    """Hazard of a cell that the product recognises with certainty."""
    killers = effector + memory_killing * memory + exhausted_killing * exhausted
    return kill_max * killers / (half * volume + cart + saturation * antigen)


def press(body: Body) -> None:
    """State each product's pressure at each site."""
    for product, site in body.product_sites():
        name = product.name
        body.pressure[name, site] = body.net.quantity(
            f"pressure.{name}.{site}",
            kill_pressure(
                kill_max=body.kinetic(product, "kill_max"),
                effector=body.cart[name, "effector", site],
                memory_killing=body.kinetic(product, "memory_killing"),
                memory=body.cart[name, "memory", site],
                exhausted_killing=body.kinetic(product, "exhausted_killing"),
                exhausted=body.cart[name, "exhausted", site],
                half=body.p("kill_half"),
                volume=body.row(f"volume.{site}"),
                cart=body.cart_at[site],
                saturation=body.p("target_saturation"),
                antigen=body.antigen[name, site],
            ),
            unit="1/d",
            meaning=f"hazard that {name} puts on a fully recognised cell in {site}",
        )


def add(body: Body) -> None:
    """State the death of every population that a product recognises."""
    for clone, site in body.clone_sites():
        _death(body, clone.name, site, body.blasts[clone.name, site])
    for site in BLOOD_AND_MARROW:
        _death(body, HEALTHY, site, body.bcells[site])


def _death(body: Body, population: str, site: str, cells: Ref) -> None:
    terms = [(body.recognition[p.name, population], body.pressure[p.name, site]) for p in body.products]
    if population != HEALTHY and site in body.bystander:
        terms.append(body.bystander[site])
    hazard = body.net.total(
        f"hazard.{population}.{site}",
        terms,
        unit="1/d",
        meaning=f"hazard of {population} cells in {site} from all products",
    )
    body.net.reaction(
        f"kill.{population}.{site}",
        consumes={cells: 1},
        process="killing",
        rate=_kills(body, population, hazard, cells),
    )


def _kills(body: Body, population: str, hazard: Ref, cells: Ref) -> Call:
    """Kills per day: all that the hazard would make, less what the clone's resistance to death prevents."""
    resistance = next((clone.death_resistance for clone in body.clones if clone.name == population), 0.0)
    if resistance == 0.0:
        return first_order(rate_constant=hazard, amount=cells)
    sensitivity = f"kill_sensitivity.{population}"
    if sensitivity not in body.net.rows:
        body.state(sensitivity, 1.0 - resistance, meaning=f"share of the hazard that kills {population} cells")
    return threefold(first=body.row(sensitivity), second=hazard, third=cells)
