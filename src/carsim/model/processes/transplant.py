"""Allogeneic transplantation: conditioning at one moment, then a graft that grows and acts on the leukaemia.

At the transplant (events; treatment sets `transplant.<conditioning>` and `transplant.<donor>` to 1):

    blasts, host T and B cells, marrow chains      x conditioning_survival_<class>.<conditioning>
    CAR T cells, the response against the CAR      -> 0
    graft g                                        -> graft_start;   g' = graft_growth g (1 - g)
    risks of mortality, graft-versus-host disease  -> those of the conditioning and of the donor (see hazards)

graft effect: blast -> 0 at graft_leukaemia_effect * g, but for the nervous system. Host T cells are then the donor's.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.network import Change, Condition, Event
from carsim.model.processes.antibodies import deplete
from carsim.model.processes.kinetics import first_order, threefold
from carsim.model.processes.neutrophils import STAGES
from carsim.model.processes.platelets import STAGES as PLATELET_STAGES
from carsim.model.processes.red_cells import STAGES as RED_CELL_STAGES

CONDITIONING = ("myeloablative", "reduced")
DONORS = ("matched-sibling", "matched-unrelated", "haploidentical", "cord-blood")
MARROW = (
    *(f"neutrophils.{stage}" for stage in STAGES),
    *PLATELET_STAGES,
    *RED_CELL_STAGES[:-1],  # red cells in blood live on, or are transfused
)


def add(body: Body) -> None:
    """State graft, graft effect and the events of transplantation, where one may be given."""
    if not body.uses("hsct"):
        return
    net = body.net
    graft = net.species(
        "graft", kind="continuous", tolerance=1e-9, meaning="donor lymphocytes relative to their full number"
    )
    growth = body.p("graft_growth")
    net.reaction(
        "growth.graft", produces={graft: 1}, process="graft", rate=first_order(rate_constant=growth, amount=graft)
    )
    net.reaction(
        "crowding.graft",
        consumes={graft: 1},
        process="graft",
        rate=threefold(first=growth, second=graft, third=graft),
    )
    effect = net.quantity(
        "graft.effect",
        first_order(rate_constant=body.p("graft_leukaemia_effect"), amount=graft),
        unit="1/d",
        meaning="hazard of leukaemia cells from the graft",
    )
    deplete(body, "graft", effect, [cells for (_, site), cells in body.blasts.items() if site != "CNS"])
    for conditioning in CONDITIONING:
        _event(body, conditioning, _conditioning(body, conditioning, graft))
    for donor in DONORS:
        _event(body, donor, [Change(net.rows["risk.graft_versus_host"], "set", body.p("graft_versus_host", donor))])


def _event(body: Body, kind: str, changes: list[Change]) -> None:
    """What happens when treatment says that a transplant of this kind is due."""
    due = body.net.parameter(f"transplant.{kind}", 0.0, meaning=f"a transplant: {kind}, now", source="treatment")
    now, done = (Condition(due, "above", 0.5),), Change(due, "set", 0.0)
    body.net.event(Event(f"transplant.{kind}", now, (done, *changes), count=None))


def _conditioning(body: Body, conditioning: str, graft: Ref) -> list[Change]:
    net = body.net
    mortality = body.p("transplant_mortality", conditioning)
    changes = [
        Change(graft, "set", body.p("graft_start")),
        Change(net.rows["risk.transplant_mortality"], "set", mortality),
    ]
    for name, pools in (
        ("blasts", list(body.blasts.values())),
        ("lymphocytes", [body.row("host_t_cells"), *body.bcells.values()]),
        ("marrow", [body.row(name) for name in MARROW]),
    ):
        survival = body.p(f"conditioning_survival_{name}", conditioning)
        changes += [Change(cells, "scale", survival) for cells in pools]
    immune = (f"immunity.{product.name}" for product in body.products)
    gone = [*body.cart.values(), *(net.rows[name] for name in immune if name in net.rows)]
    return changes + [Change(cells, "set", 0.0) for cells in gone]
