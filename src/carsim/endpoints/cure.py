"""Cure as absorption: when no leukaemic cell of any clone is left, none can come back.

Only engines that count cells have a last one. In a deterministic run a clone below one cell is set to zero by rule
(decision 4), which says what is expected and not whether the last cells survive: there the question has no answer.
"""

from __future__ import annotations

from carsim.endpoints.outcome import Answer, Curves, Endpoint, Missing
from carsim.spec.plain import CHANCE

NO_LAST_CELL = "the ode engine has no last cell: an engine of chance answers, for example hybrid"


def _cured(curves: Curves) -> Answer:
    if str(curves.attributes.get("engine", "ode")) not in CHANCE:
        return Missing(NO_LAST_CELL)
    return int(float(curves["blasts"][-1].sum()) == 0.0)


ENDPOINTS = (
    Endpoint("cured", _cured, ("blasts",), "no leukaemic cell of any clone at any site on the last simulated day"),
)
