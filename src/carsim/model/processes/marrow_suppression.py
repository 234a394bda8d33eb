"""Suppressive marrow: effectors die in a marrow that is full of leukaemia. Off at `marrow_suppression` 0.

reaction  E -> 0   marrow_suppression * L / (L + marrow capacity) * E      in marrow
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.kinetics import saturating, threefold


def add(body: Body) -> None:
    """State the death of each product's effectors in marrow."""
    if body.value("marrow_suppression") == 0.0:
        return
    fullness = body.net.quantity(
        "marrow_fullness",
        saturating(amount=body.row("blasts_at.marrow"), half=body.row("marrow_capacity")),
        meaning="blasts among blasts and the cells of a normal marrow",
    )
    for product in body.products:
        effectors = body.cart[product.name, "effector", "marrow"]
        body.net.reaction(
            f"suppression.{product.name}.marrow",
            consumes={effectors: 1},
            process="marrow suppression",
            rate=threefold(first=body.p("marrow_suppression"), second=fullness, third=effectors),
        )
