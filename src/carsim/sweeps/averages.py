"""An endpoint at every point of a sweep: the share of a word or of yes, else the mean or the median, of who has one.

    share     of patients (and their replicates) whose simulation ended well and whose answer is known; interval of
              Wilson's
    mean      over patients who have one, of each the mean of its replicates; interval by bootstrap of patients, as of
              the best point
    median    of the same numbers; interval between the two of them that it lies between in 95 % of samples or more,
              whatever their distribution: ranks k and n + 1 - k, k the 2.5 % quantile of the binomial (n, 1/2)
    has       share of patients whose simulation ended well who have one: not all relapse, and `relapse_day` is of those

Source of the interval of a median: David and Nagaraja, Order Statistics (2003), section 7.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from carsim.endpoints.probabilities import wilson
from carsim.sweeps.asked import asked, kept_in, of_patients, per_patient
from carsim.sweeps.columns import STATUS
from carsim.sweeps.optimum import means
from carsim.sweeps.sensitivity import ENDS

if TYPE_CHECKING:
    import xarray as xr

Array = NDArray[np.float64]
SHARE, MEAN, MEDIAN, HAS = "share", "mean", "median", "has"


@dataclass(frozen=True)
class Average:
    """What was asked for at each point, (point,), with the ends of its 95 % interval, in `unit`.

    `kind` is share, mean or median; `n` patients ended well, and `has` is the share of them who have a value.
    """

    what: str
    kind: str
    unit: str
    estimate: Array
    low: Array
    high: Array
    has: Array
    n: NDArray[np.int64]


def average(data: xr.Dataset, what: str, *, median: bool = False) -> Average:
    """An endpoint of an opened sweep at every point; NaN where nobody has one. ValueError for no such endpoint."""
    wanted = asked(what, kept_in(data))
    ended = (data[STATUS] == 0).transpose("point", "patient", ...).values.reshape(data.sizes["point"], -1)
    courses = per_patient(data, what).transpose("point", "patient", ...).values.reshape(ended.shape)
    n, has = ended.sum(axis=1), np.isfinite(courses).sum(axis=1)
    if wanted.word or _is_yes_or_no(data[wanted.name], courses):
        kind, found = SHARE, _share(courses, has)
    elif median:
        kind, found = MEDIAN, _median(of_patients(data, what).values)
    else:
        kind, found = MEAN, _mean(of_patients(data, what).values, int(data.attrs["seed"]))
    unit = str(data[wanted.name].attrs.get("units", "1"))
    share = np.divide(has, n, out=np.full(n.shape, np.nan), where=n > 0)
    return Average(what, kind, unit, *found, share, n)


def as_grid(found: list[Average], data: xr.Dataset) -> xr.Dataset:
    """Averages on the grid of the sweep, as a map draws them: a variable for each, and one for the share that has it.

    The latter only where somewhere not everybody has one. Attributes say what each is: `what`, `kind`, `units`, and
    with `whole` whether everybody has one.
    """
    import xarray as xr

    from carsim.sweeps.read import on_grid

    shown: dict[str, tuple[str, Array, dict[str, str]]] = {}
    for each in found:
        whole = not (each.has < 1.0).any()
        told = {"what": each.what, "kind": each.kind, "units": each.unit, "whole": "yes" if whole else "no"}
        shown[each.what] = ("point", each.estimate, told)
        if not whole:
            shown[f"{each.what} has"] = ("point", each.has, {**told, "kind": HAS, "units": "1"})
    grid: xr.Dataset = on_grid(xr.Dataset(shown).assign(n=("point", found[0].n)).assign_attrs(data.attrs), data)
    return grid


def _is_yes_or_no(declared: xr.DataArray, values: Array) -> bool:
    """Whether an endpoint of whole numbers is an answer and no grade: grades of severity reach further than 1."""
    return declared.dtype.kind == "i" and not (values > 1.0).any()


def _share(values: Array, has: NDArray[np.int64]) -> tuple[Array, Array, Array]:
    count = np.nansum(values, axis=1)
    low, high = wilson(count, has)
    return np.divide(count, has, out=np.full(count.shape, np.nan), where=has > 0), low, high


def _mean(values: Array, seed: int) -> tuple[Array, Array, Array]:
    mean, drawn = means(values, seed)
    ends = np.full((2, mean.size), np.nan)
    ends[:, np.isfinite(mean)] = np.nanquantile(drawn[:, np.isfinite(mean)], ENDS, axis=0)
    return mean, ends[0], ends[1]


def _median(values: Array) -> tuple[Array, Array, Array]:
    """Medians (point,) of values (point, patient); no interval of fewer than six, which cannot hold 95 %."""
    from scipy.stats import binom

    found = np.full((3, values.shape[0]), np.nan)
    for point, row in enumerate(np.sort(values, axis=1)):  # NaN last
        known = row[np.isfinite(row)]
        rank = int(binom.ppf(ENDS[0], known.size, 0.5)) if known.size else 0
        if known.size:
            found[0, point] = np.median(known)
        if rank > 0:
            found[1:, point] = known[rank - 1], known[known.size - rank]
    return found[0], found[1], found[2]
