"""Published models, run as published: the dataset of a run, what is read off it, and the check values of its paper.

    model + parameter set + values -> network, schedule -> trajectories -> dataset -> peaks, values, comparison

No extinction rule but a model's own. Check values are simulated with the published numbers whatever a user sets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carsim.errors import CarsimError
from carsim.literature import find
from carsim.literature.measure import extreme, measured
from carsim.literature.models import Model
from carsim.literature.records import Case, Change, Check, is_number

if TYPE_CHECKING:
    import xarray as xr

    from carsim.engines.compiled import Notify
    from carsim.engines.protocol import Trajectories
    from carsim.model.network import Network
    from carsim.population.patients import Patients

RTOL = 1e-10
ATOL = 1e-16  # in each row's own unit: values of a year later are read too
FINE = 0.02  # days between the outputs that checks are read off
OUTPUT, MOST_OUTPUTS = 0.1, 100_000  # days between the outputs of a run, wider where these would be more
SUMMARY_DAYS = (14.0, 28.0, 90.0, 180.0, 365.0)


class CheckFailed(CarsimError):  # noqa: N818  (a finding of the comparison)
    """A published model could not be simulated for its check values; the text says where it stopped."""


@dataclass(frozen=True)
class Outcome:
    """A check and the number that was simulated for it."""

    check: Check
    simulated: float

    @property
    def agrees(self) -> bool:
        """Whether it is within its tolerance."""
        return self.check.agrees(self.simulated)


@dataclass(frozen=True)
class Course:
    """What is read off the course of one observable: its peak, and its values on given days within the run."""

    name: str
    unit: str
    peak: float
    peak_day: float
    values: Mapping[float, float]


def run_literature(
    name: str,
    parameter_set: str | None = None,
    values: Mapping[str, float] | None = None,
    until: float | None = None,
    *,
    notify: Notify | None = None,
) -> xr.Dataset:
    """Simulate a published model; states and observables by name, (patient, time), with provenance.

    parameter_set: default the model's first. values: over those of the set, by name of a parameter, a start value or a
    part of the treatment plan. until: last day. Raises UnknownModel for names that are not there.
    """
    from carsim.dataset import provenance
    from carsim.dataset.assemble import treated
    from carsim.engines.protocol import Status
    from carsim.population.patients import Patients

    started, model = provenance.now(), find(name)
    data, over = model.data, dict(values or {})
    chosen = next(iter(data.sets)) if parameter_set is None else parameter_set
    network, numbers = model.network(chosen, over), model.values(chosen, over)
    end = data.until[chosen] if until is None else float(until)
    if not end > 0.0:
        raise ValueError(f"until: got {end:g}; expected a number of days above zero, for example 365")
    changes = model.changes(numbers)
    times = output_times(end, max(OUTPUT, end / MOST_OUTPUTS), [change[0] for change in changes])
    outputs = [species.name for species in network.all_species] + [*data.observables]
    outputs = list(dict.fromkeys(outputs))
    trajectories, schedule = _simulated(network, changes, times, outputs, notify)
    result = dataset_of(network, trajectories, Patients.of(network), outputs)
    result = result.assign(treated(result, schedule))
    text = json.dumps({"literature": name, "parameter_set": chosen, "until": end, "values": numbers})
    result.attrs = provenance.attributes(
        title=f"{data.title} ({chosen})",
        scenario_text=text,
        scenario_sha256=hashlib.sha256(text.encode()).hexdigest(),
        overrides=[f"{key}={value:.12g}" for key, value in over.items()],
        seed=0,
        engine="ode",
        tolerances={"rtol": RTOL, "atol": ATOL},
        status_counts={Status(int(trajectories.status[0])).name.lower(): 1},
        started=started,
    )
    result.attrs |= {
        "observables": json.dumps(list(data.observables)),
        "corners": json.dumps([change[0] for change in changes]),
        "references": f"doi {data.doi}",
    }
    return result


def courses(data: xr.Dataset) -> list[Course]:
    """Peak and values on the summary's days of each observable of a run."""
    times, corners = data["time"].values, json.loads(data.attrs["corners"])
    found = []
    for name in json.loads(data.attrs["observables"]):
        values = data[name].values[0]
        day, peak = extreme(times, values, corners)
        at = {day: measured("value", times, values, (day,), 0.0) for day in SUMMARY_DAYS if day <= times[-1] + 1e-9}
        found.append(Course(name, str(data[name].attrs["units"]), peak, day, at))
    return found


