"""The records of the catalogue. Every number is a `Value`: with unit, plausible range, grade, source and reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# How well a number is known, best first.
GRADES = ("measured in patients", "in vitro", "published model", "calibrated", "assumed")


@dataclass(frozen=True, slots=True)
class Source:
    """Where numbers come from; `kind` is article, model, abstract, label, calibration or assumption."""

    key: str
    citation: str
    kind: str
    licence: str
    doi: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """One number in `unit`; `low` and `high` bound what is plausible, `source` is a key of `sources()`."""

    value: float
    unit: str
    low: float
    high: float
    grade: str
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the model; `values` has the key `all`, or one key per class of what `per` names."""

    name: str
    symbol: str
    unit: str
    process: str
    meaning: str
    per: str
    values: Mapping[str, Value]

    def paths(self) -> dict[str, Value]:
        """Values by scenario path: `cart_homing`, or `memory_death.4-1BB` where the value depends on a class."""
        return {self.name if key == "all" else f"{self.name}.{key}": value for key, value in self.values.items()}


@dataclass(frozen=True, slots=True)
class Density:
    """Log-normal number of antigen molecules per cell: `median` (molecules) and `log_sd` over the cells."""

    median: Value
    log_sd: Value


@dataclass(frozen=True, slots=True)
class Assay:
    """A measurement of a course of the results: `limit` of detection in its unit, noise `log_sd` of its logarithm."""

    name: str
    course: str
    meaning: str
    limit: Value
    log_sd: Value


@dataclass(frozen=True, slots=True)
class Scale:
    """A scale of toxicity: by toxicity and axis, the grade that each stage of the axis means, mildest stage first."""

    name: str
    title: str
    grades: Mapping[str, Mapping[str, tuple[int, ...]]]
    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class Antigen:
    """A target antigen and its density by kind of cell: `blasts` and `healthy-b-cells`."""

    name: str
    meaning: str
    densities: Mapping[str, Density]


@dataclass(frozen=True, slots=True)
class Arm:
    """A binder of a product: half of the full signal at `half_density` molecules per target cell.

    `dwell` is the duration of one engagement relative to FMC63; `costimulation` the domain of the binder's own chain,
    None where all binders share one.
    """

    antigen: str
    binder: str
    half_density: Value
    steepness: Value
    efficiency: Value
    dwell: Value
    costimulation: str | None


@dataclass(frozen=True, slots=True)
class CellRatio:
    """CD4:CD8 ratio of the infused cells: `median`, and `log_sd` between patients."""

    median: Value
    log_sd: Value


@dataclass(frozen=True, slots=True)
class Product:
    """A CAR T product; `dose` holds the usual dose by kind (`per_weight`, `above`, `flat`, `cap`).

    `binder_origin` is murine, humanised or human (of several binders the most foreign one); `donor` is autologous or
    allogeneic.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    costimulation: str
    binder_origin: str
    donor: str
    notes: str
    arms: Mapping[str, Arm]
    cd4_to_cd8: CellRatio
    vector_copies: Value
    memory_share: Value
    dose: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Covariate:
    """A covariate: log-normal around the median (`log_sd` 0: the same in all), cut at the range of `median`."""

    name: str
    meaning: str
    median: Value
    log_sd: float


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation between patients of the logarithms of two covariates, or of parameters that vary (without class)."""

    first: str
    second: str
    value: Value


@dataclass(frozen=True, slots=True)
class Population:
    """Patients of one kind: covariates, parameters that differ from the general value, and variability.

    `variability` gives, for a parameter (without its class), the standard deviation of its logarithm between patients.
    """

    name: str
    title: str
    aliases: tuple[str, ...]
    notes: str
    covariates: Mapping[str, Covariate]
    correlations: tuple[Correlation, ...]
    parameters: Mapping[str, Value]
    variability: Mapping[str, Value]
