"""Treatment on a condition: the events by which a trigger begins and its doses follow.

    begin.E        all comparisons hold, open.E is 1             begun.E := 1
    treatment.E.k  begun.E is 1, `delay` later                   row += dose.E.k      (an infusion: row := dose.E.k)
    end.E.k        begun.E is 1, delay + duration later          row := 0
    over.E         begun.E is 1, after the last of these         begun.E := 0

A dose that may be withheld is first due (due.E.k := 1), then given or not by what holds at that moment. A comparison
that must have lasted keeps a flag (`lasted.<variable>.<n>`), up once it has held so long and down when it ceases.
"""

from __future__ import annotations

from carsim.errors import Problem, ScenarioError
from carsim.model.body import Body
from carsim.model.handle import Ref
from carsim.model.network import Change, Condition, Event
from carsim.model.processes.kinetics import constant
from carsim.model.trigger import Comparison, Trigger, TriggeredDose
from carsim.model.words import Side

HALF = 0.5  # between 0 and 1, the values of a flag


def add(body: Body) -> None:
    """State the events of every trigger of the cast."""
    for trigger in body.cast.triggers:
        _trigger(body, trigger)


def _trigger(body: Body, trigger: Trigger) -> None:
    net, name = body.net, trigger.name
    opened = _flag(body, f"open.{name}", 1.0, f"whether {name} may begin in this patient at this time")
    begun = _flag(body, f"begun.{name}", 0.0, f"whether {name} has begun and is not over")
    for dose in trigger.doses:
        if dose.share and dose.share not in net.rows:
            _flag(body, dose.share, 1.0, f"whether this patient is given this part of {name}")
    conditions = [_holds(body, item, f"treatment.{name}.when") for item in trigger.comparisons]
    net.event(
        Event(
            f"begin.{name}",
            (*conditions, _up(opened)),
            (Change(begun, "set", 1.0),),
            visits=trigger.visits,
            duration=trigger.lasting,
            apart=trigger.apart,
            count=trigger.count,
        )
    )
    for dose in trigger.doses:
        _dose(body, trigger, dose, begun)
    span = max(dose.delay + dose.duration for dose in trigger.doses)
    over = (Change(begun, "set", 0.0),)
    net.event(Event(f"over.{name}", (_up(begun),), over, delay=span, count=trigger.count))


def _dose(body: Body, trigger: Trigger, dose: TriggeredDose, begun: Ref) -> None:
    net, key = body.net, dose.name
    row = _input(body, dose) if dose.duration > 0.0 else body.row(dose.row)
    if dose.amount not in net.rows:
        meaning = f"{dose.label} at one dose of {trigger.name}"
        net.parameter(dose.amount, 0.0, unit=net.unit_of(row), meaning=meaning, source="treatment")
    given = Change(row, "set" if dose.duration > 0.0 else "add", net.rows[dose.amount])
    asked = [_up(net.rows[dose.share])] if dose.share else []
    if dose.withheld:
        due = _flag(body, f"due.{key}", 0.0, f"whether {dose.label} is due now")
        net.event(Event(f"due.{key}", (_up(begun),), (Change(due, "set", 1.0),), delay=dose.delay, count=trigger.count))
        asked += [_ceases(_holds(body, item, f"treatment.{trigger.name}.split")) for item in dose.withheld]
        net.event(Event(f"treatment.{key}", (_up(due), *asked), (given,), count=trigger.count))
        net.event(Event(f"passed.{key}", (_up(due),), (Change(due, "set", 0.0),), count=trigger.count))
    else:
        net.event(Event(f"treatment.{key}", (_up(begun), *asked), (given,), delay=dose.delay, count=trigger.count))
    if dose.duration > 0.0:
        stopped, end = (Change(row, "set", 0.0),), dose.delay + dose.duration
        net.event(Event(f"end.{key}", (_up(begun),), stopped, delay=end, count=trigger.count))


def _input(body: Body, dose: TriggeredDose) -> Ref:
    """The dose rate of this entry's own infusion, which feeds the drug's species."""
    net = body.net
    if dose.row not in net.rows:
        target = body.row(dose.into)
        meaning = f"infusion of {dose.label} on a condition"
        rate = net.parameter(dose.row, 0.0, unit=f"{net.unit_of(target)}/d", meaning=meaning, source="treatment")
        net.reaction(
            f"infusion.{dose.row}",
            produces={target: 1},
            process="treatment on a condition",
            rate=constant(rate=rate, scale=1.0),
        )
    return net.rows[dose.row]


def _holds(body: Body, item: Comparison, path: str) -> Condition:
    """The condition that a comparison means; one that must have lasted is its flag being up."""
    if item.row not in body.net.rows:
        expected = "what changes it, for example a CAR T product in `treatment`, or a condition on another variable"
        got = f"a condition on {item.variable}, which nothing in this scenario changes"
        raise ScenarioError([Problem(None, path, got, expected)])
    now = Condition(body.row(item.row), item.side, item.value)
    if item.lasting == 0.0:
        return now
    name = f"lasted.{item.variable}.{item.lasting:g}.{item.side}.{item.value:g}"
    if name not in body.net.rows:
        flag = _flag(body, name, 0.0, f"whether {item.variable} has been so for {item.lasting:g} d")
        up, down = (Change(flag, "set", 1.0),), (Change(flag, "set", 0.0),)
        body.net.event(Event(name, (now,), up, duration=item.lasting, count=None))
        body.net.event(Event(f"{name}.ended", (_ceases(now),), down, count=None))
    return _up(body.row(name))


def _flag(body: Body, name: str, value: float, meaning: str) -> Ref:
    return body.net.parameter(name, value, meaning=meaning, source="treatment")


def _up(flag: Ref) -> Condition:
    return Condition(flag, "above", HALF)


def _ceases(condition: Condition) -> Condition:
    side: Side = "below" if condition.side == "above" else "above"
    return Condition(condition.quantity, side, condition.threshold)
