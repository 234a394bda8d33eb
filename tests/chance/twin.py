"""The exact engine once more, to be read: the direct method on a network, one course, in plain Python.

The compiled engine is run against it in lockstep, on the same draws of the same stream (purpose "engine.exact", this
patient, this replicate), which are taken in this order and in no other:

1. at the start, after what happens there, one number: a unit exponential is -log(u), with u the middle of one of 2^52
   equal cells, as in `engines.kernels.samplers`, so that it is never infinite;
2. time goes on until the total of all rates has used it up; where it does, one number u selects the reaction: in order
   of statement the first whose rate, added to those before it, exceeds u times the total;
3. after each moment at which a reaction, a scheduled change or an event happened (once per moment, however much
   happened there), a new exponential is drawn, even where nothing can happen any more. Output times draw nothing.

At a moment, in this order: the reaction, or the scheduled changes in their stated order; then events in order of
statement, until none fires. Rates are evaluated anew from nothing each time, through the laws. At every moment it is
checked that counts are whole and not negative, and that births - deaths + doses are the change of each species.

Understood: counted species, parameters, quantities, schedules, and events without visits, duration, delay and apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import numpy as np

from carsim.derive.expressions import law_of_expression
from carsim.model.handle import Ref
from carsim.model.law import Call
from carsim.model.network import Event, Network, Quantity
from carsim.rng import philox, purpose_number
from carsim.treatment.schedule import Schedule

PURPOSE = "engine.exact"
BLOCK = 256  # counters of Philox that are evaluated at once
NEAR = 1e-12  # a draw so near a boundary (relative) may fall on its other side in another order of arithmetic
OPERATIONS = ("add", "set", "scale")


@dataclass
class Course:
    """What happened: states at output times by name; every reaction as (time, name), every event and dose likewise.

    `nearest` is how near any draw came to a boundary: below NEAR, the compiled engine may rightly differ.
    """

    times: list[float]
    states: dict[str, list[float]]
    reactions: list[tuple[float, str]] = field(default_factory=list)
    events: list[tuple[float, str]] = field(default_factory=list)
    doses: list[tuple[float, str]] = field(default_factory=list)
    draws: int = 0
    nearest: float = math.inf


def draws(seed: int, patient: int, replicate: int) -> Iterator[float]:
    """The numbers k = 0, 1, 2, ... of one stream: the same as `carsim.rng.uniforms` gives one by one."""
    first, number = 0, purpose_number(PURPOSE)
    while True:
        counter = np.empty((BLOCK, 4), dtype=np.uint64)
        counter[:, 0], counter[:, 1:] = np.arange(first, first + BLOCK), (patient, replicate, number)
        words = philox(counter, (seed & 0xFFFFFFFF, seed >> 32)).astype(np.uint64)
        for high, low in words.reshape(-1, 2).tolist():
            yield ((high << 21) | (low >> 11)) * 2.0**-53
        first += BLOCK


def run(
    network: Network,
    t: Sequence[float],
    *,
    seed: int,
    patient: int = 0,
    replicate: int = 0,
    schedule: Schedule | None = None,
    outputs: Sequence[str] | None = None,
    values: dict[str, float] | None = None,
    most: int = 100_000,
) -> Course:
    """One course; `values` replaces initial states and parameters by name, `most` limits its reactions."""
    twin = Twin(network, schedule, patient, values or {})
    outputs = tuple(twin.state) if outputs is None else tuple(outputs)
    return twin.run([float(time) for time in t], draws(seed, patient, replicate), outputs, most)


class Twin:
    """The state of one course, and how it changes."""

    def __init__(self, network: Network, schedule: Schedule | None, patient: int, values: dict[str, float]) -> None:
        assert not network.modes, "modes are not understood"
        assert all(species.kind == "count" for species in network.all_species), "only counts are understood"
        self.network = network
        self.state = {row.name: values.get(row.name, row.initial) for row in network.all_species}
        self.parameters = {row.name: values.get(row.name, row.value) for row in network.parameters}
        self.gained = dict.fromkeys(self.state, 0.0)  # births - deaths + doses, kept apart from the state
        self.initial = dict(self.state)
        self.rates = [(reaction, formula(reaction.rate, reaction.name)) for reaction in network.reactions]
        self.quantities = [(row, None if row.terms else formula(row.formula, row.name)) for row in network.quantities]
        self.schedule = [] if schedule is None else changes(schedule, patient)
        self.held = {event.name: False for event in network.events}
        self.fired = {event.name: 0 for event in network.events}
        for event in network.events:
            assert (event.visits, event.duration, event.delay, event.apart) == ((), 0.0, 0.0, 0.0), "not understood"

    def rows(self) -> dict[str, float]:
        """The value of every row, quantities included, in order of statement."""
        rows = {**self.state, **self.parameters}
        for row, law in self.quantities:
            rows[row.name] = total(row, rows) if law is None else evaluate(law, rows)
        return rows

    def run(self, times: list[float], stream: Iterator[float], outputs: Sequence[str], most: int) -> Course:
        """From the first output time to the last."""
        course = Course(times, {name: [] for name in outputs})
        time = times[0]
        self._arrive(course, time)
        self._show(course, time)
        left = self._wait(course, stream)
        stops = sorted({*times[1:], *(change[0] for change in self.schedule if times[0] < change[0] <= times[-1])})
        for stop in stops:
            while True:
                rows = self.rows()
                rates = [evaluate(law, rows) for _, law in self.rates]
                assert all(rate >= 0.0 for rate in rates), f"a rate below zero at {time}"
                every = sum(rates)
                ends = time + left / every if every > 0.0 else math.inf
                course.nearest = min(course.nearest, abs(ends - stop) / max(1.0, abs(stop)))
                if ends >= stop:
                    break
                time = ends
                self._fire(course, time, rates, next(stream))
                course.draws += 1
                self._settle(course, time)
                left = self._wait(course, stream)
                assert len(course.reactions) <= most, f"more than {most} reactions by {time}"
            left -= every * (stop - time)
            time = stop
            if self._arrive(course, time):
                left = self._wait(course, stream)
            if time in times:
                self._show(course, time)
        return course

    def _wait(self, course: Course, stream: Iterator[float]) -> float:
        """A unit exponential."""
        course.draws += 1
        return -math.log((math.floor(next(stream) * 2.0**52) + 0.5) * 2.0**-52)

    def _fire(self, course: Course, time: float, rates: list[float], u: float) -> None:
        """Select a reaction and let it happen."""
        every, reached, chosen = sum(rates), 0.0, -1
        while reached <= u * every:
            chosen += 1
            reached += rates[chosen]
            course.nearest = min(course.nearest, abs(reached / every - u))
        reaction = self.network.reactions[chosen]
        for ref, number in reaction.consumes:
            self._change(ref.name, "add", -number)
        for ref, number in reaction.produces:
            self._change(ref.name, "add", number)
        course.reactions.append((time, reaction.name))

    def _arrive(self, course: Course, time: float) -> bool:
        """Scheduled changes of this moment, then events; whether anything happened."""
        due = [change for change in self.schedule if change[0] == time]
        for _, operation, row, amount, label in due:
            self._change(row, operation, amount)
            course.doses.append((time, label))
        before = len(course.events)
        self._settle(course, time)
        return bool(due) or len(course.events) > before

    def _settle(self, course: Course, time: float) -> None:
        """Events in order of statement, until none fires; then what must always hold."""
        quiet = False
        while not quiet:
            fired = [self._look(course, time, event) for event in self.network.events]  # all of them in each round
            quiet = not any(fired)
        for name, count in self.state.items():
            assert count >= 0.0, f"{name} is negative at {time}"
            assert count == math.floor(count), f"{name} is no whole count at {time}"
            assert count == self.initial[name] + self.gained[name], f"{name} is not what it gained at {time}"

    def _look(self, course: Course, time: float, event: Event) -> bool:
        """Whether an event fires: its conditions hold and, since it last fired, did not."""
        rows = self.rows()
        holds = all(compare(c.side, rows[c.quantity.name], value(c.threshold, rows)) for c in event.conditions)
        fires = holds and not self.held[event.name]
        fires = fires and (event.count is None or self.fired[event.name] < event.count)
        self.held[event.name] = holds
        if fires:
            self.fired[event.name] += 1
            course.events.append((time, event.name))
            for change in event.changes:
                self._change(change.target.name, change.operation, value(change.amount, self.rows()))
        return fires

    def _change(self, row: str, operation: str, amount: float) -> None:
        rows = self.state if row in self.state else self.parameters
        before = rows[row]
        rows[row] = {"add": before + amount, "set": amount, "scale": before * amount}[operation]
        if row in self.state:
            self.gained[row] += amount if operation == "add" else rows[row] - before

    def _show(self, course: Course, time: float) -> None:
        rows = self.rows()
        for name, shown in course.states.items():
            shown.append(rows[name])


def compare(side: str, found: float, threshold: float) -> bool:
    """Above includes the threshold, below does not."""
    return found >= threshold if side == "above" else found < threshold


def value(stated: Ref | float, rows: dict[str, float]) -> float:
    """A number, or the value of a row."""
    return rows[stated.name] if isinstance(stated, Ref) else float(stated)


def formula(stated: Any, where: str) -> Call | float:
    """A rate or quantity as the call of a law, or a number."""
    if isinstance(stated, Call | Real):
        return stated if isinstance(stated, Call) else float(stated)
    expression = stated._sympy_() if isinstance(stated, Ref) else stated
    law, names = law_of_expression(expression, where)
    return Call(law, tuple(Ref(name, "quantity") for name in names))


def evaluate(stated: Call | float, rows: dict[str, float]) -> float:
    """The value of a formula, by the law itself."""
    if not isinstance(stated, Call):
        return stated
    bound = (rows[part.name] if isinstance(part, Ref) else part for part in stated.bindings)
    return float(stated.law.evaluate(dict(zip(stated.law.slots, bound, strict=True))))


def total(row: Quantity, rows: dict[str, float]) -> float:
    """A sum of terms, from left to right."""
    assert row.terms is not None
    return sum(math.prod((rows[factor.name] for factor in t.factors), start=t.coefficient) for t in row.terms)


def changes(schedule: Schedule, patient: int) -> list[tuple[float, str, str, float, str]]:
    """The scheduled changes of a patient, in order: time, operation, row, amount, label."""
    columns = (schedule.times, schedule.operations, schedule.targets, schedule.amounts, schedule.labels)
    return [
        (float(time), OPERATIONS[operation], schedule.rows[target], float(amount), str(label))
        for time, operation, target, amount, label in zip(*(column[patient] for column in columns), strict=True)
        if not math.isnan(time)
    ]
