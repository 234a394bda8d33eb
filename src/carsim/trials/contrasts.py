"""Comparisons: of each arm with the first, and of each group with the others of its arm.

    parallel        shares: difference between different patients; clocks: hazard ratio, p of the log-rank test. What
                    investigators of such a trial would see.
    paired          the same virtual patients under both arms: difference of shares, p of McNemar's test. What only a
                    simulation can see. Where the cohort of an arm differs there is none.
    baseline        a group against the others, by what was known from the start
    landmark …      from the day on which the group is known, of those under observation then
    time-dependent  by what is given as it happens: the patient's time before it counts for the others

A hazard ratio is that of the first over the second, a difference the first minus the second.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.trials.columns import Array, Mask, number
from carsim.trials.counted import CLOCK_NAMES, Patients, counted, everyone, rows
from carsim.trials.estimates import period
from carsim.trials.estimators import difference
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.estimators.hazard_ratio import hazard_ratio
from carsim.trials.estimators.log_rank import log_rank
from carsim.trials.members import Membership, membership
from carsim.trials.store import arms_in, part_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec.trial import Group, Trial

SHARES: Final = ("CR", "CR_recovered", "MRD_CR", "CRS_any", "CRS_ge3", "ICANS_any", "ICANS_ge3", "infection_ge3")
SAME: Final = ("age", "weight", "body_surface", "egfr", "marrow_blasts", "host_t_cells", "threshold_infection_death")
REST: Final = "others"


@dataclass(frozen=True)
class Contrast:
    """One comparison of `first` with `second` in an endpoint; `arm` is that of groups, empty between arms."""

    endpoint: str
    measure: str
    kind: str
    first: str
    second: str
    arm: str
    value: Estimate
    p: float


def between_arms(arms: Mapping[str, xr.Dataset], chosen: Mapping[str, Mask], trial: Trial) -> list[Contrast]:
    """Every later arm against the first."""
    names = list(arms)
    found: list[Contrast] = []
    for name in names[1:]:
        pair = [everyone(arms[one], trial, chosen[one]) for one in (name, names[0])]
        found += _parallel(name, names[0], *pair)
        if both := _pair(arms[name], arms[names[0]], chosen[name], chosen[names[0]], trial):
            found += _paired(name, names[0], *both)
    return found


def pairs_of(tree: xr.DataTree) -> Iterator[tuple[str, str, Patients, Patients]]:
    """Each later arm and the first, with the patients who are the same persons in both; none where cohorts differ."""
    trial, arms = part_of(tree), arms_in(tree)
    chosen = {name: counted(data, trial) for name, data in arms.items()}
    first = next(iter(arms))
    for name in list(arms)[1:]:
        if both := _pair(arms[name], arms[first], chosen[name], chosen[first], trial):
            yield name, first, *both


def _pair(
    one: xr.Dataset, two: xr.Dataset, first: Mask, second: Mask, trial: Trial
) -> tuple[Patients, Patients] | None:
    same = _same_patients(one, two, first, second)
    return (everyone(one, trial, _mask(one, same)), everyone(two, trial, _mask(two, same))) if same.size else None


def _parallel(first: str, second: str, one: Patients, two: Patients) -> Iterator[Contrast]:
    answers = one.answers(), two.answers()
    for endpoint in SHARES:
        value, p = difference.parallel(answers[0][endpoint], answers[1][endpoint])
        yield Contrast(endpoint, "difference", "parallel", first, second, "", value, p)
    for endpoint in CLOCK_NAMES:
        zero, day, cause = (
            np.concatenate([getattr(who.clock(endpoint), part) for who in (one, two)])
            for part in ("zero", "day", "cause")
        )
        whole = np.arange(zero.size) < one.n
        started = np.isfinite(zero)
        yield _hazards(endpoint, "parallel", first, second, "", day[started], cause[started] != "", whole[started])


def _hazards(
    endpoint: str, kind: str, first: str, second: str, arm: str, day: Array, event: Mask, whole: Mask
) -> Contrast:
    from carsim.trials.estimators.rows import Rows

    observed = Rows.of(np.zeros_like(day), day, event, whole)
    return Contrast(endpoint, "hazard ratio", kind, first, second, arm, hazard_ratio(observed), log_rank(observed)[1])


def _paired(first: str, second: str, one: Patients, two: Patients) -> Iterator[Contrast]:
    answers = one.answers(), two.answers()
    for endpoint in SHARES:
        value, p = difference.paired(answers[0][endpoint], answers[1][endpoint])
        yield Contrast(endpoint, "difference", "paired", first, second, "", value, p)
    for endpoint in CLOCK_NAMES:
        for day in one.trial.report:
            free = (_free_at(who, endpoint, day) for who in (one, two))
            value, p = difference.paired(*free)
            name = f"{endpoint}_{period(day)}"
            yield Contrast(name, "difference", "paired", first, second, "", value, p)


def _free_at(patients: Patients, name: str, day: float) -> Array:
    """1 for a patient without event at a time, 0 with one, NaN where observation ended before."""
    clock = patients.clock(name)
    known = clock.event & (clock.day <= day)
    return np.where(known, 0.0, np.where(clock.day >= day, 1.0, np.nan))


def _same_patients(one: xr.Dataset, two: xr.Dataset, first: Mask, second: Mask) -> np.ndarray:
    """Numbers of the patients who are the same persons in both arms and counted in both; none where cohorts differ."""
    n = min(first.size, second.size)
    for name in SAME:
        if not np.array_equal(number(one, name)[:n], number(two, name)[:n], equal_nan=True):
            return np.zeros(0, dtype=int)
    found: np.ndarray = np.flatnonzero(first[:n] & second[:n])
    return found


def _mask(data: xr.Dataset, numbers: np.ndarray) -> Mask:
    made = np.zeros(data.sizes["patient"], dtype=bool)
    made[numbers] = True
    return made


def between_groups(arm: str, data: xr.Dataset, patients: Patients, groups: Sequence[Group]) -> list[Contrast]:
    """Each group of an arm against the others of it; what an earlier group says the other way round is left out."""
    found: list[Contrast] = []
    said: list[Membership] = []
    for group in groups:
        one = membership(data, group, patients.trial)
        if one.how and not any(_mirrored(one, other) for other in said):
            found += _of_group(arm, group.name, patients, one)
        said.append(one)
    return found


def _mirrored(one: Membership, other: Membership) -> bool:
    return np.array_equal(one.since, other.other_since, equal_nan=True) and np.array_equal(
        one.until, other.other_until, equal_nan=True
    )


def _of_group(arm: str, name: str, patients: Patients, group: Membership) -> Iterator[Contrast]:
    if group.how == "baseline":
        answers = patients.answers()
        inside, outside = group.member, group.known & ~group.member
        for endpoint in SHARES:
            value, p = difference.parallel(answers[endpoint][inside], answers[endpoint][outside])
            yield Contrast(endpoint, "difference", group.how, name, REST, arm, value, p)
    for endpoint in CLOCK_NAMES:
        observed = rows(patients, group, patients.clock(endpoint))
        value, p = hazard_ratio(observed), log_rank(observed)[1]
        yield Contrast(endpoint, "hazard ratio", group.how, name, REST, arm, value, p)
