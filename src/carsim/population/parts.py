"""The parts of a scenario that the population reads: `patient:` (one, explicit values) and `cohort:` (many).

Both take any covariate by name. What is not stated comes from the population of the catalogue: its median for a
patient, its distribution for a cohort.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import InitErrorDetails, PydanticCustomError

from carsim import catalog
from carsim.errors import nearest
from carsim.population.correlations import Impossible, Pairs, impossible, ordered
from carsim.population.renal import filtration, needed
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

Creatinine = Annotated[float, Quantity("mg/dL", above=0, at_most=20, example="0.6 mg/dL")]
Height = Annotated[float, Quantity("cm", at_least=30, at_most=250, example="145 cm")]
Sex = Literal["female", "male"]

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


class Renal(Part):
    """What filtration is worked out from, by the formula of the patient's age (see `renal`)."""

    creatinine: Creatinine = Field(description="Creatinine in serum.")
    height: Height | None = Field(default=None, description="Body height; needed below 18 years.")
    sex: Sex | None = Field(default=None, description="Sex; needed from 18 years on.")


class Patient(Part):
    """One patient with explicit values."""

    population: str = Field(description="Population of the catalogue that supplies what is not stated here.")
    history: tuple[History, ...] = Field(default=(), description="What the patient had before or was born with.")
    enrolment: Enrolment | None = Field(
        default=None, description="Enrolment, where the simulation and the disease stated start before treatment."
    )
    renal: Renal | None = Field(
        default=None, description="Creatinine with height or sex, from which `egfr` follows where it is not stated."
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

    @model_validator(mode="before")
    @classmethod
    def _filtration(cls, given: Any) -> Any:
        """The filtration that `renal` means, where none is stated; what is wrong with a part is said of that part."""
        if not isinstance(given, dict) or given.get("renal") is None or "egfr" in given:
            return given
        try:
            renal = Renal.model_validate(given["renal"])
            egfr = _egfr(renal, _AGE.read(given.get("age")))
        except (PydanticCustomError, ValueError):
            egfr = 1.0  # never used: the part that could not be read, or `_consistent`, refuses the patient
        return {**given, "egfr": f"{egfr!r} mL/min/1.73m^2"}

    @model_validator(mode="after")
    def _consistent(self) -> Patient:
        if self.renal is None:
            return self
        if getattr(self.renal, needed(self.age)) is None:
            need = needed(self.age)
            raise refuse(f"no `{need}` in `renal` of a patient aged {self.age:g} years", f"`{need}` beside creatinine")
        egfr = _egfr(self.renal, self.age)
        if not math.isclose(egfr, self.egfr, rel_tol=1e-9):
            raise refuse(
                f"egfr {self.egfr:.4g} mL/min/1.73m^2, and `renal`, from which {egfr:.4g} follows", "one of them"
            )
        return self


_AGE = Quantity("years", at_least=0, at_most=120)


def _egfr(renal: Renal, age: float) -> float:
    return filtration(age, renal.creatinine, height=renal.height, sex=renal.sex)


def _read_correlations(given: Any, info: ValidationInfo) -> dict[str, dict[str, float]]:
    """Pairs in the order in which they are drawn; those of zero only where the population states another value."""
    if not isinstance(given, dict) or not all(isinstance(row, dict) for row in given.values()):
        raise refuse(f"`{given}`", "pairs of names, for example {age: {weight: 0.8}}")
    known, usual = _may_correlate(str(info.data.get("population", "")))
    pairs: dict[tuple[str, str], float] = {}
    errors: list[InitErrorDetails] = []
    for first, second, value in ((one, other, value) for one, row in given.items() for other, value in row.items()):
        try:
            pair = _pair(first, second, known)
            if pair in pairs:
                raise refuse("the pair a second time", f"each pair once, as {pair[0]}.{pair[1]}")
            pairs[pair] = Quantity("", at_least=-1, at_most=1).read(value)
        except PydanticCustomError as error:
            errors.append(InitErrorDetails(type=error, loc=(first, second), input=value))
    found = None if errors else impossible(known, pairs)
    if found is not None:
        errors.append(InitErrorDetails(type=_impossible(found, pairs), loc=found.pair, input=pairs[found.pair]))
    if errors:
        raise ValidationError.from_exception_data("correlations", errors)
    kept = {pair for pair, value in pairs.items() if value != 0.0 or pair in usual}
    rows: dict[str, dict[str, float]] = {}
    for pair in sorted(kept, key=lambda pair: (known.index(pair[0]), known.index(pair[1]))):
        rows.setdefault(pair[0], {})[pair[1]] = pairs[pair]
    return rows


def _impossible(found: Impossible, pairs: Pairs) -> PydanticCustomError:
    """What is wrong with a pair, beside the pairs that share a name with it."""
    beside = [
        f"{first}.{second} {value:g}"
        for (first, second), value in pairs.items()
        if (first, second) != found.pair and {first, second} & {*found.pair}
    ]
    if found.limits is None:
        expected = "other values of those"
    else:
        expected = f"a correlation between {found.limits[0]:.2g} and {found.limits[1]:.2g}, or other values of those"
    return refuse(
        f"{pairs[found.pair]:g}, which no patients can have beside {', '.join(beside)}",
        expected,
    )


def _may_correlate(population: str) -> tuple[tuple[str, ...], set[tuple[str, str]]]:
    """What may be correlated in a population, in the order in which it is drawn, and the pairs that it states."""
    try:
        record = catalog.find_population(population)
    except catalog.Unknown:  # said where the population is named
        return (*COVARIATES, *catalog.parameters()), set()
    known = (*COVARIATES, *record.variability)
    return known, {ordered(pair.first, pair.second, known) for pair in record.correlations}


def _pair(first: str, second: str, known: tuple[str, ...]) -> tuple[str, str]:
    for name in (first, second):
        if name not in known:
            meant = nearest(name, known)
            expected = "a covariate, or a parameter that differs between the patients of the population"
            raise refuse(f"`{name}`", expected, f"`{meant}`" if meant else None)
    if first == second:
        raise refuse(f"`{first}` with itself", "two different names")
    return ordered(first, second, known)


Correlations = Annotated[
    dict[str, dict[str, float]],
    PlainValidator(_read_correlations),
    WithJsonSchema(
        {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
            "examples": [{"age": {"weight": 0.85}}],
        }
    ),
]


class Cohort(Part):
    """Many patients, drawn from a population or read from a table."""

    population: str = Field(description="Population of the catalogue that supplies what is not stated here.")
    n: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Number of patients; of a table (`from`) its first ones, without it all."
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
    correlations: Correlations = Field(
        default_factory=dict,
        description="Correlations between patients of the logarithms of covariates and parameters, by pair of names.",
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
        if self.n is None and self.table is None:
            got, expected = "neither `n` nor `from`", "the number of patients or a table of them, for example n: 75"
            raise refuse(got, expected)
        return self


COVARIATES = tuple(name for name in Patient.model_fields if name not in {"population", "history", "enrolment", "renal"})


def pairs_of(cohort: Cohort) -> dict[tuple[str, str], float]:
    """The correlations of a cohort by pair, each in the order in which it is drawn."""
    return {(first, second): value for first, row in cohort.correlations.items() for second, value in row.items()}
