"""León-Triana et al. 2021: CAR T cells C, leukaemic cells L and healthy B cells B in B-ALL, with or without precursors.

    C' = stimulation (L + B) C - C / lifetime
    L' = growth L - killing C L
    B' = -killing C B - B / lifetime of B

These are equations 4 of the paper. Equations 3 add B-cell precursors of the marrow, I = precursors / (1 + C / half):

    B' gains I / maturation;    C' gains stimulation * share * I * C

As curated in BioModels (BIOMD0000001012) the last term lacks its factor C. Which form holds is said by the numbers of a
parameter set: precursors (0: equations 4), with_factor (0 or 1) and one_cell (1 or 0 cells, in place of the factor).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from carsim.literature.records import Change
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order, inhibited, ratio, threefold


def state(net: Network) -> None:
    """Add stimulation and death of CAR T cells, growth and killing of leukaemia, supply and killing of B cells."""
    row = net.rows
    cart, leukaemia, bcells = row["cart"], row["leukaemia"], row["bcells"]
    spared = net.quantity(
        "spared", inhibited(amount=cart, half=row["half_suppression"]), meaning="share not suppressed"
    )
    marrow = net.total(
        "marrow_precursors", [(row["precursors"], spared)], unit="cells", meaning="B-cell precursors in marrow"
    )
    antigen = net.total("precursor_antigen", [(row["precursor_share"], marrow)], unit="cells")
    targets = net.total("targets", [leukaemia, bcells, (row["with_factor"], antigen)], unit="cells")
    stimulation, killing = row["stimulation"], row["killing"]
    net.reaction("expansion", produces={cart: 1}, rate=threefold(first=stimulation, second=targets, third=cart))
    net.reaction(
        "expansion without cells",
        produces={cart: 1},
        rate=threefold(first=stimulation, second=antigen, third=row["one_cell"]),
    )
    net.reaction("CAR T death", consumes={cart: 1}, rate=ratio(amount=cart, volume=row["cart_lifetime"]))
    net.reaction("growth", produces={leukaemia: 1}, rate=first_order(rate_constant=row["growth"], amount=leukaemia))
    net.reaction("maturation", produces={bcells: 1}, rate=ratio(amount=marrow, volume=row["maturation_time"]))
    net.reaction("B-cell death", consumes={bcells: 1}, rate=ratio(amount=bcells, volume=row["bcell_lifetime"]))
    for name, cells in (("leukaemia", leukaemia), ("B cells", bcells)):
        rate = threefold(first=killing, second=cart, third=cells)
        net.reaction(f"killing of {name}", consumes={cells: 1}, rate=rate)


def changes(values: Mapping[str, float]) -> list[Change]:
    """None: the CAR T cells are there from the start."""
    return []


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """Bound of the expansion, the equilibrium with leukaemia, and the period of small oscillations around it."""
    gain = values["stimulation"] / values["killing"]
    return {
        "bound of expansion": values["cart"] + gain * (values["leukaemia"] + values["bcells"]),
        "CAR T equilibrium": values["growth"] / values["killing"],
        "target equilibrium": 1.0 / (values["stimulation"] * values["cart_lifetime"]),
        "period": 2.0 * math.pi * math.sqrt(values["cart_lifetime"] / values["growth"]),
    }
