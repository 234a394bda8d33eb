"""The part `run:` of a scenario: by which method, for how long, how often."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from carsim.quantity import Duration, Part, Quantity, refuse
from carsim.units import number_text

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
