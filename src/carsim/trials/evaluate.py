"""From a stored trial to what it says: estimates of every arm and group, and their comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim.trials.contrasts import Contrast, between_arms, between_groups
from carsim.trials.counted import Patients, counted, everyone, within_group
from carsim.trials.estimates import estimates
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.members import membership
from carsim.trials.store import arms_in, part_of

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Reported:
    """What is reported of patients: how many count, and every estimate by its name."""

    n: int
    endpoints: Mapping[str, Estimate]


@dataclass(frozen=True)
class ReportedArm(Reported):
    """The same of an arm, with its groups, those who were enrolled and those whose simulation failed."""

    enrolled: int = 0
    failed: int = 0
    groups: Mapping[str, Reported] = field(default_factory=dict)


@dataclass(frozen=True)
class Evaluation:
    """What a trial says."""

    arms: Mapping[str, ReportedArm]
    contrasts: tuple[Contrast, ...]


def evaluate(tree: xr.DataTree) -> Evaluation:
    """Estimates and comparisons of a trial, from the endpoints that are stored in it."""
    trial, arms = part_of(tree), arms_in(tree)
    chosen = {name: counted(data, trial) for name, data in arms.items()}
    reported: dict[str, ReportedArm] = {}
    of_groups: list[Contrast] = []
    for name, data in arms.items():
        patients = everyone(data, trial, chosen[name])
        picked = data.isel(patient=np.flatnonzero(chosen[name]))
        groups = {group.name: within_group(patients, membership(picked, group, trial)) for group in trial.groups}
        reported[name] = ReportedArm(
            n=patients.n,
            endpoints=estimates(patients),
            enrolled=int(data.sizes["patient"]),
            failed=int(np.count_nonzero(data["status"].values)),
            groups={group: _reported(who) for group, who in groups.items()},
        )
        of_groups += between_groups(name, picked, patients, trial.groups)
    return Evaluation(reported, (*between_arms(arms, chosen, trial), *of_groups))


def _reported(patients: Patients) -> Reported:
    return Reported(patients.n, estimates(patients))


def as_object(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as plain data: `arms` with their endpoints and groups, and `contrasts`; numbers may be NaN."""
    return {
        "arms": {
            name: {
                "n": arm.n,
                "enrolled": arm.enrolled,
                "failed": arm.failed,
                "endpoints": _plain(arm.endpoints),
                "groups": {
                    group: {"n": found.n, "endpoints": _plain(found.endpoints)} for group, found in arm.groups.items()
                },
            }
            for name, arm in evaluation.arms.items()
        },
        "contrasts": [
            {
                "endpoint": found.endpoint,
                "measure": found.measure,
                "kind": found.kind,
                "first": found.first,
                "second": found.second,
                "arm": found.arm or None,
                "estimate": found.value.estimate,
                "low": found.value.low,
                "high": found.value.high,
                "p": found.p,
                "reason": found.value.reason or None,
            }
            for found in evaluation.contrasts
        ],
    }


def _plain(endpoints: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    return {
        name: {"estimate": found.estimate, "low": found.low, "high": found.high, "unit": found.unit}
        for name, found in endpoints.items()
    }


def table(tree: xr.DataTree) -> xr.Dataset:
    """The estimates of every arm as variables (arm,): each with `_low` and `_high`, and `n`, how many count."""
    import xarray as xr

    arms = evaluate(tree).arms
    names = dict.fromkeys(name for arm in arms.values() for name in arm.endpoints)
    found: dict[str, Any] = {"n": ("arm", [arm.n for arm in arms.values()], {"units": "1"})}
    for name in names:
        columns = [arm.endpoints.get(name, Estimate.none("not of this arm")) for arm in arms.values()]
        unit = {"units": next((column.unit for column in columns if column.n), columns[0].unit)}
        found[name] = ("arm", [column.estimate for column in columns], unit)
        found[f"{name}_low"] = ("arm", [column.low for column in columns], unit)
        found[f"{name}_high"] = ("arm", [column.high for column in columns], unit)
    return xr.Dataset(found, coords={"arm": ("arm", np.array(list(arms)), {"long_name": "arm of the trial"})})
