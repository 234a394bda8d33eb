"""Provenance: what a result was made from, as plain attributes; no name of a machine or of a person.

Attributes are text or whole numbers (never None or bool: NetCDF cannot hold them); structured ones are JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Any

NOT_FOR_TREATMENT = "Research and teaching only: not for the treatment of any patient."

BESIDE = ("draws_sha256", "table_sha256", "events_sha256")  # what a result may hold beside the run of its scenario

DEPENDENCIES = ("numpy", "numba", "scipy", "statsmodels", "xarray", "netCDF4", "pydantic", "ruamel.yaml", "pint")


def version() -> str:
    """Version of carsim as installed."""
    return metadata.version("carsim")


def dependency_versions() -> dict[str, str]:
    """Versions of what the numbers depend on, as installed; absent packages are left out."""
    found = {}
    for name in DEPENDENCIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def now() -> str:
    """The present in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def attributes(
    *,
    title: str,
    scenario_text: str,
    scenario_sha256: str,
    overrides: Sequence[str],
    seed: int,
    engine: str,
    tolerances: Mapping[str, float],
    status_counts: Mapping[str, int],
    started: str,
    observed: str = "{}",
) -> dict[str, Any]:
    """The attributes of a result; `scenario_text` is the complete resolved form, `overrides` are `path=value` texts."""
    return {
        "title": title,
        "Conventions": "CF-1.11",
        "comment": NOT_FOR_TREATMENT,
        "carsim_version": version(),
        "scenario": scenario_text,
        "scenario_sha256": scenario_sha256,
        "overrides": json.dumps(list(overrides)),
        "seed": int(seed),
        "engine": engine,
        "tolerances": json.dumps(dict(tolerances)),
        "status_counts": json.dumps(dict(status_counts)),
        "dependencies": json.dumps(dependency_versions()),
        "observed": observed,
        "started": started,
        "finished": now(),
    }


def same_run(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """True when both results come from the same scenario, seed, engine and carsim version, so hold the same numbers.

    What else was asked for (draws of the parameters, a table of measurements) is the same, or absent from both.
    """
    keys = ("scenario_sha256", "seed", "engine", "carsim_version")
    same = all(key in one and str(one[key]) == str(other.get(key)) for key in keys)
    return same and all(str(one.get(key, "")) == str(other.get(key, "")) for key in BESIDE)
