"""What rules where: the probability of each way in which a course can end, at every point of a sweep.

    cure           every leukaemic clone at zero cells at the end (engines of chance)
    remission      a remission that lasts to the end, cured or not
    a relapse      at least 20 % of the blasts at relapse are of that phenotype; one relapse may be of several
    none           no remission at any visit

Of patients (and their replicates) whose simulation ended well and whose end is known, with Wilson's 95 % interval.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim.endpoints.probabilities import wilson
from carsim.sweeps.columns import OTHER, STATUS

if TYPE_CHECKING:
    import xarray as xr

NEEDED: Final = ("relapse_phenotype", "remission_ongoing")
NONE, REMISSION, CURE = "no remission", "remission at the end", "cure"


def probabilities(data: xr.Dataset) -> xr.Dataset:
    """`probability`, `low` and `high` (mode, point) of an opened sweep, and `n` (point,), how many they rest on.

    Raises ValueError for a sweep that did not keep what this needs.
    """
    import xarray as xr

    missing = [name for name in NEEDED if name not in data]
    if missing:
        raise ValueError(f"the sweep did not keep {' and '.join(missing)}; add them to `sweep.keep`")
    over = [dim for dim in ("patient", "replicate") if dim in data.dims]
    ongoing, codes = data["remission_ongoing"], data["relapse_phenotype"]
    known = (data[STATUS] == 0) & (ongoing >= 0)
    found = {NONE: known & (ongoing == 0) & (codes == 0), REMISSION: known & (ongoing == 1)}
    if "cured" in data and bool((data["cured"] >= 0).any()):
        found[CURE] = known & (data["cured"] == 1)
    for at, word in enumerate(json.loads(codes.attrs["words"])):
        has = known & ((codes & (1 << at)) != 0)
        if bool(has.any()) and word != OTHER:
            found[word] = has
    n = known.sum(over).values
    counts = np.array([mask.sum(over).values for mask in found.values()], dtype=float)
    low, high = wilson(counts, np.broadcast_to(n, counts.shape))
    with np.errstate(invalid="ignore"):
        share = np.where(n > 0, counts / np.maximum(n, 1), np.nan)
    return xr.Dataset(
        {
            "probability": (("mode", "point"), share),
            "low": (("mode", "point"), low),
            "high": (("mode", "point"), high),
            "n": (("point",), n),
        },
        coords={"mode": list(found)},
    )
