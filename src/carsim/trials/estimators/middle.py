"""The median of a value over patients, with the interval of order statistics, which assumes no distribution.

Source: Conover, Practical Nonparametric Statistics (1999), section 3.2, as in scipy.stats.quantile_test.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from carsim.trials.estimators.estimate import LEVEL, Estimate


def median(values: ArrayLike, unit: str) -> Estimate:
    """Median of values (n,), NaN left out; an end that too few patients determine is NaN."""
    from scipy.stats import quantile_test

    found = np.asarray(values, dtype=float)
    known = found[np.isfinite(found)]
    if known.size == 0:
        return Estimate.none("no patient in whom it is known", unit)
    middle = float(np.median(known))
    interval = quantile_test(known, q=middle, p=0.5).confidence_interval(LEVEL)
    return Estimate(middle, float(interval.low), float(interval.high), unit, known.size)
