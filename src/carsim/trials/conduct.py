"""A trial from its scenario: each arm is simulated on the same patients, and what its endpoints read is kept.

Patient k of every arm has the same random streams, keyed by seed, patient and purpose: arm by arm the same person where
the arm changes nothing of the cohort. An arm of n patients has the first n of them.

    /              provenance of the trial; `trial`: its part of the scenario as JSON
    /arms/<name>   courses, records, covariates and endpoints of one arm (patient, ...)
    /estimates     each estimate with the ends of its interval, along `arm`
    /uncertainty   with draws of the parameters, the estimates under each (see `uncertain`)
    /predictive_check   against a table of measurements (see `predictive`)

A comparison of scenarios (see `strategies`) is such a tree whose arms are files; `scenarios` holds each of them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from carsim import pipeline
from carsim.errors import CarsimError
from carsim.trials.evaluate import table
from carsim.trials.feasible import check
from carsim.trials.store import arms_in
from carsim.trials.thin import thinned

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog.draws import Draws
    from carsim.dataset.measured import Measured
    from carsim.population.own import Own
    from carsim.spec import Scenario

Notify = Callable[[str], None]
NOT_ASKED = ("cart_half_life_fast", "cart_half_life_slow")  # no trial reports them, and their fits take 45 ms each
ONLY_ARM = "all"  # the name of the arm of a scenario that states none
EVALUATED = ("clocks", "counted", "eligible", "groups", "report", "response_by")  # parts that change no course


class ReevaluationRefused(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A change of a stored trial asks for another simulation."""

    exit_status = 2


def arms_of(scenario: Scenario) -> dict[str, Scenario]:
    """The scenario of each arm by its name, in order of the file; one arm where none is stated."""
    stated = scenario.trial.arms if scenario.trial else ()
    return {arm.name: scenario.arm(arm.name) for arm in stated} or {ONLY_ARM: scenario}


def trial(
    scenario: Scenario,
    *,
    keep: Collection[str] = (),
    own: Own | None = None,
    draws: Draws | None = None,
    against: Measured | None = None,
    notify: Notify | None = None,
) -> xr.DataTree:
    """Conduct the trial of a scenario; arms, endpoints and estimates with their provenance as a DataTree.

    Failed patients are kept with their status and not counted. `keep` names courses to keep beside those that endpoints
    read, and endpoints beside those that a trial reports. `own` holds values that each patient has of its own, in
    every arm the same (an arm of n patients takes the first n). With `draws` the same trial is conducted under each
    draw of the parameters too, and of these trials the estimates are kept. `against` is a table of measurements to
    check the first arm by (under the draws, where there are any). `notify` is called with a sentence on what is done.
    Raises ScenarioError for a trial that cannot be, and KeyboardInterrupt where it was interrupted.
    """
    from carsim.spec import Scenario as Kind

    if not isinstance(scenario, Kind):
        raise TypeError(
            f"carsim.trial: got {scenario!r:.80}; expected a Scenario, for example carsim.load('file.yaml')"
        )
    arms = arms_of(scenario)
    check(scenario, arms)
    keep = {*keep, *(against.courses if against else ())}
    tree = assembled(scenario, simulated(arms, keep=keep, own=own, notify=notify))
    return tree if draws is None and against is None else _with_more(tree, scenario, draws, against, notify)


def simulated(
    arms: Mapping[str, Scenario], *, keep: Collection[str] = (), own: Own | None = None, notify: Notify | None = None
) -> dict[str, xr.Dataset]:
    """What is kept of each arm, with its endpoints; raises KeyboardInterrupt where a simulation was interrupted."""
    from carsim.endpoints.outcome import is_interrupted

    kept: dict[str, xr.Dataset] = {}
    for number, (name, arm) in enumerate(arms.items(), start=1):
        if notify is not None:
            who = "" if arm.cohort is None or arm.cohort.n is None else f", {arm.cohort.n:,} patients"
            notify(f"Simulating arm {number} of {len(arms)}: {name}{who}")
        of_arm = own.first(arm.cohort.n or 1) if own and arm.cohort else None
        data = pipeline.courses(arm, own=of_arm, notify=notify)
        if any(is_interrupted(int(status)) for status in data["status"].values):
            raise KeyboardInterrupt
        kept[name] = with_endpoints(thinned(data, arm.run.every, keep), keep)
    return kept


def _with_more(
    tree: xr.DataTree, scenario: Scenario, draws: Draws | None, against: Measured | None, notify: Notify | None
) -> xr.DataTree:
    """The tree with what draws say of each estimate, and with the check against a table."""
    import xarray as xr

    from carsim.trials import predictive
    from carsim.trials.uncertain import NODE, under_draws, with_uncertainty

    found = [] if against is None else [predictive.levels(tree, against)]
    if draws is not None:
        found.clear()

        def conducted(drawn: Scenario) -> xr.DataTree:
            own = trial(drawn, keep=against.courses if against else ())
            if against is not None:
                found.append(predictive.levels(own, against))
            return own

        node = under_draws(scenario, draws, conducted, notify)
        tree[NODE] = xr.DataTree(node)
        tree["estimates"] = xr.DataTree(with_uncertainty(tree["estimates"].to_dataset(), node))
        tree.attrs["draws_sha256"] = draws.sha256
    if against is not None:
        checked = predictive.predictive_check(found, against, scenario.run.seed)
        tree[predictive.NODE] = xr.DataTree(checked)
        tree.attrs["table_sha256"] = against.sha256
    return tree


