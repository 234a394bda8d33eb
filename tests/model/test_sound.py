"""What a network cannot mean is refused by name at its first use, and never read from a wrong row."""

from dataclasses import replace

import numpy as np
import pytest
import sympy

from carsim.engines.run import simulate
from carsim.model.law import law
from carsim.model.network import Change, Condition, Event, Network, Transition


@law
def product(first, second):
    return first * second


def sound() -> Network:
    net = Network("sound")
    cells = net.species("cells", unit="cells", initial=1.0)
    rate = net.parameter("rate", 0.5, unit="1/d")
    net.reaction("death", consumes={cells: 1}, rate=rate * cells)
    return net


def cells(net):
    return net.rows["cells"]


OTHER = sound()
FEW = Condition(OTHER.rows["cells"], "below", 1.0)


def event(net, **changes):
    own = Event("refill", (Condition(cells(net), "below", 0.5),), (Change(cells(net), "set", 1.0),))
    net.event(replace(own, **changes))


def mode(net, source="low", target="high", initial="low", states=("low", "high")):
    net.mode("level", states, (Transition(source, target, Condition(cells(net), "above", 2.0)),), initial=initial)


def change(net, target, operation="set", amount=1.0):
    event(net, changes=(Change(target, operation, amount),))


def condition(net, side="below", threshold=0.5):
    event(net, conditions=(Condition(cells(net), side, threshold),))


def stated(net, **settings):
    net.species("more", **settings)


def made(net, number):
    net.reaction("birth", produces={cells(net): number}, rate=1.0)


UNSOUND = {
    "three factors": (lambda net: net.total("sum", [(cells(net),) * 3]), "'sum': got a term of 3 factors"),
    "a factor that is a number": (lambda net: net.total("sum", [(cells(net), 2.0)]), "'sum': got 2.0"),
    "a foreign factor": (lambda net: net.total("sum", [OTHER.rows["cells"]]), "of another network"),
    "an unknown side": (lambda net: condition(net, side="bellow"), "side: got 'bellow'.*did you mean 'below'"),
    "a threshold that is no number": (lambda net: condition(net, threshold=np.nan), "threshold: got nan"),
    "a foreign condition": (lambda net: event(net, conditions=(FEW,)), "condition: got <species cells> of another"),
    "an unknown operation": (lambda net: change(net, cells(net), "sett"), "operation: got 'sett'.*'set'"),
    "a foreign target": (lambda net: change(net, OTHER.rows["cells"]), "target: got <species cells> of another"),
    "a target that is computed": (lambda net: change(net, net.quantity("twice", 2 * cells(net))), "species or param"),
    "a target that is text": (lambda net: change(net, "cell"), "target: got 'cell'.*did you mean 'cells'"),
    "an infinite amount": (lambda net: change(net, cells(net), amount=np.inf), "amount: got inf"),
    "a negative delay": (lambda net: event(net, delay=-1.0), "delay: got -1.0"),
    "an event stated twice": (lambda net: (event(net), event(net)), "event 'refill' is stated twice"),
    "an unknown kind": (lambda net: stated(net, kind="counts"), "kind: got 'counts'.*did you mean 'count'"),
    "a negative tolerance": (lambda net: stated(net, tolerance=-1.0), "tolerance: got -1.0"),
    "an infinite tolerance": (lambda net: stated(net, tolerance=np.inf), "tolerance: got inf"),
    "no stoichiometry": (lambda net: made(net, 0), "stoichiometry of 'cells': got 0"),
    "infinite stoichiometry": (lambda net: made(net, np.inf), "stoichiometry of 'cells': got inf"),
    "extinction of a rate": (lambda net: net.extinction("x", [net.rows["rate"]]), "expected a species"),
    "a foreign extinction": (lambda net: net.extinction("x", [OTHER.rows["cells"]]), "of another network"),
    "an extinction stated twice": (
        lambda net: [net.extinction("x", [cells(net)]) for _ in range(2)],
        "extinction 'x' is stated twice",
    ),
    "an unknown symbol": (
        lambda net: net.quantity("twice", 2 * sympy.Symbol("cell")),
        "quantity 'twice': got 'cell'.*did you mean 'cells'",
    ),
    "a quantity of itself": (lambda net: net.quantity("twice", 2 * sympy.Symbol("twice")), "stated before it"),
    "an expression as argument": (
        lambda net: net.quantity("twice", product(first=2 * cells(net), second=1.0)),
        r"argument 'first' of law 'product': got 2\*cells; expected a handle or a number",
    ),
    "a text as argument": (
        lambda net: net.quantity("twice", product(first="cell", second=1.0)),
        "argument 'first' of law 'product': got 'cell'.*did you mean 'cells'",
    ),
    "a foreign handle as formula": (lambda net: net.quantity("same", OTHER.rows["cells"]), "of another network"),
    "an unknown source": (lambda net: mode(net, source="lo"), "transition from: got 'lo'.*'low'"),
    "an unknown target": (lambda net: mode(net, target="hihg"), "transition to: got 'hihg'.*'high'"),
    "an unknown initial state": (lambda net: mode(net, initial="of"), "initial: got 'of'"),
    "a state stated twice": (lambda net: mode(net, states=("low", "high", "low")), "state 'low' is stated twice"),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_what_cannot_be_meant_is_refused_by_name(what):
    state, message = UNSOUND[what]
    net = sound()
    state(net)
    with pytest.raises(ValueError, match=message):
        net.seal()
    assert not net.sealed


def test_a_network_without_species_is_refused():
    net = Network("empty")
    with pytest.raises(ValueError, match="'empty': got no species"):
        net.seal()


def test_what_can_be_meant_is_accepted():
    net = sound()
    mode(net)
    event(net)
    net.extinction("gone", [cells(net)])
    net.reaction("inflow", produces={cells(net): 1.5}, rate=np.int64(2))
    net.total("sum", [cells(net), (2.0, cells(net), net.rows["rate"])])
    assert net.seal().sealed
    assert np.isfinite(simulate(net, t=[0.0, 1.0]).values).all()
