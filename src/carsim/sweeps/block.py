"""One block of a sweep: its points simulated on its patients, one point at a time, as the arrays of the store.

The one function of every executor. A point whose values do not go together, or that the model refuses, is recorded with
its reason, and the others go on; what only this machine lacks (memory, disk) is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from carsim import pipeline
from carsim.endpoints import compute
from carsim.endpoints.outcome import is_interrupted
from carsim.errors import CarsimError, ResourceRefused
from carsim.sweeps.columns import ABSENT, REFUSED, STATUS, Column, sampled_course
from carsim.sweeps.plan import Block, Plan, people

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario


@dataclass(frozen=True)
class Computed:
    """Arrays (points, patients[, replicates][, times]) by name, status among them, and why points have no result."""

    arrays: Mapping[str, NDArray[Any]]
    refused: Mapping[int, str]


def compute_block(plan: Plan, block: Block, threads: int = 1) -> Computed:
    """Simulate a block; KeyboardInterrupt where it was interrupted."""
    arrays = {column.name: _empty(plan, block, column) for column in plan.all_columns}
    refused: dict[int, str] = {}
    for table in plan.tables.values():
        table.open("rb").close()  # one that cannot be read is the machine's failure, not a point's
    for at, point in enumerate(range(*block.points)):
        try:
            scenario = plan.scenario_at(point)
            found, shape = _of_point(plan, scenario, block, threads)
        except ResourceRefused:
            raise
        except (CarsimError, ValueError, ArithmeticError) as error:
            refused[point] = " ".join(str(error).split())
            arrays[STATUS][at] = REFUSED
            continue
        for name, values in found.items():
            arrays[name][at][tuple(slice(size) for size in shape)] = values
    return Computed(arrays, refused)


def _empty(plan: Plan, block: Block, column: Column) -> NDArray[Any]:
    """An array that says of everyone: not there at this point."""
    sizes = [block.points[1] - block.points[0], block.patients[1] - block.patients[0]]
    sizes += [plan.replicates] if plan.replicates > 1 else []
    sizes += [plan.times.size] if column.course else []
    return np.full(sizes, ABSENT if column.name == STATUS else column.fill, dtype=column.dtype)


def _of_point(
    plan: Plan, scenario: Scenario, block: Block, threads: int
) -> tuple[dict[str, NDArray[Any]], tuple[int, ...]]:
    """Columns of a point for its patients in the block, and how many patients (and replicates) these are."""
    replicates = scenario.run.replicates
    first, last = block.patients[0], min(block.patients[1], people(scenario)[0])
    if last <= first:
        return {}, (0,)
    data = pipeline.courses(scenario, part=(first, last), threads=threads)
    if any(is_interrupted(int(status)) for status in data[STATUS].values):
        raise KeyboardInterrupt
    shape = (last - first, replicates) if plan.replicates > 1 else (last - first,)
    found = _columns(plan, data)
    return {name: values.reshape(*shape, *values.shape[1:]) for name, values in found.items()}, shape


def _columns(plan: Plan, data: xr.Dataset) -> dict[str, NDArray[Any]]:
    """The columns of a dataset of courses in a row; a failed patient has nothing but the status."""
    answers = compute(data, [column.name for column in plan.columns if column.of_endpoint])
    found: dict[str, NDArray[Any]] = {STATUS: data[STATUS].values.astype(np.int8)}
    for column in plan.columns:
        if column.course:
            if column.name in data:
                found[column.name] = sampled_course(data, column.name, plan.times)
        elif column.of_endpoint:
            found[column.name] = column.encoded(answers[column.name].values)
        elif column.name in data:
            found[column.name] = column.encoded(data[column.name].values)
    return found
