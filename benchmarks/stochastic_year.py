"""How long does one stochastic year of a patient take, with daily output, and how right is its mean?

Workload: the core of CAR T-cell therapy in leukaemia as ten populations that count and two cytokines: infused cells,
effectors, memory and exhausted cells; leukaemia that is CD19-positive, dim, negative and dormant; B cells and host
lymphocytes; IL-15 and IL-6. 1e9 leukaemia cells and 1e7 infused cells at the start, 366 outputs of every species.

Sides, one thread each: carsim's hybrid and leaping engines, and tau-leaping in NumPy as a competent modeller writes it:
all patients side by side in one array, fixed steps, Poisson numbers of every reaction, never more taken than there is.
The usual form takes rates at the start of a step (Euler); the other at its estimated middle (midpoint), which is right
at longer steps. Steps are the longest round ones at which the usual form's bias is within the limit of 0.5 %, and at
which the other's is far within it.

Bias: the mean over patients and the sum over days of each species, less that of the differential equations, over it;
the table shows the largest over the species that stay abundant (at least 1e5 cells on every day, so that the mean of
the process follows the equations) with the standard error that the number of patients leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Gate, interleaved, machine, ratio, show, show_gates
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.network import Network

Floats = NDArray[np.float64]

DAYS = np.arange(366.0)
PATIENTS = 64
ABUNDANT = 1e5
LIMIT = 0.005
STEPS = {"Euler, 0.02 d": (0.02, False), "midpoint, 0.1 d": (0.1, True)}
MANY = 10**15  # reactions of a course: leaps hold up to billions
START = {
    "infused": 1e7,
    "effector": 1e5,
    "memory": 1e5,
    "exhausted": 0.0,
    "positive": 1e9,
    "dim": 1e6,
    "negative": 10.0,
    "dormant": 1e6,
    "bcells": 1e9,
    "host": 1e7,
    "il15": 50.0,
    "il6": 5.0,
}
CONTINUOUS = ("il15", "il6")
# Cells per day and cell, unless said; cell numbers for half effects.
ACTIVATE, WANE, DIVIDE, EFFECTOR_DEATH, REMEMBER, TIRE = 0.4, 0.2, 1.2, 0.25, 0.01, 0.02
EXHAUSTED_DEATH, MEMORY_DEATH, RECALL = 0.1, 0.002, 0.02
BIRTH, NEGATIVE_BIRTH, DEATH, DORMANT_BIRTH, DORMANT_DEATH, MUTATE, CAPACITY = 0.12, 0.05, 0.03, 0.01, 0.008, 1e-9, 1e11
KILL, DIM_SHARE, DORMANT_SHARE, HALF_KILLING, HALF_ANTIGEN = 1.5, 0.6, 0.1, 1e9, 1e8
B_MADE, B_DEATH, HOST_BIRTH, HOST_DEATH, HOST_CAPACITY = 4e6, 0.02, 0.15, 0.05, 1e9
IL15_MADE, IL15_LOST, IL15_HOST, IL15_HALF, IL6_MADE, IL6_LOST = 50.0, 1.0, 1e9, 20.0, 1e-8, 1.0


def reactions(y: dict[str, object]) -> list[tuple[str, dict[str, int], dict[str, int], object]]:
    """(name, takes, makes, rate) of every reaction, for handles of a network as for arrays of numbers."""
    antigen = y["positive"] + DIM_SHARE * y["dim"] + y["bcells"]
    seen = antigen / (HALF_ANTIGEN + antigen)
    fed = y["il15"] / (IL15_HALF + y["il15"])
    killing = KILL * y["effector"] / (HALF_KILLING + y["effector"])
    burden = y["positive"] + y["dim"] + y["negative"] + y["dormant"]
    crowding = DEATH + (BIRTH - DEATH) * burden / CAPACITY
    made = [
        ("activation", {"infused": 1}, {"effector": 1}, ACTIVATE * y["infused"]),
        ("infused death", {"infused": 1}, {}, WANE * y["infused"]),
        ("effector division", {}, {"effector": 1}, DIVIDE * y["effector"] * seen * fed),
        ("effector death", {"effector": 1}, {}, EFFECTOR_DEATH * y["effector"]),
        ("effector to memory", {"effector": 1}, {"memory": 1}, REMEMBER * y["effector"]),
        ("effector to exhausted", {"effector": 1}, {"exhausted": 1}, TIRE * y["effector"]),
        ("exhausted death", {"exhausted": 1}, {}, EXHAUSTED_DEATH * y["exhausted"]),
        ("memory death", {"memory": 1}, {}, MEMORY_DEATH * y["memory"]),
        ("recall", {"memory": 1}, {"effector": 1}, RECALL * y["memory"] * seen),
        ("positive birth", {}, {"positive": 1}, BIRTH * y["positive"]),
        ("positive death", {"positive": 1}, {}, y["positive"] * crowding),
        ("positive kill", {"positive": 1}, {}, y["positive"] * killing),
        ("antigen loss", {"positive": 1}, {"negative": 1}, MUTATE * y["positive"]),
        ("dim birth", {}, {"dim": 1}, BIRTH * y["dim"]),
        ("dim death", {"dim": 1}, {}, y["dim"] * crowding),
        ("dim kill", {"dim": 1}, {}, DIM_SHARE * y["dim"] * killing),
        ("negative birth", {}, {"negative": 1}, NEGATIVE_BIRTH * y["negative"]),
        ("negative death", {"negative": 1}, {}, y["negative"] * crowding),
        ("dormant birth", {}, {"dormant": 1}, DORMANT_BIRTH * y["dormant"]),
        ("dormant death", {"dormant": 1}, {}, DORMANT_DEATH * y["dormant"]),
        ("dormant kill", {"dormant": 1}, {}, DORMANT_SHARE * DORMANT_SHARE * y["dormant"] * killing),
        ("B cell made", {}, {"bcells": 1}, B_MADE + 0.0 * y["bcells"]),
        ("B cell death", {"bcells": 1}, {}, B_DEATH * y["bcells"]),
        ("B cell kill", {"bcells": 1}, {}, y["bcells"] * killing),
        ("host birth", {}, {"host": 1}, HOST_BIRTH * y["host"]),
        (
            "host death",
            {"host": 1},
            {},
            y["host"] * (HOST_DEATH + (HOST_BIRTH - HOST_DEATH) * y["host"] / HOST_CAPACITY),
        ),
    ]
    slow = [
        ("IL-15 made", {}, {"il15": 1}, IL15_MADE + 0.0 * y["il15"]),
        ("IL-15 lost", {"il15": 1}, {}, IL15_LOST * y["il15"] * (1.0 + 4.0 * y["host"] / IL15_HOST)),
        ("IL-6 made", {}, {"il6": 1}, IL6_MADE * killing * (y["positive"] + y["bcells"])),
        ("IL-6 lost", {"il6": 1}, {}, IL6_LOST * y["il6"]),
    ]
    return made + slow


def network() -> Network:
    """The workload as a network of carsim."""
    net = Network("one stochastic year")
    y = {
        name: net.species(
            name,
            unit="pg/mL" if name in CONTINUOUS else "cell",
            kind="continuous" if name in CONTINUOUS else "count",
            initial=start,
        )
        for name, start in START.items()
    }
    for name, takes, makes, rate in reactions(y):
        net.reaction(
            name,
            consumes={y[s]: n for s, n in takes.items()},
            produces={y[s]: n for s, n in makes.items()},
            rate=rate,
        )
    return net


@dataclass(frozen=True)
class TauLeaping:
    """Fixed-step tau-leaping of all patients side by side."""

    step: float
    midpoint: bool

    def run(self, seed: int = 1) -> Floats:
        """Daily states (days, species, patients)."""
        rng = np.random.default_rng(seed)
        names = list(START)
        state = np.repeat(np.array(list(START.values()))[:, None], PATIENTS, axis=1)
        changes = self._changes(names)
        jumping = len(changes.T) - 2 * len(CONTINUOUS)
        found = [state.copy()]
        for _ in range(len(DAYS) - 1):
            for _ in range(round(1.0 / self.step)):
                rates = self._rates(names, state)
                if self.midpoint:
                    middle = np.maximum(state + 0.5 * self.step * (changes @ rates), 0.0)
                    rates = self._rates(names, middle)
                numbers = rates * self.step
                numbers[:jumping] = rng.poisson(numbers[:jumping])
                state = np.maximum(state + changes @ numbers, 0.0)
            found.append(state.copy())
        return np.array(found)

    @staticmethod
    def _rates(names: list[str], state: Floats) -> Floats:
        return np.stack([rate for *_, rate in reactions(dict(zip(names, state, strict=True)))])

    @staticmethod
    def _changes(names: list[str]) -> Floats:
        made = reactions(dict.fromkeys(names, 1.0))
        changes = np.zeros((len(names), len(made)))
        for k, (_, takes, makes, _) in enumerate(made):
            for sign, side in ((-1.0, takes), (1.0, makes)):
                for name, number in side.items():
                    changes[names.index(name), k] += sign * number
        return changes


def own(net: Network, engine: str, seed: int = 1, patients: int = PATIENTS) -> Floats:
    """The same by an engine of carsim."""
    options = Options(threads=1, max_events=MANY)
    result = simulate(net, t=DAYS, engine=engine, replicates=patients, seed=seed, options=options)
    if result.status.any():
        raise RuntimeError(f"{engine}: {result.problem(int(np.argmax(result.status)))}")
    return np.moveaxis(result.values, 0, 2)


def bias(found: Floats, expected: Floats) -> tuple[str, float, float]:
    """The species whose mean is furthest off among the abundant: its name, how far, and the standard error."""
    worst = ("", 0.0, 0.0)
    for k, name in enumerate(START):
        truth = expected[:, k, 0]
        if name in CONTINUOUS or truth[1:].min() < ABUNDANT:
            continue
        off = found[:, k].sum(axis=0) / truth.sum() - 1.0
        mean, error = float(off.mean()), float(off.std(ddof=1) / np.sqrt(off.size))
        if not abs(mean) < abs(worst[1]):
            worst = (name, mean, error)
    return worst


def main() -> None:
    """Measure and print."""
    net = network()
    truth = own(net, "ode", patients=1)
    sides: dict[str, Callable[[], Floats]] = {
        "carsim, hybrid": partial(own, net, "hybrid"),
        "carsim, leaping": partial(own, net, "leap"),
    }
    for name, (step, midpoint) in STEPS.items():
        sides[f"NumPy, {name}"] = TauLeaping(step, midpoint).run
    worst = {name: bias(run(), truth) for name, run in sides.items()}
    spent = interleaved(sides)
    rows = []
    for name, seconds in spent.items():
        species, off, error = worst[name]
        each = f"{np.median(seconds) / PATIENTS * 1e3:.2f}"
        ratios = [str(ratio(seconds, spent[side])) for side in ("carsim, hybrid", "carsim, leaping")]
        verdict = "within" if abs(off) <= LIMIT else "beyond"
        rows.append([name, each, *ratios, f"{100 * off:+.3f} ± {100 * error:.3f} % ({species})", verdict])
    head = ["side", "ms per patient", "time over hybrid", "time over leaping", "largest bias", f"{100 * LIMIT:g} %"]
    show(f"One year of {PATIENTS} patients, one thread", head, rows)
    gates = []
    for side in ("hybrid", "leaping"):
        times = ratio(spent[f"NumPy, {next(iter(STEPS))}"], spent[f"carsim, {side}"])
        gates.append(Gate(f"{side}, time of NumPy's tau-leaping", times, 15.0, True, "x", 30.0))
        gates.append(Gate(f"{side}, largest bias", 100 * abs(worst[f"carsim, {side}"][1]), 100 * LIMIT, unit="%"))
    show_gates(gates)
    print(f"\n{machine()}")
