"""The difference of two shares: between different patients (parallel), and in the same ones (paired).

    parallel   interval: Newcombe's hybrid of Wilson's; p: Fisher's exact test
    paired     b patients have it under the first only, c under the second only, of n:
               interval of Bonett and Price: adjusted shares p1 = (b + 1) / (n + 2), p2 = (c + 1) / (n + 2),
               p1 - p2 -+ z sqrt((p1 + p2 - (p1 - p2)^2) / (n + 2));  p: McNemar's exact test

Sources: Newcombe, Stat Med 17:873 (1998); McNemar, Psychometrika 12:153 (1947); Bonett and Price, Br J Math Stat
Psychol 65:430 (2012).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from carsim.trials.estimators.estimate import Estimate, Z

NOBODY = "no patient in whom it is known in one of the two"


def parallel(first: ArrayLike, second: ArrayLike) -> tuple[Estimate, float]:
    """Share of the first patients minus that of the second, and p; answers are 1, 0 or NaN (not known, left out)."""
    from scipy.stats import fisher_exact
    from statsmodels.stats.proportion import confint_proportions_2indep

    (one, n1), (two, n2) = (_counted(answers) for answers in (first, second))
    if not (n1 and n2):
        return Estimate.none(NOBODY), math.nan
    low, high = confint_proportions_2indep(one, n1, two, n2, method="newcomb")
    p = float(fisher_exact([[one, n1 - one], [two, n2 - two]]).pvalue)
    return Estimate(one / n1 - two / n2, float(low), float(high), "1", n1 + n2), p


def paired(first: ArrayLike, second: ArrayLike) -> tuple[Estimate, float]:
    """Share under the first minus that under the second, of the same patients (n,) in whom both are known, and p."""
    from scipy.stats import binomtest

    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    known = np.isfinite(one) & np.isfinite(two)
    n = int(known.sum())
    if n == 0:
        return Estimate.none(NOBODY), math.nan
    b, c = int(((one == 1) & (two == 0) & known).sum()), int(((one == 0) & (two == 1) & known).sum())
    above, below = (b + 1) / (n + 2), (c + 1) / (n + 2)
    half = Z * math.sqrt((above + below - (above - below) ** 2) / (n + 2))
    p = float(binomtest(b, b + c).pvalue) if b + c else 1.0
    return Estimate((b - c) / n, max(above - below - half, -1.0), min(above - below + half, 1.0), "1", n), p


def _counted(answers: ArrayLike) -> tuple[int, int]:
    found = np.asarray(answers, dtype=float)
    known = found[np.isfinite(found)]
    return int(known.sum()), known.size
