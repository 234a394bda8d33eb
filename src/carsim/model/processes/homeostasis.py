"""Host T cells, the homeostatic cytokines, and the drive that CAR T cells take from them.

    cytokine  I' = cytokine_turnover (1 - I - I (N + C) / (cytokine_half V_blood))     relative: 1 without T cells
    host      thymic_output V_blood + host_division I N - host_death N                 T cells in blood
    drive     Phi = drive_floor + (1 - drive_floor) I                                  what CAR T division gets

Lymphodepletion removes the cells that take up the cytokine; that is how fludarabine exposure acts on expansion.
Recovery is set to the lymphocyte counts after axi-cel that Kimmel et al. 2021 used (160, 280, 480, 490 /uL on days 7,
14, 28, 90).
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.kinetics import constant, first_order


@law
def uptake(turnover: Any, cytokine: Any, host: Any, cart: Any, half: Any, volume: Any) -> Any:
    """Receptor-mediated uptake by all T cells."""
    return turnover * cytokine * (host + cart) / (half * volume)


@law
def cytokine_driven_division(division: Any, cytokine: Any, cells: Any) -> Any:
    """Homeostatic division of host T cells."""
    return division * cytokine * cells


@law
def floored(floor: Any, cytokine: Any) -> Any:
    """A drive that does not vanish without the cytokine."""
    return floor + (1.0 - floor) * cytokine


def add(body: Body) -> None:
    """State host T cells, cytokine and drive."""
    net, volume = body.net, body.row("volume.blood")
    host = net.species("host_t_cells", unit="cells", tolerance=1.0, meaning="host T cells in blood")
    cytokine = net.species(
        "homeostatic_cytokine",
        unit="1",
        kind="continuous",
        tolerance=1e-6,
        meaning="IL-7 and IL-15 relative to their level without T cells",
    )
    turnover = body.p("cytokine_turnover")
    net.reaction(
        "production.cytokine", produces={cytokine: 1}, process="cytokine", rate=constant(rate=turnover, scale=1.0)
    )
    net.reaction(
        "clearance.cytokine",
        consumes={cytokine: 1},
        process="cytokine",
        rate=first_order(rate_constant=turnover, amount=cytokine),
    )
    net.reaction(
        "uptake.cytokine",
        consumes={cytokine: 1},
        process="cytokine",
        rate=uptake(
            turnover=turnover,
            cytokine=cytokine,
            host=host,
            cart=body.cart_at["blood"],
            half=body.p("cytokine_half"),
            volume=volume,
        ),
    )
    net.reaction(
        "thymic_output",
        produces={host: 1},
        process="host T cells",
        rate=constant(rate=body.p("thymic_output"), scale=volume),
    )
    net.reaction(
        "division.host_t_cells",
        produces={host: 1},
        process="host T cells",
        rate=cytokine_driven_division(division=body.p("host_division"), cytokine=cytokine, cells=host),
    )
    net.reaction(
        "death.host_t_cells",
        consumes={host: 1},
        process="host T cells",
        rate=first_order(rate_constant=body.p("host_death"), amount=host),
    )
    for product in body.products:
        body.drive[product.name] = net.quantity(
            f"cytokine_drive.{product.name}",
            floored(floor=body.kinetic(product, "drive_floor"), cytokine=cytokine),
            meaning=f"cytokine drive of {product.name} CAR T cells",
        )
