"""A sweep so small that a test can run it: two axes, two patients, a month; and the same without simulating."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from carsim.spec import Scenario, loads
from carsim.sweeps.block import Computed, compute_block
from carsim.sweeps.conduct import Outcome, conduct
from carsim.sweeps.plan import Block, Plan, plan

HEAD = """
format: carsim/1
title: Dose against the size of a clone
cohort: {population: paediatric-rr-ball, n: 2}
leukaemia: {clones: [{name: CD19-negative, cd19: absent, fraction: 1e-8}]}
treatment:
  - {name: car, give: tisagenlecleucel, at: 0 d, dose: 2e6 cells/kg}
run: {engine: ode, until: 30 d, rtol: 1e-3, seed: 3}
trial:
  arms: [{name: usual}, {name: tenth, n: 1, set: {treatment.car.dose: 2e5 cells/kg}}]
"""
AXES = """
sweep:
  axes:
    - {path: treatment.car.dose.per_weight, name: dose, log: [1e5 cells/kg, 1e7 cells/kg], n: 3}
    - {path: leukaemia.clones.CD19-negative.fraction, values: [1e-8, 1e-6]}
  keep: [cart_peak_copies, response_day28, remission_ongoing, age]
  courses: [cart_copies]
"""
BLOCK = (2, 2)  # points and patients: three blocks of all patients


def scenario(axes: str = AXES) -> Scenario:
    """The small sweep, or another of the same scenario."""
    return loads(HEAD + axes)


def small(**changes: Any) -> Plan:
    """The plan of the small sweep."""
    return plan(scenario().with_(**changes) if changes else scenario(), block=BLOCK)


@lru_cache(maxsize=8)
def computed() -> dict[int, Computed]:
    """Every block of the small sweep, as simulated once."""
    made = small()
    return {number: compute_block(made, made.block_of(number)) for number in range(made.blocks)}


def known(made: Plan, block: Block, threads: int = 1) -> Computed:
    """In place of `compute_block`: the same answer without simulating again."""
    return computed()[block.number]


def driven(path: Path, *, resume: bool = False, made: Plan | None = None, **settings: Any) -> Outcome:
    """Drive the small sweep in this process."""
    return conduct(made or small(), path, workers=0, resume=resume, **settings)


def nth(after: int, act: Callable[[], None]) -> Callable[[], None]:
    """Call `act` at the call after so many."""
    count = [0]

    def called() -> None:
        count[0] += 1
        if count[0] == after + 1:
            act()

    return called
