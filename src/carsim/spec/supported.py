"""Which mechanisms of the format this version can run; one table decides.

A scenario may be complete before the engine is: what is missing here parses, resolves and round-trips, and running it
names the mechanism.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsim.spec.scenario import Scenario

ENGINES_NOW = ("ode", "exact", "leap", "hybrid", "agent")
OUTPUT_NOW = 1.0  # d between outputs at most: endpoints are worked out from them


def unsupported(scenario: Scenario) -> list[tuple[str, str]]:
    """Return path and mechanism of everything in a scenario that `run` of this version does not have."""
    return list(_simulation(scenario))


def _simulation(scenario: Scenario) -> Iterator[tuple[str, str]]:
    run = scenario.run
    if run.engine not in ENGINES_NOW:
        yield "run.engine", f"the {run.engine} engine"
    if run.every > OUTPUT_NOW:
        yield "run.every", "output less often than each day"
    if run.draws:
        yield "run.draws", "draws of uncertain parameters (`carsim trial --draws`)"