def with_endpoints(kept: xr.Dataset, asked: Collection[str] = ()) -> xr.Dataset:
    """What is kept of an arm with its endpoints, as worked out in double precision from what is kept.

    `asked` names endpoints of `NOT_ASKED` that are wanted all the same.
    """
    from carsim.endpoints import REGISTRY, compute

    names = [name for name in REGISTRY if name not in NOT_ASKED or name in asked]
    wide = {name: array.astype(float) for name, array in kept.data_vars.items() if array.dtype == np.float32}
    return kept.merge(compute(kept.assign(wide), names)).assign_attrs(kept.attrs)


def assembled(
    scenario: Scenario, arms: Mapping[str, xr.Dataset], strategies: Mapping[str, Scenario] | None = None
) -> xr.DataTree:
    """The tree of a trial, from its arms with their endpoints; of a comparison each arm is one of `strategies`."""
    import xarray as xr

    attributes = {**next(iter(arms.values())).attrs, **_provenance(scenario, arms), **_of_strategies(strategies or {})}
    tree = xr.DataTree.from_dict(
        {"/": xr.Dataset(attrs=attributes), **{f"/arms/{name}": data for name, data in arms.items()}}
    )
    tree["estimates"] = xr.DataTree(table(tree))
    return tree


def _provenance(scenario: Scenario, arms: Mapping[str, xr.Dataset]) -> dict[str, Any]:
    """What differs between a trial and its arms."""
    from carsim import spec
    from carsim.spec.trial import Trial as Part

    counts: Counter[str] = Counter()
    for data in arms.values():
        counts.update(json.loads(data.attrs["status_counts"]))
    part = scenario.trial or Part()
    return {
        "title": scenario.title,
        "scenario": spec.dump(scenario),
        "scenario_sha256": scenario.digest,
        "overrides": json.dumps(pipeline.overridden(scenario)),
        "status_counts": json.dumps(dict(sorted(counts.items()))),
        "observed": pipeline.observed(scenario),
        "trial": json.dumps(part.model_dump(mode="json", by_alias=True, exclude_none=True)),
        "finished": max(str(data.attrs["finished"]) for data in arms.values()),
    }


def _of_strategies(strategies: Mapping[str, Scenario]) -> dict[str, Any]:
    """What a comparison says of its scenarios; nothing for a trial."""
    from carsim import spec

    if not strategies:
        return {}
    titles = {name: scenario.title for name, scenario in strategies.items()}
    same = set(titles.values())
    return {
        "title": same.pop() if len(same) == 1 else f"{', '.join(titles)}: the same patients",
        "titles": json.dumps(titles),
        "scenarios": json.dumps({name: spec.dump(scenario) for name, scenario in strategies.items()}),
        "digests": json.dumps({name: scenario.digest for name, scenario in strategies.items()}),
        "scenario_sha256": digest_of(strategies),
    }


def digest_of(strategies: Mapping[str, Scenario]) -> str:
    """SHA-256 of what is compared: names and meanings, in their order."""
    named = [[name, scenario.digest] for name, scenario in strategies.items()]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def reevaluate(tree: xr.DataTree, overrides: Iterable[str] = (), **changes: Any) -> xr.DataTree:
    """The same trial with values of its part `trial:` set by dotted path: endpoints and estimates anew, no simulation.

    `reevaluate(tree, **{"trial.clocks.EFS.hsct": "ignore"})`; each of `overrides` is `path=value` as on the command
    line. Raises ReevaluationRefused for a path that changes what is simulated (what is given, when patients are seen,
    how toxicity is graded), ScenarioError for a wrong value.
    """
    from carsim import spec
    from carsim.endpoints import REGISTRY

    overrides = list(overrides)
    for path in (*changes, *(override.partition("=")[0].strip() for override in overrides)):
        parts = path.split(".")
        if parts[0] != "trial" or len(parts) < 2 or parts[1] not in EVALUATED:
            raise ReevaluationRefused(
                f"{path}: got a value that changes what is simulated; expected one of "
                f"{', '.join(f'trial.{part}' for part in EVALUATED)}, or a new simulation of the scenario"
            )

    def changed(text: str) -> Scenario:
        read = spec.loads(text, overrides)
        return read.with_(**changes) if changes else read

    scenario = changed(tree.attrs["scenario"])
    strategies = {name: changed(text) for name, text in json.loads(tree.attrs.get("scenarios", "{}")).items()}
    scenarios = strategies or arms_of(scenario)
    arms = {}
    for name, data in arms_in(tree).items():
        own = [variable for variable in data.data_vars if str(variable).removesuffix("_reason") in REGISTRY]
        seen = data.drop_vars(own).assign_attrs(observed=pipeline.observed(scenarios[name]))
        arms[name] = with_endpoints(seen)
    return assembled(scenario, arms, strategies)
