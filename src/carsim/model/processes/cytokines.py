"""Cytokines that CAR T cells set free when they meet their antigen: IL-6, interferon gamma and IL-10 in serum.

    activity  a = sum_g release_g sum_s (w_gs G_gs + release_per_stimulated S_gs E_gs) / V_blood           cells/uL/d
              w G: cells that product g kills at a site; S E: its effectors, each as far as it gets its signal
    IL-6      release    il6_release a r (1 + il6_amplification IFN / (amplification_half + IFN))
              loss       il6_loss (1 - il6_receptor_loss * occupied) IL-6        occupied: receptors held by tocilizumab
    IFN       release    ifn_release a r (f + (1 - f) h / (h + IL-10));  loss  ifn_loss IFN
    IL-10     release    il10_release a r;  loss  il10_loss IL-10
    at rest   production loss * level at rest, of each
    signal    IL-6 that receptors see: IL-6 (1 - tocilizumab_block occupied)

r is what steroids leave, release_g belongs to the costimulatory domain and the
dwell of the binders. Losses, levels at rest and the damping
by IL-10 (f 0.59, h 650 pg/mL) are those of Hardiansyah and Ng 2019; myeloid cells, which make most of the IL-6, act
through the amplification by interferon. IL-6 stands for what those cells make with it, interleukin 1 among them, which
tocilizumab does not block.
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body, Product
from carsim.model.handle import Ref
from carsim.model.law import law
from carsim.model.processes.domains import dwelling
from carsim.model.processes.homeostasis import floored
from carsim.model.processes.kinetics import constant, first_order, inhibited, lessened, raised, saturating, threefold

CYTOKINES = ("il6", "ifn", "il10")
NAMES = {"il6": "interleukin 6", "ifn": "interferon gamma", "il10": "interleukin 10"}


@law
def released(weight: Any, kills: Any, per_stimulated: Any, stimulated: Any, volume: Any) -> Any:
    """Encounters that set cytokines free, per volume of blood and time."""
    return weight * (kills + per_stimulated * stimulated) / volume


def add(body: Body) -> None:
    """State activity, the three cytokines and the signal of IL-6, where there are CAR T cells."""
    if not body.products:
        return
    net = body.net
    levels = {
        name: net.species(name, unit="pg/mL", kind="continuous", tolerance=1e-3, meaning=f"{NAMES[name]} in serum")
        for name in CYTOKINES
    }
    activity = net.total(
        "cytokine_activity",
        [_activity(body, product) for product in body.products],
        unit="cells/uL/d",
        meaning="encounters of CAR T cells with their antigen that set cytokines free",
    )
    if "steroid_release" in net.rows:
        activity = net.quantity(
            "damped_activity", constant(rate=body.row("steroid_release"), scale=activity), unit="cells/uL/d"
        )
    interferon = net.quantity("il6_interferon", saturating(amount=levels["ifn"], half=body.p("amplification_half")))
    factors: dict[str, Ref | float] = {
        "il6": net.quantity("il6_amplified", raised(gain=body.p("il6_amplification"), share=interferon)),
        "ifn": net.quantity(
            "ifn_damped",
            floored(
                floor=body.p("ifn_floor"),
                cytokine=net.quantity(
                    "ifn_inhibition", inhibited(amount=levels["il10"], half=body.p("il10_inhibition"))
                ),
            ),
        ),
        "il10": 1.0,
    }
    for name, level in levels.items():
        _kinetics(body, name, level, activity, factors[name])
    blocked = "il6_receptor_occupied" in net.rows
    net.quantity(
        "il6_signal",
        lessened(
            value=levels["il6"],
            effect=body.p("tocilizumab_block") if blocked else 0.0,
            share=body.row("il6_receptor_occupied") if blocked else 0.0,
        ),
        unit="pg/mL",
        meaning="IL-6 as free receptors see it, and what comes with it and has receptors of its own",
    )


def _activity(body: Body, product: Product) -> Ref:
    name, net = product.name, body.net
    kills = net.total(
        f"kills.{name}",
        [(body.pressure[name, site], body.antigen[name, site]) for site in body.sites],
        unit="cells/d",
        meaning=f"cells that {name} kills",
    )
    stimulated = net.total(
        f"stimulated.{name}",
        [(body.stimulation[name, site], body.cart[name, "effector", site]) for site in body.sites],
        unit="cells",
        meaning=f"{name} effectors, each as far as it gets its signal",
    )
    return net.quantity(
        f"cytokine_activity.{name}",
        released(
            weight=dwelling(body, product, "cytokine_release"),
            kills=kills,
            per_stimulated=body.p("release_per_stimulated"),
            stimulated=stimulated,
            volume=body.row("volume.blood"),
        ),
        unit="cells/uL/d",
    )


def _kinetics(body: Body, name: str, level: Ref, activity: Ref, factor: Ref | float) -> None:
    net, loss = body.net, body.p(f"{name}_loss")
    net.reaction(
        f"release.{name}",
        produces={level: 1},
        process="cytokines",
        rate=threefold(first=body.p(f"{name}_release"), second=activity, third=factor),
    )
    net.reaction(
        f"production.{name}",
        produces={level: 1},
        process="cytokines",
        rate=constant(rate=loss, scale=body.p(f"{name}_rest")),
    )
    if name == "il6" and "il6_receptor_occupied" in net.rows:
        loss = net.quantity(
            "il6_loss_left",
            lessened(value=loss, effect=body.p("il6_receptor_loss"), share=body.row("il6_receptor_occupied")),
            unit="1/d",
            meaning="loss of IL-6 while tocilizumab holds its receptors",
        )
    net.reaction(
        f"loss.{name}",
        consumes={level: 1},
        process="cytokines",
        rate=first_order(rate_constant=loss, amount=level),
    )
