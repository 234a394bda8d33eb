"""What does a single cell cost, and what does a quiet one?

Workload: 1,000,000 cells, each with an antigen density of its own (log-normal), killed at a hazard that follows it and
dividing; about 2 % of them die or divide in a step of 0.1 d. Fifty steps.

Sides, one thread each: carsim's agent engine, which looks only at cells to which something happens; NumPy as a
competent modeller writes it, all cells in arrays, every cell looked at in every step; and Mesa, an agent framework,
with an object and a method call for every cell, on fewer cells, since its cost is in proportion.

Making the cells (a density each, and room for what is known of a cell) and running them are told apart: each side is
also run with its cells made and no step taken, in the same interleaved run, and running is the difference.

Read the time per cell and step: what carsim spends on its events, shared among all cells, quiet ones too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.measure import Gate, SkippedError, interleaved, machine, ratio, show, show_gates, version_of
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.network import Network
from carsim.model.processes.kinetics import first_order
from carsim.model.processes.recognition import share_seen

CELLS, MESA_CELLS = 1_000_000, 2_000
STEP, STEPS = 0.1, 50  # d
BIRTH, PRESSURE, MEDIAN, LOG_SD, HALF, STEEPNESS = 0.1, 0.2, 2000.0, 0.7, 2000.0, 2.0


def network() -> Network:
    """The workload as a network of carsim."""
    net = Network("single cells")
    cell = net.species("cells", unit="cells", initial=CELLS)
    median = net.parameter("density", MEDIAN, unit="molecules")
    spread = net.parameter("density_log_sd", LOG_SD)
    half = net.parameter("half", HALF, unit="molecules")
    steepness = net.parameter("steepness", STEEPNESS)
    seen = net.quantity(
        "recognition",
        share_seen(density_median=median, density_log_sd=spread, half_density=half, steepness=steepness),
    )
    hazard = net.total("hazard", [(seen, net.parameter("pressure", PRESSURE, unit="1/d"))], unit="1/d")
    net.reaction("kill", consumes={cell: 1}, rate=first_order(rate_constant=hazard, amount=cell))
    birth = net.parameter("birth", BIRTH, unit="1/d")
    net.reaction("birth", produces={cell: 1}, rate=first_order(rate_constant=birth, amount=cell))
    net.trait("CD19", [cell], median=median, log_sd=spread)
    return net


WAITING = (
    "events are drawn one by one, exactly: two thirds of an event are arithmetic and lists (no function above 12 %), "
    "one third waits for memory, and a third of what is drawn is thinned away; NumPy takes fixed steps"
)
MOMENT = 1e-9  # d, in which nothing happens


def own(net: Network, steps: int) -> float:
    """Events per cell and step by carsim's agent engine."""
    options = Options(threshold=np.inf, threads=1, max_cells=2 * CELLS, keep_cells=False)
    done = simulate(net, t=[0.0, max(STEP * steps, MOMENT)], engine="agent", seed=1, options=options)
    if done.status.any():
        raise RuntimeError(done.problem(0))
    return float(done.statistics["events"][0]) / (CELLS * max(steps, 1))


def by_arrays(steps: int) -> int:
    """The same in NumPy: every cell in every step."""
    rng = np.random.default_rng(1)
    density = MEDIAN * np.exp(LOG_SD * rng.normal(size=CELLS))
    for _ in range(steps):
        hazard = PRESSURE / (1.0 + (HALF / density) ** STEEPNESS)
        luck = rng.random(density.size)
        dies = luck < -np.expm1(-hazard * STEP)
        divides = rng.random(density.size) < -np.expm1(-BIRTH * STEP)
        density = np.concatenate([density[~dies], density[divides & ~dies]])
    return density.size


def by_objects() -> Callable[[int], object]:
    """The same in Mesa, an object for every cell; raises SkippedError where Mesa is not installed."""
    version_of("mesa")
    import mesa

    class Cell(mesa.Agent):
        """One cell."""

        def __init__(self, model: mesa.Model, density: float) -> None:
            super().__init__(model)
            self.density = density

        def step(self) -> None:
            """Die, divide, or do nothing."""
            hazard = PRESSURE / (1.0 + (HALF / self.density) ** STEEPNESS)
            if self.model.random.random() < hazard * STEP:
                self.remove()
            elif self.model.random.random() < BIRTH * STEP:
                Cell(self.model, self.density)

    def run(steps: int) -> int:
        model = mesa.Model()
        for density in MEDIAN * np.exp(LOG_SD * np.random.default_rng(1).normal(size=MESA_CELLS)):
            Cell(model, float(density))
        for _ in range(steps):
            model.agents.shuffle_do("step")
        return len(model.agents)

    return run


OWN, ARRAYS, OBJECTS = "carsim, agents", "NumPy, every cell", "Mesa, an object a cell"


def main() -> None:
    """Measure and print."""
    net = network()
    share = own(net, STEPS)
    makers: dict[str, Callable[[int], object]] = {OWN: partial(own, net), ARRAYS: by_arrays}
    sizes = {OWN: CELLS, ARRAYS: CELLS}
    try:
        makers[OBJECTS], sizes[OBJECTS] = by_objects(), MESA_CELLS
    except SkippedError as reason:
        print(f"\nskipped: {reason}")
    sides = {(name, steps): partial(run, steps) for name, run in makers.items() for steps in (0, STEPS)}
    raw = interleaved({f"{name}, {steps}": run for (name, steps), run in sides.items()})
    making = {name: raw[f"{name}, 0"] / sizes[name] for name in makers}
    whole = {name: raw[f"{name}, {STEPS}"] / sizes[name] for name in makers}
    running = {name: whole[name] - making[name] for name in makers}
    rows = [
        [
            name,
            f"{np.median(making[name]) * 1e9:.0f}",
            f"{np.median(running[name]) / STEPS * 1e9:.2f}",
            f"{np.median(whole[name]) / STEPS * 1e9:.2f}",
            str(ratio(running[name], running[OWN])),
            str(ratio(whole[name], whole[OWN])),
        ]
        for name in makers
    ]
    head = ["side", "ns to make a cell", "ns per cell and step", "with making", "time over carsim", "with making"]
    show(f"{CELLS:,} cells, {100 * share:.1f} % of them busy in a step", head, rows)
    print(f"\ncarsim: {np.median(running[OWN]) / STEPS / share * 1e9:.0f} ns an event")
    gates = [
        Gate("running alone, time of NumPy", ratio(running[ARRAYS], running[OWN]), 10.0, True, "x", 20.0, WAITING),
        Gate("with making, time of NumPy", ratio(whole[ARRAYS], whole[OWN]), 4.0, True, "x", 10.0, WAITING),
    ]
    if OBJECTS in makers:
        gates.append(Gate("with making, time of Mesa", ratio(whole[OBJECTS], whole[OWN]), 120.0, True, "x", 300.0))
    show_gates(gates)
    print(f"\n{machine('mesa')}")
