"""A mechanistic simulator of CAR T-cell kinetics in B-cell acute lymphoblastic leukaemia (research and teaching only).

    scenario = carsim.load("scenarios/antigen_escape.yaml")
    result = carsim.run(scenario.with_(**{"treatment.car.dose": "1e6 cells/kg"}))      # an xarray.Dataset

The public names are those of `_PUBLIC`; each is imported when it is first used, so that `import carsim` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from carsim.dataset.measured import read_measured
    from carsim.dataset.store import read_netcdf, write_netcdf
    from carsim.endpoints import compute as endpoints_of
    from carsim.engines.protocol import Options
    from carsim.errors import CarsimError, ResourceRefused, ScenarioError, UnsupportedMechanism
    from carsim.individual.fit import most_probable
    from carsim.model.law import law
    from carsim.model.network import Network
    from carsim.pipeline import patients_table, run, simulate
    from carsim.plot.figure import write_figure
    from carsim.population.patients import Patients
    from carsim.spec.load import load, loads
    from carsim.spec.scenario import Scenario
    from carsim.sweeps.conduct import sweep
    from carsim.sweeps.read import on_grid, open_sweep
    from carsim.treatment.events_table import read_events
    from carsim.treatment.schedule import Schedule
    from carsim.trials.conduct import reevaluate, trial
    from carsim.trials.evaluate import evaluate
    from carsim.trials.store import read_trial, write_trial
    from carsim.trials.strategies import compare
    from carsim.trials.uncertain import draws_of

__all__ = [
    "CarsimError",
    "Network",
    "Options",
    "Patients",
    "ResourceRefused",
    "Scenario",
    "ScenarioError",
    "Schedule",
    "UnsupportedMechanism",
    "compare",
    "draws_of",
    "endpoints_of",
    "evaluate",
    "law",
    "load",
    "loads",
    "most_probable",
    "on_grid",
    "open_sweep",
    "patients_table",
    "read_events",
    "read_measured",
    "read_netcdf",
    "read_trial",
    "reevaluate",
    "run",
    "simulate",
    "sweep",
    "trial",
    "write_figure",
    "write_netcdf",
    "write_trial",
]

_PUBLIC = {  # name -> module, and its name there where it differs
    "CarsimError": "carsim.errors",
    "Network": "carsim.model.network",
    "Options": "carsim.engines.protocol",
    "Patients": "carsim.population.patients",
    "ResourceRefused": "carsim.errors",
    "Scenario": "carsim.spec",
    "ScenarioError": "carsim.errors",
    "Schedule": "carsim.treatment.schedule",
    "UnsupportedMechanism": "carsim.errors",
    "compare": "carsim.trials.strategies",
    "draws_of": "carsim.trials.uncertain",
    "endpoints_of": "carsim.endpoints:compute",
    "evaluate": "carsim.trials.evaluate",
    "law": "carsim.model.law",
    "load": "carsim.spec",
    "loads": "carsim.spec",
    "most_probable": "carsim.individual.fit",
    "patients_table": "carsim.pipeline",
    "read_events": "carsim.treatment.events_table",
    "read_measured": "carsim.dataset.measured",
    "on_grid": "carsim.sweeps.read",
    "open_sweep": "carsim.sweeps.read",
    "read_netcdf": "carsim.dataset.store",
    "read_trial": "carsim.trials.store",
    "reevaluate": "carsim.trials.conduct",
    "run": "carsim.pipeline",
    "simulate": "carsim.pipeline",
    "sweep": "carsim.sweeps.conduct",
    "trial": "carsim.trials.conduct",
    "write_figure": "carsim.plot.figure",
    "write_netcdf": "carsim.dataset.store",
    "write_trial": "carsim.trials.store",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("carsim")
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, _, inner = _PUBLIC[name].partition(":")
    value = getattr(import_module(module), inner or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__, "__version__"])
