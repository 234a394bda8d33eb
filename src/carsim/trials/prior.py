"""Draws of what the catalogue says before any fit: each parameter with a range, on its own.

    value    log-normal, its 95 % interval the stated range      exp(m + s z),  m = ln sqrt(low high),
             s = ln(high / low) / (2 x 1.96),  z a standard normal by number of the draw and path
             a share, with a range within 0 to 1, is at most 1

Drawn are the parameters of the scenario's model that the scenario does not state itself; one without a range above zero
keeps its value. A draw that makes no model (blasts that die faster than they are born) is drawn again as a whole.
Spreads and correlations between patients are no parameters of the model, and stay.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from carsim import catalog, rng
from carsim.catalog.draws import Draws, catalogue_values
from carsim.errors import CarsimError, ScenarioError
from carsim.trials.estimators.estimate import Z

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsim.catalog import Value
    from carsim.spec import Scenario

ATTEMPTS: Final = 100  # of one draw; with the catalogue's ranges about one in ten has to be drawn again


def ranges(scenario: Scenario) -> dict[str, Value]:
    """The parameters that a prior draws, by path, with value and range; in the order of their names."""
    from carsim.model.build import build
    from carsim.spec.prepare import cast_of

    who = scenario.patient or scenario.cohort
    assert who is not None  # a scenario has one of them
    known = catalogue_values()
    known |= {f"parameters.{k}": value for k, value in catalog.find_population(who.population).parameters.items()}
    used = {f"parameters.{row.name}" for row in build(scenario.title, cast_of(scenario)).parameters}
    stated = {f"parameters.{path}" for path in scenario.parameters}
    return {
        path: value for path, value in sorted(known.items()) if path in used - stated and 0.0 < value.low < value.high
    }


def prior(scenario: Scenario, n: int) -> Draws:
    """n draws of the catalogue's ranges for a scenario, by its seed; one more draw changes no other."""
    drawn = ranges(scenario)
    todo, values = np.arange(n), np.empty((n, len(drawn)))
    for attempt in range(ATTEMPTS):
        values[todo] = np.stack(
            [_values(value, path, scenario.run.seed, todo, attempt) for path, value in drawn.items()], axis=1
        )
        units = tuple(value.unit for value in drawn.values())
        draws = Draws("prior", "prior: the catalogue's ranges", tuple(drawn), units, values)
        todo = np.array([number for number in todo.tolist() if not _is_model(scenario, draws.settings(number))])
        if todo.size == 0:
            return draws
    raise CarsimError(f"no draw of the catalogue's ranges makes a model in {ATTEMPTS} attempts")


def _values(value: Value, path: str, seed: int, draws: NDArray[np.int64], attempt: int) -> NDArray[np.float64]:
    middle = 0.5 * (math.log(value.low) + math.log(value.high))
    spread = math.log(value.high / value.low) / (2.0 * Z)
    found = np.exp(middle + spread * rng.normals(seed, f"prior.{path}", draws, attempt))
    return np.minimum(found, 1.0) if value.unit == "1" and value.high <= 1.0 else found


def _is_model(scenario: Scenario, settings: dict[str, str | float]) -> bool:
    try:
        scenario.with_(**settings)
    except ScenarioError:
        return False
    return True
