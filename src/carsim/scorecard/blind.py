"""Predictions of what is not given: for each system predicted blind every estimate that such a paper would report.

The interval is that of trials of the system's own size: its patients are drawn again, and every estimate is taken of
each draw. The file of a system holds the date and the digest of the parameters; it is written before anything is
compared.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim import rng
from carsim.dataset.provenance import now, version
from carsim.dataset.store import write_atomically
from carsim.scorecard.conduct import parameters_sha256
from carsim.trials.counted import CLOCK_NAMES, Patients, counted, everyone
from carsim.trials.estimates import estimates
from carsim.trials.estimators.estimate import Estimate
from carsim.trials.store import arms_in, part_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

DRAWS = 100


def predictions(name: str, tree: xr.DataTree, sizes: Mapping[str, int], seed: int) -> list[dict[str, Any]]:
    """For each arm of a system's trial every estimate with the interval of trials of `sizes[arm]` patients."""
    trial = part_of(tree)
    found = []
    for arm, data in arms_in(tree).items():
        patients = everyone(data, trial, counted(data, trial))
        shares = rng.uniforms(
            seed, f"blind.{name}.{arm}", np.arange(sizes[arm])[None, :], replicate=np.arange(DRAWS)[:, None]
        )
        samples = [estimates(_taken(patients, (row * patients.n).astype(int))) for row in shares] if patients.n else []
        whole = estimates(patients)
        found.append(
            {
                "system": name,
                "arm": arm,
                "n": sizes[arm],
                "endpoints": {endpoint: _interval(endpoint, one, samples) for endpoint, one in whole.items()},
            }
        )
    return found


def _taken(patients: Patients, numbers: np.ndarray) -> Patients:
    return Patients(
        patients.data.isel(patient=numbers),
        patients.trial,
        patients.member[numbers],
        patients.since[numbers],
        patients.until[numbers],
    )


def _interval(name: str, one: Estimate, samples: list[dict[str, Estimate]]) -> dict[str, Any]:
    """An estimate with the middle 95 % of its samples.

    A sample in which nobody relapses by a rare phenotype has none of it; a median of a clock that a sample does not
    reach is later than all others; what has no value otherwise is left out.
    """
    drawn = [sample[name].estimate if name in sample else 0.0 for sample in samples]
    if one.unit == "d" and name.removesuffix("_median") in (*CLOCK_NAMES, "persistence"):
        drawn = [math.inf if math.isnan(value) else value for value in drawn]
    values = np.sort([value for value in drawn if not math.isnan(value)])
    if not values.size:
        return {"estimate": one.estimate, "low": math.nan, "high": math.nan, "unit": one.unit}
    low, high = (float(values[round(level * (values.size - 1))]) for level in (0.025, 0.975))
    return {"estimate": one.estimate, "low": low, "high": high, "unit": one.unit}


def predict_once(name: str, tree: xr.DataTree, sizes: Mapping[str, int], seed: int, folder: Path) -> Path:
    """Write the predictions of a system as `<folder>/<name>-<date>-<parameters>.json`, which is returned.

    What these parameters have predicted of it before stays as it was written.
    """
    numbers = parameters_sha256()
    before = sorted(folder.glob(f"{name}-????-??-??-{numbers[:12]}.json"))
    if before:
        return before[0]
    written = now()
    found = {
        "written": written,
        "carsim_version": version(),
        "scenario_sha256": tree.attrs["scenario_sha256"],
        "seed": seed,
        "simulated": {arm: int(data.sizes["patient"]) for arm, data in arms_in(tree).items()},
        "parameters_sha256": numbers,
        "blind": _plain(predictions(name, tree, sizes, seed)),
    }
    text = json.dumps(found, indent=1, allow_nan=False) + "\n"
    path = folder / f"{name}-{written[:10]}-{numbers[:12]}.json"
    return write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def _plain(value: Any) -> Any:
    """The same with numbers that JSON does not know as null."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
