"""The hazard ratio of two groups by Cox's regression, ties by Efron, interval by Wald.

Sources: Cox, J R Stat Soc B 34:187 (1972); Efron, J Am Stat Assoc 72:557 (1977); the numbers are those of statsmodels.
"""

from __future__ import annotations

import math
import warnings

import numpy as np

from carsim.trials.estimators.estimate import Estimate, Z
from carsim.trials.estimators.rows import Rows, late_entry


def hazard_ratio(rows: Rows) -> Estimate:
    """Hazard of the first group over that of the second. No value where a group has no event: it would be 0 or endless.

    `n` is the number of rows.
    """
    from statsmodels.duration.hazard_regression import PHReg
    from statsmodels.tools.sm_exceptions import ConvergenceWarning

    problem = rows.problem()
    if not problem:
        lacking = [word for word, of in (("first", rows.first), ("second", ~rows.first)) if not (rows.event & of).any()]
        problem = f"no event in the {lacking[0]} group" if lacking else ""
    if problem:
        return Estimate.none(problem, n=rows.stop.size)
    model = PHReg(
        rows.stop,
        rows.first.astype(float)[:, None],
        status=rows.event.astype(int),
        entry=late_entry(rows.start),
        ties="efron",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a ratio that runs away is seen below
        try:
            fit = model.fit(method="newton", tol=1e-12, disp=False)
            slope, error = float(fit.params[0]), float(fit.bse[0])
        except np.linalg.LinAlgError:  # the likelihood is flat: what one group does says nothing of the other
            slope, error = math.nan, math.nan
    if not (math.isfinite(error) and abs(slope) < 20.0):
        return Estimate.none("the groups are never at risk together", n=rows.stop.size)
    low, high = np.exp([slope - Z * error, slope + Z * error])
    return Estimate(math.exp(slope), float(low), float(high), "1", rows.stop.size)
