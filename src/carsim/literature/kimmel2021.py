"""Kimmel, Locke and Altrock 2021: normal T cells N, CAR T cells C (cells/uL) and tumour B in large B-cell lymphoma.

    N' = -normal_rate N ln((N + C) / normal_limit)
    C' = -r C ln((N + C) / cart_limit),  r = base + boost (N + C - normal_limit)^2 / (shape (N + C)^2 + (N + C - ...)^2)
    B' = growth B - killing B C / (half + C)

Growth of T cells changes sign at the limit, so these two rates are net. One cell/uL stands for 5e8 cells in the body.
In the paper the tumour is a birth-death process below 100 cells, where cure is decided: its growth and its killing are
stated apart, so that an engine of chance counts it when it is rare, and the T cells stay in the equations.
"""

from __future__ import annotations

from collections.abc import Mapping

from carsim.literature.laws import gompertz_loss, kimmel_expansion
from carsim.literature.records import Change
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order, saturating, threefold

CELLS_PER_CONCENTRATION = 5e8  # cells in the body for one cell/uL: 5 L of blood holding 1 % of all T cells


def state(net: Network) -> None:
    """Add competing growth of T cells, growth and killing of the tumour."""
    row = net.rows
    normal, cart, tumour = row["normal"], row["cart"], row["tumour"]
    everyone = net.total("t_cells", [normal, cart], unit="cells/uL", meaning="all T cells")
    rate = net.quantity(
        "cart_rate",
        kimmel_expansion(
            base=row["base"], boost=row["boost"], shape=row["shape"], total=everyone, limit=row["normal_limit"]
        ),
        unit="1/d",
        meaning="growth rate of CAR T cells",
    )
    net.reaction(
        "normal T cells",
        consumes={normal: 1},
        rate=gompertz_loss(rate=row["normal_rate"], cells=normal, total=everyone, limit=row["normal_limit"]),
        net=True,
    )
    net.reaction(
        "CAR T cells",
        consumes={cart: 1},
        rate=gompertz_loss(rate=rate, cells=cart, total=everyone, limit=row["cart_limit"]),
        net=True,
    )
    net.reaction("growth", produces={tumour: 1}, rate=first_order(rate_constant=row["growth"], amount=tumour))
    share = net.quantity(
        "killing_share", saturating(amount=cart, half=row["half"]), meaning="share of the largest killing"
    )
    killed = threefold(first=row["killing"], second=share, third=tumour)
    net.reaction("killing", consumes={tumour: 1}, rate=killed)


def changes(values: Mapping[str, float]) -> list[Change]:
    """None: CAR T cells are there from the start."""
    return []


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """The limits in cells of the body, as Table 1 prints them."""
    return {
        "limit of normal T cells": values["normal_limit"] * CELLS_PER_CONCENTRATION,
        "limit of CAR T cells": values["cart_limit"] * CELLS_PER_CONCENTRATION,
        "half-killing CAR T cells": values["half"] * CELLS_PER_CONCENTRATION,
    }
