"""Emergent directions with their mechanism and without it: each must be lost when what makes it is switched off.

    fact ── switches ──▶ Switch: what is set in the scenarios, and the systems whose trials are simulated again with it
    ── compare ──▶ Compared: the contrast with and without, what the mechanism adds to it, and what that means

What counts as lost is judged by how far a contrast lies on the side that the fact expects (its `room`, see `score`),
with intervals of 95 % from drawing as many patients as were simulated; the same patients are drawn with and without.

    HOLDS_NOT   with the mechanism the direction does not show: nothing can be lost
    KEPT        without it a sign is told from no effect all the same, or the contrast still lies in the bounds
    LOST        not kept, and the mechanism adds to the room (the interval of the difference lies above 0); of a sign
                also: with the mechanism it is told from no effect, and without it at most half of the contrast is left
    UNTOLD      neither: as many patients do not tell what the mechanism adds
    NOBODY      a side has nobody with a value, with the mechanism or without
    NO_SWITCH   no mechanism makes the direction, so that nothing can be switched off

A sign is told from no effect where the interval of the contrast lies on the side that is expected.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from carsim.errors import ScenarioError
from carsim.scorecard.conduct import FactsRefused, read_off, scenario_of
from carsim.scorecard.observe import observe
from carsim.scorecard.predict import LEVEL, predict
from carsim.scorecard.score import Scored, contrasts, room, score

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from carsim.catalog.facts import Fact, Without
    from carsim.spec import Scenario

LOST: Final = "lost"
KEPT: Final = "kept"
UNTOLD: Final = "not told from chance"
HOLDS_NOT: Final = "does not hold with it"
NOBODY: Final = "nobody to compare"
NO_SWITCH: Final = "nothing to switch off"
VERDICTS: Final = (LOST, KEPT, UNTOLD, HOLDS_NOT, NOBODY, NO_SWITCH)
MOST_LEFT: Final = 0.5  # of a contrast that is lost
BOUNDED: Final = ("near", "within")  # expectations of bounds; the others are of a sign


@dataclass(frozen=True)
class Switch:
    """Values that switch a mechanism off in the trials of some systems; `name` is the first fact that has them."""

    name: str
    changes: Mapping[str, str]
    systems: tuple[str, ...]


@dataclass(frozen=True)
class Compared:
    """An emergent direction with its mechanism and without it (None: not simulated).

    added, low, high: what the mechanism adds to the room of the contrast, with its interval.
    """

    fact: Fact
    present: Scored
    absent: Scored | None
    added: float
    low: float
    high: float
    verdict: str


def emergent(facts: Iterable[Fact]) -> list[Fact]:
    """The directions among facts that a mechanism makes, and that count."""
    return [fact for fact in facts if fact.comparison and fact.comparison.without and fact.weight > 0.0]


def without(fact: Fact) -> Without:
    """What switches off the mechanism of an emergent direction."""
    assert fact.comparison is not None
    assert fact.comparison.without is not None  # the loader refuses an emergent direction without it
    return fact.comparison.without


def switches(facts: Iterable[Fact]) -> dict[str, Switch]:
    """By id of the fact what is simulated again for it; facts of one system with the same values share it."""
    known: dict[tuple[object, ...], Switch] = {}
    found = {}
    for fact in emergent(facts):
        changes, systems = without(fact).changes, tuple(sorted(read_off(fact)))
        if changes and fact.reading:
            key = (systems, tuple(sorted(changes.items())))
            found[fact.id] = known.setdefault(key, Switch(fact.id, changes, systems))
    return found


def scenarios_without(switch: Switch, folder: Path, patients: int | None = None) -> dict[str, Scenario]:
    """The scenarios of a switch by system. Raises FactsRefused, naming fact and path, for what no scenario takes."""
    try:
        return {name: scenario_of(name, folder, patients, switch.changes) for name in switch.systems}
    except ScenarioError as error:
        told = [str(replace(problem, place=None)) for problem in error.problems]
        raise FactsRefused("\n".join(f"{switch.name}: comparison.without.set: {text}" for text in told)) from error


def compare(
    fact: Fact, trials: Mapping[str, xr.DataTree], switched: Mapping[str, xr.DataTree] | None, seed: int
) -> Compared:
    """A direction off the trials with its mechanism, and off those without it (None: it has no switch)."""
    present = score(fact, trials, seed)
    absent = score(fact, switched, seed) if switched else None
    none = float("nan")
    if absent is None:
        return Compared(fact, present, None, none, none, none, NO_SWITCH)
    if present.agrees is None or absent.agrees is None:
        return Compared(fact, present, absent, none, none, none, NOBODY if present.agrees is not False else HOLDS_NOT)
    assert fact.comparison is not None
    assert switched is not None
    own, other = (_rooms(fact, of, seed) for of in (trials, switched))
    here, left = (float(room(fact.comparison, np.array(one.simulated))) for one in (present, absent))
    added = float(_less(np.array(here), np.array(left)))
    low, high = _ends(_less(own, other))
    if fact.comparison.expects in BOUNDED:
        kept, made = left >= 0.0, low > 0.0
    else:
        kept = _ends(other)[0] > 0.0
        made = low > 0.0 and _ends(own)[0] > 0.0 and left <= MOST_LEFT * here
    verdict = HOLDS_NOT if not present.agrees else KEPT if kept else LOST if made else UNTOLD
    return Compared(fact, present, absent, added, low, high, verdict)


def _rooms(fact: Fact, trials: Mapping[str, xr.DataTree], seed: int) -> np.ndarray:
    """Rooms of the contrast in draws of as many patients as were simulated, (draws,); NaN where a side has no value."""
    assert fact.reading is not None
    assert fact.comparison is not None
    observation = observe(fact.reading, trials)
    drawn = predict(f"without.{fact.id}", replace(observation, expected=observation.sizes), None, seed)
    return room(fact.comparison, contrasts(fact.comparison, drawn.draws))


def _less(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Differences; of two that are not reached none."""
    with np.errstate(invalid="ignore"):
        return np.where(first == second, 0.0, first - second)


def _ends(values: np.ndarray) -> tuple[float, float]:
    known = values[~np.isnan(values)]
    if not known.size:
        return float("nan"), float("nan")
    low, high = (float(end) for end in np.percentile(known, LEVEL, method="nearest"))
    return low, high


def totals(compared: Sequence[Compared]) -> dict[str, int]:
    """How many emergent directions there are, how many hold with their mechanism, and how many have each verdict."""
    counts = {verdict: sum(one.verdict == verdict for one in compared) for verdict in VERDICTS}
    return {"emergent": len(compared), "hold": sum(one.present.agrees is True for one in compared), **counts}


def as_object(one: Compared) -> dict[str, Any]:
    """A compared direction as plain data; numbers may be NaN or infinite."""
    told = without(one.fact)
    return {
        "id": one.fact.id,
        "expects": one.fact.comparison.expects if one.fact.comparison else None,
        "with": _side(one.present),
        "without": _side(one.absent) if one.absent else None,
        "added": one.added,
        "added_low": one.low,
        "added_high": one.high,
        "verdict": one.verdict,
        "set": dict(told.changes),
        "because": told.because,
    }


def _side(scored: Scored) -> dict[str, Any]:
    return {
        "contrast": scored.simulated,
        "low": scored.low,
        "high": scored.high,
        "sides": list(scored.sides),
        "holds": scored.holds,
        "reason": scored.reason or None,
    }
