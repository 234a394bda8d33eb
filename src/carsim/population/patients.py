"""Patients as arrays: the only form in which an engine sees a population. One patient is an ensemble of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from carsim.errors import nearest
from carsim.model.network import Network


@dataclass(frozen=True)
class Patients:
    """n patients: covariates (n,) by name, parameters (n,) by row name, initial states (n, n_species).

    With `replicates` R above one, patient k stands R times in a row, from R k on: n is the number of patients times R.
    `first` is the place of the first of them in their cohort.
    """

    identifiers: tuple[str, ...]
    parameters: Mapping[str, NDArray[np.float64]]
    initial: NDArray[np.float64]
    covariates: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    replicates: int = 1
    first: int = 0

    @property
    def n(self) -> int:
        """How many courses: patients times replicates."""
        return len(self.identifiers)

    @property
    def index(self) -> NDArray[np.int64]:
        """The patient of each course, from 0 in the cohort: what its random streams are keyed by."""
        return self.first + np.arange(self.n) // self.replicates

    @property
    def replicate(self) -> NDArray[np.int64]:
        """The replicate of each course, from 0."""
        return np.arange(self.n) % self.replicates

    def repeated(self, replicates: int) -> Patients:
        """Each patient this many times in a row, to be given other chances."""
        if self.replicates != 1:
            raise ValueError("patients: got replicates of replicates; expected patients that stand once")
        return Patients(
            tuple(name for name in self.identifiers for _ in range(replicates)),
            {name: np.repeat(values, replicates) for name, values in self.parameters.items()},
            np.repeat(self.initial, replicates, axis=0),
            {name: np.repeat(values, replicates) for name, values in self.covariates.items()},
            replicates,
            self.first,
        )

    def part(self, first: int, last: int) -> Patients:
        """Patients `first` to before `last` of these, who stand once each; the same people with the same streams."""
        if self.replicates != 1:
            raise ValueError("patients: got replicates; expected patients that stand once")
        return Patients(
            self.identifiers[first:last],
            {name: values[first:last] for name, values in self.parameters.items()},
            self.initial[first:last],
            {name: values[first:last] for name, values in self.covariates.items()},
            first=self.first + first,
        )

    @classmethod
    def of(
        cls,
        network: Network,
        n: int = 1,
        values: Mapping[str, float | NDArray[np.float64]] | None = None,
        **more_values: float | NDArray[np.float64],
    ) -> Patients:
        """n patients of a plain network: its default values, save those given for parameters and species by name.

        A value is one number for all or an array (n,). Names with dots go into `values`.
        """
        given = {**(values or {}), **more_values}
        known = [*(row.name for row in network.parameters), *(row.name for row in network.all_species)]
        for name in given:
            if name not in known:
                hint = nearest(name, known)
                raise ValueError(f"{name!r} is no parameter or species of {network.title!r}; did you mean {hint!r}?")
        columns = {
            name: np.array(np.broadcast_to(np.asarray(given.get(name, default), dtype=np.float64), (n,)))
            for name, default in (
                *((row.name, row.value) for row in network.parameters),
                *((row.name, row.initial) for row in network.all_species),
            )
        }
        initial = np.stack([columns[s.name] for s in network.all_species], axis=1)
        parameters = {row.name: columns[row.name] for row in network.parameters}
        return cls(tuple(str(i + 1) for i in range(n)), parameters, initial)
