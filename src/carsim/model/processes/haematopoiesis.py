"""The chain by which marrow makes blood cells (Friberg), shared by neutrophils, platelets and red cells.

    set point      Z = base / (1 + blasts in marrow / normal marrow)^crowding
    proliferating  birth (1 - stem_supply) k P (Z / N)^feedback;  supply stem_supply loss Z (Z / N)^feedback
                   P -> transit -> ... -> blood at k each;  blood -> 0 at loss
    cytokines      P -> 0   cytokine_suppression IFN^2 / (suppression_half^2 + IFN^2) P    where there are CAR T cells

k is the number of steps before the blood over the mean transit time. Friberg's chain has no supply by stem cells: it
serves neutrophils, whose feedback is fast; with cells that circulate for long it would swing for months. What
interferon takes at rest is part of the normal turnover and is made good by birth, so that a chain at its set point
stays there. What chemotherapy takes from P is in lymphodepletion. Friberg et al. 2002.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.kinetics import constant, first_order, lessened, ratio


@law
def crowded_set_point(base: Any, blasts: Any, capacity: Any, crowding: Any) -> Any:
    """Circulating cells that the marrow left by the leukaemia can sustain."""
    return base / (1.0 + blasts / capacity) ** crowding


@law
def feedback_birth(rate_constant: Any, cells: Any, set_point: Any, circulating: Any, feedback: Any) -> Any:
    """Birth that makes good a lack of circulating cells."""
    return rate_constant * cells * (set_point / circulating) ** feedback


@law
def suppression(most: Any, cytokine: Any, half: Any) -> Any:
    """Hazard of proliferating cells from a cytokine; steep, so that its level at rest does next to nothing."""
    return most * cytokine**2 / (half**2 + cytokine**2)


@dataclass(frozen=True)
class Lineage:
    """One lineage: its rows from the proliferating stage to the blood, and the parameters that set its pace.

    `loss` is the row of the rate at which circulating cells disappear; None where it is the rate of the chain. `stem`
    is the share of births that stem cells supply; None for no such supply.
    """

    name: str
    stages: tuple[str, ...]
    unit: str
    tolerance: float
    base: str
    transit: str
    feedback: str
    crowding: Ref | float
    stem: Ref | None = None
    loss: Ref | None = None


def add_chain(body: Body, lineage: Lineage) -> list[Ref]:
    """State a lineage's chain, what chemotherapy and cytokines take from it; the handles of its stages."""
    net, name, process = body.net, lineage.name, lineage.name.replace("_", " ")
    cells = [
        net.species(
            stage,
            unit=lineage.unit,
            kind="continuous",
            tolerance=lineage.tolerance,
            meaning=f"{process}, {stage.split('.')[-1]}, per volume of blood",
        )
        for stage in lineage.stages
    ]
    rate = net.quantity(
        f"chain_rate.{name}",
        ratio(amount=float(len(cells) - 1), volume=body.p(lineage.transit)),
        unit="1/d",
        meaning=f"rate of each step of {process} in marrow",
    )
    set_point = net.quantity(
        f"set_point.{name}",
        crowded_set_point(
            base=body.p(lineage.base),
            blasts=body.row("blasts_at.marrow"),
            capacity=body.row("marrow_capacity"),
            crowding=lineage.crowding,
        ),
        unit=lineage.unit,
        meaning=f"{process} that the marrow can sustain",
    )
    loss = lineage.loss or rate
    _births(body, lineage, cells, set_point, rate, loss)
    rates: Sequence[Ref] = [rate] * (len(cells) - 1) + [loss]
    for source, target, pace in zip(cells, [*cells[1:], None], rates, strict=True):
        net.reaction(
            f"maturation.{source.name}",
            consumes={source: 1},
            produces={target: 1} if target else None,
            process=process,
            rate=first_order(rate_constant=pace, amount=source),
        )
    _suppress(body, lineage, cells[0])
    return cells


def _births(body: Body, lineage: Lineage, cells: list[Ref], set_point: Ref, rate: Ref, loss: Ref) -> None:
    """Self-renewal of the proliferating stage and, where there is any, its supply by stem cells."""
    net, stem = body.net, lineage.stem
    births = [("birth", rate, cells[0])]
    if stem is not None:
        renewal = net.quantity(f"renewal.{lineage.name}", lessened(value=rate, effect=1.0, share=stem), unit="1/d")
        supply = net.quantity(f"supply.{lineage.name}", constant(rate=loss, scale=stem), unit="1/d")
        births = [("birth", renewal, cells[0]), ("stem_supply", supply, set_point)]
    for kind, pace, parents in births:
        net.reaction(
            f"{kind}.{lineage.name}",
            produces={cells[0]: 1},
            process=lineage.name.replace("_", " "),
            rate=feedback_birth(
                rate_constant=pace,
                cells=parents,
                set_point=set_point,
                circulating=cells[-1],
                feedback=body.p(lineage.feedback),
            ),
        )


def _suppress(body: Body, lineage: Lineage, cells: Ref) -> None:
    """What interferon takes from the proliferating stage, and the birth that makes good what it takes at rest."""
    if "ifn" not in body.net.rows:
        return
    most, half = body.p("cytokine_suppression", lineage.name), body.p("suppression_half")
    for kind, level in (("suppression", body.row("ifn")), ("replacement", body.p("ifn_rest"))):
        hazard = body.net.quantity(
            f"{kind}_rate.{lineage.name}", suppression(most=most, cytokine=level, half=half), unit="1/d"
        )
        body.net.reaction(
            f"{kind}.{lineage.name}",
            consumes={cells: 1} if kind == "suppression" else None,
            produces=None if kind == "suppression" else {cells: 1},
            process="cytokine suppression",
            rate=first_order(rate_constant=hazard, amount=cells),
        )
