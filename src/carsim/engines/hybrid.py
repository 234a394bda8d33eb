"""The hybrid engine: differential equations for what is abundant, jumps for what is rare.

Domain: every network whose counts change by whole numbers. A species with fewer than `threshold` cells is counted, and
every reaction that changes it fires as jumps; the others stay in the equations, which take the deterministic engine's
own steps. Extinction is absorption at zero, and what a mutation founds begins with one cell.

What bounds its error, beside `rtol`: the noise that more than `threshold` cells no longer show (relative variance of
one step below 1 / threshold); jumps that move a rate of the equations by up to DRIFT_LIMIT of what comes and goes of
the species it changes, and those that change what reads a rare species, such as a total, by up to DRIFT_LIMIT of it,
before other rates notice.
"""

from __future__ import annotations

from carsim.engines.courses import Settings
from carsim.engines.protocol import Options
from carsim.model.network import Network

THRESHOLD = 1_000.0  # cells
DRIFT_LIMIT = 0.02
FED_JUMPS = 100.0  # few cells that many others replace follow these where more would come and go in one step


def settings_of(network: Network, options: Options) -> Settings:
    """How this network is simulated by equations and jumps."""
    from carsim.engines.kernels.hybrid import hybrid

    threshold = THRESHOLD if options.threshold is None else options.threshold
    return Settings(
        "hybrid",
        hybrid,
        equations=True,
        threshold=threshold,
        most_jumps=FED_JUMPS,
        drift_limit=DRIFT_LIMIT,
        stale=DRIFT_LIMIT,
    )
