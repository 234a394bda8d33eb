"""What a calibration writes: its values and draws as the catalogue reads them, and everything else as plain data.

posterior.toml    values by scenario path in the units of the catalogue, and their provenance
posterior.csv     draws, one a line, under the same paths
calibration.json  facts, predictions, validation, identifiability, check
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from carsim.calibrate import design
from carsim.calibrate.conduct import Calibrated
from carsim.calibrate.design import Array
from carsim.calibrate.identifiability import POINTS
from carsim.calibrate.study import Study, stated_of
from carsim.calibrate.validation import Predicted, scores
from carsim.dataset.provenance import now, version
from carsim.scorecard.conduct import parameters_sha256

FIGURES = 4  # significant ones of values: more than the facts tell


def by_path(study: Study, points: Array) -> dict[str, Array]:
    """Values (n,) of every scenario path that a study changes, at points (n, d); in the units of the catalogue."""
    found: dict[str, Array] = {}
    for free, column in zip(study.parameters, design.values(study, np.atleast_2d(points)).T, strict=True):
        for path, stated in stated_of(free).items():
            found[path] = column if free.spread else column * stated.value
    return {path: np.array([float(f"{value:.{FIGURES}g}") for value in values]) for path, values in found.items()}


def units(study: Study) -> dict[str, str]:
    """The unit of every scenario path that a study changes."""
    return {path: stated.unit for free in study.parameters for path, stated in stated_of(free).items()}


def values_file(found: Calibrated) -> str:
    """The text of posterior.toml."""
    values = by_path(found.study, found.scores)
    digest = hashlib.sha256(json.dumps(found.study.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()
    lines = [
        "# Written by `carsim calibrate`; not edited by hand. Values by scenario path, in the units of the catalogue.",
        f"study = {json.dumps(found.study.title, ensure_ascii=False)}",
        f'run = "{now()[:10]}"',
        f'carsim_version = "{version()}"',
        f"seed = {found.study.seed}",
        f"patients = {found.study.patients}",
        f"waves = {found.study.waves}",
        f"facts = {len(found.targets)}",
        f"draws = {found.study.draws}",
        f'study_sha256 = "{digest}"',
        f'sha256 = "{hashlib.sha256(draws_file(found).encode()).hexdigest()}"',
        f'facts_sha256 = "{facts_sha256(found)}"',
        f'catalogue_sha256 = "{parameters_sha256(calibrated=False)}"',
        "",
        "[units]",
        *(f'"{path}" = "{unit}"' for path, unit in units(found.study).items()),
        "",
        "[values]",
        *(f'"{path}" = {float(value[0])!r}' for path, value in values.items()),
    ]
    return "\n".join(lines) + "\n"


def facts_sha256(found: Calibrated) -> str:
    """Digest of what was published of the facts that were fitted."""
    told = [[one.fact.id, one.offered, one.fact.n_total, one.weight, str(one.fact.reading)] for one in found.targets]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def draws_file(found: Calibrated) -> str:
    """The text of posterior.csv."""
    every = len(found.posterior.draws) / found.study.draws
    kept = (np.arange(found.study.draws) * every).astype(int)
    values = by_path(found.study, found.posterior.draws[kept])
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(values)
    writer.writerows(zip(*(column.tolist() for column in values.values()), strict=True))
    return text.getvalue()


def as_object(found: Calibrated) -> dict[str, Any]:
    """All of a calibration as plain data."""
    study, posterior = found.study, found.posterior
    ends = np.quantile(posterior.draws, [0.025, 0.5, 0.975], axis=0)
    low, median, high = (design.values(study, end) for end in ends)
    chosen, most = design.values(study, found.scores), design.values(study, posterior.mode)
    return {
        "study": study.title,
        "seed": study.seed,
        "catalogue_sha256": parameters_sha256(calibrated=False),
        "parameters": [
            {
                "name": free.name,
                "changes": f"spread of {free.spread}" if free.spread else f"factor on {free.factor}",
                "prior": {"median": free.median, "low": free.low, "high": free.high},
                "value": float(chosen[k]),
                "mode": float(most[k]),
                "median": float(median[k]),
                "low": float(low[k]),
                "high": float(high[k]),
                "contraction": known.contraction,
                "facts": known.facts,
                "trials": known.trials,
                "tied": dict(known.tied),
                "profile": {"scores": POINTS.tolist(), "log_density": known.profile.tolist()},
            }
            for k, (free, known) in enumerate(zip(study.parameters, found.identified, strict=True))
        ],
        "between_trials": dict(zip(study.between_trials, posterior.spread_draws.mean(axis=0).tolist(), strict=True)),
        "facts": [
            {"id": fit.target.fact.id, "group": fit.target.group, "published": fit.target.offered, **_row(fit, left)}
            for fit, left in zip(found.fits, found.validated, strict=True)
        ],
        "unused": {one.fact.id: one.reason for one in found.unused},
        "validation": scores(found.validated),
        "fit": scores(found.fits),
        "check": [
            {"id": one.target.fact.id, "emulated": one.emulated, "simulated": one.simulated, "apart": one.apart}
            for one in found.checked
        ],
        "chains": {
            "starts": posterior.starts.tolist(),
            "autocorrelation": posterior.autocorrelation,
            "acceptance": posterior.acceptance,
        },
    }


def _row(fit: Predicted, left: Predicted) -> Mapping[str, Any]:
    return {
        "fitted": {"median": fit.median, "low": fit.low, "high": fit.high, "inside": fit.inside},
        "left_out": {"median": left.median, "low": left.low, "high": left.high, "inside": left.inside},
    }
