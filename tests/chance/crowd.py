"""Many courses at once in plain NumPy: the reference on which the matrix of laws is tried out.

It shares nothing with the engines but the statement of a network: another algorithm of random numbers (PCG64), rates by
SymPy's own printing, and a waiting time redrawn at every stop (an exponential has no memory). Each turn moves every
course to its next reaction, stop or, where a continuous species flows, to the end of a short step over which hazards
are taken at the midpoint (error of order STEP^2, about 1e-5: far below what a sample of any size here resolves).

Understood: species of both kinds, parameters, quantities, schedules, and events without visits, duration, delay and
apart. Doses are applied first, then events in order of statement until none fires.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Network
from carsim.treatment.schedule import Schedule

Floats = NDArray[np.float64]
STEP = 0.01
ROUNDS = 20


@dataclass
class Crowd:
    """What came out: values (courses, times, outputs), and for each event the (course, time) at which it fired."""

    outputs: tuple[str, ...]
    values: Floats
    events: dict[str, list[tuple[int, float]]] = field(default_factory=dict)

    def of(self, name: str) -> Floats:
        return self.values[:, :, self.outputs.index(name)]


class Rates:
    """Rates and quantities of a network as functions of the values of its rows, by name."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.quantities = [
            (row.name, _function(row.formula) if row.terms is None else _sum(row.terms)) for row in network.quantities
        ]
        self.reactions = [_function(reaction.rate) for reaction in network.reactions]

    def complete(self, values: dict[str, Any]) -> dict[str, Any]:
        """The values with all quantities added, in order of statement."""
        values = dict(values)
        for name, function in self.quantities:
            values[name] = function(values)
        return values

    def of(self, values: dict[str, Any], n: int) -> Floats:
        """Rates (reactions, n)."""
        every = self.complete(values)
        return np.stack([np.broadcast_to(np.asarray(f(every), dtype=np.float64), n) for f in self.reactions])


def _function(formula: Any) -> Callable[[dict[str, Any]], Any]:
    if isinstance(formula, Call):
        read = [_reader(part) for part in formula.bindings]
        return lambda values: formula.law.evaluate(dict(zip(formula.law.slots, (r(values) for r in read), strict=True)))
    if isinstance(formula, Ref):
        return _reader(formula)
    expression = sympy.sympify(formula, strict=True)
    symbols = sorted(expression.free_symbols, key=lambda symbol: symbol.name)
    names, compiled = [symbol.name for symbol in symbols], sympy.lambdify(symbols, expression, "numpy")
    return lambda values: compiled(*(values[name] for name in names))


def _reader(part: Any) -> Callable[[dict[str, Any]], Any]:
    return (lambda values: values[part.name]) if isinstance(part, Ref) else (lambda values: part)


def _sum(terms: Any) -> Callable[[dict[str, Any]], Any]:
    return lambda values: sum(t.coefficient * np.prod([values[f.name] for f in t.factors], axis=0) for t in terms)


def crowd(
    network: Network,
    t: Sequence[float],
    *,
    replicates: int,
    seed: int,
    schedule: Schedule | None = None,
    outputs: Sequence[str] | None = None,
) -> Crowd:
    """Simulate so many courses of one patient with the network's own values."""
    return _Run(network, np.asarray(t, dtype=np.float64), replicates, seed, schedule, outputs).run()


