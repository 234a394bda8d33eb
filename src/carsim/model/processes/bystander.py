"""Bystander killing: cells that no product recognises die beside those that are killed. Off at `bystander` 0.

share    K_s = sum_g w_gs G_gs / (L_s + B_s + 1 cell)      hazard of the average cell of the site
hazard   of every clone   + bystander * K_s                beside its own (see killing); healthy B cells are spared
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law


@law
def mean_hazard(kills: Any, cells: Any, one: Any) -> Any:
    """Kills per cell of a site; without cells none."""
    return kills / (cells + one)


def add(body: Body) -> None:
    """State the term that each site adds to the hazard of every clone in it."""
    if body.value("bystander") == 0.0 or not body.products:
        return
    net = body.net
    for site in body.sites:
        kills = net.total(
            f"kills_recognised.{site}",
            [(body.pressure[p.name, site], body.antigen[p.name, site]) for p in body.products],
            unit="cells/d",
            meaning=f"recognised cells killed in {site}",
        )
        there = [body.row(f"blasts_at.{site}"), *([body.bcells[site]] if site in body.bcells else [])]
        cells = net.total(f"targets_at.{site}", there, unit="cells", meaning=f"blasts and B cells in {site}")
        share = net.quantity(
            f"bystander_share.{site}",
            mean_hazard(kills=kills, cells=cells, one=body.one_cell()),
            unit="1/d",
            meaning=f"mean hazard of the cells in {site}",
        )
        body.bystander[site] = (body.p("bystander"), share)
