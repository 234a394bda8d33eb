"""Small networks whose solutions are known, and those solutions: what the engines are compared with.

logistic            N = K / (1 + (K / N0 - 1) exp(-r t))
two compartments    amounts by superposition of matrix exponentials
Robertson           Hairer and Wanner, Solving Ordinary Differential Equations II (1996); at t = 40 as in the test
                    set of Mazzia and Magherini
decay               N = N0 exp(-r t)
birth and death     Kendall, Ann Math Stat 19:1 (1948)
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from carsim.model.handle import Ref
from carsim.model.network import Condition, Network, Transition

Array = NDArray[np.float64]

ELIMINATION, OUT, BACK = 3.1, 1.7, 0.6  # 1/d
ROBERTSON_END = 40.0
ROBERTSON = (7.158270687194e-1, 9.185534764557e-6, 2.841637457458e-1)


def decay(start: float, rate: float) -> tuple[Network, Ref]:
    """Exponential decay of cells, to meet thresholds at known times."""
    net = Network("decay")
    cells = net.species("cells", unit="cells", initial=start, tolerance=1e-6)
    death = net.parameter("death rate", rate, unit="1/d")
    net.reaction("death", consumes={cells: 1}, rate=death * cells)
    return net, cells


def logistic(start: float, growth: float, capacity: float) -> Network:
    """Births, and deaths by crowding."""
    net = Network("logistic")
    cells = net.species("cells", unit="cells", initial=start)
    rate, most = net.parameter("growth", growth, unit="1/d"), net.parameter("capacity", capacity, unit="cells")
    net.reaction("birth", produces={cells: 1}, rate=rate * cells)
    net.reaction("crowding", consumes={cells: 1}, rate=rate * cells**2 / most)
    return net


def two_compartments() -> Network:
    """A drug in blood and tissue (mg), with an input (mg/d)."""
    net = Network("two compartments")
    central = net.species("central", unit="mg", kind="continuous", tolerance=1e-9)
    tissue = net.species("tissue", unit="mg", kind="continuous", tolerance=1e-9)
    pairs = (("elimination rate", ELIMINATION), ("out rate", OUT), ("back rate", BACK))
    leave, out, back = (net.parameter(name, value, unit="1/d") for name, value in pairs)
    net.reaction("infusion", produces={central: 1}, rate=net.parameter("input", 0.0, unit="mg/d"))
    net.reaction("elimination", consumes={central: 1}, rate=leave * central)
    net.reaction("out", consumes={central: 1}, produces={tissue: 1}, rate=out * central)
    net.reaction("back", consumes={tissue: 1}, produces={central: 1}, rate=back * tissue)
    return net


def amounts(
    times: Array, boluses: Sequence[tuple[float, float]], infusions: Sequence[tuple[float, float, float]]
) -> Array:
    """Amounts (times, 2) in mg after boluses (time, mg) and infusions (start, stop, mg/d)."""
    from scipy.linalg import expm

    matrix = np.array([[-ELIMINATION - OUT, BACK], [OUT, -BACK]])
    total = np.zeros((times.size, 2))
    for place, time in enumerate(times.tolist()):
        for start, mg in boluses:
            if time >= start:
                total[place] += expm(matrix * (time - start)) @ (mg, 0.0)
        for start, stop, rate in infusions:
            if time > start:
                steady = np.linalg.solve(matrix, (-rate, 0.0))
                during = steady - expm(matrix * (min(time, stop) - start)) @ steady
                total[place] += expm(matrix * max(0.0, time - stop)) @ during
    return total


def robertson() -> Network:
    """Three substances, rates that differ by nine powers of ten."""
    net = Network("Robertson")
    a, b, c = (net.species(name, kind="continuous", initial=float(name == "A"), tolerance=1e-20) for name in "ABC")
    slow, fast, back = net.parameter("slow", 0.04), net.parameter("fast", 3e7), net.parameter("back", 1e4)
    net.reaction("A to B", consumes={a: 1}, produces={b: 1}, rate=slow * a)
    net.reaction("B to C", consumes={b: 2}, produces={b: 1, c: 1}, rate=fast * b * b)
    net.reaction("C to A", consumes={b: 1, c: 1}, produces={a: 1, c: 1}, rate=back * b * c)
    return net


def thermostat(rate: float, low: float, high: float, start: float) -> Network:
    """Cells that grow up to `high`, then die down to `low`, and so on."""
    net = Network("thermostat")
    cells = net.species("cells", unit="cells", initial=start)
    speed = net.parameter("rate", rate, unit="1/d")
    fall = Transition("high", "low", Condition(cells, "below", low))
    rise = Transition("low", "high", Condition(cells, "above", high))
    level = net.mode("level", ("low", "high"), (fall, rise))
    net.reaction("birth", produces={cells: 1}, rate=speed * cells * (1 - level))
    net.reaction("death", consumes={cells: 1}, rate=speed * cells * level)
    return net


def birth_and_death(birth: float, death: float, start: float) -> Network:
    """Cells that divide and die, each on its own."""
    net = Network("birth and death")
    cells = net.species("cells", unit="cell", initial=start)
    net.reaction("birth", produces={cells: 1}, rate=net.parameter("birth rate", birth, unit="1/d") * cells)
    net.reaction("death", consumes={cells: 1}, rate=net.parameter("death rate", death, unit="1/d") * cells)
    return net


def extinct_by(birth: float, death: float, start: int, t: float) -> float:
    """Probability that birth and death from `start` cells has died out by day t."""
    growth = math.exp((birth - death) * t)
    return (death * (growth - 1.0) / (birth * growth - death)) ** start


def moments_of_birth_and_death(birth: float, death: float, start: int, t: float) -> tuple[float, float]:
    """Mean and variance of the number of cells on day t."""
    growth = math.exp((birth - death) * t)
    return start * growth, start * growth * (growth - 1.0) * (birth + death) / (birth - death)


def relative_error(values: Array, exact: Array) -> float:
    """Largest error relative to the exact value, or to a thousandth of the row's largest value where that is more."""
    scale = 1e-3 * np.abs(exact).max(axis=0) + np.abs(exact)
    return float((np.abs(values - exact) / scale).max())
