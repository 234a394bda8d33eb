"""Bridging chemotherapy: an effect that each cycle raises and that fades, without naming its drugs.

    effect F   + bridging_intensity.<low|high> at each cycle;   F' = -ln2 / bridging_half_life * F
    hazard     bridging_kill_<class> * F            blasts but those of the nervous system, lymphocytes, precursors

The logarithm of what a cycle leaves is -kill * intensity * half-life / ln2.
"""

from __future__ import annotations

from carsim.model.body import Body
from carsim.model.processes.antibodies import deplete
from carsim.model.processes.dosing import fade
from carsim.model.processes.kinetics import constant, first_order

INTENSITIES = ("low", "high")


def add(body: Body) -> None:
    """State the effect and what it kills, where bridging is given."""
    if not body.uses("bridging"):
        return
    net = body.net
    effect = net.species(
        "chemotherapy.effect", kind="continuous", tolerance=1e-9, meaning="effect of bridging chemotherapy"
    )
    for intensity in INTENSITIES:
        body.p("bridging_intensity", intensity)
    fade(body, "bridging", effect)
    for name, victims in (
        ("blasts", [cells for (_, site), cells in body.blasts.items() if site != "CNS"]),
        ("lymphocytes", [body.row("host_t_cells"), *body.bcells.values()]),
        ("progenitors", [body.row("neutrophils.proliferating")]),
    ):
        hazard = net.quantity(
            f"bridging.{name}",
            first_order(rate_constant=body.p(f"bridging_kill_{name}"), amount=effect),
            unit="1/d",
            meaning=f"hazard of {name} from bridging chemotherapy",
        )
        deplete(body, "bridging", hazard, victims)
    for lineage in ("platelets", "red_cells"):
        hazard = net.quantity(
            f"bridging.{lineage}",
            constant(rate=body.row("bridging.progenitors"), scale=body.p("drug_sensitivity", lineage)),
            unit="1/d",
            meaning=f"hazard of proliferating {lineage.replace('_', ' ')} from bridging chemotherapy",
        )
        deplete(body, "bridging", hazard, [body.row(f"{lineage}.proliferating")])
