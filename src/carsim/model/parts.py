"""The parts of a scenario that the model reads: `leukaemia:` and `products:`.

A scenario states only what differs from the catalogue; the classes here hold the complete form after resolving.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model, model_serializer, model_validator

from carsim.catalog import antigens, find_antigen
from carsim.quantity import Name, Part, Positive, Quantity, Share, refuse

Molecules = Annotated[float, Quantity("molecules", at_least=0, example="1200 molecules")]
Rate = Annotated[float, Quantity("1/d", at_least=0, example="0.1 1/d")]
LogSd = Annotated[float, Quantity("", at_least=0, at_most=5, example="0.8")]
Costimulation = Literal["4-1BB", "CD28", "OX40", "CD28 and 4-1BB"]
BinderOrigin = Literal["murine", "humanised", "human"]
Donor = Literal["autologous", "allogeneic"]
MOST_DOMAINS = 2  # costimulatory domains of all chains of one product: what the mean of their kinetics is defined for
if TYPE_CHECKING:
    AntigenName = str
else:
    AntigenName = Literal[tuple(sorted(antigens()))]


class Density(Part):
    """Antigen molecules per cell: log-normal over the cells of a clone; `absent` for none."""

    median: Molecules = Field(description="Median over the cells of the clone.")
    log_sd: LogSd = Field(description="Standard deviation of the natural logarithm over the cells of the clone.")
    patient_log_sd: LogSd = Field(default=0.0, description="Standard deviation of the log median between patients.")

    @property
    def absent(self) -> bool:
        """Whether the cells lack the antigen."""
        return self.median == 0

    @model_validator(mode="before")
    @classmethod
    def _from_word_or_value(cls, given: Any) -> Any:
        if given == "absent":
            return {"median": "0 molecules", "log_sd": 0}
        if isinstance(given, str) and not given[:1].isdigit():
            raise refuse(f"`{given}`", "`absent` or molecules per cell, for example 1200 molecules")
        return given if isinstance(given, dict | Density) else {"median": given, "log_sd": 0}

    @model_serializer(mode="wrap", when_used="json")
    def _to_word(self, standard: Any) -> Any:
        return "absent" if self.absent else standard(self)


def _density_of(antigen: str) -> tuple[type[Density], Any]:
    usual = find_antigen(antigen).densities["blasts"]
    example = f"{{median: {usual.median.value:g} molecules, log_sd: {usual.log_sd.value:g}}}"
    return Density, Field(description=f"{antigen} on the cells of the clone: `absent`, or for example {example}.")


if TYPE_CHECKING:
    Antigens = Part
else:  # one key for each antigen of the catalogue, by its name in small letters
    Antigens = create_model("Antigens", __base__=Part, **{n.lower(): _density_of(n) for n in sorted(antigens())})


class MainClone(Antigens):
    """The clone that makes up what the others leave of the leukaemia."""

    birth: Rate | None = Field(default=None, description="Birth rate; the model's parameter where not given.")
    death: Rate | None = Field(
        default=None, description="Death rate without CAR T; the model's parameter if not given."
    )

    @property
    def antigens(self) -> Mapping[str, Density]:
        """Density of each antigen of the catalogue, the absent ones too."""
        return {name: getattr(self, name.lower()) for name in sorted(antigens())}


class Clone(MainClone):
    """A clone that is there before treatment; antigens that are not given are those of the main clone."""

    name: Name = Field(description="Name used in paths and results.")
    fraction: Share = Field(description="Share of all leukaemic cells at the start, for example 1e-7.")
    fraction_log_sd: LogSd = Field(default=0.0, description="Standard deviation of the log share between patients.")
    lineage: Literal["B", "myeloid"] = Field(
        default="B", description="Lineage; a myeloid clone shows only the antigens that are stated for it."
    )
    prevalence: Share = Field(default=1.0, description="Share of a cohort's patients that carry the clone at all.")
    reversion: Rate | None = Field(
        default=None,
        description="Makes the clone a passing state of the main one: rate of return to it, for example 0.2 1/d. Cells "
        "of the main clone enter the state as fast as keeps `fraction` steady without treatment.",
    )
    death_resistance: Share = Field(
        default=0.0, description="Share of the killing hazard that fails, for cells that are seen but hard to kill."
    )

    @model_validator(mode="after")
    def _state_of_the_main_clone(self) -> Clone:
        if self.reversion is not None and self.lineage != "B":
            raise refuse("`reversion` with `lineage: myeloid`", "one of them: cells do not return from a switch")
        return self


class Site(Part):
    """Leukaemia outside marrow and blood."""

    prevalence: Share = Field(default=1.0, description="Share of a cohort's patients that have disease there at all.")


class CentralNervousSystem(Site):
    """Leukaemia in the cerebrospinal fluid."""

    csf: Annotated[float, Quantity("cells/uL", at_least=0, at_most=1e6, example="40 cells/uL")] = Field(
        description="Blasts in the cerebrospinal fluid; 5 cells/uL and more is CNS-3."
    )


class Extramedullary(Site):
    """Leukaemia outside marrow, blood and nervous system."""

    cells: Annotated[float, Quantity("cells", at_least=0, at_most=1e13, example="1e10 cells")] = Field(
        description="Blasts in all."
    )


class Sites(Part):
    """Leukaemia outside marrow and blood at the start."""

    CNS: CentralNervousSystem | None = Field(default=None, description="Central nervous system.")
    extramedullary: Extramedullary | None = Field(default=None, description="Other extramedullary disease.")


class Leukaemia(Part):
    """The leukaemia at the start: clones, their antigens, sites. Its size is the covariate `marrow_blasts`."""

    main: MainClone = Field(description="The clone that makes up what the others leave.")
    clones: tuple[Clone, ...] = Field(default=(), description="Clones present before treatment, by name.")
    sites: Sites = Field(default=Sites(), description="Disease outside marrow and blood.")


class Arm(Part):
    """One binder of a product; half of the full signal at `half_density` molecules per target cell."""

    half_density: Annotated[float, Quantity("molecules", above=0, example="2000 molecules")] = Field(
        description="Antigen molecules per target cell that give half of the signal."
    )
    steepness: Positive = Field(description="Hill exponent of the signal in the density.")
    efficiency: Share = Field(description="Signal at saturating density, relative to the best binder; 0 to 1.")
    dwell: Positive = Field(default=1.0, description="Duration of one engagement relative to FMC63; below 1: fast off.")
    costimulation: Costimulation | None = Field(
        default=None, description="Domain of this binder's own chain (bicistronic); the product's where not given."
    )


class Composition(Part):
    """CD4:CD8 ratio of the infused cells."""

    median: Positive = Field(description="Median ratio over the patients; 1 for a defined 1:1 product.")
    log_sd: LogSd = Field(default=0.0, description="Standard deviation of the log ratio between patients.")


class Product(Part):
    """A CAR T product, complete: its catalogue record merged with the scenario's changes."""

    name: Name = Field(description="Name by which `give:` and the results refer to the product.")
    extends: str = Field(description="Product of the catalogue that supplies what is not stated here.")
    costimulation: Costimulation = Field(description="Costimulatory domain; chooses the per-costimulation parameters.")
    arms: dict[AntigenName, Arm] = Field(description="Binder for each antigen; several arms recognise by OR.")
    binder_origin: BinderOrigin = Field(description="Origin of the binders; the most foreign one of several.")
    donor: Donor = Field(description="Whose T cells: the patient's own, or a donor's, which the host rejects.")
    cd4_to_cd8: Composition = Field(description="CD4:CD8 ratio of the infused cells, for example {median: 1}.")
    vector_copies: Annotated[float, Quantity("copies", above=0, example="2 copies")] = Field(
        description="Vector copies per CAR-positive cell, for copies/ug DNA."
    )
    memory_share: Share = Field(description="Share of infused cells with memory phenotype.")

    @model_validator(mode="after")
    def _sees_and_signals(self) -> Product:
        if not self.arms:
            raise refuse("a product without an arm", "an arm for at least one antigen, for example arms: {CD19: {...}}")
        words = [arm.costimulation or self.costimulation for arm in self.arms.values()]
        domains = dict.fromkeys(domain for word in words for domain in word.split(" and "))
        if len(domains) > MOST_DOMAINS:
            raise refuse(f"the domains {', '.join(domains)}", "at most two costimulatory domains in all its chains")
        return self
