"""The parts of a scenario that the population reads: `patient:` (one, explicit values) and `cohort:` (many).

Both take any covariate by name. What is not stated comes from the population of the catalogue: its median for a
patient, its distribution for a cohort.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from carsim import catalog
from carsim.errors import nearest
from carsim.quantity import Part, Quantity, Share, Spread, refuse

Years = Annotated[float, Quantity("years", at_least=0, at_most=120, example="11 years")]
Kilograms = Annotated[float, Quantity("kg", at_least=1, at_most=400, example="39 kg")]
Surface = Annotated[float, Quantity("m^2", at_least=0.1, at_most=4, example="1.25 m^2")]
Filtration = Annotated[float, Quantity("mL/min/1.73m^2", above=0, at_most=300, example="120 mL/min/1.73m^2")]
CellsPerBlood = Annotated[float, Quantity("cells/uL", at_least=0, at_most=1e6, example="400 cells/uL")]
Neutrophils = Annotated[float, Quantity("cells/uL", above=0, at_most=1e6, example="2500 cells/uL")]
Platelets = Annotated[float, Quantity("cells/uL", above=0, at_most=2e6, example="150000 cells/uL")]
Haemoglobin = Annotated[float, Quantity("g/dL", above=0, at_most=25, example="10.5 g/dL")]
BlastShare = Annotated[float, Quantity("", at_least=0, at_most=0.999, example="60 %")]

History = Literal[
    "prior-hsct",
    "prior-blinatumomab",
    "prior-inotuzumab",
    "prior-cd19-car-t",
    "prior-cd22-car-t",
    "kmt2a-rearranged",
    "philadelphia-positive",
    "down-syndrome",
]


class Enrolment(Part):
    """When a patient joins: the simulation starts there, with the disease stated, and treatment follows."""

    at: Annotated[float, Quantity("d", at_most=0, example="-45 d")] = Field(
        default=-45.0, description="Day of enrolment, before the first infusion."
    )


class Manufacture(Enrolment):
    """When patients join, and for whom no product, or one out of specification, is made."""

    failed: Share = Field(default=0.0, description="Share of the patients for whom no product can be made.")
    out_of_specification: Share = Field(
        default=0.0, description="Share whose product is out of specification; it is given all the same."
    )

    @model_validator(mode="after")
    def _shares(self) -> Manufacture:
        if self.failed + self.out_of_specification > 1.0:
            total = self.failed + self.out_of_specification
            raise refuse(f"shares that sum to {total:g}", "`failed` and `out_of_specification` of at most 1 together")
        return self


class Patient(Part):
    """One patient with explicit values."""

    population: str = Field(description="Population of the catalogue that supplies what is not stated here.")
    history: tuple[History, ...] = Field(default=(), description="What the patient had before or was born with.")
    enrolment: Enrolment | None = Field(
        default=None, description="Enrolment, where the simulation and the disease stated start before treatment."
    )
    age: Years = Field(description="Age at infusion.")
    weight: Kilograms = Field(description="Body mass.")
    body_surface: Surface = Field(description="Body surface.")
    egfr: Filtration = Field(description="Estimated glomerular filtration rate.")
    marrow_blasts: BlastShare = Field(description="Blasts as a share of nucleated marrow cells at the start.")
    host_t_cells: CellsPerBlood = Field(description="Host T cells in blood before lymphodepletion.")
    bcell_initial: Share = Field(description="Healthy marrow B cells as a share of their capacity at the start.")
    neutrophil_base: Neutrophils = Field(description="Neutrophils in blood without leukaemia or drugs.")
    platelet_base: Platelets = Field(description="Platelets in blood without leukaemia or drugs.")
    haemoglobin_base: Haemoglobin = Field(description="Haemoglobin without leukaemia or drugs.")


class Cohort(Part):
    """Many patients, drawn from a population or read from a table."""

    population: str = Field(description="Population of the catalogue that supplies what is not stated here.")
    n: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Number of patients, unless `from` is given."
    )
    table: str | None = Field(
        default=None, alias="from", description="CSV file with one patient a line, inside the scenario's folder."
    )
    shares: dict[History, Share] = Field(
        default_factory=dict, description="Share of the patients with each item of history."
    )
    variability: bool = Field(default=True, description="Whether the patients' parameters differ, beside covariates.")
    spreads: dict[str, Annotated[float, Field(ge=0.0, le=5.0)]] = Field(
        default_factory=dict,
        description="Spread between patients (log_sd) of a parameter without its class, for that of the population.",
    )
    enrolment: Manufacture | None = Field(
        default=None, description="Enrolment and manufacture; needed where they are not the usual ones."
    )
    age: Spread[Years] = Field(description="Age at infusion.")
    weight: Spread[Kilograms] = Field(description="Body mass.")
    body_surface: Spread[Surface] = Field(description="Body surface.")
    egfr: Spread[Filtration] = Field(description="Estimated glomerular filtration rate.")
    marrow_blasts: Spread[BlastShare] = Field(description="Blasts as a share of nucleated marrow cells at the start.")
    host_t_cells: Spread[CellsPerBlood] = Field(description="Host T cells in blood before lymphodepletion.")
    bcell_initial: Spread[Share] = Field(description="Healthy marrow B cells as a share of their capacity.")
    neutrophil_base: Spread[Neutrophils] = Field(description="Neutrophils in blood without leukaemia or drugs.")
    platelet_base: Spread[Platelets] = Field(description="Platelets in blood without leukaemia or drugs.")
    haemoglobin_base: Spread[Haemoglobin] = Field(description="Haemoglobin without leukaemia or drugs.")

    @field_validator("spreads")
    @classmethod
    def _known(cls, spreads: dict[str, float]) -> dict[str, float]:
        for name in spreads:
            if name not in catalog.parameters():
                hint = nearest(name, catalog.parameters()) or "exhaustion"
                raise refuse(f"`{name}`", f"the name of a parameter without its class, for example `{hint}`")
        return spreads

    @model_validator(mode="after")
    def _one_origin(self) -> Cohort:
        if (self.n is None) == (self.table is None):
            got = "neither `n` nor `from`" if self.n is None else "both `n` and `from`"
            raise refuse(got, "the number of patients or a table of them, for example n: 75")
        return self


COVARIATES = tuple(name for name in Patient.model_fields if name not in {"population", "history", "enrolment"})
