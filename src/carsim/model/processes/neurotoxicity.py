"""Neurotoxicity (ICANS): cytokines open the endothelium of the brain, the faster they rise the more.

    drive        e = c / (endothelial_half + c),  c = IL-6 + interferon_weight IFN
    endothelium  A' = endothelial_activation (e - A);   adapted D' = endothelial_adaptation (A - D)
    severity     Z' = k A (1 + icans_platelet_weight p + icans_rise_weight q) w - k Z
                    + k icans_csf_weight f / (icans_csf_half + f)     f CAR T cells/uL of CSF, where that is simulated
    not protected p = h / (h + platelets),  h = icans_platelet_half;  not adapted q = d / (d + D),  d = adaptation_half

k = icans_rate, w what steroids leave of the way. It is IL-6 itself that counts, not the signal that
tocilizumab blocks: serum IL-6 rises under it and the endothelium sees it. Slow adaptation lets a fast rise through; few
platelets leave the endothelium open (Gust et al. 2017, by direction).
"""

from __future__ import annotations

from typing import Any

from carsim import catalog
from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.grading import grade, worst
from carsim.model.processes.kinetics import constant, first_order, inhibited, saturating, threefold

STAGES = ("minor", "mild", "moderate", "severe", "critical")


@law
def passage(
    activated: Any, unprotected: Any, platelet_weight: Any, unadapted: Any, rise_weight: Any, damping: Any
) -> Any:
    """How far an activated endothelium lets cytokines into the brain."""
    return activated * (1.0 + platelet_weight * unprotected + rise_weight * unadapted) * damping


def add(body: Body) -> None:
    """State the endothelium, the severity and its grade, where there are CAR T cells."""
    if not body.products:
        return
    net = body.net
    activated, adapted = _endothelium(body)
    severity = net.species(
        "icans_severity", unit="1", kind="continuous", tolerance=1e-6, meaning="severity of neurotoxicity"
    )
    open_share = net.quantity(
        "icans_unprotected",
        inhibited(amount=body.row("platelets.blood"), half=body.p("icans_platelet_half")),
        meaning="endothelium that platelets do not protect",
    )
    through = net.quantity(
        "icans_passage",
        passage(
            activated=activated,
            unprotected=open_share,
            platelet_weight=body.p("icans_platelet_weight"),
            unadapted=net.quantity(
                "icans_unadapted",
                inhibited(amount=adapted, half=body.p("adaptation_half")),
                meaning="passage that a slow rise would have closed",
            ),
            rise_weight=body.p("icans_rise_weight"),
            damping=body.row("steroid_passage") if "steroid_passage" in net.rows else 1.0,
        ),
    )
    rate = body.p("icans_rate")
    net.reaction(
        "onset.icans", produces={severity: 1}, process="neurotoxicity", rate=constant(rate=rate, scale=through)
    )
    net.reaction(
        "relief.icans",
        consumes={severity: 1},
        process="neurotoxicity",
        rate=first_order(rate_constant=rate, amount=severity),
    )
    if "CNS" in body.sites:
        _from_the_fluid(body, severity, rate)
    name = body.cast.scales["icans"]
    stages = [body.p("icans_threshold", stage) for stage in STAGES]
    grades = catalog.scales()[name].grades["icans"]["neurological"]
    found = grade(body, "icans_grade", severity, stages, grades, f"grade of neurotoxicity by {name}")
    worst(body, "icans_worst", found, "highest grade of neurotoxicity so far")


def _endothelium(body: Body) -> tuple[Ref, Ref]:
    net = body.net
    seen = net.total(
        "endothelial_cytokines",
        [body.row("il6"), (body.p("interferon_weight"), body.row("ifn"))],
        unit="pg/mL",
        meaning="cytokines that the endothelium sees",
    )
    source = net.quantity("endothelial_drive", saturating(amount=seen, half=body.p("endothelial_half")))
    made = []
    for name in ("activation", "adaptation"):
        level = net.species(
            f"endothelium.{name}", unit="1", kind="continuous", tolerance=1e-6, meaning=f"{name} of the endothelium"
        )
        rate = body.p(f"endothelial_{name}")
        net.reaction(
            f"onset.endothelial_{name}",
            produces={level: 1},
            process="neurotoxicity",
            rate=constant(rate=rate, scale=source),
        )
        net.reaction(
            f"relief.endothelial_{name}",
            consumes={level: 1},
            process="neurotoxicity",
            rate=first_order(rate_constant=rate, amount=level),
        )
        made.append(level)
        source = level
    return made[0], made[1]


def _from_the_fluid(body: Body, severity: Ref, rate: Ref) -> None:
    """Severity from CAR T cells in the cerebrospinal fluid itself."""
    net = body.net
    share = net.quantity("icans_fluid", saturating(amount=body.row("csf_cart"), half=body.p("icans_csf_half")))
    net.reaction(
        "onset.icans_fluid",
        produces={severity: 1},
        process="neurotoxicity",
        rate=threefold(first=rate, second=body.p("icans_csf_weight"), third=share),
    )
