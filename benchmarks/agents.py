"""What does a single cell cost, and what does a quiet one?

Workload: 1,000,000 cells, each with an antigen density of its own (log-normal), killed at a hazard that follows it and
dividing; about 2 % of them die or divide in a step of 0.1 d. Fifty steps, the making of the cells included.

Sides, one thread each: carsim's agent engine, which looks only at cells to which something happens; NumPy as a
competent modeller writes it, all cells in arrays, every cell looked at in every step; and Mesa, an agent framework,
with an object and a method call for every cell, on fewer cells, since its cost is in proportion.

Read the time per cell and step: what carsim spends on its events, shared among all cells, quiet ones too.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.measure import SkippedError, interleaved, machine, ratio, show, version_of
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


def own(net: Network) -> float:
    """Events per cell and step by carsim's agent engine."""
    options = Options(threshold=np.inf, threads=1, max_cells=2 * CELLS, keep_cells=False)
    done = simulate(net, t=[0.0, STEP * STEPS], engine="agent", seed=1, options=options)
    if done.status.any():
        raise RuntimeError(done.problem(0))
    return float(done.statistics["events"][0]) / (CELLS * STEPS)


def by_arrays() -> int:
    """The same in NumPy: every cell in every step."""
    rng = np.random.default_rng(1)
    density = MEDIAN * np.exp(LOG_SD * rng.normal(size=CELLS))
    for _ in range(STEPS):
        hazard = PRESSURE / (1.0 + (HALF / density) ** STEEPNESS)
        luck = rng.random(density.size)
        dies = luck < -np.expm1(-hazard * STEP)
        divides = rng.random(density.size) < -np.expm1(-BIRTH * STEP)
        density = np.concatenate([density[~dies], density[divides & ~dies]])
    return density.size


def by_objects() -> Callable[[], object]:
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

    def run() -> int:
        model = mesa.Model()
        for density in MEDIAN * np.exp(LOG_SD * np.random.default_rng(1).normal(size=MESA_CELLS)):
            Cell(model, float(density))
        for _ in range(STEPS):
            model.agents.shuffle_do("step")
        return len(model.agents)

    return run


def main() -> None:
    """Measure and print."""
    net = network()
    share = own(net)
    sides: dict[str, Callable[[], object]] = {"carsim, agents": lambda: own(net), "NumPy, every cell": by_arrays}
    sizes = {"carsim, agents": CELLS, "NumPy, every cell": CELLS}
    try:
        sides["Mesa, an object a cell"] = by_objects()
        sizes["Mesa, an object a cell"] = MESA_CELLS
    except SkippedError as reason:
        print(f"\nskipped: {reason}")
    spent = {name: seconds / (sizes[name] * STEPS) for name, seconds in interleaved(sides).items()}
    rows = [
        [name, f"{np.median(seconds) * 1e9:.2f}", str(ratio(seconds, spent["carsim, agents"]))]
        for name, seconds in spent.items()
    ]
    show(
        f"{CELLS:,} cells, {100 * share:.1f} % of them busy in a step",
        ["side", "ns per cell and step", "over carsim"],
        rows,
    )
    print(f"\n{machine('mesa')}")
