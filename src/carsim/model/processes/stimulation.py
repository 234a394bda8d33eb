"""Stimulation: how much of its antigen signal a CAR T cell gets at a site, between 0 and 1.

    antigen      G = sum_c q_c L_c + q_B B                                         cells recognised at the site
    stimulation  S = G / (antigen_half V + G + car_interference C)                 Beddington-DeAngelis in cells

The interference of CAR T cells with one another (they share targets) is what keeps expansion finite while B cells keep
arriving; without it the equations diverge.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import HEALTHY, Body
from carsim.model.law import law


@law
def stimulation(antigen: Any, half: Any, volume: Any, interference: Any, cart: Any) -> Any:
    """Share of the full antigen signal."""
    return antigen / (half * volume + antigen + interference * cart)


def add(body: Body) -> None:
    """State antigen supply and stimulation of each product at each site."""
    for product, site in body.product_sites():
        terms = [(body.recognition[product.name, c.name], body.blasts[c.name, site]) for c in body.clones]
        if site in body.bcells:  # healthy B cells live in marrow and blood alone
            terms.append((body.recognition[product.name, HEALTHY], body.bcells[site]))
        key = (product.name, site)
        body.antigen[key] = body.net.total(
            f"antigen.{product.name}.{site}",
            terms,
            unit="cells",
            meaning=f"cells in {site} that {product.name} recognises",
        )
        body.stimulation[key] = body.net.quantity(
            f"stimulation.{product.name}.{site}",
            stimulation(
                antigen=body.antigen[key],
                half=body.p("antigen_half"),
                volume=body.row(f"volume.{site}"),
                interference=body.p("car_interference"),
                cart=body.cart_at[site],
            ),
            meaning=f"share of the full antigen signal of {product.name} in {site}",
        )
