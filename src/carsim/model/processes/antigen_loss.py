"""Acquired loss and dimming of antigens.

loss      L -> L + L'   antigen_loss.<antigen> * birth * L * present   one daughter of a division has lost it for good
dimming   L -> Ldim     antigen_dimming.<antigen> * L                  reversible
recovery  Ldim -> L     antigen_recovery.<antigen> * Ldim
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body, Step
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order


@law
def losing_birth(birth: Any, loss: Any, present: Any, cells: Any) -> Any:
    """Divisions in which one daughter loses the antigen."""
    return loss * birth * present * cells


def add(body: Body) -> None:
    """State loss at division, dimming and recovery, as the lineage says."""
    for step in body.cast.lineage.loss:
        for site in body.sites:
            body.net.reaction(
                f"loss.{step.source}.{step.target}.{site}",
                produces={body.blasts[step.target, site]: 1},
                process="antigen loss",
                rate=losing_birth(
                    birth=body.p("blast_birth", step.source),
                    loss=body.p("antigen_loss", step.antigen),
                    present=body.row(f"present.{step.source}"),
                    cells=body.blasts[step.source, site],
                ),
            )
    for step in body.cast.lineage.dimming:
        back = Step(step.target, step.antigen, step.source)
        for site in body.sites:
            _switch(body, "dimming", step, site)
            _switch(body, "recovery", back, site)


def _switch(body: Body, kind: str, step: Step, site: str) -> None:
    cells = body.blasts[step.source, site]
    body.net.reaction(
        f"{kind}.{step.source}.{step.target}.{site}",
        consumes={cells: 1},
        produces={body.blasts[step.target, site]: 1},
        process="dimming",
        rate=first_order(rate_constant=body.p(f"antigen_{kind}", step.antigen), amount=cells),
    )
