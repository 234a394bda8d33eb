"""What does an error cost? Time against error for tolerances from 1e-4 to 1e-9.

Workload: `workload.py`, one thread; atol is a thousandth of rtol, in millions of cells. Errors as in `ensemble_ode.py`.
Peer: CVODE in C with the analytic Jacobian where it is installed, else numbalsoda's LSODA.

How to read it: the last table compares at equal error, by interpolation of the logarithms, since the same tolerance
means different errors to different solvers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks import native, peers
from benchmarks.ensemble_ode import by_native, own, reference
from benchmarks.measure import Gate, SkippedError, interleaved, machine, ratio, show, show_gates
from benchmarks.workload import Floats, Workload, errors

TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9)
PATIENTS, FEW = 240, 24  # the peer simulates the first few
ERRORS = (1e-4, 1e-5, 1e-6)


def peer(work: Workload) -> tuple[str, Callable[[float], Callable[[], Floats]]]:
    """Name of the solver to compare with, and how it is made for a tolerance."""
    try:
        by_native(work, native.cvode, 1e-3, 1e-6)
        return "CVODE in C", lambda rtol: by_native(work, native.cvode, rtol, rtol * 1e-3)
    except SkippedError as reason:
        print(f"\nskipped: CVODE: {reason}")
        return "numbalsoda LSODA", lambda rtol: peers.numbalsoda(work, rtol, rtol * 1e-3)


def main() -> None:
    """Measure and print."""
    work = Workload(PATIENTS)
    truth = reference(work)
    name, make = peer(Workload(FEW))
    patients = {"carsim": PATIENTS, name: FEW}
    curves: dict[str, list[tuple[float, float]]] = {side: [] for side in patients}
    rows = []
    for rtol in TOLERANCES:
        sides = {"carsim": partial(own, work, rtol, rtol * 1e-3), name: make(rtol)}
        spent = {side: seconds / patients[side] for side, seconds in interleaved(sides).items()}
        values = {"carsim": own(work, rtol, rtol * 1e-3).values, name: sides[name]()}
        for side, found in values.items():
            off, each = errors(found, truth[: patients[side]]), float(np.median(spent[side]))
            curves[side].append((float(np.median(off)), each))
            times = str(ratio(spent[side], spent["carsim"]))
            rows.append([f"{rtol:.0e}", side, f"{each * 1e6:.0f}", times, f"{np.median(off):.1e}", f"{off.max():.1e}"])
    show("Work and precision", ["rtol", "side", "us per patient", "time over carsim", "median", "largest error"], rows)
    rows, least = [], np.inf
    for error in ERRORS:
        times_at = {side: _time_at(curve, error) for side, curve in curves.items()}
        cells = [f"{seconds * 1e6:.0f}" for seconds in times_at.values()]
        least = min(least, times_at[name] / times_at["carsim"])
        rows.append([f"{error:.0e}", *cells, f"{times_at[name] / times_at['carsim']:.1f} x"])
    show("At equal median error", ["error", "carsim, us", f"{name}, us", "time over carsim"], rows)
    show_gates([Gate(f"{name} at equal error, the least of its times", float(least), 1.0, at_least=True, unit="x")])
    print(f"\n{machine('numbalsoda')}, {native.cvode_version()} of the system")


def _time_at(curve: list[tuple[float, float]], error: float) -> float:
    """Seconds at an error, interpolated; not a number outside of what was measured."""
    errors_, seconds = np.log(np.array(sorted(curve))).T
    return float(np.exp(np.interp(np.log(error), errors_, seconds, left=np.nan, right=np.nan)))
