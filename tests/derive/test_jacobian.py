"""Rates and Jacobian of the compiled tables against plain Python and against central differences."""

import numpy as np
import pytest
from scipy.optimize._numdiff import approx_derivative

from carsim import spec
from carsim.engines.probe import probe
from carsim.model.handle import Ref
from carsim.model.law import exp, law, log
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.spec.prepare import prepare


@law
def curved(a, b, c):
    return a**2.5 * exp(-b / 3.0) / (1.0 + c**3) - log(1.0 + a * b) + 2.0**c


@law(trait="density")
def averaged(density, slope, x):
    return 1.0 / (1.0 + (slope / (density * x)) ** 1.7)


def coupled() -> Network:
    """States behind nested aggregates, sums of products, a trait whose mean depends on a state, an expression."""
    net = Network("coupled")
    a, b, c = (net.species(name, initial=value, signed=True) for name, value in (("a", 0.7), ("b", 1.3), ("c", 0.4)))
    k = net.parameter("k", 0.8)
    inner = net.quantity("inner", curved(a=a, b=b, c=k))
    outer = net.total("outer", [(2.0, inner, c), (0.5, a), b])
    seen = net.quantity("seen", averaged(density_median=k, density_log_sd=0.5, slope=1.2, x=outer))
    net.reaction("one", consumes={a: 2}, produces={b: 1, c: 3}, rate=curved(a=outer, b=a, c=b), net=True)
    net.reaction("two", consumes={b: 1}, rate=seen)
    net.reaction("three", produces={a: 1}, rate=k * a * b / (1 + outer**2))
    net.quantity("unused", curved(a=a, b=b, c=c))
    return net


def state_of(network: Network) -> np.ndarray:
    return np.array([species.initial for species in network.all_species])


def by_hand(network: Network, state: np.ndarray) -> dict[str, float]:
    """Every quantity and rate by calling the laws with numbers."""
    values = {p.name: p.value for p in network.parameters}
    values |= {s.name: float(x) for s, x in zip(network.all_species, state, strict=True)}

    def value(formula):
        if hasattr(formula, "law"):
            parts = [values[p.name] if isinstance(p, Ref) else p for p in formula.bindings]
            return formula.law.evaluate(dict(zip(formula.law.slots, parts, strict=True)))
        if isinstance(formula, Ref):
            return values[formula.name]
        return float(formula.subs({s: values[s.name] for s in formula.free_symbols}))

    for q in network.quantities:
        terms = q.terms or ()
        total = sum(t.coefficient * np.prod([values[f.name] for f in t.factors]) for t in terms)
        values[q.name] = value(q.formula) if q.terms is None else total
    return values | {r.name: value(r.rate) for r in network.reactions}


def test_rates_are_those_of_the_laws():
    net = coupled()
    state = state_of(net)
    expected, found = by_hand(net, state), probe(net, state)
    for name, rate in found.rates.items():
        assert rate == pytest.approx(expected[name], rel=1e-13)
    assert found.rows["outer"] == pytest.approx(expected["outer"], rel=1e-13)
    one, two, three = (expected[name] for name in ("one", "two", "three"))
    assert found.derivative == pytest.approx([three - 2 * one, one - two, 3 * one], rel=1e-12)


def test_jacobian_of_nested_aggregates():
    net = coupled()
    state = state_of(net)
    expected = approx_derivative(lambda y: probe(net, y).derivative, state, method="3-point")
    np.testing.assert_allclose(probe(net, state).jacobian, expected, rtol=2e-8, atol=1e-9)


def test_jacobian_of_the_biology():
    """Each column against central differences, at a state in the middle of the expansion."""
    made = prepare(spec.loads(spec.starter()))
    net = made.network
    rng = np.random.default_rng(3)
    tolerance = np.array([species.tolerance for species in net.all_species])
    state = np.maximum(made.patients.initial[0], 1e6 * tolerance) * np.exp(0.3 * rng.normal(size=len(tolerance)))
    patient = Patients(
        ("1",), {name: values[:1] for name, values in made.patients.parameters.items()}, state.reshape(1, -1)
    )
    exact = probe(net, state, patient)
    scale = np.abs(exact.jacobian).max(axis=0) + 1e-30
    for j in range(len(state)):
        step = 1e-5 * state[j]
        up, down = (probe(net, np.where(np.arange(len(state)) == j, state + s, state), patient) for s in (step, -step))
        slope = (up.derivative - down.derivative) / (2 * step)
        noise = 1e-13 * np.abs(exact.derivative) / step  # rounding of the difference
        assert (np.abs(slope - exact.jacobian[:, j]) <= 1e-6 * scale[j] + noise).all(), net.all_species[j].name
