"""What a sweep will take: time from a few patients simulated here and now, disk from what is kept.

time of a point   a + b n patients: two runs of the point in the middle, of one patient and of some
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from carsim.sweeps.block import compute_block
from carsim.sweeps.plan import Block, Plan

SOME: Final = 5  # patients of the longer run


@dataclass(frozen=True)
class Estimate:
    """Seconds on one processor of this machine: of a point's own work, and of each patient's course."""

    point: float
    course: float

    def seconds(self, made: Plan) -> float:
        """Of the whole sweep, on one processor."""
        parts = made.grid[1] * made.points.n
        return parts * self.point + made.points.n * made.patients * made.replicates * self.course


def estimate(made: Plan) -> Estimate:
    """Simulate a few patients of the point in the middle, after once for what is compiled or read."""
    middle = made.points.n // 2
    taken = {}
    for count in (1, 1, min(SOME, made.patients)):
        begun = time.perf_counter()
        compute_block(made, Block(0, (middle, middle + 1), (0, count)))
        taken[count] = time.perf_counter() - begun
    one, most = min(taken), max(taken)
    each = max(taken[most] - taken[one], 0.0) / (most - one) if most > one else 0.0
    course = each / made.replicates if most > one else taken[one] / made.replicates
    return Estimate(max(taken[one] - course * made.replicates, 0.0), course)
