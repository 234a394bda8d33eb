"""What each point of an axis sets, and what an axis means: for the check when a file is read, and for the points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from carsim.spec.origins import value_at
from carsim.spec.sweep import Arms, Axis, Choices, Sweep, Together
from carsim.units import QuantityError, quantity, unit_of

if TYPE_CHECKING:
    from carsim.spec.scenario import Scenario
    from carsim.spec.trial import Trial

AnAxis = Axis | Together | Choices | Arms
MOST_TRIED: Final = 200  # points of an axis that are all tried when a file is read; of more, the ends and the middle


def arm_changes(trial: Trial | None) -> dict[str, dict[str, Any]]:
    """What each arm of a trial sets, by its name: its values, and its number of patients."""
    arms = trial.arms if trial else ()
    return {arm.name: {**arm.changes, **({} if arm.n is None else {"cohort.n": arm.n})} for arm in arms}


def changes_at(axis: AnAxis, step: int, arms: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Values by path that a point of an axis sets; of a sampled axis, points 0 and 1 are its ends, 2 its middle."""
    if isinstance(axis, Axis):
        return {axis.path: axis.between(0.5) if axis.is_sampled and step == 2 else axis.at(step)}
    if isinstance(axis, Together):
        return {inner.path: inner.at(step) for inner in axis.axes}
    if isinstance(axis, Choices):
        return dict(axis.each[step].changes)
    return dict(arms[axis.arms[step]])


def tried(axis: AnAxis) -> Iterator[int]:
    """The points of an axis that are tried when a file is read."""
    if isinstance(axis, Axis) and axis.is_sampled:
        yield from range(3)
    elif axis.size <= MOST_TRIED:
        yield from range(axis.size)
    else:
        yield from (0, axis.size // 2, axis.size - 1)


def meaning(sweep: Sweep, meant: list[list[dict[str, Any]]]) -> dict[str, Any]:
    """All of a sweep that decides its results, as plain data; `meant` are the values of the points tried."""
    return {
        "axes": [[_stated(axis), *values] for axis, values in zip(sweep.axes, meant, strict=True)],
        "sample": sweep.sample.model_dump() if sweep.sample else None,
        "keep": sorted(sweep.keep),
        "courses": sorted(sweep.courses),
        "every": sweep.every if sweep.courses else None,
    }


def meant_by(made: Scenario, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What values by path mean in the scenario that they made, in canonical units."""
    found: dict[str, Any] = {}
    for path, value in changes.items():
        try:
            found[path] = value_at(made, path)
        except (KeyError, ValueError, TypeError):  # taken away, or kept under another path: what was stated
            found[path] = ["stated", _plain(value)]
    return found


def _stated(axis: AnAxis) -> list[Any]:
    """What an axis is, beside the values of the points tried."""
    if isinstance(axis, Together):
        return ["together", *(_stated(inner) for inner in axis.axes)]
    if isinstance(axis, Choices):
        return ["choices", axis.name, *(choice.name for choice in axis.each)]
    if isinstance(axis, Arms):
        return ["arms", axis.name, *axis.arms]
    if axis.is_sampled:
        return ["sampled", axis.label, axis.path, axis.form]
    if axis.size <= MOST_TRIED:
        return ["points", axis.label, axis.path, axis.size]
    form = axis.form if axis.values is None else _digest([_plain(value) for value in axis.values])
    return ["points", axis.label, axis.path, axis.size, form]


def _plain(value: Any) -> Any:
    """One form for a value however it is written."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    try:
        unit = unit_of(value)
        return [quantity(value, unit), unit]
    except QuantityError:
        return str(value)


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
