"""How does the cost grow with patients, threads and clones?

Workload: `workload.py`; with more than four clones it repeats the first four. Patients and clones are measured in time
of the processor on one thread. Threads are measured by the clock on the wall, so that only an idle machine shows what
they gain; the last column, the processor's time of one thread over that of all, is what is left after contention for
memory and is what the clock would show were nothing else running and blocks ended together.
"""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from benchmarks.ensemble_ode import own
from benchmarks.measure import Gate, interleaved, machine, processor_seconds, ratio, show, show_gates
from benchmarks.workload import Workload

PATIENTS = (1, 8, 64, 512, 2048)
CLONES = (1, 2, 4, 8, 16, 32, 64)
MANY, SOME = 1000, 64
THREADS = (1, 2)
OTHERS = "the clock on the wall counts what else runs; the processor's time shows what is left to contention (2 / 1.65)"


def main() -> None:
    """Measure and print."""
    by_patients()
    show_gates([*by_threads(), by_clones()])
    print(f"\n{machine()}")


def by_patients() -> None:
    """Print the time of one call, and of each patient in it."""
    spent = interleaved({f"{n:,}": partial(own, Workload(n)) for n in PATIENTS})
    rows = [
        [name, f"{np.median(seconds) * 1e3:.1f}", f"{np.median(seconds) / n * 1e6:.0f}"]
        for n, (name, seconds) in zip(PATIENTS, spent.items(), strict=True)
    ]
    show("Patients, one thread", ["patients", "ms", "us per patient"], rows)


def by_threads() -> list[Gate]:
    """Print what a second thread gains; gates on it and on equal results."""
    work = Workload(MANY)
    sides = {str(n): partial(own, work, threads=n) for n in THREADS}
    wall, spent = interleaved(sides, clock=time.perf_counter), interleaved(sides, clock=processor_seconds)
    gains = {name: ratio(wall["1"], seconds) for name, seconds in wall.items()}
    rows = [
        [n, f"{np.median(wall[n]) / MANY * 1e6:.0f}", str(gains[n]), str(ratio(spent["1"], spent[n]))] for n in sides
    ]
    show(f"Threads, {MANY:,} patients", ["threads", "us per patient", "faster by", "time of processor"], rows)
    results = [run().values for run in sides.values()]
    unequal = sum(not np.array_equal(results[0], other) for other in results[1:])
    return [
        Gate("two threads, by the clock on the wall", gains["2"], 1.65, True, "x", 1.9, OTHERS),
        Gate("processor's time of two threads over one", ratio(spent["2"], spent["1"]), 1.21, unit="x", stretch=1.05),
        Gate("results that are not bitwise those of one thread", unequal, 0),
    ]


def by_clones() -> Gate:
    """Print the time by number of clones; the gate is on time per clone at the most, over that at four."""
    spent = interleaved({str(n): partial(own, Workload(SOME, clones=n)) for n in CLONES})
    rows = []
    for n in CLONES:
        work = Workload(SOME, clones=n)
        steps = own(work).statistics["steps"].mean()
        each = np.median(spent[str(n)]) / SOME
        rows.append([str(n), f"{each * 1e6:.0f}", f"{steps:.0f}", f"{each / steps * 1e9:.0f}", f"{each / n * 1e6:.0f}"])
    head = ["clones", "us per patient", "steps", "ns per step", "us per patient and clone"]
    show(f"Clones, {SOME} patients, one thread", head, rows)
    growth = ratio(spent[str(CLONES[-1])], spent["4"])
    return Gate(f"{CLONES[-1]} clones over 4, in time", growth, CLONES[-1] / 4, unit="x")
