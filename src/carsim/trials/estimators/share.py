"""A share of patients with Wilson's interval.

Source: Wilson, J Am Stat Assoc 22:209 (1927), as in statsmodels (in a hundredth of the time that
scipy.stats.binomtest takes, which tests the share besides; a scorecard needs ten thousands of these intervals).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from carsim.trials.estimators.estimate import LEVEL, Estimate


def share(answers: ArrayLike) -> Estimate:
    """Share of the patients whose answer is yes, from answers (n,): 1 yes, 0 no, NaN not known and left out."""
    from statsmodels.stats.proportion import proportion_confint

    found = np.asarray(answers, dtype=float)
    known = found[np.isfinite(found)]
    if known.size == 0:
        return Estimate.none("no patient in whom it is known")
    low, high = proportion_confint(int(known.sum()), known.size, alpha=1.0 - LEVEL, method="wilson")
    return Estimate(float(known.mean()), float(low), float(high), "1", known.size)
