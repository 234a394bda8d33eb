"""The trials that the scorecard reads: each system with as many patients in every arm, simulated once and stored.

A stored trial is used again if it is of the same scenario, the same version of carsim and the same parameters; so an
interrupted scorecard goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from carsim import spec
from carsim.catalog import facts, systems
from carsim.catalog.calibrated import ABOUT, TABLE
from carsim.catalog.facts import Places, misplaced
from carsim.dataset.provenance import version
from carsim.dataset.variables import VARIABLES
from carsim.errors import CarsimError
from carsim.scorecard.observe import STATED
from carsim.trials.conduct import NOT_ASKED, arms_of, trial
from carsim.trials.store import read_trial, write_trial
from carsim.trials.thin import KEPT

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog.facts import Fact
    from carsim.spec import Scenario

Notify = Callable[[str], None]
PATIENTS = 200  # of each arm
# of the catalogue: no simulation of a system reads these
PUBLISHED = ("facts", "systems", "sources.toml", "posterior.csv", "posterior.toml")
BLIND = "blind"  # in what the catalogue says of a system's outcomes


class FactsRefused(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A system or fact that the scorecard was asked for and does not have."""

    exit_status = 2


def parameters_sha256(*, calibrated: bool = True) -> str:
    """Digest of all that the catalogue gives the model: everything but what is published of systems, and sources.

    Without the calibration if it is not asked for; its draws are never of it.
    """
    left_out = {*PUBLISHED, TABLE} if calibrated else {*PUBLISHED, TABLE, ABOUT}
    digest = hashlib.sha256()
    data = files("carsim.catalog") / "data"
    for place in sorted(
        (place for place in data.iterdir() if place.name not in left_out), key=lambda place: place.name
    ):
        entries = sorted(place.iterdir(), key=lambda entry: entry.name) if place.is_dir() else [place]
        for entry in entries:
            digest.update(f"{place.name}/{entry.name}\0".encode() + entry.read_bytes() + b"\0")
    return digest.hexdigest()


def chosen(wanted: Iterable[str] = ()) -> list[Fact]:
    """The facts that read one of these systems, all if none is named. Raises FactsRefused for what is no system."""
    wanted = list(wanted)
    unknown = [name for name in wanted if name not in systems()]
    if unknown:
        raise FactsRefused(f"`{unknown[0]}` is no system; `carsim list systems` shows all")
    return [fact for fact in facts().values() if not wanted or {*wanted} & read_off(fact)]


def read_off(fact: Fact) -> set[str]:
    """The systems whose trials a fact is read off; its own system if it is not read."""
    return {side.of for side in fact.reading.sides} if fact.reading else {fact.system}


def systems_of(found: Iterable[Fact]) -> list[str]:
    """The systems whose trials these facts are read off, in order."""
    return sorted({name for fact in found if fact.reading for name in read_off(fact)})


def predicted_blind() -> list[str]:
    """The systems of which outcomes are left out on purpose: cohorts that can be followed."""
    return [name for name, system in systems().items() if BLIND in system.outcomes and system.kind == "cohort"]


def scenario_of(
    name: str, folder: Path, patients: int | None = None, changes: Mapping[str, str] | None = None
) -> Scenario:
    """The scenario of a system, with so many patients in every arm, and values set by path; raises ScenarioError."""
    file = folder / f"{name}.yaml"
    changed = [f"{path}={value}" for path, value in (changes or {}).items()]
    if patients is None:
        return spec.load(file, changed)
    arms = spec.load(file).trial
    sized = [f"trial.arms.{arm.name}.n={patients}" for arm in (arms.arms if arms else ()) if arm.n is not None]
    return spec.load(file, [*changed, f"cohort.n={patients}", *sized])


def check_places(found: Iterable[Fact], scenarios: Mapping[str, Scenario]) -> None:
    """Raise FactsRefused where a fact asks for an arm, group or variable that there is not."""
    places = {
        name: Places(tuple(arms_of(one)), tuple(group.name for group in one.trial.groups) if one.trial else ())
        for name, one in scenarios.items()
    }
    problems = [problem for fact in found for problem in misplaced(fact, places, VARIABLES)]
    if problems:
        raise FactsRefused("\n".join(problems))


def sizes_of(scenario: Scenario) -> dict[str, int]:
    """Patients of each arm of a scenario."""
    return {name: (arm.cohort.n if arm.cohort else None) or 1 for name, arm in arms_of(scenario).items()}


def conduct(
    name: str, scenario: Scenario, stated: Mapping[str, int], store: Path, *, notify: Notify | None = None
) -> xr.DataTree:
    """The trial of a system, stored as `<store>/<name>.nc`: read back where it is there, else simulated.

    `stated` holds the patients of each arm as published, which the tree is told as `stated_sizes`.
    """
    file = store / f"{name}.nc"
    keep = read_of(name)
    mine = {
        "scenario_sha256": scenario.digest,
        "carsim_version": version(),
        "parameters_sha256": parameters_sha256(),
        "kept_beside": json.dumps(sorted(keep)),
        STATED: json.dumps(stated),
    }
    if file.is_file():
        known = read_trial(file)
        if all(known.attrs.get(key) == value for key, value in mine.items()):
            return known
    tree = trial(scenario, keep=keep, notify=notify)
    tree.attrs.update(mine)
    write_trial(tree, file, force=True)
    return tree


def read_of(name: str) -> set[str]:
    """What the facts that read a system's trial read that trials do not keep of themselves."""
    return {each for fact in facts().values() if fact.reading and name in read_off(fact) for each in _reads(fact)}


def _reads(fact: Fact) -> set[str]:
    """What a fact reads that trials do not keep of themselves."""
    return set(fact.reading.variables()) - (KEPT - set(NOT_ASKED)) if fact.reading else set()
