"""Scenario files: text with positions → tree → merged with parents, overrides and catalogue → frozen Scenario.

`load` and `loads` read a scenario, `dump` writes its complete resolved form, `json_schema` describes the format to
editors, `starter` is the text that `carsim init` writes.
"""

from carsim.spec.dump import dump
from carsim.spec.load import load, loads
from carsim.spec.scenario import Scenario
from carsim.spec.schema import json_schema
from carsim.spec.starter import starter
from carsim.spec.tree import Origin

__all__ = ["Origin", "Scenario", "dump", "json_schema", "load", "loads", "starter"]
