"""Persistence: the last day on which an assay would still find CAR T cells.

A patient in whom they are still found at the end of the simulation has the last simulated day, marked as ongoing.
The limits are those of the catalogue's assays: copies/ug DNA by qPCR, cells/uL by flow cytometry.
"""

from __future__ import annotations

import numpy as np

from carsim import catalog
from carsim.endpoints.outcome import Answer, Curves, Endpoint, Missing, Rule, crossing, since_infusion

QPCR_LIMIT = catalog.assays()["cart_qpcr"].limit.value
FLOW_LIMIT = catalog.assays()["cart_flow"].limit.value
QPCR_UNIT, FLOW_UNIT = "copies/ug", "cells/uL"


def last_detected(days: np.ndarray, level: np.ndarray, limit: float, unit: str) -> tuple[float, bool] | Missing:
    """(last day at or above `limit`, still so at the end)."""
    found = np.flatnonzero(level >= limit)
    if found.size == 0:
        return Missing(f"never at or above {limit:g} {unit}")
    last = int(found[-1])
    if last == days.size - 1:
        return float(days[last]), True
    before, after = last, last + 1
    day = crossing(float(days[before]), float(days[after]), float(level[before]), float(level[after]), limit)
    return day, False


def _last_day(name: str, limit: float, unit: str) -> Rule:
    def rule(curves: Curves) -> Answer:
        found = last_detected(*since_infusion(curves, name), limit, unit)
        return found if isinstance(found, Missing) else found[0]

    return rule


def _ongoing(curves: Curves) -> Answer:
    found = last_detected(*since_infusion(curves, "cart_copies"), QPCR_LIMIT, QPCR_UNIT)
    return 0 if isinstance(found, Missing) else int(found[1])


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
