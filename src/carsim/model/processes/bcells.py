"""Healthy B cells: CD19-negative progenitors feed CD19-positive marrow cells, which mature into blood.

    progenitor  production bcell_production * size;  progenitor -> marrow  bcell_commitment
    marrow      birth bcell_growth * B;  death bcell_growth * B^2 / (bcell_capacity * size);  -> blood  bcell_maturation
    blood       death bcell_death

CAR T cells kill what shows the antigen (see killing); progenitors do not, so B cells return when CAR T cells are gone.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.kinetics import constant, first_order


@law
def logistic_death(growth: Any, cells: Any, capacity: Any, size: Any) -> Any:
    """The part of logistic growth that removes cells."""
    return growth * cells * cells / (capacity * size)


def state(body: Body) -> None:
    """State the three stages."""
    for stage, meaning in (
        ("progenitor", "CD19-negative B-cell progenitors in marrow"),
        ("marrow", "CD19-positive B cells in marrow"),
        ("blood", "mature B cells in blood"),
    ):
        body.bcells[stage] = body.net.species(f"bcells.{stage}", unit="cells", tolerance=1.0, meaning=meaning)


def add(body: Body) -> None:
    """State production, growth, maturation and death."""
    progenitor, marrow, blood = (body.bcells[stage] for stage in ("progenitor", "marrow", "blood"))
    net, size, growth = body.net, body.row("size"), body.p("bcell_growth")
    net.reaction(
        "production.bcells.progenitor",
        produces={progenitor: 1},
        process="B cells",
        rate=constant(rate=body.p("bcell_production"), scale=size),
    )
    net.reaction(
        "growth.bcells.marrow",
        produces={marrow: 1},
        process="B cells",
        rate=first_order(rate_constant=growth, amount=marrow),
    )
    net.reaction(
        "crowding.bcells.marrow",
        consumes={marrow: 1},
        process="B cells",
        rate=logistic_death(growth=growth, cells=marrow, capacity=body.p("bcell_capacity"), size=size),
    )
    _first_order(body, "commitment.bcells", progenitor, marrow, "bcell_commitment")
    _first_order(body, "maturation.bcells", marrow, blood, "bcell_maturation")
    _first_order(body, "death.bcells.blood", blood, None, "bcell_death")


def _first_order(body: Body, name: str, source: Ref, target: Ref | None, parameter: str) -> None:
    body.net.reaction(
        name,
        consumes={source: 1},
        produces={target: 1} if target else None,
        process="B cells",
        rate=first_order(rate_constant=body.p(parameter), amount=source),
    )
