"""The days on which patients are seen: day 28, then each month from the second on."""

from __future__ import annotations

MONTH = 30.4375  # days
FIRST_VISIT = 28.0


def visit_days(end: float) -> list[float]:
    """Days of visits: day 28, then each month from the second on, to the end."""
    months = (MONTH * number for number in range(2, int(end / MONTH) + 1))
    return [day for day in (FIRST_VISIT, *months) if day <= end]
