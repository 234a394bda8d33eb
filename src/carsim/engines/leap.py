"""The leaping engine: many reactions at once, over times in which no propensity changes by more than `epsilon`.

Domain: reactions that change counts by whole numbers, up to 2^53 cells. Few cells are simulated reaction by reaction.
Continuous species follow their equations to `rtol`. Its error falls in proportion to `epsilon`. Outputs end leaps, so
other output times mean other draws, not another law.
"""

from __future__ import annotations

from carsim.engines.courses import Settings
from carsim.engines.protocol import Options
from carsim.model.network import Network


def settings_of(network: Network, options: Options) -> Settings:
    """How this network is simulated by leaps."""
    from carsim.engines.kernels.hybrid import hybrid

    return Settings("leap", hybrid, equations=True, epsilon=options.epsilon, drift_limit=options.epsilon)
