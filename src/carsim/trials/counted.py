"""The patients of an arm who count, and what a clock says of each.

Counted are those who were simulated to the end, who were infused (or enrolled, as `counted` says), and who belong to
every group of `eligible`. A response counts at a visit that the patient lives to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim.endpoints.survival import CLOCKS
from carsim.trials.columns import Array, Mask, infused, number, text
from carsim.trials.estimators.rows import Rows
from carsim.trials.members import Membership, membership

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec.trial import Trial

CLOCK_NAMES: Final = tuple(name.upper() for name in CLOCKS)
NO_ANSWER: Final = ("", "not evaluable")


@dataclass(frozen=True)
class Clock:
    """What a clock says of each patient (n,): its zero (day after infusion, NaN where it never starts), days, cause."""

    zero: Array
    day: Array
    cause: NDArray[Any]

    @property
    def event(self) -> Mask:
        """Who had an event."""
        found: Mask = self.cause != ""
        return found


@dataclass(frozen=True)
class Patients:
    """Patients of an arm, by the columns of its dataset, with the days on which each belongs to a group.

    `member` says who belongs to the group at last; time counts from `since` up to `until` (days after the infusion,
    (n,)), of a whole arm all time. Of a group by what is given, those who are not members may have time in it all the
    same: that before they were given it.
    """

    data: xr.Dataset
    trial: Trial
    member: Mask
    since: Array
    until: Array

    @property
    def n(self) -> int:
        """How many members there are."""
        return int(np.count_nonzero(self.member))

    @property
    def alive_until(self) -> Array:
        """Day of death, infinity where there is none."""
        day = number(self.data, "death_day")
        return np.where(np.isnan(day), np.inf, day)

    def clock(self, name: str) -> Clock:
        """What the clock of an endpoint (EFS, RFS, DOR, OS) says."""
        low = name.lower()
        zero, day = (number(self.data, f"{low}_{what}") for what in ("zero", "day"))
        return Clock(zero, day, text(self.data, f"{low}_cause"))

    def under_observation(self, clock: Clock) -> tuple[Array, Array, NDArray[Any]]:
        """Start, stop (days from the clock's zero) and cause ("": none) of each patient's time in the group, (m,).

        Who enters the group after the clock's zero is at risk from then on; who leaves it is censored there.
        """
        start, stop, event = within(clock, self.since, self.until)
        kept = np.isfinite(start) & np.isfinite(stop) & ((start < stop) | ((start == 0.0) & (stop == 0.0)))
        return start[kept], stop[kept], np.where(event, clock.cause, "")[kept]

    def answers(self) -> dict[str, Array]:
        """1 for yes, 0 for no and NaN for not known, (n,), by the endpoint that is the share of the yes."""
        last = np.inf if self.trial.response_by is None else self.trial.response_by
        seen = np.minimum(self.alive_until, np.nextafter(last, np.inf))  # a visit before death and up to the last day
        response = text(self.data, "best_response")
        evaluable, followed = ~np.isin(response, NO_ANSWER), response != ""
        days = {name: number(self.data, f"{name}_day") for name in ("remission", "complete_remission")}
        found = {
            "CR": _yes(days["remission"] < seen, evaluable),
            "CR_recovered": _yes(days["complete_remission"] < seen, evaluable),
            "MRD_CR": _yes(number(self.data, "mrd_negative_remission_day") < seen, followed),
        }
        found["ORR"] = found["CR"]  # the model knows no partial remission
        for label, toxicity in (("CRS", "crs"), ("ICANS", "icans")):
            grade = number(self.data, f"{toxicity}_grade_max")
            found |= {
                f"{label}_any": _yes(grade >= 1, ~np.isnan(grade)),
                f"{label}_ge3": _yes(grade >= 3, ~np.isnan(grade)),
            }
        grade = number(self.data, "infection_grade_max")
        return found | {"infection_ge3": _yes(grade >= 3, ~np.isnan(grade))}


def _yes(answer: Mask, known: Mask) -> Array:
    return np.where(known, answer.astype(float), np.nan)


def within(clock: Clock, since: Array, until: Array) -> tuple[Array, Array, Mask]:
    """Start, stop and event on a clock of each patient's time between two days after the infusion, (n,)."""
    start, left = np.maximum(since - clock.zero, 0.0), until - clock.zero
    stop = np.minimum(clock.day, left)
    return start, stop, clock.event & (clock.day <= left)


def rows(patients: Patients, group: Membership, clock: Clock) -> Rows:
    """Time of each patient in a group and outside of it, as rows that can be compared."""
    inside, outside = (
        within(clock, *days) for days in ((group.since, group.until), (group.other_since, group.other_until))
    )
    start, stop, event = (np.concatenate(pair) for pair in zip(inside, outside, strict=True))
    first = np.repeat([True, False], clock.day.size)
    kept = np.isfinite(start) & np.isfinite(stop) & (stop >= start)
    return Rows.of(start[kept], stop[kept], event[kept], first[kept])


def counted(data: xr.Dataset, trial: Trial) -> Mask:
    """Who of an arm counts, (n,)."""
    chosen = data["status"].values == 0
    if trial.counted == "infused":
        chosen = chosen & infused(data)
    for group in trial.eligible:
        chosen = chosen & membership(data, group, trial).member
    return np.asarray(chosen, dtype=bool)


def columns(data: xr.Dataset) -> xr.Dataset:
    """Only what there is one value of for each patient, so that choosing patients copies no courses; and the last
    day of the simulation as `followed_day`.
    """
    courses = [name for name, array in data.variables.items() if "time" in array.dims]
    kept: xr.Dataset = data.drop_vars(courses)
    end = np.full(data.sizes["patient"], float(data["time"].values[-1]))
    return kept.assign(followed_day=("patient", end))


def everyone(data: xr.Dataset, trial: Trial, chosen: Mask) -> Patients:
    """The chosen patients of an arm."""
    n = int(chosen.sum())
    picked = columns(data).isel(patient=np.flatnonzero(chosen))
    return Patients(picked, trial, np.ones(n, dtype=bool), np.full(n, -np.inf), np.full(n, np.inf))


def within_group(patients: Patients, group: Membership) -> Patients:
    """The patients who ever belong to a group, with the days on which they do."""
    ever = ~np.isnan(group.until)
    picked = patients.data.isel(patient=np.flatnonzero(ever))
    return Patients(picked, patients.trial, group.member[ever], group.since[ever], group.until[ever])
