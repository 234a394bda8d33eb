"""Enrolment: when the simulation starts, and for whom a product is made.

    product made    uniform draw u of the patient (purpose `manufacture`):
                    failed where u < failed;  out of specification where u < failed + out_of_specification

A patient for whom no product can be made is given neither it nor the lymphodepletion before it, and all else. A product
out of specification is given as any other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carsim import rng
from carsim.population.parts import Cohort, Enrolment, Patient

AS_SPECIFIED, OUT_OF_SPECIFICATION, NOT_MADE = 0.0, 1.0, 2.0


def enrolment_day(who: Patient | Cohort) -> float | None:
    """The day on which the disease is as stated, where that is enrolment; None: at the first treatment."""
    if isinstance(who, Cohort):
        return (who.enrolment or Enrolment()).at if who.marrow_blasts.at == "enrolment" else None
    return None if who.enrolment is None else who.enrolment.at


def manufacture(who: Patient | Cohort, seed: int, n: int) -> NDArray[np.float64]:
    """What becomes of each patient's product: 0 as specified, 1 out of specification, 2 not made."""
    stated = who.enrolment if isinstance(who, Cohort) else None
    if stated is None or stated.failed + stated.out_of_specification == 0.0:
        return np.full(n, AS_SPECIFIED)
    draws: NDArray[np.float64] = rng.uniforms(seed, "manufacture", np.arange(n))
    outside = np.where(draws < stated.failed + stated.out_of_specification, OUT_OF_SPECIFICATION, AS_SPECIFIED)
    return np.where(draws < stated.failed, NOT_MADE, outside)