class _Run:
    def __init__(self, network: Network, t: Floats, n: int, seed: int, schedule: Schedule | None, outputs: Any) -> None:
        self.network, self.t, self.n = network.seal(), t, n
        self.random = np.random.Generator(np.random.PCG64(seed))
        self.rates = Rates(network)
        names = [species.name for species in network.all_species]
        self.values = {s.name: np.full(n, s.initial) for s in network.all_species}
        self.values |= {p.name: np.full(n, p.value) for p in network.parameters}
        self.continuous = [s.name for s in network.all_species if s.kind == "continuous"]
        change = np.zeros((len(network.reactions), len(names)))
        for r, reaction in enumerate(network.reactions):
            for ref, number in reaction.consumes:
                change[r, names.index(ref.name)] -= number
            for ref, number in reaction.produces:
                change[r, names.index(ref.name)] += number
        self.change = {name: change[:, k] for k, name in enumerate(names)}
        counted = np.array([s.kind == "count" for s in network.all_species])
        self.jumps = (change[:, counted] != 0).any(axis=1)
        self.doses = [] if schedule is None else self._doses(schedule)
        self.stops = np.unique(np.concatenate([t, [dose[0] for dose in self.doses if dose[0] <= t[-1]]]))
        outputs = tuple(names) if outputs is None else tuple(outputs)
        self.result = Crowd(outputs, np.full((n, t.size, len(outputs)), np.nan), {e.name: [] for e in network.events})
        self.held = np.zeros((len(network.events), n), dtype=bool)
        self.fired = np.zeros((len(network.events), n), dtype=np.int64)
        for event in network.events:
            assert (event.visits, event.duration, event.delay, event.apart) == ((), 0.0, 0.0, 0.0), "not understood"
        assert not network.modes, "modes are not understood"

    @staticmethod
    def _doses(schedule: Schedule) -> list[tuple[float, str, int, float]]:
        return [
            (float(time), schedule.rows[target], int(operation), float(amount))
            for time, target, operation, amount in zip(
                schedule.times[0], schedule.targets[0], schedule.operations[0], schedule.amounts[0], strict=True
            )
            if not np.isnan(time)
        ]

    def run(self) -> Crowd:
        everyone = np.arange(self.n)
        self.time, self.stop = np.full(self.n, self.t[0]), np.zeros(self.n, dtype=np.int64)
        self._arrive(everyone)
        active = everyone
        while active.size:
            self._turn(active)
            active = active[self.stop[active] < self.stops.size]
        return self.result

    def _turn(self, active: NDArray[np.int64]) -> None:
        """Move each active course to its next reaction or stop, or over a short step."""
        left = self.stops[self.stop[active]] - self.time[active]
        step = np.minimum(left, STEP) if self.continuous else left
        here = {name: values[active] for name, values in self.values.items()}
        rates = self.rates.of(self._flow(here, step / 2.0), active.size)
        rates = np.where(self.jumps[:, None], rates, 0.0)
        total = rates.sum(axis=0)
        with np.errstate(divide="ignore"):
            wait = self.random.standard_exponential(active.size) / total
        jumped = wait < step
        moved = self._flow(here, np.where(jumped, wait, step))
        for name in self.continuous:
            self.values[name][active] = moved[name]
        pick = (np.cumsum(rates, axis=0) <= self.random.random(active.size) * total).sum(axis=0)
        pick = np.minimum(pick, len(rates) - 1)
        for name, change in self.change.items():
            if name not in self.continuous:
                self.values[name][active[jumped]] += change[pick[jumped]]
        at_stop = ~jumped & (step == left)
        self.time[active] += np.where(jumped, wait, step)
        self.time[active[at_stop]] = self.stops[self.stop[active[at_stop]]]
        self._settle(active[jumped])
        self._arrive(active[at_stop])

    def _flow(self, values: dict[str, Floats], step: Floats) -> dict[str, Floats]:
        """Continuous species a step later, by the midpoint rule on their reactions that change no count."""
        if not self.continuous:
            return values

        def slope(at: dict[str, Floats]) -> dict[str, Floats]:
            rates = np.where(self.jumps[:, None], 0.0, self.rates.of(at, step.size))
            return {name: self.change[name] @ rates for name in self.continuous}

        first = slope(values)
        half = values | {name: values[name] + step / 2.0 * first[name] for name in self.continuous}
        second = slope(half)
        return values | {name: values[name] + step * second[name] for name in self.continuous}

    def _arrive(self, who: NDArray[np.int64]) -> None:
        """Doses and outputs of the stop at which these courses are."""
        at = self.stop[who]
        for number in np.unique(at):
            here, time = who[at == number], self.stops[number]
            for when, row, operation, amount in self.doses:
                if when == time:
                    self._apply(row, operation, amount, here)
            self._settle(here)
            place = np.flatnonzero(self.t == time)
            if place.size:
                every = self.rates.complete({name: values[here] for name, values in self.values.items()})
                for k, name in enumerate(self.result.outputs):
                    self.result.values[here, place[0], k] = every[name]
            self.stop[here] += 1

    def _apply(self, row: str, operation: int, amount: Any, who: NDArray[np.int64]) -> None:
        before = self.values[row][who]
        self.values[row][who] = (before + amount, amount, before * amount)[operation]

    def _settle(self, who: NDArray[np.int64]) -> None:
        """Events, in order of statement, until none fires."""
        if not self.network.events or not who.size:
            return
        for _ in range(ROUNDS):
            quiet = True
            for k, event in enumerate(self.network.events):
                holds = self._holds(event, who)
                fires = holds & ~self.held[k, who]
                if event.count is not None:
                    fires &= self.fired[k, who] < event.count
                self.held[k, who] = holds
                firing = who[fires]
                quiet = quiet and not firing.size
                self.fired[k, firing] += 1
                self.result.events[event.name] += [(int(c), float(self.time[c])) for c in firing]
                for change in event.changes:
                    amount = (
                        self.values[change.amount.name][firing] if isinstance(change.amount, Ref) else change.amount
                    )
                    self._apply(change.target.name, ("add", "set", "scale").index(change.operation), amount, firing)
            if quiet:
                return
        raise AssertionError("events trigger one another for ever")

    def _holds(self, event: Any, who: NDArray[np.int64]) -> NDArray[np.bool_]:
        every = self.rates.complete({name: values[who] for name, values in self.values.items()})
        holds = np.ones(who.size, dtype=bool)
        for condition in event.conditions:
            limit = condition.threshold
            limit = every[limit.name] if isinstance(limit, Ref) else limit
            value = every[condition.quantity.name]
            holds &= value >= limit if condition.side == "above" else value < limit
        return holds
