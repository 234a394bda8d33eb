"""Values that each patient of a simulation has of its own, beside what the scenario says of all.

When every patient stands for another point of the parameters, one simulation tells how outcomes depend on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Own:
    """One entry per patient in each array.

    factors   of a parameter by name, with or without its class: on the scenario's value, of all its classes if without
    spreads   of a parameter by name: standard deviation of its logarithm between patients like this one
    """

    factors: Mapping[str, Array] = field(default_factory=dict)
    spreads: Mapping[str, Array] = field(default_factory=dict)

    def first(self, n: int) -> Own:
        """The same of the first n patients."""
        return Own({k: v[:n] for k, v in self.factors.items()}, {k: v[:n] for k, v in self.spreads.items()})

    def of_row(self, row: str) -> Array | float:
        """What the value of a row of the network is multiplied by, (n,), or 1."""
        found: Array | float = 1.0
        for name, factor in self.factors.items():
            if row == name or row.startswith(f"{name}."):
                found = found * factor
        return found


NONE = Own()
