"""Waves: the trial of every system in which each patient has a point of the parameters of its own.

Patient k of every arm of a system stands for the same point, and one simulation for all points; every system has other
patients and other points in every wave, so that chance is not taken for an effect. A wave is kept in a folder, a file
for each system with its points; what is there of the same study, scenario, version and catalogue is used again.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

from carsim.calibrate.design import Array, own
from carsim.calibrate.study import Study, stated_of
from carsim.dataset.provenance import version
from carsim.scorecard import conduct
from carsim.scorecard.observe import STATED
from carsim.trials.conduct import trial
from carsim.trials.store import NoTrial, read_trial, write_trial
from carsim.units import to_text

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario

Notify = Callable[[str], None]


def digest(study: Study, scores: Array, scenario: Scenario, stated: Mapping[str, int], keep: Collection[str]) -> str:
    """Digest of what is simulated of a system and kept: parameters, points, scenario, sizes, version, catalogue."""
    free = json.dumps([part.model_dump(mode="json", exclude={"because"}) for part in study.parameters], sort_keys=True)
    catalogue = conduct.parameters_sha256(calibrated=False)
    rest = (free, scenario.digest, json.dumps([dict(stated), sorted(keep)]), catalogue, version())
    return hashlib.sha256(scores.tobytes() + "\0".join(rest).encode()).hexdigest()


def simulate(
    study: Study, points: Mapping[str, Array], scenarios: Path, store: Path, notify: Notify | None = None
) -> dict[str, xr.DataTree]:
    """The trial of each system with its points (n, d), simulated or read back, written as soon as it is there."""
    store.mkdir(parents=True, exist_ok=True)
    taken: list[float] = []  # seconds of each that was simulated
    found: dict[str, xr.DataTree] = {}
    for number, (name, scores) in enumerate(points.items()):
        left = float(np.mean(taken)) * (len(points) - number) if taken else math.nan
        begun = time.monotonic()
        said = _said(notify, number, len(points), name, left)
        found[name], simulated = _one(study, name, scores, scenarios, store, said)
        if simulated:
            taken.append(time.monotonic() - begun)
    return found


def _said(notify: Notify | None, done: int, of: int, name: str, left: float) -> Notify | None:
    if notify is None:
        return None
    rest = "" if math.isnan(left) else f", {left / 60.0:.0f} min left of it"
    return lambda now: notify(f"system {done + 1} of {of}, {name}{rest}: {now}")


def _one(
    study: Study, name: str, scores: Array, scenarios: Path, store: Path, notify: Notify | None
) -> tuple[xr.DataTree, bool]:
    """The trial of a system, and whether it had to be simulated."""
    import xarray as xr

    scenario = as_stated(study, conduct.scenario_of(name, scenarios, len(scores)))
    scenario = scenario.with_(**{"run.seed": crc32(f"{study.seed} {store.name} {name}".encode())})
    stated: Mapping[str, int] = conduct.sizes_of(conduct.scenario_of(name, scenarios))
    keep = conduct.read_of(name)
    file, mark = store / f"{name}.nc", digest(study, scores, scenario, stated, keep)
    if file.is_file():
        try:
            known = read_trial(file)
        except NoTrial:  # cut off while it was written or copied: the folder is the study's own
            file.unlink()
        else:
            if known.attrs.get("wave_sha256") == mark:
                return known, False
    tree = trial(scenario, keep=keep, own=own(study, scores), notify=notify)
    tree["points"] = xr.DataTree(
        xr.Dataset({"score": (("point", "parameter"), scores)}, {"parameter": list(study.names)})
    )
    tree.attrs.update({"wave_sha256": mark, STATED: json.dumps(stated)})
    write_trial(tree, file, force=True)
    return tree, True


def as_stated(study: Study, scenario: Scenario) -> Scenario:
    """A scenario with the values of the data files for what the study multiplies, whatever was calibrated before.

    What the scenario itself states stays.
    """
    of_files = {path: value for free in study.parameters if free.factor for path, value in stated_of(free).items()}
    changed = {
        path: to_text(value.value, value.unit)
        for path, value in of_files.items()
        if path.removeprefix("parameters.") not in scenario.parameters
    }
    return scenario.with_(**changed)
