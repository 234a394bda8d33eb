"""Several scenarios on the same patients: each is an arm, simulated, stored and evaluated as the arms of a trial are.

Patient k is the same person under every strategy only where nothing of the patient differs: cohort, leukaemia and the
seed of all random streams. What is compared must be seen and timed alike too: the run and the part `trial:`. Whatever
is left may differ: products, treatment and parameters of the model.

The first scenario is the one that all others are compared with.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carsim.errors import CarsimError, Place, Problem, ScenarioError
from carsim.trials.conduct import Notify, assembled, simulated
from carsim.trials.feasible import check, place_of

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario

PATIENTS: Final = ("cohort", "leukaemia")
METHOD: Final = ("run", "trial")
ABSENT: Final = "nothing"
MOST_SHOWN: Final = 60  # letters of a value


class NothingToCompare(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """Fewer than two scenarios."""

    exit_status = 2


def compare(
    scenarios: Mapping[str, Scenario], *, keep: Collection[str] = (), notify: Notify | None = None
) -> xr.DataTree:
    """Simulate the same patients under several strategies; `scenarios` by the name that each has in the results.

    The result is a tree as `carsim.trial` makes it, each scenario an arm and the first the one compared with:
    `carsim.evaluate` gives its estimates and comparisons. `keep` is as in `carsim.trial`. Raises ScenarioError where
    the patients, their leukaemia, the run or what is counted differ, naming each value.
    """
    check_comparable(scenarios)
    return assembled(next(iter(scenarios.values())), simulated(scenarios, keep=keep, notify=notify), scenarios)


def check_comparable(scenarios: Mapping[str, Scenario]) -> None:
    """Raise ScenarioError with every reason why these are not the same patients, seen and timed alike."""
    if len(scenarios) < 2:
        raise NothingToCompare(f"got {len(scenarios)} scenario; expected two or more: the first is compared with")
    problems: list[Problem] = []
    names = list(scenarios)
    for name, scenario in scenarios.items():
        problems += _own_arms(scenario)
        if name != names[0]:
            problems += _differences(scenario, scenarios[names[0]], names[0])
    if problems:
        raise ScenarioError(dict.fromkeys(problems))
    for name, scenario in scenarios.items():
        check(scenario, {name: scenario})


def differing_parameters(scenarios: Mapping[str, Scenario]) -> list[str]:
    """Parameters of the model that are not the same under all strategies."""
    stated = [scenario.parameters for scenario in scenarios.values()]
    paths = sorted({path for values in stated for path in values})
    return [path for path in paths if len({values.get(path) for values in stated}) > 1]


def _own_arms(scenario: Scenario) -> Iterator[Problem]:
    if scenario.trial is not None and scenario.trial.arms:
        named = ", ".join(arm.name for arm in scenario.trial.arms)
        expected = f"one strategy a file; its arms are compared by `carsim trial {scenario.file or 'FILE'}`"
        yield Problem(_place(scenario, "trial.arms"), "trial.arms", f"the arms {named}", expected)


def _differences(scenario: Scenario, first: Scenario, name: str) -> Iterator[Problem]:
    """Every value that must be that of the first scenario and is not."""
    own, other = _values(scenario), _values(first)
    for path in dict.fromkeys((*other, *own)):
        got, wanted = own.get(path, ABSENT), other.get(path, ABSENT)
        if got != wanted:
            yield Problem(_place(scenario, path), path, _shown(got), _expected(path, wanted, first.file or name))
    if not any(own.get(path) != other.get(path) for path in (*own, *other)) and _table(scenario) != _table(first):
        where = f"the table of {first.file or name}; patients of another table are others"
        yield Problem(_place(scenario, "cohort.from"), "cohort.from", "a table with another content", where)


def _expected(path: str, wanted: str, where: str) -> str:
    part, shown = path.partition(".")[0], _shown(wanted)
    why = "so that the patients are the same" if part in PATIENTS or path == "run.seed" else "to compare like with like"
    option = {"run.seed": "--seed", "cohort.n": "--patients", "run.engine": "--engine"}.get(path)
    if option:
        return f"{shown} as in {where}, {why}, for example {option} {wanted} for all"
    if wanted == ABSENT:
        return f"{shown} as in {where}, {why}: take it away, or state it in all"
    return f"{shown} as in {where}, {why}, for example --set '{path}={shown}' for all"


def _values(scenario: Scenario) -> dict[str, str]:
    """Whatever must not differ, by dotted path, as a file would say it."""
    from carsim.spec.trial import Trial

    plain = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)
    plain["trial"] = (scenario.trial or Trial()).model_dump(mode="json", by_alias=True, exclude={"arms"})
    return {path: text for part in (*PATIENTS, *METHOD) if part in plain for path, text in _leaves(part, plain[part])}


def _leaves(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    elif isinstance(value, list | tuple):
        for at, item in enumerate(value):
            name = item.get("name", at) if isinstance(item, Mapping) else at
            yield from _leaves(f"{path}.{name}", item)
    elif value is not None:
        yield path, str(value)


def _table(scenario: Scenario) -> bytes:
    """The bytes of the table that a cohort is read from; none for one that is drawn."""
    if scenario.cohort is None or scenario.cohort.table is None:
        return b""
    path = Path(scenario.file).parent / scenario.cohort.table if scenario.file else Path(scenario.cohort.table)
    return path.read_bytes() if path.is_file() else b""


def _shown(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]} …"


def _place(scenario: Scenario, path: str) -> Place | None:
    return place_of(scenario, path) or (Place(scenario.file) if scenario.file else None)
