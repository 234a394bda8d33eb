"""How long does one reaction of an exact stochastic simulation take?

Workload: three small networks near a steady state of some hundred cells, one thread, some million reactions in one
course. `arrival and death` has two reactions, `birth and death` two and an extinction that is watched for, `killing`
seven: leukaemia cells that arrive, divide, die and are killed, killers that arrive, respond and die.

Peer: the C++ direct method of GillesPy2 (`SSACSolver`), compiled once for each network before it is measured. Its time
holds the start of its process and the reading of its results, which are small beside a second of reactions. It does
not count its reactions, so its time per reaction is over those that carsim fired in the same simulated time, which
agree to a few per cent.

How to read it: ns per reaction, the median of all runs; the ratio is how many times as long the peer takes for the same
simulated time. carsim's time holds all of `simulate`, not the kernel alone.
"""

from __future__ import annotations

import os
import shutil
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from benchmarks.measure import Gate, SkippedError, interleaved, machine, ratio, show, show_gates, version_of
from carsim.engines.protocol import Options, Trajectories
from carsim.engines.run import simulate
from carsim.model.network import Network

ONE_THREAD = Options(threads=1)
PROFILE = "half of a reaction is the loop (search, state, sums), a sixth a logarithm, the rest draws and laws"


@dataclass(frozen=True)
class Workload:
    """Mass-action reactions: (name, rate constant, what meets, what comes out), so that both sides read the same."""

    name: str
    start: dict[str, float]
    reactions: tuple[tuple[str, float, tuple[str, ...], tuple[str, ...]], ...]
    days: float
    watched: str = ""


BIRTH_AND_DEATH = Workload(
    "birth and death, extinction watched",
    {"cells": 20_000.0},
    (("birth", 0.5, ("cells",), ("cells", "cells")), ("death", 0.5, ("cells",), ())),
    100.0,
    watched="cells",
)
ARRIVAL_AND_DEATH = Workload(
    "arrival and death",
    {"cells": 1_000.0},
    (("arrival", 500.0, (), ("cells",)), ("death", 0.5, ("cells",), ())),
    2_000.0,
)
KILLING = Workload(
    "killing, seven reactions",
    {"leukaemia": 500.0, "killers": 200.0},
    (
        ("leukaemia arrives", 20.0, (), ("leukaemia",)),
        ("leukaemia divides", 0.3, ("leukaemia",), ("leukaemia", "leukaemia")),
        ("leukaemia dies", 0.1, ("leukaemia",), ()),
        ("kill", 0.0012, ("leukaemia", "killers"), ("killers",)),
        ("killers arrive", 40.0, (), ("killers",)),
        ("response", 0.0002, ("leukaemia", "killers"), ("leukaemia", "killers", "killers")),
        ("killers die", 0.3, ("killers",), ()),
    ),
    4_000.0,
)
WORKLOADS = (BIRTH_AND_DEATH, ARRIVAL_AND_DEATH, KILLING)


def network_of(work: Workload) -> Network:
    """The workload as a network of carsim."""
    net = Network(work.name)
    cells = {name: net.species(name, unit="cell", initial=start) for name, start in work.start.items()}
    for name, constant, meets, comes in work.reactions:
        rate = 1.0 * net.parameter(f"rate of {name}", constant)
        for taken in meets:
            rate = rate * cells[taken]
        consumes = {cells[taken]: meets.count(taken) for taken in dict.fromkeys(meets)}
        produces = {cells[made]: comes.count(made) for made in dict.fromkeys(comes)}
        net.reaction(name, consumes=consumes, produces=produces, rate=rate)
    if work.watched:
        net.extinction("gone", [cells[work.watched]])
    return net


def own(work: Workload) -> Callable[[], Trajectories]:
    """One course by carsim's exact engine."""
    net, t = network_of(work), np.array([0.0, work.days])
    return lambda: simulate(net, t=t, engine="exact", seed=1, options=ONE_THREAD)


def gillespy2(work: Workload) -> Callable[[], object]:
    """One course by GillesPy2's compiled direct method."""
    version_of("gillespy2")
    if shutil.which("g++") is None or shutil.which("make") is None:
        raise SkippedError("GillesPy2's compiled solver needs g++ and make")
    from gillespy2 import Model, Parameter, Reaction, Species, SSACSolver, TimeSpan

    model = Model(name="workload")
    cells = {name: Species(name=name, initial_value=int(start), mode="discrete") for name, start in work.start.items()}
    model.add_species(list(cells.values()))
    for k, (_, constant, meets, comes) in enumerate(work.reactions):
        rate = Parameter(name=f"k{k}", expression=constant)
        model.add_parameter(rate)
        taken = {cells[name]: meets.count(name) for name in dict.fromkeys(meets)}
        made = {cells[name]: comes.count(name) for name in dict.fromkeys(comes)}
        model.add_reaction(Reaction(name=f"r{k}", reactants=taken, products=made, rate=rate))
    model.timespan(TimeSpan([0.0, work.days]))
    with builder_found():
        solver = SSACSolver(model=model)
    return lambda: solver.run(seed=1)


@contextmanager
def builder_found() -> Iterator[None]:
    """GillesPy2 builds with the interpreter that a virtual environment was made from: show it our packages."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(part for part in (before, sysconfig.get_path("purelib")) if part)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def main() -> None:
    """Measure and print."""
    rows, gates = [], []
    for work in WORKLOADS:
        run = own(work)
        events = float(run().statistics["events"].sum())
        sides: dict[str, Callable[[], object]] = {"carsim": run}
        try:
            sides["GillesPy2"] = gillespy2(work)
        except SkippedError as reason:
            print(f"\nskipped: GillesPy2: {reason}")
        spent = interleaved(sides)
        for name, seconds in spent.items():
            each, times = np.median(seconds) / events * 1e9, ratio(seconds, spent["carsim"])
            rows.append([work.name, name, f"{events:.3g}", f"{each:.1f}", str(times)])
            if name == "carsim":
                gates.append(Gate(f"{work.name}, a reaction", float(each), 50.0, unit="ns", stretch=20.0, why=PROFILE))
            else:
                gates.append(Gate(f"{work.name}, time of {name}", times, 6.0, True, "x", 10.0, why=PROFILE))
    show(
        "Exact simulation, one thread", ["network", "engine", "reactions", "ns per reaction", "time over carsim"], rows
    )
    show_gates(gates)
    print(f"\n{machine('gillespy2')}")