def published_levels(name: str, parameter_set: str) -> dict[str, list[tuple[float, float]]]:
    """Numbers that the paper prints for a parameter set as it stands: (day, level) by row."""
    model = find(name)
    found: dict[str, list[tuple[float, float]]] = {}
    for check in model.data.checks:
        as_it_stands = check.case == Case(parameter_set) and check.against is None and check.what == "value"
        if as_it_stands and is_number(check.published):
            found.setdefault(check.row, []).append((check.days[0], float(check.published)))
    return found


def compare(name: str, *, notify: Notify | None = None) -> list[Outcome]:
    """Every check value of a model, simulated; each case is simulated once, as far as its checks reach."""
    model = find(name)
    checks = model.data.checks
    wanted: dict[Case, float] = {}
    for check in checks:
        for case in (check.case, *([check.against] if check.against else [])):
            wanted[case] = max([wanted.get(case, 0.0), *(check.days or (model.data.until[case.parameter_set],))])
    ran = {case: _Run.of(model, case, until, notify) for case, until in wanted.items()}
    return [Outcome(check, _number(check, ran)) for check in checks]


def _number(check: Check, ran: Mapping[Case, _Run]) -> float:
    number = ran[check.case].read(check)
    return number if check.against is None else number / ran[check.against].read(check)


@dataclass(frozen=True)
class _Run:
    """A simulated case, to be read by checks."""

    closed_forms: Mapping[str, float]
    corners: tuple[float, ...]
    trajectories: Trajectories

    @classmethod
    def of(cls, model: Model, case: Case, until: float, notify: Notify | None) -> _Run:
        over = dict(case.values)
        network, numbers = model.network(case.parameter_set, over), model.values(case.parameter_set, over)
        changes = model.changes(numbers) if case.changes is None else list(case.changes)
        corners = tuple(change[0] for change in changes)
        outputs = [name for name, ref in network.rows.items() if ref.kind in ("species", "quantity")]
        trajectories, _ = _simulated(network, changes, output_times(until, FINE, corners), outputs, notify)
        problem = trajectories.problem(0)
        if problem:
            raise CheckFailed(f"{model.name}, {case.parameter_set}: {problem}")
        return cls(model.closed_forms(numbers), corners, trajectories)

    def read(self, check: Check) -> float:
        if check.what == "closed form":
            return self.closed_forms[check.row]
        course = self.trajectories.of(check.row)[0]
        return measured(check.what, self.trajectories.times, course, check.days, check.level, self.corners)


def output_times(end: float, step: float, also: Sequence[float] = ()) -> NDArray[np.float64]:
    """Times from 0 to `end`, every `step` days, with the moments in `also` that lie between."""
    regular = step * np.arange(int(np.floor(end / step + 1e-9)) + 1)
    between = [moment for moment in also if 0.0 < moment < end]
    merged = np.unique(np.concatenate([np.round(regular, 9), between, [end]]))
    apart: NDArray[np.bool_] = np.append(True, np.diff(merged) > 1e-9)
    return np.asarray(merged[apart], dtype=np.float64)


def _simulated(
    network: Network, changes: Sequence[Change], times: NDArray[np.float64], outputs: list[str], notify: Notify | None
) -> Any:
    from carsim.engines.protocol import Options
    from carsim.engines.run import simulate
    from carsim.treatment.schedule import Schedule

    schedule = Schedule.of(changes)
    options = Options(rtol=RTOL, atol=ATOL)
    return simulate(network, t=times, schedule=schedule, outputs=outputs, options=options, notify=notify), schedule


def dataset_of(network: Network, found: Trajectories, people: Patients, outputs: Sequence[str]) -> xr.Dataset:
    """Courses of a published model by name, with the units and meanings of its rows."""
    from carsim.dataset.assemble import from_network

    units = {output: network.unit_of(network.rows[output]) for output in outputs}
    result = from_network(found, patients=people, units=units)
    for output in outputs:
        result[output].attrs["long_name"] = _meaning(network, output)
    return result


def _meaning(network: Network, name: str) -> str:
    meanings = {row.name: row.meaning for row in network.all_species}
    meanings |= {row.name: row.meaning for row in network.quantities}
    return meanings[name] or name
