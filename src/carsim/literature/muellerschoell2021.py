"""Mueller-Schoell et al. 2021: naive, central memory, effector memory and effector CAR T cells, and tumour volume T.

v   = (1 + boost transplant) reference ratio^-power, or (1 + boost transplant) low in the low class
TN'   = v T TN / (half + TN)   + (kp1 - k12 - ke) TN
TCM'  = v T TCM / (half + TCM) + (kp2 - k23 - ke) TCM + k12 TN
TEM'  = v T TEM / (half + TEM) + (kp3 - k34 - ke) TEM + k23 TCM
TEff' = k34 TEM - ke4 TEff
T'    = growth (1 - T / limit) T - (V1 TN + V2 TCM + V3 TEM + V4 TEff) T / (half_killing + T)
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from carsim.literature.laws import mueller_expansion
from carsim.literature.records import Change
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order, ratio, saturating, threefold

STAGES = ("naive", "central_memory", "effector_memory", "effector")


def state(net: Network) -> None:
    """Add expansion, division, differentiation and death of each phenotype, growth and killing of the tumour."""
    row = net.rows
    tumour = row["tumour"]
    expansion = net.quantity(
        "expansion",
        mueller_expansion(
            reference=row["expansion_reference"],
            low=row["expansion_low"],
            is_low=row["low_class"],
            boost=row["transplant_boost"],
            transplant=row["transplant"],
            ratio=row["cd4_cd8_ratio"],
            power=row["ratio_power"],
        ),
        unit="cells/uL/mL/d",
        meaning="expansion for each mL of tumour",
    )
    for stage, following in pairwise(STAGES):
        cells = row[stage]
        filling = net.quantity(f"filling.{stage}", saturating(amount=cells, half=row["half_expansion"]))
        grown = threefold(first=expansion, second=tumour, third=filling)
        net.reaction(f"expansion of {stage}", produces={cells: 1}, rate=grown)
        divided = first_order(rate_constant=row[f"{stage}_division"], amount=cells)
        net.reaction(f"division of {stage}", produces={cells: 1}, rate=divided)
        moved = first_order(rate_constant=row[f"{stage}_differentiation"], amount=cells)
        net.reaction(f"differentiation of {stage}", consumes={cells: 1}, produces={row[following]: 1}, rate=moved)
        lost = first_order(rate_constant=row["memory_death"], amount=cells)
        net.reaction(f"death of {stage}", consumes={cells: 1}, rate=lost)
    lost = first_order(rate_constant=row["effector_death"], amount=row["effector"])
    net.reaction("death of effector", consumes={row["effector"]: 1}, rate=lost)
    crowding = net.quantity("crowding", ratio(amount=row["growth"], volume=row["limit"]), unit="1/mL/d")
    net.reaction("growth", produces={tumour: 1}, rate=first_order(rate_constant=row["growth"], amount=tumour))
    net.reaction("crowding", consumes={tumour: 1}, rate=threefold(first=crowding, second=tumour, third=tumour))
    attack = net.total("attack", [(row[f"{stage}_killing"], row[stage]) for stage in STAGES], unit="mL/d")
    reached = net.quantity("reached", saturating(amount=tumour, half=row["half_killing"]))
    net.reaction("killing", consumes={tumour: 1}, rate=first_order(rate_constant=attack, amount=reached))
    net.total("cart", [row[stage] for stage in STAGES], unit="cells/uL", meaning="all CAR T cells in blood")


def changes(values: Mapping[str, float]) -> list[Change]:
    """None: each phenotype starts at its level after the infusion."""
    return []


def closed_forms(values: Mapping[str, float]) -> dict[str, float]:
    """Expansion of the patient, by class and covariates."""
    boost = 1.0 + values["transplant_boost"] * values["transplant"]
    reference = values["expansion_reference"] * values["cd4_cd8_ratio"] ** -values["ratio_power"]
    return {"expansion": boost * (values["expansion_low"] if values["low_class"] else reference)}
