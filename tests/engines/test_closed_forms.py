"""Solutions known in closed form, to 1e-8."""

import numpy as np
import pytest
from scipy.linalg import expm

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.law import law, log
from carsim.model.network import Network
from carsim.treatment.schedule import Schedule

from .problems import logistic, logistic_solution, two_compartments

TIGHT = Options(rtol=1e-11, atol=1e-12)
MATRIX = np.array([[-3.1 - 1.7, 0.6], [1.7, -0.6]])


@law
def gompertz(rate, cells, capacity):
    return rate * cells * log(capacity / cells)


def amounts(t: float, doses: list[tuple[float, float]], infusions: list[tuple[float, float, float]]) -> np.ndarray:
    """Two-compartment amounts by superposition: boluses (time, mg) and infusions (start, stop, mg/d)."""
    total = np.zeros(2)
    for start, mg in doses:
        if t >= start:
            total += expm(MATRIX * (t - start)) @ (mg, 0.0)
    for start, stop, rate in infusions:
        if t > start:
            steady = np.linalg.solve(MATRIX, (-rate, 0.0))
            during = steady - expm(MATRIX * (min(t, stop) - start)) @ steady
            total += expm(MATRIX * max(0.0, t - stop)) @ during
    return total


def relative(values: np.ndarray, reference: np.ndarray) -> float:
    scale = np.abs(reference).max(axis=0)
    return float((np.abs(values - reference) / (1e-3 * scale + np.abs(reference))).max())


def test_logistic_growth():
    t = np.linspace(0, 60, 121)
    assert relative(simulate(logistic(), t=t, options=TIGHT).of("cells")[0], logistic_solution(t)) <= 1e-8


def test_gompertz_growth():
    net = Network("Gompertz")
    cells = net.species("cells", unit="cells", initial=1e2)
    rate, capacity = net.parameter("rate", 0.17, unit="1/d"), net.parameter("capacity", 1e5, unit="cells")
    growth = gompertz(rate=rate, cells=cells, capacity=capacity)
    net.reaction("growth", produces={cells: 1}, rate=growth, net=True)
    t = np.linspace(0, 50, 101)
    exact = 1e5 * np.exp(np.log(1e2 / 1e5) * np.exp(-0.17 * t))
    assert relative(simulate(net, t=t, options=TIGHT).of("cells")[0], exact) <= 1e-8


def test_linear_chain():
    """Five stages of equal rate: the amounts are Poisson probabilities."""
    net = Network("chain")
    stages = [net.species(f"stage{k}", kind="continuous", initial=float(k == 0), tolerance=1e-13) for k in range(5)]
    rate = net.parameter("rate", 0.9, unit="1/d")
    for k, stage in enumerate(stages):
        made = {stages[k + 1]: 1} if k < 4 else {}
        net.reaction(f"leave{k}", consumes={stage: 1}, produces=made, rate=rate * stage)
    t = np.linspace(0, 12, 25)
    exact = np.stack([np.exp(-0.9 * t) * (0.9 * t) ** k / np.prod(range(1, k + 1)) for k in range(5)], axis=1)
    assert relative(simulate(net, t=t, options=TIGHT).values[0], exact) <= 1e-8


@pytest.mark.parametrize(
    ("doses", "infusions"),
    [
        ([(0.0, 50.0)], []),
        ([], [(0.5, 0.55, 1000.0)]),
        ([(0.0, 20.0), (1.0, 20.0), (2.0, 20.0)], [(0.25, 1.25, 30.0), (3.0, 3.04, 900.0)]),
    ],
    ids=["bolus", "infusion", "repeated"],
)
def test_two_compartments(doses, infusions):
    changes = [(time, "add", "central", mg, "bolus") for time, mg in doses]
    for start, stop, rate in infusions:
        changes += [(start, "set", "input", rate, "infusion"), (stop, "set", "input", 0.0, "")]
    t = np.linspace(0, 6, 241)
    result = simulate(two_compartments(), t=t, schedule=Schedule.of(changes), options=TIGHT)
    exact = np.array([amounts(time, doses, infusions) for time in t])
    assert relative(result.values[0], exact) <= 1e-8
