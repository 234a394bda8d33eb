"""What chance decides in a published model, on the hybrid engine, and what its paper says of it.

The same network as in the deterministic part: its counted row is counted when rare, continuous rows follow their net
reactions. Simulated are replicates of the published numbers, or virtual patients that differ as the authors' do. Checks
are simulated with the published numbers whatever a user sets.

Shares of courses have Wilson's interval, differences of shares Newcombe's, as if both were drawn apart: R. G. Newcombe,
Stat Med 17:873 (1998).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carsim.errors import CarsimError
from carsim.literature import find, models
from carsim.literature.chance import Chance, ChanceCheck, drawn, ends
from carsim.literature.records import Case
from carsim.reproduce.published import ATOL, CheckFailed, dataset_of, output_times

if TYPE_CHECKING:
    import xarray as xr

    from carsim.engines.compiled import Notify
    from carsim.engines.protocol import Trajectories
    from carsim.model.network import Network
    from carsim.population.patients import Patients

RTOL, OUTPUT = 1e-8, 1.0  # of the equations; days between outputs
Array = NDArray[np.float64]


class WithoutChance(CarsimError):  # noqa: N818  (a refusal, named after what is missing)
    """The published model has no part that chance decides; the text says which have."""

    exit_status = 2


@dataclass(frozen=True)
class ShareOutcome:
    """A check on what chance decides: the simulated share (or difference of shares) and its 95 % interval."""

    check: ChanceCheck
    simulated: float
    low: float
    high: float

    @property
    def agrees(self) -> bool:
        """Whether the whole interval lies in the range."""
        return bool(self.check.within[0] <= self.low and self.high <= self.check.within[1])


def run_chance(
    name: str,
    parameter_set: str | None = None,
    values: Mapping[str, float] | None = None,
    until: float | None = None,
    *,
    patients: int | None = None,
    replicates: int = 1,
    seed: int = 0,
    notify: Notify | None = None,
) -> xr.Dataset:
    """Simulate what chance decides in a published model, on the hybrid engine; courses, and the day each ended.

    patients: virtual ones, whose numbers differ as the authors' do; default: one with the numbers as they stand.
    replicates: courses of each by other chances. The rest as for `run_literature`. Besides the courses the dataset has
    `cure_day` and `progression_day`, NaN where the other came first or neither. Raises WithoutChance.
    """
    from carsim.dataset import provenance
    from carsim.dataset.replicates import folded
    from carsim.engines.protocol import Status

    started, model, over = provenance.now(), find(name), dict(values or {})
    data, chance = model.data, chance_of(name)
    chosen = next(iter(data.sets)) if parameter_set is None else parameter_set
    network, numbers = model.network(chosen, over), model.values(chosen, over)
    end = chance.until if until is None else float(until)
    people, courses = _by_chance(network, chance, numbers, end, patients, replicates, seed, notify)
    if (courses.status == Status.INTERRUPTED).any():
        raise KeyboardInterrupt
    outputs = list(courses.outputs)
    result = dataset_of(network, courses, people.repeated(replicates), outputs)
    cure, progress = ends(courses.times, courses.of(chance.row), chance.progression)
    for column, days, words in (
        ("cure_day", cure, "first output without a cell left"),
        ("progression_day", progress, f"first moment with {chance.progression:g} of the cells at the start"),
    ):
        result[column] = (("patient",), days, {"units": "d", "long_name": words})
    result = folded(result, replicates)
    about = {"literature": name, "parameter_set": chosen, "until": end, "values": numbers, "engine": "hybrid"}
    text = json.dumps(about | {"patients": patients, "replicates": replicates, "seed": seed})
    counts = Counter(Status(int(status)).name.lower() for status in courses.status)
    result.attrs = provenance.attributes(
        title=f"{data.title} ({chosen})",
        scenario_text=text,
        scenario_sha256=hashlib.sha256(text.encode()).hexdigest(),
        overrides=[f"{key}={value:.12g}" for key, value in over.items()],
        seed=seed,
        engine="hybrid",
        tolerances={"rtol": RTOL, "atol": ATOL},
        status_counts=dict(sorted(counts.items())),
        started=started,
    )
    result.attrs |= {
        "observables": json.dumps(list(data.observables)),
        "corners": "[]",
        "references": f"doi {data.doi}",
        "virtual_patients": int(patients is not None),
    }
    return result


def chance_of(name: str) -> Chance:
    """What chance decides in a published model; raises WithoutChance."""
    chance = find(name).data.chance
    if chance is None:
        those = ", ".join(model.name for model in models() if model.data.chance is not None)
        raise WithoutChance(f"{name} has no part that chance decides: it is one course on ode; {those} has one")
    return chance


def compare_chance(name: str, *, seed: int = 0, notify: Notify | None = None) -> list[ShareOutcome]:
    """Every check on what chance decides, each in as many virtual patients as the authors simulated."""
    model, chance = find(name), chance_of(name)
    wanted = [case for check in chance.checks for case in (check.case, check.against) if case is not None]
    ended: dict[Case, tuple[Array, Array]] = {}
    for case in dict.fromkeys(wanted):
        over = dict(case.values)
        network, numbers = model.network(case.parameter_set, over), model.values(case.parameter_set, over)
        _, found = _by_chance(network, chance, numbers, chance.until, chance.patients, 1, seed, notify)
        for course in range(len(found.status)):
            if found.status[course]:
                raise CheckFailed(f"{name}, {case.parameter_set}: {found.problem(course)}")
        ended[case] = ends(found.times, found.of(chance.row), chance.progression)
    return [ShareOutcome(check, *_share(check, ended)) for check in chance.checks]


def share_of(what: str, days: Sequence[float], cure: Array, progress: Array) -> tuple[float, float, float]:
    """A share of courses (see `literature.chance.Share`) with its 95 % interval; NaN of none."""
    from carsim.endpoints.probabilities import wilson

    if what == "cured":
        hits, of = int(np.isfinite(cure).sum()), cure.size
    else:
        when = cure if what == "day of cure" else progress
        when = when[np.isfinite(when)]
        hits, of = int(((when >= days[0]) & (when <= days[1])).sum()), when.size
    low, high = wilson(hits, of)
    return hits / of if of else float("nan"), float(low), float(high)


def _share(check: ChanceCheck, ended: Mapping[Case, Any]) -> tuple[float, float, float]:
    mine, low, high = share_of(check.what, check.days, *ended[check.case])
    if check.against is None:
        return mine, low, high
    other, below, above = share_of(check.what, check.days, *ended[check.against])
    difference = mine - other
    return (
        difference,
        difference - float(np.hypot(mine - low, above - other)),
        difference + float(np.hypot(high - mine, other - below)),
    )


def _by_chance(
    network: Network,
    chance: Chance,
    numbers: Mapping[str, float],
    until: float,
    patients: int | None,
    replicates: int,
    seed: int,
    notify: Notify | None,
) -> tuple[Patients, Trajectories]:
    """The patients and their courses, those of one patient in a row."""
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate
    from carsim.population.patients import Patients as Individuals

    if not until > 0.0:
        raise ValueError(f"until: got {until:g}; expected a number of days above zero, for example 365")
    differ = {} if patients is None else drawn(chance, numbers, seed, patients)
    people = Individuals.of(network, patients or 1, differ)
    courses = simulate(
        network,
        t=output_times(until, OUTPUT),
        engine="hybrid",
        patients=people,
        replicates=replicates,
        seed=seed,
        options=Options(rtol=RTOL, atol=ATOL),
        notify=notify,
    )
    return people, courses
