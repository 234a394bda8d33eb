"""Lymphodepletion: what fludarabine and cyclophosphamide kill.

hazard of a class = flu_kill_<class> * F + cy_kill_<class> * C_cy
classes: lymphocytes (host T cells and B cells of every stage), blasts, progenitors (proliferating neutrophils)
proliferating platelets and red cells: hazard of progenitors x drug_sensitivity
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import constant, first_order


def add(body: Body) -> None:
    """State each class's hazard and the deaths it causes."""
    lymphocytes = [body.row("host_t_cells"), *body.bcells.values()]
    for name, victims in (
        ("lymphocytes", lymphocytes),
        ("blasts", list(body.blasts.values())),
        ("progenitors", [body.row("neutrophils.proliferating")]),
    ):
        _deaths(body, name, victims)
    for lineage in ("platelets", "red_cells"):
        hazard = body.net.quantity(
            f"drug_hazard.{lineage}",
            constant(rate=body.row("drug_hazard.progenitors"), scale=body.p("drug_sensitivity", lineage)),
            unit="1/d",
            meaning=f"hazard of proliferating {lineage.replace('_', ' ')} from chemotherapy",
        )
        _death(body, body.row(f"{lineage}.proliferating"), hazard)


def _deaths(body: Body, name: str, victims: list[Ref]) -> None:
    hazard = body.net.total(
        f"drug_hazard.{name}",
        [
            (body.p(f"flu_kill_{name}"), body.row("fludarabine.effect")),
            (body.p(f"cy_kill_{name}"), body.row("cyclophosphamide_concentration")),
        ],
        unit="1/d",
        meaning=f"hazard of {name} from chemotherapy",
    )
    for cells in victims:
        _death(body, cells, hazard)


def _death(body: Body, cells: Ref, hazard: Ref) -> None:
    body.net.reaction(
        f"chemotherapy.{cells.name}",
        consumes={cells: 1},
        process="lymphodepletion",
        rate=first_order(rate_constant=hazard, amount=cells),
    )
