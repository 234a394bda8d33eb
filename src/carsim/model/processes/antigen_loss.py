"""Acquired loss and dimming of CD19.

loss      L -> L + L'   cd19_loss * birth * L * present   one daughter of a division has lost the antigen for good
dimming   L -> Ldim     cd19_dimming * L                  reversible
recovery  Ldim -> L     cd19_recovery * Ldim
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order


@law
def losing_birth(birth: Any, loss: Any, present: Any, cells: Any) -> Any:
    """Divisions in which one daughter loses the antigen."""
    return loss * birth * present * cells


def add(body: Body) -> None:
    """State loss at division, dimming and recovery, as the lineage says."""
    for source, target in body.cast.lineage.loss:
        for site in body.sites:
            parent = body.blasts[source, site]
            body.net.reaction(
                f"loss.{source}.{target}.{site}",
                produces={body.blasts[target, site]: 1},
                process="antigen loss",
                rate=losing_birth(
                    birth=body.p("blast_birth", source),
                    loss=body.p("cd19_loss"),
                    present=body.row(f"present.{source}"),
                    cells=parent,
                ),
            )
    for bright, dim in body.cast.lineage.dimming:
        for site in body.sites:
            _switch(body, "dimming", bright, dim, site)
            _switch(body, "recovery", dim, bright, site)


def _switch(body: Body, kind: str, source: str, target: str, site: str) -> None:
    cells = body.blasts[source, site]
    body.net.reaction(
        f"{kind}.{source}.{site}",
        consumes={cells: 1},
        produces={body.blasts[target, site]: 1},
        process="dimming",
        rate=first_order(rate_constant=body.p(f"cd19_{kind}"), amount=cells),
    )
