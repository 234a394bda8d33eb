"""What a line shows: one patient's level, or a cohort's median with the band from its 5th to its 95th percentile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LOW, HIGH = 5.0, 95.0


@dataclass(frozen=True)
class Band:
    """Levels (time,): the line, and the limits of the band for a cohort (None for one patient)."""

    middle: np.ndarray
    low: np.ndarray | None = None
    high: np.ndarray | None = None

    def above(self, floor: float) -> Band:
        """The same with every level raised to `floor`, for axes that have no zero."""
        low, high = (None if part is None else np.maximum(part, floor) for part in (self.low, self.high))
        return Band(np.maximum(self.middle, floor), low, high)


def band(levels: np.ndarray) -> Band | None:
    """The band of levels (patient, time); patients with missing levels are left out; None when nobody remains."""
    whole = levels[np.isfinite(levels).all(axis=1)]
    if whole.shape[0] == 0:
        return None
    if whole.shape[0] == 1:
        return Band(whole[0])
    low, middle, high = np.percentile(whole, [LOW, 50.0, HIGH], axis=0)
    return Band(middle, low, high)
