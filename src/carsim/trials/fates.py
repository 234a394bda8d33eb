"""What became of each patient, in the words by which figures tell patients apart."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim.trials.columns import number, text
from carsim.trials.counted import Patients

LASTING: Final = "in remission"
DIED: Final = "death in remission"
NONE: Final = "no remission"
OTHER_RELAPSE: Final = "other relapse"
RELAPSES: Final = {"CD19-positive": "CD19-positive relapse", "CD19-negative": "CD19-negative relapse"}
FATES: Final = (LASTING, *RELAPSES.values(), OTHER_RELAPSE, DIED, NONE)


def fates(patients: Patients) -> NDArray[Any]:
    """One of `FATES` for each patient (n,), by the disease until death: a relapse counts when it happens."""
    death, remission = patients.alive_until, number(patients.data, "remission_day")
    relapse, phenotype = number(patients.data, "relapse_day"), text(patients.data, "relapse_phenotype")
    found = np.full(patients.n, NONE, dtype="<U24")
    reached = remission < death
    relapsed = reached & (relapse < death)
    found[reached] = np.where(np.isfinite(death[reached]), DIED, LASTING)
    words = [RELAPSES.get(word, OTHER_RELAPSE) for word in phenotype.tolist()]
    found[relapsed] = np.array(words, dtype="<U24")[relapsed]
    return found
