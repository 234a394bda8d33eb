"""Stiff reference problems and small networks with closed forms, stated through the class that users state theirs with.

Equations and reference values: Bari test set for initial value problems (Mazzia and Magherini), and Hairer and Wanner,
Solving Ordinary Differential Equations II.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carsim.model.handle import Ref
from carsim.model.network import Network


@dataclass(frozen=True)
class Problem:
    """A network, an end, and the state there."""

    network: Network
    end: float
    reference: tuple[float, ...]


def equations(title: str, initial: tuple[float, ...], tolerance: float, signed: bool = False) -> tuple[Network, list]:
    """A network of plain unknowns y1, y2, ... and its handles."""
    net = Network(title)
    states = [
        net.species(f"y{i + 1}", kind="continuous", initial=value, tolerance=tolerance, signed=signed)
        for i, value in enumerate(initial)
    ]
    return net, states


def changes(net: Network, state: Ref, rate: object) -> None:
    """State one right-hand side as a net reaction."""
    net.reaction(f"d{state.name}", produces={state: 1}, rate=rate, net=True)


def hires() -> Problem:
    net, (y1, y2, y3, y4, y5, y6, y7, y8) = equations("HIRES", (1.0, 0, 0, 0, 0, 0, 0, 0.0057), 1e-12)
    changes(net, y1, -1.71 * y1 + 0.43 * y2 + 8.32 * y3 + 0.0007)
    changes(net, y2, 1.71 * y1 - 8.75 * y2)
    changes(net, y3, -10.03 * y3 + 0.43 * y4 + 0.035 * y5)
    changes(net, y4, 8.32 * y2 + 1.71 * y3 - 1.12 * y4)
    changes(net, y5, -1.745 * y5 + 0.43 * y6 + 0.43 * y7)
    binding = net.quantity("binding", 280.0 * y6 * y8)
    changes(net, y6, -binding + 0.69 * y4 + 1.71 * y5 - 0.43 * y6 + 0.69 * y7)
    changes(net, y7, binding - 1.81 * y7)
    changes(net, y8, 1.81 * y7 - binding)
    reference = (
        0.7371312573325668e-3,
        0.1442485726316185e-3,
        0.5888729740967575e-4,
        0.1175651343283149e-2,
        0.2386356198831331e-2,
        0.6238968252742796e-2,
        0.2849998395185769e-2,
        0.2850001604814231e-2,
    )
    return Problem(net, 321.8122, reference)


def oregonator() -> Problem:
    net, (y1, y2, y3) = equations("Oregonator", (1.0, 2.0, 3.0), 1e-9)
    changes(net, y1, 77.27 * (y2 + y1 * (1.0 - 8.375e-6 * y1 - y2)))
    changes(net, y2, (y3 - (1.0 + y1) * y2) / 77.27)
    changes(net, y3, 0.161 * (y1 - y3))
    return Problem(net, 360.0, (0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3))


def robertson(end: float) -> Problem:
    net, (a, b, c) = equations("Robertson", (1.0, 0.0, 0.0), 1e-20)
    slow, fast, back = net.parameter("slow", 0.04), net.parameter("fast", 3e7), net.parameter("back", 1e4)
    net.reaction("A to B", consumes={a: 1}, produces={b: 1}, rate=slow * a)
    net.reaction("B to C", consumes={b: 2}, produces={b: 1, c: 1}, rate=fast * b * b)
    net.reaction("back", consumes={b: 1, c: 1}, produces={a: 1, c: 1}, rate=back * b * c)
    references = {
        40.0: (7.158270687194e-1, 9.185534764557e-6, 2.841637457458e-1),
        1e11: (0.2083340149701255e-7, 0.8333360770334713e-13, 0.9999999791665050),
    }
    return Problem(net, end, references[end])


def van_der_pol() -> Problem:
    net, (y1, y2) = equations("van der Pol", (2.0, 0.0), 1e-10, signed=True)
    changes(net, y1, y2)
    changes(net, y2, ((1.0 - y1 * y1) * y2 - y1) / 1e-6)
    return Problem(net, 2.0, (0.1706167732170483e1, -0.8928097010247975))


def logistic() -> Network:
    """Growth with births and crowding deaths: N = K / (1 + (K / N0 - 1) exp(-r t))."""
    net = Network("logistic")
    cells = net.species("cells", unit="cells", initial=1e3)
    growth, capacity = net.parameter("growth", 0.3, unit="1/d"), net.parameter("capacity", 1e6, unit="cells")
    net.reaction("birth", produces={cells: 1}, rate=growth * cells)
    net.reaction("crowding", consumes={cells: 1}, rate=growth * cells**2 / capacity)
    return net


def logistic_solution(t: np.ndarray, start: float = 1e3) -> np.ndarray:
    return 1e6 / (1.0 + (1e6 / start - 1.0) * np.exp(-0.3 * t))


def two_compartments() -> Network:
    """A drug in blood and tissue (mg), with an input rate (mg/d)."""
    net = Network("two compartments")
    central = net.species("central", unit="mg", kind="continuous", tolerance=1e-9)
    tissue = net.species("tissue", unit="mg", kind="continuous", tolerance=1e-9)
    rates = [net.parameter(name, value, unit="1/d") for name, value in (("ke", 3.1), ("k12", 1.7), ("k21", 0.6))]
    inflow = net.parameter("input", 0.0, unit="mg/d")
    net.reaction("infusion", produces={central: 1}, rate=inflow)
    net.reaction("elimination", consumes={central: 1}, rate=rates[0] * central)
    net.reaction("out", consumes={central: 1}, produces={tissue: 1}, rate=rates[1] * central)
    net.reaction("back", consumes={tissue: 1}, produces={central: 1}, rate=rates[2] * tissue)
    return net


def decay(start: float = 1e4, rate: float = 0.5) -> tuple[Network, Ref]:
    """Exponential decay, to meet thresholds at known times."""
    net = Network("decay")
    cells = net.species("cells", unit="cells", initial=start, tolerance=1e-6)
    death = net.parameter("death", rate, unit="1/d")
    net.reaction("death", consumes={cells: 1}, rate=death * cells)
    return net, cells
