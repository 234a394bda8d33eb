"""`simulate`: one call for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from carsim.engines.compiled import Notify
from carsim.engines.domain import refuse_large_meetings, refuse_too_many_events, refuse_uncountable
from carsim.engines.protocol import Options, Trajectories
from carsim.errors import nearest
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

ENGINES = ("ode", "exact", "leap", "hybrid", "agent")


def simulate(
    network: Network,
    *,
    t: ArrayLike,
    engine: str = "ode",
    schedule: Schedule | None = None,
    patients: Patients | None = None,
    replicates: int = 1,
    seed: int = 0,
    outputs: Sequence[str] | None = None,
    options: Options | None = None,
    notify: Notify | None = None,
    out: NDArray[Any] | None = None,
) -> Trajectories:
    """Simulate patients of a network; each of them starts at t[0].

    t: ascending output times in days. schedule, patients: default to no change and one patient with the network's own
    values. replicates, seed: for engines of chance, which simulate each patient so often, each time with other chances;
    the deterministic engine gives every replicate the same result, so it computes one. outputs: names of species,
    quantities, modes or parameters (default: all species). notify: called with a sentence before something is compiled.
    out: an array (patients x replicates, times, outputs) of float64 or float32 that takes the values, for memory that
    is used again; kernels are compiled for each of the two.
    Raises UnsupportedMechanism and ResourceRefused for what an engine of chance cannot simulate.
    """
    if engine not in ENGINES:
        hint = nearest(engine, ENGINES)
        expected = ", ".join(map(repr, ENGINES))
        raise ValueError(
            f"engine: got {engine!r}; expected one of {expected}" + (f"; did you mean {hint!r}?" if hint else "")
        )
    times = np.array(t, dtype=np.float64)  # own memory: a read-only array would be another type to the compiler
    if times.ndim != 1 or times.size == 0 or not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ValueError("t: expected ascending finite times, for example numpy.arange(0, 366)")
    patients = Patients.of(network) if patients is None else patients
    schedule = Schedule.none(patients.n) if schedule is None else schedule
    if len(schedule.times) != patients.n:
        raise ValueError(f"schedule: got {len(schedule.times)} patients; expected {patients.n}")
    if (schedule.times < times[0]).any():
        raise ValueError(f"schedule: a change at {np.nanmin(schedule.times):g} lies before the start {times[0]:g}")
    _check_patients(network, patients)
    names = tuple(species.name for species in network.all_species) if outputs is None else tuple(outputs)
    for name in names:
        if name not in network.rows:
            raise ValueError(
                f"outputs: {name!r} is no row of {network.title!r}; did you mean {nearest(name, network.rows)!r}?"
            )
    options = options or Options()
    if engine == "ode":
        from carsim.engines.deterministic import solve_patients

        _check_out(out, (patients.n, len(times), len(names)))
        return solve_patients(network, times, patients, schedule, names, options, notify=notify, out=out)
    from carsim.engines.courses import simulate_courses

    refuse_uncountable(network, engine)
    if engine == "exact":
        refuse_too_many_events(network, patients, schedule, times, options)
    if engine == "agent":
        refuse_large_meetings(network)
    if replicates > 1:
        patients, schedule = patients.repeated(replicates), schedule.repeated(replicates)
    settings = import_module(f"carsim.engines.{engine}").settings_of(network, options)
    _check_out(out, (patients.n, len(times), len(names)))
    return simulate_courses(settings, network, times, patients, schedule, names, options, seed, notify=notify, out=out)


def _check_out(out: NDArray[Any] | None, shape: tuple[int, int, int]) -> None:
    """Refuse memory for the values that kernels could not fill."""
    if out is None:
        return
    sound = isinstance(out, np.ndarray) and out.dtype in (np.float64, np.float32) and out.shape == shape
    if not (sound and out.flags.c_contiguous and out.flags.writeable):
        got = f"{out.dtype} {out.shape}" if isinstance(out, np.ndarray) else type(out).__name__
        raise ValueError(
            f"out: got {got}; expected a writeable array of float64 or float32 of shape {shape} (patients, times, "
            "outputs) in C order, for example numpy.empty(shape)"
        )


def _check_patients(network: Network, patients: Patients) -> None:
    """Refuse patients of another network: kernels read arrays by position."""
    expected = (patients.n, len(network.all_species))
    if patients.initial.shape != expected:
        raise ValueError(
            f"patients: got initial states of shape {patients.initial.shape}; expected {expected}, one value per "
            f"patient and species of {network.title!r}, for example Patients.of(network, {patients.n})"
        )
    for row in network.parameters:
        found = patients.parameters.get(row.name)
        if found is None or np.shape(found) != (patients.n,):
            got = "none" if found is None else f"shape {np.shape(found)}"
            raise ValueError(
                f"patients: parameter {row.name!r}: got {got}; expected one value for each of {patients.n}"
            )
