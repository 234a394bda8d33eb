"""The exact engine: every reaction of a species that counts fires by itself, at its exact moment.

Domain: reactions that change counts by whole numbers, in courses of at most `max_events` reactions; more are refused
before anything is simulated, with the estimate. Where all that moves is counted, this is Gillespie's direct method
(`kernels.exact`). Where continuous species move too (drugs, cytokines), it is a piecewise-deterministic process: these
follow their equations between two reactions, to `rtol`; every reaction ends a step of them; and the integrated hazard,
which a unit exponential is compared with, is exact to HAZARD_TOLERANCE of it.
"""

from __future__ import annotations

from carsim.engines.courses import Settings
from carsim.engines.domain import counts_alone
from carsim.engines.protocol import Options
from carsim.model.network import Network

HAZARD_TOLERANCE = 1e-5


def settings_of(network: Network, options: Options) -> Settings:
    """How this network is simulated exactly."""
    from carsim.engines.kernels.exact import exact
    from carsim.engines.kernels.hybrid import hybrid

    if counts_alone(network):
        return Settings("exact", exact, equations=False)
    return Settings("exact", hybrid, equations=True, hazard_tolerance=HAZARD_TOLERANCE)
