"""Cure as absorption: when no leukaemic cell of any clone is left, none can come back.

Only engines that count cells have a last one. In a deterministic run a clone below one cell is set to zero by rule
(decision 4), which says what is expected and not whether the last cells survive: there the question has no answer.
"""

from __future__ import annotations

from carsim.endpoints.outcome import Answers, Curves, Endpoint, answered
from carsim.spec.plain import CHANCE

NO_LAST_CELL = "the ode engine has no last cell: an engine of chance answers, for example hybrid"


def _cured(curves: Curves) -> Answers:
    by_chance = str(curves.attributes.get("engine", "ode")) in CHANCE
    left = curves["blasts"][:, -1].reshape(curves.n, -1).sum(axis=1)
    return answered((left == 0.0).astype(int), (not by_chance, NO_LAST_CELL))


ENDPOINTS = (
    Endpoint("cured", _cured, ("blasts",), "no leukaemic cell of any clone at any site on the last simulated day"),
)
