"""What happens at moments, as SBML events: scheduled changes, visits, extinctions, modes, events of the network.

The order of the list is the order at one moment, as the engines keep it (`engines/kernels/happenings.py`): what comes
first has the higher priority. Events of SBML act when their trigger becomes true. That is what an extinction needs, if
its trigger counts as true before the start: only a population that has reached its limit can fall below. What else an
engine remembers is a parameter of the file:

    visit     opens on its day, before anything looks; closes after everything has looked
    since     when the conditions of an event came to hold             (where they must last)
    fired     how often it has acted                                   (where that is limited)
    last      when it last acted                                       (where it repeats while they hold)
    armed     whether they have ceased to hold since                   (where its changes are delayed and it may repeat)
    pending   whether its changes are on their way                     (where they are delayed)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from xml.etree.ElementTree import Element

from carsim.interchange.identifiers import sid, sid_of
from carsim.interchange.mathml import apply, ci, cn, every, time, total
from carsim.interchange.unit_definitions import unit_id
from carsim.model.handle import Ref
from carsim.model.network import Condition, Event, Extinction, Mode, Network
from carsim.model.words import Operation


@dataclass(frozen=True)
class Timed:
    """One scheduled change of a species or parameter, on its day."""

    day: float
    operation: Operation
    row: str
    amount: float
    label: str


@dataclass(frozen=True)
class Memory:
    """A parameter that no row of the network stands for."""

    identifier: str
    name: str
    value: float
    unit: str = "1"


@dataclass(frozen=True)
class Happening:
    """An event of the file: when `trigger` becomes true, `delay` later, these identifiers get these values.

    A trigger that holds at the start acts there, unless it `held_before`.
    """

    identifier: str
    name: str
    trigger: Element
    values: Mapping[str, Element]
    delay: float = 0.0
    held_before: bool = False


@dataclass
class Happenings:
    """All events in their order at one moment, and what they remember."""

    network: Network
    start: float
    events: list[Happening] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)

    def remember(self, kind: str, name: str, value: float, unit: str = "1") -> str:
        """State a memory; its identifier."""
        item = Memory(sid_of(kind, name), f"{kind}: {name}", value, unit)
        self.memory.append(item)
        return item.identifier

    def add(
        self,
        kind: str,
        name: str,
        trigger: Sequence[Element],
        values: Mapping[str, Element],
        *,
        delay: float = 0.0,
        held_before: bool = False,
        text: str = "",
    ) -> None:
        """State an event that comes when all parts of the trigger hold; `text` says more than its name."""
        title = text or f"{kind}: {name}"
        self.events.append(Happening(sid_of(kind, name), title, every(trigger), values, delay, held_before))

    def unit(self, row: str) -> str:
        """The identifier of a row's unit."""
        return unit_id(self.network.unit_of(self.network.rows[row]))

    def from_day(self, day: float) -> Element:
        """This day has come."""
        return apply("geq", time(), cn(day - self.start, unit_id(self.network.time_unit)))


def happenings(network: Network, changes: Sequence[Timed], start: float) -> Happenings:
    """The events of one patient whose simulation starts on day `start`."""
    made = Happenings(network, start)
    _scheduled(made, changes)
    visits = {f"mode.{item.name}": item.visits for item in network.modes if item.visits}
    visits |= {f"event.{item.name}": item.visits for item in network.events if item.visits}
    for name, days in visits.items():
        visit = made.remember("visit", name, 0.0)
        for place, day in enumerate(sorted({day for day in days if day >= start})):
            text = f"day {day:g}: visit, {name}"
            made.add("opens", f"{name}.{place + 1}", [made.from_day(day)], {visit: cn(1.0)}, text=text)
    for extinction in network.extinctions:
        _extinction(made, extinction)
    for mode in network.modes:
        _mode(made, mode)
    for event in network.events:
        _event(made, event)
    for name in visits:
        visit = sid_of("visit", name)
        made.add("closes", name, [_is(visit, 1)], {visit: cn(0.0)})
    return made


def _scheduled(made: Happenings, changes: Sequence[Timed]) -> None:
    """One event for each moment; its changes of one row are one expression, in their order."""
    for place, (day, at_once) in enumerate(groupby(changes, key=lambda change: change.day)):
        group = list(at_once)
        labels = dict.fromkeys(change.label or f"{change.operation} {change.row}" for change in group)
        values: dict[str, Element] = {}
        for change in group:
            unit = made.unit(change.row)
            _compose(values, sid(change.row), change.operation, cn(change.amount, _amount_unit(change.operation, unit)))
        made.add("change", f"n{place + 1}", [made.from_day(day)], values, text=f"day {day:g}: {', '.join(labels)}")


