"""Where a page opens for a scenario: the case that it is, and the settings in which it differs from that case.

Every case of the page follows a scenario that ships with carsim. A scenario is one of them when both mean the same but
for what a class can turn (READ) and for how a run is conducted; anything else is named and refused, since a page that
left it out would show another patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from carsim import spec
from carsim.classroom.presets import PRESETS, Preset
from carsim.classroom.settings import Value, defaults, problems
from carsim.errors import CarsimError

if TYPE_CHECKING:
    from carsim.spec import Scenario

READ = {
    "patient.marrow_blasts": "marrow_blasts",
    "leukaemia.clones.CD19-negative.fraction": "negative_fraction",
    "treatment.car.dose.per_weight": "dose",
    "treatment.ld.fludarabine.target_auc": "fludarabine",
}
FREE = ("run.",)  # how a run is conducted; the page has its own two years
ESCAPE = "antigen_escape"  # the shipped scenario whose CD19-negative clone is that of the page
CLONE = "leukaemia.clones.CD19-negative."
NAMED = 5  # differences that a refusal names


class OutsideClassroom(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A scenario that the page cannot hold."""

    exit_status: ClassVar[int] = 2


def opening(scenario: Scenario, shipped: Path) -> str:
    """The part of a link after `#` that shows a scenario; `shipped` is the folder of carsim's scenarios.

    Raises OutsideClassroom with what the page cannot hold, beside the case that is closest.
    """
    if scenario.cohort is not None:
        raise OutsideClassroom("the page shows one patient and twins of it: expected `patient:`, got `cohort:`")
    wanted = dict(_flat(scenario.meaning()))
    found = [(preset, *_compared(wanted, preset, shipped)) for preset in PRESETS]
    preset, settings, left = min(found, key=lambda case: (len(case[2]), len(_turned(case[1], case[0]))))
    if left:
        lines = [f"  {path}: got {_said(got)}; the case has {_said(usual)}" for path, (got, usual) in left.items()]
        more = f"\n  and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
        raise OutsideClassroom(
            f"the page cannot hold this scenario. Closest is the case {preset.title!r}, but for\n"
            + "\n".join(lines[:NAMED])
            + more
        )
    if wrong := problems(settings):
        raise OutsideClassroom("\n".join(map(str, wrong)))
    return urlencode({"preset": preset.name} | _turned(settings, preset))


def _turned(settings: Mapping[str, Value], preset: Preset) -> dict[str, Value]:
    """Settings that do not stand where the case has them."""
    usual = defaults(preset.name)
    return {name: value for name, value in settings.items() if value != usual[name]}


def _compared(
    wanted: Mapping[str, Any], preset: Preset, shipped: Path
) -> tuple[dict[str, Value], dict[str, tuple[Any, Any]]]:
    """Settings of a scenario seen as a case, and what is left: path -> (what the scenario says, what the case says)."""
    case = dict(_flat(spec.load(shipped / f"{preset.follows}.yaml").meaning()))
    if any(path.startswith(CLONE) for path in wanted) and CLONE + "name" not in case:
        escape = dict(_flat(spec.load(shipped / f"{ESCAPE}.yaml").meaning()))
        case |= {path: value for path, value in escape.items() if path.startswith(CLONE)}
        case[CLONE + "fraction"] = 0.0
    settings = defaults(preset.name)
    left: dict[str, tuple[Any, Any]] = {}
    for path in dict.fromkeys([*wanted, *case]):
        got, usual = wanted.get(path), case.get(path)
        if got == usual or path.startswith(FREE):
            continue
        if path in READ and isinstance(got, int | float):
            settings[READ[path]] = got
        elif not (
            path.startswith("treatment.ld.fludarabine.dose.") and wanted.get("treatment.ld.fludarabine.target_auc")
        ):
            left[path] = (got, usual)
    return settings, left


def _flat(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Paths and values of a tree; items of a list go by their names, else by their places."""
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(tree, list):
        for place, item in enumerate(tree):
            name = item.get("name", place) if isinstance(item, Mapping) else place
            yield from _flat(item, f"{path}.{name}")
    elif tree is not None:
        yield path, tree


def _said(value: Any) -> str:
    return "nothing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
