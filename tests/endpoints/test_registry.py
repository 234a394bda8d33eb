"""Every declared endpoint has a rule, and none raises on missing data."""

from __future__ import annotations

import numpy as np
import pytest

from carsim.dataset.variables import ENDPOINTS, VARIABLES, problems
from carsim.endpoints import REGISTRY, compute

from .course import DAYS, result


def test_declared_endpoints_are_the_computed_ones() -> None:
    assert sorted(REGISTRY) == sorted(variable.name for variable in ENDPOINTS)


@pytest.mark.parametrize("name", list(REGISTRY))
def test_absent_variables_give_a_reason(name: str) -> None:
    found = compute(result(), [name])
    assert "which this result does not have" in str(found[f"{name}_reason"].values[0])
    assert problems(found) == []


@pytest.mark.parametrize("name", list(REGISTRY))
def test_a_failed_patient_gives_a_reason_and_leaves_the_others(name: str) -> None:
    needs = REGISTRY[name].needs
    one = result(**{need: np.ones(DAYS.size) for need in needs if need != "blasts"})
    both = one.reindex(patient=["1", "2"])
    for need in needs:
        if need != "blasts":
            both[need][1] = both[need].values[0]
            both[need][0] = np.nan
    both["status"] = ("patient", np.array([3, 0], dtype=np.int8))
    found = compute(both, [name])
    reasons = found.get(f"{name}_reason")
    assert reasons is not None
    assert reasons.values[0] in (
        "the simulation of this patient failed",
        "needs blasts, which this result does not have",
    )
    assert found[name].attrs["definition"]
    assert found[name].attrs["units"] == VARIABLES[name].unit
