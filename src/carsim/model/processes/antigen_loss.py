"""Acquired loss and dimming of antigens, switch of lineage, and passing states.

loss       L -> L + L'   antigen_loss.<antigen> * birth * L * present   one daughter of a division has lost it for good
switch     L -> L + L'   lineage_switch * birth * L * present           one daughter is myeloid and shows nothing
dimming    L -> Ldim     antigen_dimming.<antigen> * L                  reversible
recovery   Ldim -> L     antigen_recovery.<antigen> * Ldim
formation  L -> L''      reversion * state_share * L                    a passing state of the main clone, steady at
reversion  L'' -> L      reversion * L''                                state_share cells per cell of it

Clones that a relapse brings are named by what they lack; Rabilloud et al. 2021 found one before treatment.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body, Step
from carsim.model.handle import Ref
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
                    loss=body.p(*step.parameter),
                    present=body.row(f"present.{step.source}"),
                    cells=body.blasts[step.source, site],
                ),
            )
    for step in body.cast.lineage.dimming:
        dimming, recovery = (body.p(f"antigen_{kind}", step.antigen) for kind in ("dimming", "recovery"))
        _exchange(body, ("dimming", "recovery"), step, (dimming, recovery))
    for clone in body.clones:
        if clone.reversion is not None:
            _passing_state(body, clone.name, clone.reversion)


def _passing_state(body: Body, state: str, rate: float) -> None:
    main = body.clones[0].name
    meaning = f"return of {state} cells to {main}"
    reversion = body.state(f"reversion.{state}", rate, unit="1/d", meaning=meaning)
    share = body.state(f"state_share.{state}", _steady_share(body, state), meaning=f"{state} cells per {main} cell")
    formation = body.net.quantity(
        f"formation.{state}",
        first_order(rate_constant=reversion, amount=share),
        unit="1/d",
        meaning=f"entry of {main} cells into the state {state}",
    )
    _exchange(body, ("formation", "reversion"), Step(main, "", state), (formation, reversion))


def _steady_share(body: Body, state: str) -> float:
    """Cells in the state per cell of the main clone at the start; the row holds each patient's own."""
    of_all = body.cast.fractions
    main = of_all[body.clones[0].name]
    return of_all[state] / main if main > 0.0 else 0.0


def _exchange(body: Body, kinds: tuple[str, str], step: Step, rates: tuple[Ref, Ref]) -> None:
    """Both directions between two states of a clone, at each site."""
    there, back = kinds
    for site in body.sites:
        source, target = body.blasts[step.source, site], body.blasts[step.target, site]
        for kind, taken, made, rate in ((there, source, target, rates[0]), (back, target, source, rates[1])):
            body.net.reaction(
                f"{kind}.{step.source}.{step.target}.{site}",
                consumes={taken: 1},
                produces={made: 1},
                process="dimming",
                rate=first_order(rate_constant=rate, amount=taken),
            )
