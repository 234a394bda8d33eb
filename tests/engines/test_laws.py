"""Laws of users: each runs its own formula, whatever its text, its place and the names of its arguments."""

import math
import subprocess
import sys

import pytest

from carsim.derive.codegen import source_of
from carsim.engines.probe import probe
from carsim.model.law import TRAIT_NODES, TRAIT_WEIGHTS, Law, law
from carsim.model.network import Network


def rates_of(**laws: Law) -> dict[str, float]:
    """Rates of laws of one argument `x`, bound to a species at 2."""
    net = Network("laws of users")
    cells = net.species("cells", unit="cells", initial=2.0)
    for name, made in laws.items():
        net.reaction(name, produces={cells: 1}, rate=made(x=cells))
    return probe(net, [2.0]).rates


def times(factor: float) -> Law:
    @law
    def grow(x):
        return factor * x

    return grow


def test_closures_of_one_text_are_laws_of_their_own():
    assert rates_of(three=times(3.0), five=times(5.0)) == {"three": 6.0, "five": 10.0}
    assert rates_of(seven=times(7.0)) == {"seven": 14.0}


def test_a_law_that_is_stated_anew_runs_as_stated_last():
    @law
    def grow(x):
        return 2.0 * x

    assert rates_of(grow=grow) == {"grow": 4.0}

    @law
    def grow(x):
        return x * x * x

    assert rates_of(grow=grow) == {"grow": 8.0}


def test_a_law_needs_no_source_file():
    program = """
from carsim.derive.keys import key_of
from carsim.model.law import law
names = {"law": law}
exec("@law\\ndef grow(x):\\n    return 3 * x", names)
first = key_of(names["grow"])
exec("@law\\ndef grow(x):\\n    return 4 * x", names)
assert first != key_of(names["grow"])
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_arguments_may_have_the_names_of_the_rule_that_averages():
    @law(trait="density")
    def seen(weight, node, density):
        return weight * density / (density + node)

    net = Network("trait")
    cells = net.species("cells", unit="cells", initial=2.0)
    spread = net.parameter("spread", 0.5)
    rate = seen(density_median=cells, density_log_sd=spread, weight=3.0, node=1.5)
    net.reaction("kill", produces={cells: 1}, rate=rate)
    densities = [2.0 * math.exp(0.5 * node) for node in TRAIT_NODES]
    rule = list(zip(TRAIT_WEIGHTS, densities, strict=True))
    found = probe(net, [2.0])
    assert found.rates["kill"] == pytest.approx(sum(w * 3.0 * d / (d + 1.5) for w, d in rule), rel=1e-13)
    slope = sum(w * 3.0 * 1.5 * d / 2.0 / (d + 1.5) ** 2 for w, d in rule)
    assert found.jacobian[0, 0] == pytest.approx(slope, rel=1e-13)


def test_arguments_may_have_the_names_of_shared_subexpressions():
    @law
    def uptake(s_max, s_0, v_s_0, x):
        return s_max * x / (s_0 + x) + v_s_0 / (s_0 + x)

    net = Network("names")
    cells = net.species("cells", unit="cells", initial=2.0)
    net.reaction("uptake", produces={cells: 1}, rate=uptake(s_max=5.0, s_0=3.0, v_s_0=7.0, x=cells))
    found = probe(net, [2.0])
    assert found.rates["uptake"] == pytest.approx(10.0 / 5.0 + 7.0 / 5.0, rel=1e-15)
    assert found.jacobian[0, 0] == pytest.approx(5.0 * 3.0 / 25.0 - 7.0 / 25.0, rel=1e-14)


def test_the_code_of_a_law_is_the_same_every_time():
    assert source_of([times(3.0)], "once") == source_of([times(3.0)], "once")


def test_an_argument_with_the_name_of_a_slot_of_the_trait_is_refused():
    with pytest.raises(TypeError, match="'density_median'"):
        law(trait="density")(lambda density, density_median: density * density_median)
