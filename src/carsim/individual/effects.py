"""One patient under other parameters: what measurements would be expected, for many sets of factors at a time.

factor of a parameter   exp(log_sd s)     s its score; between patients s is normal, with the population's
                                          correlations among scores
expected                level of the course on the day, of all products together, by the deterministic engine
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from carsim import catalog
from carsim.errors import Place, Problem, ScenarioError
from carsim.population.correlations import ordered, root
from carsim.spec.prepare import Prepared, prepare, varied
from carsim.spec.scenario import catalogue_values

if TYPE_CHECKING:
    from carsim.dataset.measured import Measured
    from carsim.engines.protocol import Trajectories
    from carsim.spec import Scenario

Array = NDArray[np.float64]
RTOL: Final = 1e-6  # errors far below the noise of any assay, also of differences by a fiftieth of a deviation
BELOW_ALL: Final = 1e-3  # of the least value or limit of a course: what is lower is as good as absent, for any assay


@dataclass(frozen=True)
class Person:
    """One patient, the measurements of that patient, and the parameters that may differ, by name without class."""

    scenario: Scenario
    table: Measured
    made: Prepared
    names: tuple[str, ...]
    log_sd: Array
    outputs: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, table: Measured, names: Sequence[str] | None = None) -> Person:
        """The patient of a scenario. Raises ScenarioError where scenario or table are not of one patient."""
        from carsim.dataset.assemble import rows_of

        _check(scenario, table)
        made = prepare(scenario, Path(scenario.file).parent if scenario.file else None)
        _check_days(made, scenario, table)
        rows = list(made.network.rows)
        outputs = {course: rows_of(course, rows) for course in table.courses}
        absent = [course for course, found in outputs.items() if not found]
        if absent:
            raise ScenarioError(
                [Problem(Place(table.name), "variable", f"`{absent[0]}`", "a course of this scenario's model")]
            )
        assert scenario.patient is not None  # checked
        spreads = catalog.find_population(scenario.patient.population).variability
        able = {row.name.split(".")[0] for row in made.network.parameters} - _of_clones(made)
        chosen = [name for name in spreads if name in able and (names is None or name in names)]
        unknown = [name for name in names or () if name not in chosen]
        if unknown:
            raise ValueError(
                f"effects: got {unknown[0]!r}; expected any of {', '.join(n for n in spreads if n in able)}"
            )
        log_sd = np.array([spreads[name].value for name in chosen])
        return cls(scenario, table, made, tuple(chosen), log_sd, outputs)

    @cached_property
    def correlation_root(self) -> Array:
        """L of scores s = L z, for independent normal z: (k, k)."""
        assert self.scenario.patient is not None  # checked
        pairs = {
            ordered(pair.first, pair.second, self.names): pair.value.value
            for pair in catalog.find_population(self.scenario.patient.population).correlations
            if {pair.first, pair.second} <= set(self.names)
        }
        found = np.zeros((len(self.names), len(self.names)))
        for at, row in enumerate(root(self.names, pairs)):
            found[at, : len(row)] = row
        return found

    def only(self, chosen: NDArray[np.bool_]) -> Person:
        """The same with some of the parameters."""
        names = tuple(name for name, keep in zip(self.names, chosen, strict=True) if keep)
        return Person(self.scenario, self.table, self.made, names, self.log_sd[chosen], self.outputs)

    def expected(self, scores: Array) -> Array:
        """Logarithms of the expected levels (r, m), for scores (r, k); NaN where the simulation failed."""
        factors = {
            name: np.exp(sd * column) for name, sd, column in zip(self.names, self.log_sd, scores.T, strict=True)
        }
        found = self._solved(factors)
        column = {row: at for at, row in enumerate(found.outputs)}
        at = np.searchsorted(found.times, self.table.day)
        logs = np.empty((scores.shape[0], self.table.day.size))
        for course, rows in self.outputs.items():
            own = self.table.of(course)
            level = np.sum([found.values[:, at[own], column[row]] for row in rows], axis=0)
            logs[:, own] = np.log(np.maximum(level, BELOW_ALL * float(self.table.value[own].min())))
        return np.where((found.status == 0)[:, None], logs, np.nan)

    def _solved(self, factors: Mapping[str, Array]) -> Trajectories:
        from carsim.engines.protocol import Options
        from carsim.engines.run import simulate

        patients, schedule = varied(self.made, self.scenario, factors)
        days = np.unique(np.concatenate([self.made.times[:1], self.table.day]))
        rows = [row for found in self.outputs.values() for row in found]
        return simulate(
            self.made.network,
            t=days,
            schedule=schedule,
            patients=patients,
            outputs=list(dict.fromkeys(rows)),
            options=Options(rtol=RTOL),
        )

    def with_factors(self, factors: Array) -> Scenario:
        """The scenario with these factors (k,) on the parameters, every class of each."""
        from carsim.units import to_text

        known, by_name = catalogue_values(), dict(zip(self.names, factors.tolist(), strict=True))
        changes = {
            f"parameters.{row.name}": to_text(row.value * by_name[row.name.split(".")[0]], known[row.name].unit)
            for row in self.made.network.parameters
            if row.name.split(".")[0] in by_name
        }
        return self.scenario.with_(**changes)


def _of_clones(made: Prepared) -> set[str]:
    """Parameters of which a clone has a value of its own, which no path of a scenario's parameters sets."""
    known = catalogue_values()
    return {row.name.split(".")[0] for row in made.network.parameters if row.name not in known}


def _check(scenario: Scenario, table: Measured) -> None:
    problems = []
    if scenario.patient is None:
        problems.append(Problem(None, "cohort", "a cohort", "`patient:`, the one whose measurements the table holds"))
    elif scenario.run.engine != "ode":
        expected = "engine: ode, since the expected course of a patient is sought and not one by chance"
        problems.append(Problem(None, "run.engine", f"`{scenario.run.engine}`", expected))
    if len(table.patients) > 1:
        got = f"{len(table.patients)} patients: {', '.join(table.patients[:3])}{', …' * (len(table.patients) > 3)}"
        problems.append(Problem(Place(table.name), "id", got, "the measurements of one patient"))
    if problems:
        raise ScenarioError(problems)


def _check_days(made: Prepared, scenario: Scenario, table: Measured) -> None:
    first, last = float(made.times[0]), scenario.run.until
    outside = table.day[(table.day < first) | (table.day > last)]
    if outside.size:
        got = f"{outside.size} measurements outside the simulation, the first on day {outside[0]:g}"
        raise ScenarioError([Problem(Place(table.name), "day", got, f"days from {first:g} to {last:g}")])
