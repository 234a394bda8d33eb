"""Numbers as the tables of a report print them."""

from __future__ import annotations

import math

UNITS = {"percent": "%", "months": "mo", "days": "d", "ratio": ""}


def amount(value: float, unit: str = "") -> str:
    """A number of a table, with three figures; words for what has none."""
    if math.isnan(value):
        return "none"
    if math.isinf(value):
        return "not reached" if value > 0 else "any"
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    mark = UNITS.get(unit, unit)
    return f"{text} {mark}".strip()