def _extinction(made: Happenings, item: Extinction) -> None:
    """A population that has reached its limit is set to zero when it falls below."""
    limit = cn(item.below, made.unit(item.species[0].name))
    size = total([ci(sid(ref.name)) for ref in item.species])
    gone = {sid(ref.name): cn(0.0, made.unit(ref.name)) for ref in item.species}
    made.add("extinct", item.name, [apply("lt", size, limit)], gone, held_before=True)


def _mode(made: Happenings, mode: Mode) -> None:
    """Each transition; where two hold, the first one comes and the other then leaves a state that is no longer."""
    here = sid(mode.name)
    looked_at = [_is(sid_of("visit", f"mode.{mode.name}"), 1)] if mode.visits else []
    for place, move in enumerate(mode.transitions):
        source, target = mode.states.index(move.source), mode.states.index(move.target)
        trigger = [*looked_at, _is(here, source), _holds(made, move.condition)]
        text = f"{mode.name}: {move.source} to {move.target}"
        made.add("switches", f"{mode.name}.{place + 1}", trigger, {here: cn(float(target))}, text=text)


def _event(made: Happenings, event: Event) -> None:
    """An event of the network: notes when its conditions come to hold, triggers, and acts, later where it is to."""
    unit = made.network.time_unit
    conditions = [_holds(made, item) for item in event.conditions]
    trigger, noted, after = list(conditions), {}, {}
    if event.visits:
        visit = sid_of("visit", f"event.{event.name}")
        trigger.append(_is(visit, 1))
        after[visit] = cn(0.0)  # it acts once a visit
    if event.duration > 0.0:
        since = made.remember("since", event.name, 0.0, unit)
        noted[since] = time()
        trigger.append(_elapsed(since, event.duration, unit))
    if event.count is not None:
        fired = made.remember("fired", event.name, 0.0)
        trigger.append(apply("lt", ci(fired), cn(float(event.count))))
        after[fired] = apply("plus", ci(fired), cn(1.0))
    if event.apart > 0.0 and event.count != 1:
        last = made.remember("last", event.name, -event.apart, unit)
        trigger.append(_elapsed(last, event.apart, unit))
        after[last] = time()
    acts = _changes(made, event)
    if event.delay > 0.0:
        if event.apart == 0.0 and event.count != 1 and not event.visits:
            armed = made.remember("armed", event.name, 0.0)
            trigger.append(_is(armed, 1))
            noted[armed], after[armed] = cn(1.0), cn(0.0)
        pending = made.remember("pending", event.name, 0.0)
        trigger.append(_is(pending, 0))
        after[pending] = cn(1.0)
    if noted:
        made.add("holds", event.name, conditions, noted)
    if event.delay > 0.0:
        made.add("triggers", event.name, trigger, after)
        made.add("acts", event.name, [_is(pending, 1)], acts | {pending: cn(0.0)}, delay=event.delay)
    else:
        made.add("acts", event.name, trigger, acts | after)


def _changes(made: Happenings, event: Event) -> dict[str, Element]:
    """What an event's changes make of each row: amounts are read before it, save parameters that it changes itself."""
    values: dict[str, Element] = {}
    for change in event.changes:
        target, amount = sid(change.target.name), change.amount
        if isinstance(amount, Ref):
            read = ci(sid(amount.name))
            if amount.kind == "parameter":
                read = values.get(sid(amount.name), read)
        else:
            read = cn(amount, _amount_unit(change.operation, made.unit(change.target.name)))
        _compose(values, target, change.operation, read)
    return values


def _compose(values: dict[str, Element], target: str, operation: Operation, amount: Element) -> None:
    present = values.get(target, ci(target))
    if operation == "set":
        values[target] = amount
    else:
        values[target] = apply({"add": "plus", "scale": "times"}[operation], present, amount)


def _amount_unit(operation: Operation, unit: str) -> str:
    return "dimensionless" if operation == "scale" else unit


def _holds(made: Happenings, item: Condition) -> Element:
    """A condition: at or above its threshold, or below it."""
    unit = made.unit(item.quantity.name)
    limit = ci(sid(item.threshold.name)) if isinstance(item.threshold, Ref) else cn(item.threshold, unit)
    return apply("geq" if item.side == "above" else "lt", ci(sid(item.quantity.name)), limit)


def _is(identifier: str, value: int) -> Element:
    return apply("eq", ci(identifier), cn(float(value)))


def _elapsed(since: str, least: float, unit: str) -> Element:
    """At least so much time has passed since a remembered one."""
    return apply("geq", time(), apply("plus", ci(since), cn(least, unit_id(unit))))
