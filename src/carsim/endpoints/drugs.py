"""Exposure to the drugs of lymphodepletion.

The cumulative exposure is integrated by the engine with the concentrations; the value at the end is that to infinity
once the drug is gone (last concentration below a thousandth of its peak).
"""

from __future__ import annotations

from carsim.endpoints.outcome import Answers, Curves, Endpoint, answered

CLEARED = 1e-3
HOURS_PER_DAY = 24.0


def _fludarabine_auc(curves: Curves) -> Answers:
    level = curves["fludarabine"]
    return answered(
        HOURS_PER_DAY * curves["fludarabine_exposure"][:, -1],
        (level[:, -1] > CLEARED * level.max(axis=1), "fludarabine is not cleared at the end of the simulation"),
    )


ENDPOINTS = (
    Endpoint(
        "fludarabine_auc",
        _fludarabine_auc,
        ("fludarabine", "fludarabine_exposure"),
        "integral of F-ara-A in plasma to the end of the simulation, once below a thousandth of its peak",
    ),
)
