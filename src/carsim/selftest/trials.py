"""Three example trials with few patients: conducted, evaluated, stored and evaluated again from the store.

What they say of their endpoints is printed beside their checks; so few patients tell nothing about the treatment.
"""

from __future__ import annotations

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from carsim.selftest.check import Check, Measure, Result
from carsim.spec.shipped import shipped

if TYPE_CHECKING:
    import xarray as xr

    from carsim.trials.estimators.estimate import Estimate

ROUNDING = 1e-9
CHECKS = (
    Check("patients simulated", "of all arms, those who failed", 0.0, "patients"),
    Check("patients evaluated", "arms whose counted, failed and enrolled patients do not fit", 0.0, "arms"),
    Check("intervals", "estimates outside their own interval, or shares outside 0 to 1", 0.0, "estimates"),
    Check("evaluated from the store", "variables that differ from those evaluated at once", 0.0, "variables"),
)


@dataclass(frozen=True)
class Example:
    """A shipped scenario as a small trial."""

    name: str
    file: str
    patients: int


EXAMPLES = (
    Example("tisagenlecleucel in children", "systems/eliana.yaml", 12),
    Example("brexucabtagene in adults", "systems/zuma3.yaml", 12),
    Example("five ways to see two antigens", "trials/strategies.yaml", 4),
)


@dataclass(frozen=True)
class Said:
    """What an example trial says of one arm: endpoint, estimate and the ends of its interval."""

    trial: str
    arm: str
    n: int
    estimates: dict[str, Estimate]


def conduct(example: Example) -> tuple[list[Result], list[Said]]:
    """Conduct an example and check it; what it says is empty where it could not be conducted."""
    said: list[Said] = []
    results = Measure(f"trial: {example.name}", CHECKS, lambda: _measured(example, said)).conduct()
    return results, said


def _measured(example: Example, said: list[Said]) -> list[float]:
    from carsim.spec.load import load
    from carsim.trials.conduct import reevaluate, trial
    from carsim.trials.evaluate import evaluate
    from carsim.trials.store import read_trial, write_trial

    tree = trial(load(shipped() / example.file, [f"cohort.n={example.patients}"]))
    found = evaluate(tree).arms
    said += [Said(example.name, name, arm.n, dict(arm.endpoints)) for name, arm in found.items()]
    with tempfile.TemporaryDirectory() as name:
        again = reevaluate(read_trial(write_trial(tree, Path(name) / "trial.nc")))
    unfit = sum(arm.n + arm.failed > arm.enrolled or arm.enrolled < example.patients for arm in found.values())
    outside = sum(not _is_sound(estimate) for arm in found.values() for estimate in arm.endpoints.values())
    return [float(sum(arm.failed for arm in found.values())), float(unfit), float(outside), _differing(tree, again)]


def _is_sound(found: Estimate) -> bool:
    """An estimate without a value is sound where it says why; an end that was not reached is no number."""
    if math.isnan(found.estimate):
        return bool(found.reason)
    low, high = (end if math.isfinite(end) else found.estimate for end in (found.low, found.high))
    is_share = found.unit != "1" or 0.0 <= found.estimate <= 1.0
    return is_share and low - ROUNDING <= found.estimate <= high + ROUNDING


def _differing(tree: xr.DataTree, again: xr.DataTree) -> float:
    one, other = (each["estimates"].to_dataset() for each in (tree, again))
    names = {str(name) for name in (*one.variables, *other.variables)}
    return float(sum(name not in one or name not in other or not one[name].equals(other[name]) for name in names))
