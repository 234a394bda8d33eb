"""The log-rank test of two groups, for late entry and for groups that patients change (Mantel and Byar).

    at each event time, of n at risk (n1 in the first group) d have the event:
    U = sum of d1 - d n1 / n
    V = sum of d (n1 / n) (1 - n1 / n) (n - d) / (n - 1)
    z = U / sqrt(V), against a standard normal

With every start at 0 it is the test of scipy.stats.logrank, which knows no late entry.
"""

from __future__ import annotations

import math

import numpy as np

from carsim.trials.estimators.rows import Rows


def log_rank(rows: Rows) -> tuple[float, float]:
    """(z, two-sided p); z is above 0 where the first group has more events than expected. NaN where nothing is told."""
    from scipy.stats import norm

    excess = spread = 0.0
    for time in np.unique(rows.stop[rows.event]):
        at_risk = (rows.start < time) & (rows.stop >= time)
        ends = rows.event & (rows.stop == time)
        n, n1, d = int(at_risk.sum()), int((at_risk & rows.first).sum()), int(ends.sum())
        part = n1 / n
        excess += int((ends & rows.first).sum()) - d * part
        spread += d * part * (1.0 - part) * (n - d) / (n - 1) if n > 1 else 0.0
    if spread == 0.0:
        return math.nan, math.nan
    z = excess / math.sqrt(spread)
    return z, 2.0 * float(norm.sf(abs(z)))
