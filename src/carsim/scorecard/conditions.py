"""What a fact asks of a patient, looked up in the result of a trial: who meets a condition, and courses at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsim.endpoints.outcome import MONTH
from carsim.trials.columns import Array, Mask, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

    from carsim.catalog.readings import Condition

RESPONSES = {"best_response": "remission_day"}  # words that hold only if the patient lived to the visit that saw them
SEEN_ALIVE = frozenset(  # days that endpoints find in a course whether or not the patient lived to see them
    {
        "bcell_recovery_day",
        "relapse_day",
        "relapse_detected_day",
        "remission_day",
        "complete_remission_day",
        "mrd_negative_remission_day",
        "graft_versus_host_day",
        "crs_onset_day",
        "icans_onset_day",
    }
)
REMISSIONS = frozenset({"CR", "CRi"})


def all_met(data: xr.Dataset, conditions: Iterable[Condition]) -> Mask:
    """Who meets every condition, (n,)."""
    found = np.ones(data.sizes["patient"], dtype=bool)
    for condition in conditions:
        found &= met(data, condition)
    return found


def met(data: xr.Dataset, condition: Condition) -> Mask:
    """Who meets a condition, (n,); who has no value meets none, but `after` a day that never comes."""
    name = condition.variable
    if condition.words:
        words = text(data, name)
        said = np.array([not set(word.split("+")).isdisjoint(condition.words) for word in words.tolist()], dtype=bool)
        return said & _lived_to_see(data, name, words)
    values = value(data, name) if condition.at is None else course(data, name, condition.at)
    found = ~np.isnan(values) | (condition.after is not None)
    with np.errstate(invalid="ignore"):
        if condition.at_least is not None:
            found &= values >= condition.at_least
        if condition.below is not None:
            found &= values < condition.below
        if condition.by is not None:
            found &= values <= _day(data, condition.by)
        if condition.after is not None:
            found &= np.isnan(values) | (values > _day(data, condition.after))
    return found


def value(data: xr.Dataset, name: str) -> Array:
    """A number for each patient, (n,); NaN for a day after the patient's death."""
    found = number(data, name)
    if name in SEEN_ALIVE:
        with np.errstate(invalid="ignore"):
            found = np.where(found > number(data, "death_day"), np.nan, found)
    return found


def _lived_to_see(data: xr.Dataset, name: str, words: np.ndarray) -> Mask:
    """False where the word is a remission that is seen only after the patient's death, (n,)."""
    if name not in RESPONSES:
        return np.ones(words.size, dtype=bool)
    death = number(data, "death_day")
    seen = number(data, RESPONSES[name]) < np.where(np.isnan(death), np.inf, death)
    return seen | ~np.isin(words, list(REMISSIONS))


def _day(data: xr.Dataset, bound: float | str) -> Array | float:
    """A bound on days: of months, or the day of another variable, infinity where it does not come."""
    if not isinstance(bound, str):
        return bound * MONTH
    day = value(data, bound)
    return np.where(np.isnan(day), np.inf, day)


def course(data: xr.Dataset, name: str, months: float) -> Array:
    """A course at the output nearest to a time, summed over all but patients, (n,); NaN where it is not kept."""
    if name not in data:
        return np.full(data.sizes["patient"], np.nan)
    values = data[name].sel(time=months * MONTH, method="nearest")
    found: Array = values.sum([dim for dim in values.dims if dim != "patient"], skipna=False).values.astype(float)
    return found
