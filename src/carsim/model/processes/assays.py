"""What laboratories report, as expressions of the one state (no noise, no detection limit: those are `dataset.assays`).

CAR T by flow    C_blood / V_blood                                            cells/uL
CAR T by qPCR    cells/uL * vector_copies * genomes_per_ug / leucocytes       copies per ug DNA
leucocytes       (1 + monocyte_share) ANC + (host T + CAR T + B + blasts)/V    cells/uL
marrow cells     normal capacity * mean of the chain / base + blasts + B cells + CAR T
MRD              blasts per nucleated marrow cell
"""

from __future__ import annotations

from typing import Any

from carsim.model.body import Body
from carsim.model.law import law
from carsim.model.processes.kinetics import first_order, ratio
from carsim.model.processes.neutrophils import STAGES


@law
def leucocyte_count(monocyte_share: Any, neutrophils: Any, others: Any, volume: Any) -> Any:
    """Nucleated cells per uL of blood."""
    return (1.0 + monocyte_share) * neutrophils + others / volume


@law
def normal_marrow(capacity: Any, chain: Any, base: Any) -> Any:
    """Normal nucleated marrow cells, from the marrow part of the chain relative to its set point."""
    return capacity * chain / (4.0 * base)


@law
def vector_copies_per_dna(vector_cells: Any, genomes: Any, leucocytes: Any) -> Any:
    """Vector copies per ug of the DNA of all nucleated blood cells."""
    return vector_cells * genomes / leucocytes


def add(body: Body) -> None:
    """State the observables of blood and marrow."""
    _blood(body)
    _marrow(body)


def _blood(body: Body) -> None:
    net, volume = body.net, body.row("volume.blood")
    others = net.total(
        "blood_cells_counted",
        [body.row("host_t_cells"), body.cart_at["blood"], body.bcells["blood"], body.row("blasts_at.blood")],
        unit="cells",
        meaning="nucleated blood cells other than myeloid ones",
    )
    leucocytes = net.quantity(
        "leucocytes",
        leucocyte_count(
            monocyte_share=body.p("monocyte_share"),
            neutrophils=body.row("neutrophils.blood"),
            others=others,
            volume=volume,
        ),
        unit="cells/uL",
        meaning="leucocytes, blasts and CAR T cells included",
    )
    for name, cells, meaning in (
        ("cart_cells", body.cart_at["blood"], "CAR T cells"),
        ("bcells_blood", body.bcells["blood"], "B cells"),
        ("host_t_blood", body.row("host_t_cells"), "host T cells"),
        ("blasts_blood", body.row("blasts_at.blood"), "blasts"),
    ):
        net.quantity(name, ratio(amount=cells, volume=volume), unit="cells/uL", meaning=f"{meaning} in blood")
    for product in body.products:
        name = product.name
        cells = net.quantity(
            f"cart_cells.{name}",
            ratio(amount=body.row(f"cart_at.{name}.blood"), volume=volume),
            unit="cells/uL",
            meaning=f"{name} CAR T cells in blood",
        )
        copies = body.state(
            f"vector_copies.{name}", product.vector_copies, unit="copies/cell", meaning=f"vector copies per {name} cell"
        )
        vectors = net.quantity(
            f"vectors.{name}",
            first_order(rate_constant=copies, amount=cells),
            unit="copies/uL",
            meaning=f"vector copies of {name} per uL of blood",
        )
        net.quantity(
            f"cart_copies.{name}",
            vector_copies_per_dna(vector_cells=vectors, genomes=body.p("genomes_per_dna"), leucocytes=leucocytes),
            unit="copies/ug",
            meaning=f"{name} vector copies per ug DNA",
        )
    net.total(
        "cart_copies",
        [body.row(f"cart_copies.{product.name}") for product in body.products],
        unit="copies/ug",
        meaning="vector copies of all products per ug DNA",
    )


def _marrow(body: Body) -> None:
    net, blasts = body.net, body.row("blasts_at.marrow")
    chain = net.total(
        "marrow_chain",
        [body.row(f"neutrophils.{stage}") for stage in STAGES[:4]],
        unit="cells/uL",
        meaning="neutrophil precursors, in blood equivalents",
    )
    normal = net.quantity(
        "marrow_normal_cells",
        normal_marrow(capacity=body.row("marrow_capacity"), chain=chain, base=body.p("neutrophil_base")),
        unit="cells",
        meaning="normal myeloid and erythroid nucleated marrow cells",
    )
    cells = net.total(
        "marrow_nucleated",
        [normal, blasts, body.bcells["progenitor"], body.bcells["marrow"], body.cart_at["marrow"]],
        unit="cells",
        meaning="nucleated marrow cells",
    )
    net.quantity(
        "blasts_marrow_fraction", ratio(amount=blasts, volume=cells), meaning="blasts among nucleated marrow cells"
    )
