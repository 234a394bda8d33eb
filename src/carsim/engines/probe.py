"""What a network does at one state: every rate, the right-hand side, and the Jacobian that the implicit method uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carsim.derive.lower import lower
from carsim.engines.arrays import numbered, workspace_of
from carsim.engines.compiled import Notify, compiled, evaluator_of
from carsim.engines.deterministic import WIDTH
from carsim.model.network import Network
from carsim.population.patients import Patients

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """Rows by name (species, parameters, modes, quantities), rates by reaction, derivative (n,), jacobian (n, n)."""

    rows: dict[str, float]
    rates: dict[str, float]
    derivative: Array
    jacobian: Array


def probe(network: Network, state: Array, patients: Patients | None = None, *, notify: Notify | None = None) -> Probe:
    """Evaluate a network at a state (n_species,) with the parameters of the first of `patients` (default: its own).

    Modes are in their initial state; observables that no rate needs are left out of `rows`.
    """
    from carsim.engines.kernels import lane as kinds
    from carsim.engines.kernels import probe as kernels

    patients = Patients.of(network) if patients is None else patients
    tables = lower(network)
    layout, evaluator = tables.layout, evaluator_of(tables.laws, WIDTH, notify)
    space = workspace_of(tables, WIDTH)
    lanes = space.reshape(-1, WIDTH)
    for i, row in enumerate(network.parameters):
        lanes[layout.parameters + i] = patients.parameters[row.name][0]
    lanes[layout.state : layout.state + layout.n_species] = np.asarray(state, dtype=np.float64)[:, None]
    lanes[layout.modes : layout.modes + layout.n_modes] = tables.watch.mode_initial[:, None]
    arguments = (
        (0.0,) * WIDTH,
        *evaluator.addresses(),
        space,
        layout,
        kinds.Programs(*(numbered(program, tables, evaluator) for program in tables.programs)),
    )
    compiled(kernels.probe, arguments, WIDTH, notify)(*arguments)
    values = lanes[:, 0]
    known = {int(row) for program in (tables.derived, tables.rates) for row in program.entries} | set(
        range(layout.species, layout.modes + layout.n_modes)
    )
    first = layout.derivative
    return Probe(
        rows={name: float(values[row]) for name, row in tables.rows.items() if row in known},
        rates={name: float(values[row]) for name, row in tables.rate_rows.items()},
        derivative=values[first : first + layout.n_species].copy(),
        jacobian=_jacobian(values, tables.matrix_rows, layout.n_species, layout.n_unknowns),
    )


def _jacobian(values: Array, places: dict[tuple[int, int], int], n: int, unknowns: int) -> Array:
    """df/dy in all: the Schur complement of the aggregates in the matrix, with its sign turned."""
    matrix = np.zeros((unknowns, unknowns))
    for (i, j), row in places.items():
        matrix[i, j] = values[row]
    through = matrix[:n, n:] @ np.linalg.solve(matrix[n:, n:], matrix[n:, :n])
    return -(matrix[:n, :n] - through)
