"""The entries of `treatment:`, one class for each thing that can be given.

Times of an entry count from its own zero: the first infusion; for an entry with `when`, the moment the condition
holds; inside a `course`, the start of the course. `at` shifts an entry from that zero.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from carsim.quantity import Days, Duration, Name, Part, Quantity, Share, refuse
from carsim.treatment.conditions import Condition, Count, Threshold
from carsim.units import QuantityError, quantity


class CellDose(Part):
    """Viable CAR-positive cells: `3e6 cells/kg`, `1e8 cells`, or by weight up to a limit and flat above it."""

    per_weight: Annotated[float, Quantity("cells/kg", at_least=0, at_most=1e11, example="3e6 cells/kg")] | None = Field(
        default=None, description="Cells per kg body mass."
    )
    flat: Annotated[float, Quantity("cells", at_least=0, at_most=1e13, example="1e8 cells")] | None = Field(
        default=None, description="Cells whatever the weight; with `above`, for patients above that weight."
    )
    above: Annotated[float, Quantity("kg", above=0, example="50 kg")] | None = Field(
        default=None, description="Weight above which the flat dose is given instead of the one by weight."
    )
    cap: Annotated[float, Quantity("cells", above=0, example="1e8 cells")] | None = Field(
        default=None, description="Largest dose."
    )
    log_sd: Annotated[float, Quantity("", at_least=0, at_most=3)] = Field(
        default=0.0, description="Standard deviation of the log dose between patients."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return _dose_from_text(given, {"per_weight": "cells/kg", "flat": "cells"}, CellDose)

    @model_validator(mode="after")
    def _consistent(self) -> CellDose:
        if self.per_weight is None and self.flat is None:
            raise refuse("a dose without amount", "per_weight or flat, for example per_weight: 3e6 cells/kg")
        both = self.per_weight is not None and self.flat is not None
        if both != (self.above is not None):
            got = "per_weight and flat without above" if both else "above without both per_weight and flat"
            raise refuse(got, "per_weight up to a weight and flat above it, for example above: 50 kg")
        return self


class DrugDose(Part):
    """Amount of a drug at one dose: `30 mg/m^2`, `8 mg/kg`, `800 mg`, or one of these with a cap."""

    per_surface: Annotated[float, Quantity("mg/m^2", at_least=0, example="30 mg/m^2")] | None = Field(
        default=None, description="Amount per body surface."
    )
    per_weight: Annotated[float, Quantity("mg/kg", at_least=0, example="8 mg/kg")] | None = Field(
        default=None, description="Amount per body mass."
    )
    flat: Annotated[float, Quantity("mg", at_least=0, example="800 mg")] | None = Field(
        default=None, description="Amount whatever the patient's size."
    )
    cap: Annotated[float, Quantity("mg", above=0, example="800 mg")] | None = Field(
        default=None, description="Largest amount at one dose."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return _dose_from_text(given, {"per_surface": "mg/m^2", "per_weight": "mg/kg", "flat": "mg"}, DrugDose)

    @model_validator(mode="after")
    def _one_amount(self) -> DrugDose:
        stated = [name for name in ("per_surface", "per_weight", "flat") if getattr(self, name) is not None]
        if len(stated) != 1:
            raise refuse(" and ".join(stated) or "a dose without amount", "one of per_surface, per_weight and flat")
        return self


def _dose_from_text(given: Any, forms: dict[str, str], whole: type[Part]) -> Any:
    if isinstance(given, dict | whole):
        return given
    first: QuantityError | None = None
    for name, unit in forms.items():
        try:
            quantity(given, unit)
        except QuantityError as error:
            first = first or error
        else:
            return {name: given}
    if first is None:  # pragma: no cover - every class has a form
        raise ValueError("no form of dose")
    expected = f"a dose in {' or '.join(forms.values())}, for example {first.expected.rpartition('for example ')[2]}"
    raise refuse(first.got, expected, first.suggestion)


class Entry(Part):
    """What every entry has."""

    name: Name | None = Field(default=None, description="Name used in paths; needed outside a course.")
    at: Days = Field(default=0.0, description="Shift from the entry's zero: first infusion, condition or course start.")
    when: Condition | None = Field(default=None, description="Given only when this condition holds.")
    share: Share = Field(default=1.0, description="Share of the patients (who meet the condition) that are given it.")


class _Repeated(Part):
    start: Days = Field(default=0.0, description="First dose, relative to `at`.")
    doses: Count = Field(default=1, description="Number of doses.")
    every: Duration = Field(default=1.0, description="Time between doses.")
    duration: Duration = Field(default=1 / 24, description="Length of each infusion.")


class FludarabineCourse(_Repeated):
    """Fludarabine phosphate by dose, or by target exposure to F-ara-A over the whole course."""

    dose: DrugDose | None = Field(default=None, description="Fludarabine phosphate at each dose.")
    target_auc: Annotated[float, Quantity("mg*h/L", above=0, example="14 mg*h/L")] | None = Field(
        default=None, description="Exposure to F-ara-A, course to infinity; the dose is found for each patient."
    )

    @model_validator(mode="after")
    def _dose_or_target(self) -> FludarabineCourse:
        if (self.dose is None) == (self.target_auc is None):
            got = "neither `dose` nor `target_auc`" if self.dose is None else "both `dose` and `target_auc`"
            raise refuse(got, "one of them, for example dose: 30 mg/m^2")
        return self


class CyclophosphamideCourse(_Repeated):
    """Cyclophosphamide by dose."""

    dose: DrugDose = Field(description="Cyclophosphamide at each dose.")


class Fludarabine(Entry, FludarabineCourse):
    """Fludarabine alone."""

    give: Literal["fludarabine"]


class Cyclophosphamide(Entry, CyclophosphamideCourse):
    """Cyclophosphamide alone."""

    give: Literal["cyclophosphamide"]


_REGIMEN: Final = {
    "fludarabine": {"dose": "30 mg/m^2", "doses": 4},
    "cyclophosphamide": {"dose": "500 mg/m^2", "doses": 2},
}


class Lymphodepletion(Entry):
    """Fludarabine with cyclophosphamide; what is not stated: 30 mg/m^2 on four days, 500 mg/m^2 on the first two."""

    give: Literal["fludarabine-cyclophosphamide"]
    fludarabine: FludarabineCourse = Field(default=None, validate_default=True, description="Fludarabine phosphate.")
    cyclophosphamide: CyclophosphamideCourse = Field(
        default=None,
        validate_default=True,
        description="Cyclophosphamide.",
    )

    @field_validator("fludarabine", "cyclophosphamide", mode="before")
    @classmethod
    def _standard(cls, given: Any, info: Any) -> Any:
        standard = _REGIMEN[info.field_name]
        if given is None:
            return standard
        if isinstance(given, dict):
            kept = {key: value for key, value in standard.items() if key != "dose" or "target_auc" not in given}
            return kept | given
        return given


class SplitDose(Part):
    """One part of a dose given in several."""

    at: Days = Field(description="Time of this part, relative to the entry's `at`.")
    share: Share = Field(description="Share of the whole dose.")
    unless: Threshold | None = Field(default=None, description="Withheld where this holds at that time.")

    @field_validator("unless", mode="after")
    @classmethod
    def _a_number(cls, unless: Threshold | None) -> Threshold | None:
        if unless is not None and (unless.equals is not None or _sides(unless) != 1):
            got = f"`{unless.variable}` by a word" if unless.equals is not None else "two comparisons"
            raise refuse(got, "one comparison of a number, for example {variable: fever, at_least: 24 h}")
        return unless


def _sides(threshold: Threshold) -> int:
    values = (threshold.at_least, threshold.at_most, threshold.above, threshold.below)
    return sum(value is not None for value in values)


class Infusion(Entry):
    """A CAR T product of the catalogue or of `products:`."""

    give: str = Field(description="A drug, a procedure or a product, for example tisagenlecleucel.")
    dose: CellDose = Field(description="Viable CAR-positive cells in all.")
    split: tuple[SplitDose, ...] = Field(default=(), description="Parts of the dose; without it, all at once.")

    @model_validator(mode="after")
    def _whole(self) -> Infusion:
        total = sum(part.share for part in self.split)
        if total > 1 + 1e-12:
            raise refuse(
                f"parts that sum to {total:g}", "shares of `split` that sum to at most 1, for example 10 %, 30 %, 60 %"
            )
        return self


class Alemtuzumab(Entry, _Repeated):
    """Alemtuzumab, for donor products."""

    give: Literal["alemtuzumab"]
    dose: DrugDose = Field(description="Amount at each dose.")


class Inotuzumab(Entry, _Repeated):
    """Inotuzumab ozogamicin; by default 0.5 mg/m^2, three doses a week apart."""

    give: Literal["inotuzumab"]
    dose: DrugDose = Field(default=DrugDose.model_validate("0.5 mg/m^2"), description="Amount at each dose.")
    doses: Count = Field(default=3, description="Number of doses.")
    every: Duration = Field(default=7.0, description="Time between doses.")


class Immunoglobulin(Entry, _Repeated):
    """Immunoglobulin G; by default 400 mg/kg, every four weeks where several doses are given."""

    give: Literal["immunoglobulin"]
    dose: DrugDose = Field(default=DrugDose.model_validate("400 mg/kg"), description="Amount at each dose.")
    every: Duration = Field(default=28.0, description="Time between doses.")


class Tocilizumab(Entry, _Repeated):
    """Tocilizumab; by default 8 mg/kg up to 800 mg."""

    give: Literal["tocilizumab"]
    dose: DrugDose = Field(
        default=DrugDose.model_validate({"per_weight": "8 mg/kg", "cap": "800 mg"}), description="Amount at each dose."
    )


class Dexamethasone(Entry, _Repeated):
    """Dexamethasone; by default 10 mg."""

    give: Literal["dexamethasone"]
    dose: DrugDose = Field(default=DrugDose.model_validate("10 mg"), description="Amount at each dose.")


class Blinatumomab(Entry):
    """Blinatumomab as continuous infusion, in cycles."""

    give: Literal["blinatumomab"]
    per_surface: Annotated[float, Quantity("ug/m^2/d", above=0, example="15 ug/m^2/d")] | None = Field(
        default=None, description="Rate per body surface."
    )
    flat: Annotated[float, Quantity("ug/d", above=0, example="28 ug/d")] | None = Field(
        default=None, description="Rate whatever the patient's size."
    )
    duration: Duration = Field(default=28.0, description="Length of the infusion in a cycle.")
    cycles: Count = Field(default=1, description="Number of cycles.")
    every: Duration = Field(default=42.0, description="Time from the start of a cycle to the next.")

    @model_validator(mode="after")
    def _one_rate(self) -> Blinatumomab:
        if (self.per_surface is None) == (self.flat is None):
            got = "neither `per_surface` nor `flat`" if self.flat is None else "both `per_surface` and `flat`"
            raise refuse(got, "one of them, for example per_surface: 15 ug/m^2/d")
        return self


class Transplant(Entry):
    """Allogeneic haematopoietic stem-cell transplantation."""

    give: Literal["hsct"]
    conditioning: Literal["myeloablative", "reduced"] = Field(default="myeloablative", description="Intensity.")
    donor: Literal["matched-sibling", "matched-unrelated", "haploidentical", "cord-blood"] = Field(
        default="matched-sibling", description="Donor."
    )


class Bridging(Entry):
    """Chemotherapy between enrolment and lymphodepletion."""

    give: Literal["bridging"]
    intensity: Literal["low", "high"] = Field(default="low", description="Intensity of the chemotherapy.")
    cycles: Count = Field(default=1, description="Number of cycles.")
    every: Duration = Field(default=21.0, description="Time from the start of a cycle to the next.")


class Intrathecal(Entry):
    """Chemotherapy into the cerebrospinal fluid."""

    give: Literal["intrathecal"]
    doses: Count = Field(default=1, description="Number of doses.")
    every: Duration = Field(default=7.0, description="Time between doses.")


_OTHERS: Final[tuple[type[Entry], ...]] = (
    Lymphodepletion,
    Fludarabine,
    Cyclophosphamide,
    Alemtuzumab,
    Inotuzumab,
    Tocilizumab,
    Dexamethasone,
    Immunoglobulin,
    Blinatumomab,
    Transplant,
    Bridging,
    Intrathecal,
)
GIVEN: Final = tuple(str(kind.model_fields["give"].annotation.__args__[0]) for kind in _OTHERS)  # type: ignore[union-attr]


def kind_of(given: Any) -> str:
    """Return the tag of an entry: a drug or procedure by name, `=product`, or `=course`."""
    if isinstance(given, Entry):
        given = {"course": ()} if isinstance(given, Course) else {"give": getattr(given, "give", None)}
    if isinstance(given, dict) and "course" in given and "give" not in given:
        return "=course"
    give = given.get("give") if isinstance(given, dict) else None
    return f"={give}" if give in GIVEN else "=product"


_Single = (
    Annotated[Lymphodepletion, Tag("=fludarabine-cyclophosphamide")]
    | Annotated[Fludarabine, Tag("=fludarabine")]
    | Annotated[Cyclophosphamide, Tag("=cyclophosphamide")]
    | Annotated[Alemtuzumab, Tag("=alemtuzumab")]
    | Annotated[Inotuzumab, Tag("=inotuzumab")]
    | Annotated[Tocilizumab, Tag("=tocilizumab")]
    | Annotated[Dexamethasone, Tag("=dexamethasone")]
    | Annotated[Immunoglobulin, Tag("=immunoglobulin")]
    | Annotated[Blinatumomab, Tag("=blinatumomab")]
    | Annotated[Transplant, Tag("=hsct")]
    | Annotated[Bridging, Tag("=bridging")]
    | Annotated[Intrathecal, Tag("=intrathecal")]
    | Annotated[Infusion, Tag("=product")]
)
Given = Annotated[_Single, Discriminator(kind_of)]


class Course(Entry):
    """Several entries given together, timed from the start of the course."""

    course: tuple[Given, ...] = Field(min_length=1, description="The entries, in order.")


Treatment = Annotated[_Single | Annotated[Course, Tag("=course")], Discriminator(kind_of)]
TAGS: Final[dict[str, type[Entry]]] = {
    **dict(zip((f"={name}" for name in GIVEN), _OTHERS, strict=True)),
    "=product": Infusion,
    "=course": Course,
}


def names_given(entries: Iterable[Entry]) -> frozenset[str]:
    """Names of all drugs, procedures and products given, those inside courses too; regimens by their drugs."""
    found: set[str] = set()
    for entry in entries:
        if isinstance(entry, Course):
            found |= names_given(entry.course)
        elif isinstance(entry, Lymphodepletion):
            found |= {"fludarabine", "cyclophosphamide"}
        else:
            found.add(str(entry.give))  # type: ignore[attr-defined]  # every other entry gives one thing
    return frozenset(found)
