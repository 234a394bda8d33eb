"""What a calibration gave: values that stand over those of the data files, and draws of what remains uncertain.

`carsim calibrate` writes `posterior.toml` (values by scenario path, in the units of the catalogue, with provenance) and
`posterior.csv` (one draw a line under the same paths); shipped in `data/`, they are carsim's parameters. A path is
`parameters.kill_half` or `cohort.spreads.exhaustion`, of all populations.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from carsim.catalog.records import Value

ABOUT, TABLE = "posterior.toml", "posterior.csv"
SOURCE = "carsim-calibration"
PARAMETER, SPREAD = "parameters.", "cohort.spreads."


@dataclass(frozen=True, slots=True)
class Calibration:
    """The shipped calibration: title of the study, when it was run, and values by scenario path."""

    study: str
    run: str
    values: Mapping[str, float]

    def over(self, path: str, stated: Value) -> Value:
        """The calibrated value of a scenario path, or what the data file states where it was not fitted."""
        if path not in self.values:
            return stated
        said = f"Fitted to published trials (study of {self.run}: {self.study}); {stated.value:g} before."
        reason = f"{stated.reason} {said}"
        return replace(stated, value=self.values[path], grade="calibrated", source=SOURCE, reason=reason)


NONE = Calibration("", "", MappingProxyType({}))


@lru_cache(maxsize=1)
def calibration() -> Calibration:
    """The shipped calibration; without one, one that changes nothing."""
    file = files("carsim.catalog") / "data" / ABOUT
    if not file.is_file():
        return NONE
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    values = {path: float(value) for path, value in table["values"].items()}
    wrong = [path for path in values if not path.startswith((PARAMETER, SPREAD))]
    if wrong:
        raise ValueError(f"{ABOUT}: got `{wrong[0]}`; expected paths that begin with {PARAMETER} or {SPREAD}")
    return Calibration(table["study"], table["run"], MappingProxyType(values))
