"""Small networks, and the laws of their outputs: (output, time) to the probabilities of 0, 1, 2, ...

Rates are propensities exactly as written: a pair of the same species meets at k A (A - 1) / 2.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from carsim.model.law import law
from carsim.model.network import Change, Condition, Event, Network
from carsim.treatment.schedule import Schedule

from . import closed_forms as closed

Floats = NDArray[np.float64]
Laws = Mapping[tuple[str, float], Floats]


def linear(title: str, start: float, *, birth: float = 0.0, death: float = 0.0) -> Network:
    """Cells that divide and die, each on its own."""
    net = Network(title)
    cells = net.species("cells", unit="cell", initial=start)
    if birth > 0.0:
        net.reaction("birth", produces={cells: 1}, rate=net.parameter("birth rate", birth, unit="1/d") * cells)
    if death > 0.0:
        net.reaction("death", consumes={cells: 1}, rate=net.parameter("death rate", death, unit="1/d") * cells)
    return net


def birth_death(birth: float, death: float, start: float) -> Network:
    """Division and death."""
    return linear("birth and death", start, birth=birth, death=death)


def birth_death_laws(birth: float, death: float, start: float) -> Laws:
    return {("cells", t): closed.birth_death(birth, death, int(start), t, 1200) for t in (5.0, 10.0)}


def immigration_death(arrival: float, death: float, start: float) -> Network:
    """Cells that come from elsewhere at a constant rate and die."""
    net = linear("immigration and death", start, death=death)
    cells = net.rows["cells"]
    net.reaction("arrival", produces={cells: 1}, rate=1.0 * net.parameter("arrival rate", arrival, unit="cell/d"))
    return net


def dimerisation(bind: float, part: float, start: float) -> Network:
    """2 A to D and back; A + 2 D stays what it was."""
    net = Network("dimerisation")
    a, d = net.species("A", unit="cell", initial=start), net.species("D", unit="cell")
    k, back = net.parameter("bind", bind), net.parameter("part", part)
    net.reaction("binding", consumes={a: 2}, produces={d: 1}, rate=k * a * (a - 1) / 2)
    net.reaction("parting", consumes={d: 1}, produces={a: 2}, rate=back * d)
    return net


def dimerisation_laws(bind: float, part: float, start: float) -> Laws:
    total = int(start)
    reactions = [((1,), lambda d: bind * (total - 2 * d) * (total - 2 * d - 1) / 2), ((-1,), lambda d: part * d)]
    system = closed.MasterEquation((total // 2 + 1,), reactions)
    found = {}
    for t in (0.5, 4.0):
        pairs = system.after(system.start(0), t)
        single = np.zeros(total + 1)
        single[total - 2 * np.arange(pairs.size)] = pairs
        found["A", t], found["D", t] = single, pairs
    return found


def kill(attack: float, respond: float, tire: float, grow: float, killers: float, targets: float) -> Network:
    """Killers A meet targets B: the target dies, or the killer divides; killers die, targets divide."""
    net = Network("bimolecular kill")
    a, b = net.species("A", unit="cell", initial=killers), net.species("B", unit="cell", initial=targets)
    k, s = net.parameter("attack", attack), net.parameter("respond", respond)
    net.reaction("kill", consumes={a: 1, b: 1}, produces={a: 1}, rate=k * a * b)
    net.reaction("response", consumes={a: 1, b: 1}, produces={a: 2, b: 1}, rate=s * a * b)
    net.reaction("tiring", consumes={a: 1}, rate=net.parameter("tire", tire) * a)
    net.reaction("growth", consumes={b: 1}, produces={b: 2}, rate=net.parameter("grow", grow) * b)
    return net


def kill_laws(attack: float, respond: float, tire: float, grow: float, killers: float, targets: float) -> Laws:
    reactions = [
        ((0, -1), lambda a, b: attack * a * b),
        ((1, 0), lambda a, b: respond * a * b),
        ((-1, 0), lambda a, b: tire * a),
        ((0, 1), lambda a, b: grow * b),
    ]
    system = closed.MasterEquation((32, 120), reactions)
    law = system.start(int(killers), int(targets))
    found = {}
    for t in (2.0, 5.0):
        law = system.after(law, t - max((known for _, known in found), default=0.0))
        found |= {("A", t): closed.marginal(law, 0), ("B", t): closed.marginal(law, 1)}
    return found


def batches(burst: float, annihilate: float, death: float, start: float) -> Network:
    """Five arrive at once, pairs vanish together, single ones die."""
    net = Network("batches")
    cells = net.species("cells", unit="cell", initial=start)
    k = net.parameter("annihilate", annihilate)
    net.reaction("burst", produces={cells: 5}, rate=1.0 * net.parameter("burst rate", burst))
    net.reaction("annihilation", consumes={cells: 2}, rate=k * cells * (cells - 1) / 2)
    net.reaction("death", consumes={cells: 1}, rate=net.parameter("death rate", death) * cells)
    return net


def batches_laws(burst: float, annihilate: float, death: float, start: float) -> Laws:
    reactions = [
        ((5,), lambda n: burst + 0.0 * n),
        ((-2,), lambda n: annihilate * n * (n - 1) / 2),
        ((-1,), lambda n: death * n),
    ]
    system = closed.MasterEquation((160,), reactions)
    return {("cells", t): system.after(system.start(int(start)), t) for t in (1.0, 6.0)}


DOSES = Schedule.of(
    [
        (2.5, "add", "cells", 8.0, "cells"),
        (4.0, "set", "death rate", 0.6, "drug"),
        (4.0, "add", "cells", 3.0, "cells"),
        (6.5, "set", "death rate", 0.1, "end of drug"),
    ]
)


def doses_laws(birth: float, death: float, start: float) -> Laws:
    """Piecewise master equation; the output at the time of a dose shows the state after it."""
    size = 500

    def system(death: float) -> closed.MasterEquation:
        return closed.MasterEquation((size,), [((1,), lambda n: birth * n), ((-1,), lambda n: death * n)])

    slow, fast, again = system(death), system(0.6), system(0.1)
    first = closed.shifted(slow.after(slow.start(int(start)), 2.5), 8)
    second = closed.shifted(slow.after(first, 1.5), 3)
    third = again.after(fast.after(second, 2.5), 1.5)
    return {("cells", 2.5): first, ("cells", 4.0): second, ("cells", 8.0): third}


FULL, EMPTY, LAST, REFILL = 20, 8, 2, 6


def triggers(birth: float, death: float, treated: float, start: float) -> Network:
    """Treated from 20 cells on until there are fewer than 8; when one is left for the first time, 6 are added."""
    net = linear("triggers", start, birth=birth, death=death)
    cells, rate, dosed = net.rows["cells"], net.rows["death rate"], net.parameter("treated", treated, unit="1/d")
    usual = net.parameter("usual", death, unit="1/d")
    above, below = Condition(cells, "above", FULL), Condition(cells, "below", EMPTY)
    net.event(Event("treat", (above,), (Change(rate, "set", dosed),), count=None))
    net.event(Event("stop", (below,), (Change(rate, "set", usual),), count=None))
    net.event(Event("refill", (Condition(cells, "below", LAST),), (Change(cells, "add", REFILL),)))
    return net


def triggers_laws(birth: float, death: float, treated: float, start: float) -> Laws:
    """State: cells, under treatment, refilled before."""

    def redirect(state: NDArray[np.int64]) -> NDArray[np.int64]:
        n, on, used = state
        on = np.where(n >= FULL, 1, np.where(n < EMPTY, 0, on))
        low = (n < LAST) & (used == 0)
        return np.array([np.where(low, n + REFILL, n), on, np.where(low, 1, used)])

    reactions = [
        ((1, 0, 0), lambda n, on, used: birth * n),
        ((-1, 0, 0), lambda n, on, used: np.where(on == 1, treated, death) * n),
    ]
    system = closed.MasterEquation((150, 2, 2), reactions, redirect)
    found = {}
    for t in (4.0, 12.0):
        law = system.after(system.start(int(start), 0, 0), t)
        found["cells", t] = closed.marginal(law, 0)
        rates = closed.marginal(law, 1)
        found["on", t] = rates
    return found


def triggers_shown(**values: float) -> Network:
    """The same, showing as `on` whether the treatment is running (0 or 1)."""
    net = triggers(**values)
    rate, usual, dosed = (net.rows[name] for name in ("death rate", "usual", "treated"))
    net.quantity("on", (rate - usual) / (dosed - usual))
    return net


SECOND_DOSE = 3.0


def hazard(birth: float, potency: float, clear: float, dose: float, start: float) -> Network:
    """A drug that decays between doses kills each cell at a rate in proportion: the hazard changes between jumps."""
    net = Network("hazard in time")
    cells = net.species("cells", unit="cell", initial=start)
    drug = net.species("drug", unit="mg", kind="continuous", initial=dose, tolerance=1e-9)
    k, a = net.parameter("clear", clear, unit="1/d"), net.parameter("potency", potency)
    net.reaction("clearance", consumes={drug: 1}, rate=k * drug)
    if birth > 0.0:
        net.reaction("birth", produces={cells: 1}, rate=net.parameter("birth rate", birth, unit="1/d") * cells)
    net.reaction("kill", consumes={cells: 1}, rate=a * drug * cells)
    return net


def drug_at(t: float, clear: float, dose: float) -> float:
    """The drug after its two doses."""
    return float(dose * np.exp(-clear * t) + (dose * np.exp(-clear * (t - SECOND_DOSE)) if t >= SECOND_DOSE else 0.0))


def hazard_laws(birth: float, potency: float, clear: float, dose: float, start: float) -> Laws:
    def death(t: float) -> float:
        return potency * drug_at(t, clear, dose)

    stops = (SECOND_DOSE,)
    return {
        ("cells", t): closed.birth_death_in_time(lambda _: birth, death, int(start), t, 400, stops)
        for t in (2.0, 3.0, 6.0)
    }


def survival_laws(birth: float, potency: float, clear: float, dose: float, start: float) -> Laws:
    """No division: each cell is alive with probability exp(-integral of its hazard)."""
    assert birth == 0.0
    found = {}
    for t in (1.0, 3.0, 6.0):
        exposure = sum(dose / clear * (1.0 - np.exp(-clear * (t - given))) for given in (0.0, SECOND_DOSE) if t > given)
        found["cells", t] = closed.pure_death(potency * exposure, int(start), 1.0)
    return found


def mutants(mutation: float, final: float) -> Network:
    """Divisions until there are `final` cells, at each of which one daughter of a wild-type cell mutates with u."""
    net = Network("mutants")
    wild, mutant = net.species("wild", unit="cell", initial=1.0), net.species("mutant", unit="cell")
    rate, u = net.parameter("division", 1.0, unit="1/d"), net.parameter("mutation", mutation)
    net.reaction("division", consumes={wild: 1}, produces={wild: 2}, rate=rate * (1 - u) * wild)
    net.reaction("mutating division", consumes={wild: 1}, produces={wild: 1, mutant: 1}, rate=rate * u * wild)
    net.reaction("mutant division", consumes={mutant: 1}, produces={mutant: 2}, rate=rate * mutant)
    total = net.total("total", [wild, mutant], unit="cell")
    net.event(Event("full", (Condition(total, "above", final),), (Change(rate, "set", 0.0),)))
    return net


def mutants_laws(mutation: float, final: float) -> Laws:
    return {("mutant", 60.0): closed.mutants(int(final), mutation)}  # not full by day 60: exp(-60) N


def two_types(birth: float, death: float, turn: float, other_birth: float, other_death: float, back: float) -> Network:
    """Two types that divide, die and turn into one another."""
    net = Network("two types")
    a, b = net.species("A", unit="cell", initial=6.0), net.species("B", unit="cell", initial=2.0)
    for cells, other, rates in ((a, b, (birth, death, turn)), (b, a, (other_birth, other_death, back))):
        name = cells.name
        grow, die, move = (net.parameter(f"{name}.{what}", r) for what, r in zip("bdt", rates, strict=True))
        net.reaction(f"{name}.birth", consumes={cells: 1}, produces={cells: 2}, rate=grow * cells)
        net.reaction(f"{name}.death", consumes={cells: 1}, rate=die * cells)
        net.reaction(f"{name}.turn", consumes={cells: 1}, produces={other: 1}, rate=move * cells)
    net.total("all", [a, b], unit="cell")
    return net


def two_types_laws(
    birth: float, death: float, turn: float, other_birth: float, other_death: float, back: float
) -> Laws:
    system, start = closed.TwoTypes((birth, other_birth), (death, other_death), (turn, back)), (6, 2)
    outputs = {"A": (0,), "B": (1,), "all": (0, 1)}
    return {(name, t): system.law(kinds, start, t, 256) for t in (3.0, 8.0) for name, kinds in outputs.items()}


@law
def saturating(rate, eaters, food, half):
    return rate * eaters * food / (half + food)


def predators(eat: float = 2.0) -> Network:
    """Two kinds of prey share a capacity, two kinds of predators eat both: aggregates, laws and derived parameters."""
    net = Network("predators and prey")
    prey = [net.species(f"prey{k}", unit="cell", initial=start) for k, start in enumerate((30.0, 12.0))]
    eaters = [net.species(f"eater{k}", unit="cell", initial=start) for k, start in enumerate((6.0, 3.0))]
    grow, room = net.parameter("grow", 0.9, unit="1/d"), net.parameter("room", 80.0, unit="cell")
    potency, half = net.parameter("eat", eat, unit="1/d"), net.parameter("half", 20.0, unit="cell")
    tire = net.parameter("tire", 0.25, unit="1/d")
    crowding = net.quantity("crowding", grow / room)
    food = net.total("food", prey, unit="cell")
    mouths = net.total("mouths", [(1.0, eaters[0]), (0.7, eaters[1])], unit="cell")
    net.quantity("ratio", mouths / (1 + food))
    for cells in prey:
        net.reaction(f"{cells.name} birth", produces={cells: 1}, rate=grow * cells)
        net.reaction(f"{cells.name} crowding", consumes={cells: 1}, rate=crowding * cells * food)
        kill = saturating(rate=potency, eaters=mouths, food=cells, half=half)
        net.reaction(f"{cells.name} kill", consumes={cells: 1}, rate=kill)
    for cells in eaters:
        fed = saturating(rate=0.4, eaters=cells, food=food, half=half)
        net.reaction(f"{cells.name} birth", produces={cells: 1}, rate=fed)
        net.reaction(f"{cells.name} death", consumes={cells: 1}, rate=tire * cells)
    net.reaction("turn", consumes={eaters[0]: 1}, produces={eaters[1]: 1}, rate=0.05 * eaters[0])
    return net
