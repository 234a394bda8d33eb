"""The host's immune response to the CAR, and to a donor's cells: it grows where CAR T cells are seen, and rejects them.

    I          host lymphocytes against one product, relative to a full response
    drive      immunity_growth * C / (immunity_half + C) * N / (cytokine_half + N)      C, N: CAR T, host T cells per uL
    I'         immunity_renewal * precursors + drive I (1 - I) - immunity_decline I - chemotherapy I
    rejection  every CAR T cell of the product dies at rejection * I + innate_rejection

The class that a response answers to is the origin of the binder, or `allogeneic` for a donor's cells (host against
graft); a donor's cells are also rejected without T cells (`innate_rejection`: natural killer cells). A patient who had
a CAR against the same antigen has more precursors (`immunity_memory`), at the start and of those that come anew.
Lymphodepletion kills the response as it kills other lymphocytes: this is how fludarabine exposure prolongs persistence.
Off for a class whose growth is 0. Responses to different products do not meet.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from carsim.model.body import PHENOTYPES, Body, Product
from carsim.model.handle import Ref
from carsim.model.processes.kinetics import constant, first_order, saturating, threefold

Array = NDArray[np.float64]
TOLERANCE = 1e-12  # of a full response: it grows over many decades


def add(body: Body) -> None:
    """State the response to each product that provokes one."""
    for product in body.products:
        if body.value(f"immunity_growth.{product.foreignness}") > 0.0:
            _response(body, product)


def _response(body: Body, product: Product) -> None:
    net, name = body.net, product.name
    response = net.species(
        f"immunity.{name}", kind="continuous", tolerance=TOLERANCE, meaning=f"host response to {name}; 1: full"
    )
    net.reaction(
        f"renewal.immunity.{name}",
        produces={response: 1},
        process="immunity",
        rate=constant(rate=body.p("immunity_renewal"), scale=_precursors(body, product)),
    )
    seen = net.quantity(
        f"immunity_stimulus.{name}",
        saturating(amount=body.row(f"cart_cells.{name}"), half=body.p("immunity_half")),
        meaning=f"share of the full stimulus that {name} gives to the host",
    )
    drive = net.quantity(
        f"immunity_drive.{name}",
        threefold(first=body.p("immunity_growth", product.foreignness), second=seen, third=_competence(body)),
        unit="1/d",
        meaning=f"growth of the response to {name}",
    )
    net.reaction(
        f"growth.immunity.{name}",
        produces={response: 1},
        process="immunity",
        rate=first_order(rate_constant=drive, amount=response),
    )
    net.reaction(
        f"crowding.immunity.{name}",
        consumes={response: 1},
        process="immunity",
        rate=threefold(first=drive, second=response, third=response),
    )
    for cause, rate in (("decline", body.p("immunity_decline")), ("chemotherapy", body.row("drug_hazard.lymphocytes"))):
        net.reaction(
            f"{cause}.immunity.{name}",
            consumes={response: 1},
            process="immunity",
            rate=first_order(rate_constant=rate, amount=response),
        )
    _rejection(body, product, response)


def _precursors(body: Body, product: Product) -> Ref:
    """Precursors of the response, with what earlier CARs against the product's antigens have left."""
    level = body.p("immunity_precursors", product.foreignness)
    for antigen in _antigens(product):
        level = body.net.quantity(
            f"precursors.{product.name}.{antigen}",
            first_order(rate_constant=level, amount=body.p("immunity_memory", antigen)),
            meaning=f"precursors of the response to {product.name}, with exposure by {antigen}",
        )
    return level


def _competence(body: Body) -> Ref:
    """Share of its strength that the host's T cells leave to any response."""
    if "host_competence" not in body.net.rows:
        formula = saturating(amount=body.row("host_t_blood"), half=body.p("cytokine_half"))
        body.net.quantity("host_competence", formula, meaning="strength of a host response by its T cells")
    return body.row("host_competence")


def _rejection(body: Body, product: Product, response: Ref) -> None:
    name = product.name
    terms: list[tuple[Ref, ...]] = [(body.p("rejection"), response)]
    if body.value(f"innate_rejection.{product.foreignness}") > 0.0:
        terms.append((body.p("innate_rejection", product.foreignness),))
    meaning = f"hazard of {name} CAR T cells from the host"
    hazard = body.net.total(f"rejection.{name}", terms, unit="1/d", meaning=meaning)
    for phenotype in PHENOTYPES:
        for site in body.sites:
            cells = body.cart[name, phenotype, site]
            body.net.reaction(
                f"rejection.{name}.{phenotype}.{site}",
                consumes={cells: 1},
                process="rejection",
                rate=first_order(rate_constant=hazard, amount=cells),
            )


def at_start(product: Product, parameters: Mapping[str, Array]) -> dict[str, Array]:
    """Response at the start, by row: precursors, more of them after a CAR against the same antigen, at most full."""
    precursors = f"immunity_precursors.{product.foreignness}"
    if precursors not in parameters:
        return {}
    level = parameters[precursors]
    for antigen in _antigens(product):
        level = level * parameters[f"immunity_memory.{antigen}"]
    return {f"immunity.{product.name}": np.minimum(1.0, level)}


def _antigens(product: Product) -> list[str]:
    return list(dict.fromkeys(arm.antigen for arm in product.arms))
