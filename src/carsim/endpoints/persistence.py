"""Persistence: the last day on which an assay would still find CAR T cells.

A patient in whom they are still found at the end of the simulation has the last simulated day, marked as ongoing.
The limits are those of the catalogue's assays: copies/ug DNA by qPCR, cells/uL by flow cytometry.
"""

from __future__ import annotations

import numpy as np

from carsim import catalog
from carsim.endpoints.levels import crossing, first_of, pick
from carsim.endpoints.outcome import Answers, Curves, Endpoint, Floats, Mask, Rule, answered, since_infusion

QPCR_LIMIT = catalog.assays()["cart_qpcr"].limit.value
FLOW_LIMIT = catalog.assays()["cart_flow"].limit.value
QPCR_UNIT, FLOW_UNIT = "copies/ug", "cells/uL"


def last_detected(days: Floats, level: Floats, limit: float) -> tuple[Mask, Floats, Mask]:
    """Whether ever at or above `limit`, the last day of it, and whether it is so at the end, each (patient,)."""
    found = level >= limit
    ever, back = first_of(found[:, ::-1])
    last = days.size - 1 - back
    day, ongoing = days[last] if days.size else np.full(len(level), np.nan), ever & (back == 0)
    ended = ever & ~ongoing
    before = last[ended]
    own = level[ended]
    day[ended] = crossing(days[before], days[before + 1], pick(own, before), pick(own, before + 1), limit)
    return ever, day, ongoing


def _last_day(name: str, limit: float, unit: str) -> Rule:
    def rule(curves: Curves) -> Answers:
        ever, day, _ = last_detected(*since_infusion(curves, name), limit)
        return answered(day, (~ever, f"never at or above {limit:g} {unit}"))

    return rule


def _ongoing(curves: Curves) -> Answers:
    return answered(last_detected(*since_infusion(curves, "cart_copies"), QPCR_LIMIT)[2].astype(int))


ENDPOINTS = (
    Endpoint(
        "cart_persistence_day",
        _last_day("cart_copies", QPCR_LIMIT, QPCR_UNIT),
        ("cart_copies",),
        f"last day at or above {QPCR_LIMIT:g} copies/ug; the last simulated day where ongoing",
    ),
    Endpoint(
        "cart_persistence_ongoing",
        _ongoing,
        ("cart_copies",),
        f"at or above {QPCR_LIMIT:g} copies/ug on the last simulated day",
    ),
    Endpoint(
        "cart_persistence_flow_day",
        _last_day("cart_cells", FLOW_LIMIT, FLOW_UNIT),
        ("cart_cells",),
        f"last day at or above {FLOW_LIMIT:g} cell/uL; the last simulated day where ongoing",
    ),
)
