"""The agent engine: single cells inside a patient whose abundant populations follow equations.

Domain: every network whose counts change by whole numbers. A species with fewer than `threshold` cells is simulated
cell by cell, the others by equations, as in the hybrid engine, from which it takes the moments of all reactions: the
hazards of single cells are those of the reactions (see `kernels.herd` for whose each one is). After each of them all
rates that it changes are evaluated anew. Without traits its law is that of the hybrid engine, and without a threshold
that of the exact one.

With a `weight` above one each simulated cell stands for so many: counts change by as many at once, and their noise is
larger by the square root of it.
"""

from __future__ import annotations

from carsim.engines.courses import Settings
from carsim.engines.hybrid import DRIFT_LIMIT, FED_JUMPS
from carsim.engines.protocol import Options
from carsim.model.network import Network

THRESHOLD = 100_000.0  # cells


def settings_of(network: Network, options: Options) -> Settings:
    """How this network is simulated cell by cell."""
    from carsim.engines.kernels.hybrid import hybrid

    return Settings(
        "agent",
        hybrid,
        equations=True,
        individuals=True,
        threshold=THRESHOLD if options.threshold is None else options.threshold,
        most_jumps=FED_JUMPS,
        drift_limit=DRIFT_LIMIT,
    )
