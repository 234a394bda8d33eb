"""The plain parts of a scenario: `run:` and `sweep:`."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from carsim.quantity import Duration, Part, Quantity, refuse
from carsim.spec.trial import DottedPath
from carsim.units import number_text, quantity, unit_of

Engine = Literal["ode", "hybrid", "exact", "leap", "agent"]
CHANCE = ("hybrid", "exact", "leap", "agent")  # engines by which courses of one patient differ
BY_CHANCE = "hybrid"  # the engine of a cohort, and of a run with several replicates, that states none
EXACT_ENOUGH = {"hybrid": "1e-4", "agent": "1e-4"}  # their `rtol` where none is stated: chance moves their results more
OF_CELLS = "agent"  # the engine of single cells
CELLS_ONE_BY_ONE = 1e5  # below which that engine simulates a population cell by cell where no threshold is stated
Cells = Annotated[float, Quantity("cells", at_least=1, example="1e5 cells")]
Tolerance = Annotated[float, Quantity("", at_least=1e-14, at_most=0.01, example="1e-8")]


class Run(Part):
    """How the scenario is simulated."""

    engine: Engine = Field(
        default="ode",
        description="Simulation method: `ode` is deterministic, `hybrid` lets chance decide where cells are few, "
        "`exact`, `leap` and `agent` everywhere. Default: `hybrid` for a `cohort` and with more than one of "
        "`replicates`, else `ode`.",
    )
    until: Duration = Field(default=365.25, description="End of the simulation, after the first infusion.")
    every: Duration = Field(default=1.0, description="Time between outputs.")
    seed: Annotated[int, Field(ge=0, le=2**53)] = Field(default=1, description="Seed of all random streams.")
    replicates: Annotated[int, Field(ge=1, le=2**32 - 1)] = Field(
        default=1,
        description="How often each patient is simulated, each time with other chances; above 1 for engines of chance.",
    )
    threshold: Cells | None = Field(
        default=None,
        description="Cells below which a population is left to chance: counted by `hybrid`, simulated cell by cell by "
        "`agent`; larger ones follow equations. Absent: 1,000 cells for `hybrid`, 100,000 for `agent`; no other engine "
        "has one.",
    )
    weight: Cells = Field(
        default=1.0,
        description="Cells that each single cell of the engine `agent` stands for. Above 1 cell, counts change by as "
        "many at once: means stay, and chance weighs more than it does in a patient.",
    )
    lineages: bool = Field(
        default=False,
        description="Whether parent, birth and death of every single cell are kept; for the engine `agent`.",
    )
    draws: Annotated[int, Field(ge=0)] = Field(default=0, description="Draws of uncertain parameters; 0: none.")
    assay_noise: bool = Field(default=False, description="Whether assays are reported with their measurement noise.")
    rtol: Tolerance = Field(
        default=1e-8,
        description="Relative tolerance of the equations. Default: 1e-4 for `hybrid` and `agent`, else 1e-8.",
    )

    @model_validator(mode="after")
    def _chance(self) -> Run:
        if self.replicates > 1 and self.engine not in CHANCE:
            raise refuse(
                f"{self.replicates} replicates with the engine `{self.engine}`, which gives each of them the same "
                "course",
                f"an engine of chance, for example engine: {BY_CHANCE}; or replicates: 1",
            )
        return self

    @model_validator(mode="after")
    def _single_cells(self) -> Run:
        if self.threshold is not None and self.engine not in ("hybrid", OF_CELLS):
            raise refuse(
                f"a `threshold` with the engine `{self.engine}`, which treats populations of every size alike",
                "engine: hybrid or agent; or no `threshold`",
            )
        for name, said in (("weight", self.weight != 1.0), ("lineages", self.lineages)):
            if said and self.engine != OF_CELLS:
                usual = "weight: 1 cell" if name == "weight" else "lineages: false"
                raise refuse(
                    f"`{name}` with the engine `{self.engine}`, which has no single cells", f"engine: agent; or {usual}"
                )
        threshold = CELLS_ONE_BY_ONE if self.threshold is None else self.threshold
        if not self.weight.is_integer():
            raise refuse(f"a `weight` of {number_text(self.weight)} cells", "a whole number of cells, for example 10")
        if self.weight > threshold:
            raise refuse(
                f"single cells that stand for {number_text(self.weight)} each, of populations below "
                f"{number_text(threshold)}: there would be none",
                "a `threshold` above `weight`, for example a thousand times as high",
            )
        return self


class Axis(Part):
    """One axis of a sweep: a path and its values, listed or spaced evenly (both ends included)."""

    path: DottedPath = Field(description="What is varied, for example treatment.car.dose.")
    values: tuple[str | int | float | bool, ...] | None = Field(default=None, description="The values, in order.")
    linear: tuple[str | int | float, str | int | float] | None = Field(default=None, description="Ends, even steps.")
    log: tuple[str | int | float, str | int | float] | None = Field(default=None, description="Ends, even ratios.")
    n: Annotated[int, Field(ge=2, le=1_000_000)] | None = Field(
        default=None, description="Number of points between ends."
    )

    @model_validator(mode="after")
    def _one_form(self) -> Axis:
        forms = [name for name in ("values", "linear", "log") if getattr(self, name) is not None]
        if len(forms) != 1:
            raise refuse(" and ".join(forms) or "an axis without points", "one of `values`, `linear` and `log`")
        if (self.n is None) != (self.values is not None):
            got = "`n` with `values`" if self.n is not None else f"`{forms[0]}` without `n`"
            raise refuse(got, "`n` with `linear` or `log`, for example log: [1e-9, 1e-4], n: 20")
        if self.values is not None and not self.values:
            raise refuse("no values", "at least one value, for example values: [5 d, 30 d]")
        if self.values is None:
            self._ends(forms[0])
        return self

    def _ends(self, form: str) -> tuple[float, float, str]:
        low, high = getattr(self, form)
        unit = unit_of(low)
        try:
            first, last = quantity(low, unit), quantity(high, unit)
        except ValueError as error:
            raise refuse(
                f"`{low}` and `{high}`", "two quantities of one unit, for example [1e5 cells/kg, 1e7 cells/kg]"
            ) from error
        if form == "log" and (first <= 0 or last <= 0):
            raise refuse(f"`{low}` and `{high}`", "ends above 0 for `log`, for example [1e-9, 1e-4]")
        return first, last, unit

    def points(self) -> tuple[Any, ...]:
        """Return the values of the axis, each as `Scenario.with_` takes it (text with a unit where there is one)."""
        if self.values is not None:
            return self.values
        form = "log" if self.log is not None else "linear"
        ends = getattr(self, form)
        first, last, unit = self._ends(form)
        assert self.n is not None
        inner = [at / (self.n - 1) for at in range(1, self.n - 1)]
        if form == "log":
            numbers = [first * math.exp(part * math.log(last / first)) for part in inner]
        else:
            numbers = [first + part * (last - first) for part in inner]
        if unit:
            return tuple(f"{number_text(number)} {unit}" for number in (first, *numbers, last))
        whole = isinstance(ends[0], int) and isinstance(ends[1], int)
        return tuple(int(number) if whole and number.is_integer() else number for number in (first, *numbers, last))


class Sweep(Part):
    """Parameter sweep: every combination of the axes' points."""

    axes: tuple[Axis, ...] = Field(min_length=1, description="The axes; the first varies slowest.")

    @model_validator(mode="after")
    def _distinct(self) -> Sweep:
        paths = [axis.path for axis in self.axes]
        twice = next((path for path in paths if paths.count(path) > 1), None)
        if twice:
            raise refuse(f"the axis `{twice}` twice", "each path on one axis")
        return self
