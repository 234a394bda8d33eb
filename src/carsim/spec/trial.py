"""The part `trial:` of a scenario: who counts, in which arms and groups, seen when, graded and timed how.

arms      the scenario with some values set, each with its own number of patients
groups    who is reported apart: by a covariate, an item of history, what was given, or an endpoint
visits    the days on which patients are seen; a clock that is `seen: visits` counts an event on the visit after it
clocks    per time-to-event endpoint: its zero, its events, and what ends the observation
report    the times after each clock's zero at which estimates are given
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import Field, StringConstraints, field_serializer, field_validator, model_validator

from carsim.errors import nearest
from carsim.population.parts import COVARIATES, History, Patient
from carsim.quantity import Days, Duration, Interval, Name, Part, Quantity, refuse
from carsim.treatment.conditions import text_of, value_of, word_of

DottedPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$", max_length=300)]
CrsScale = Literal["astct-2019", "lee-2014", "penn-2014", "mskcc", "ctcae"]
IcansScale = Literal["astct-2019", "ctcae"]
Event = Literal["nonresponse", "relapse", "death", "hsct", "new-therapy", "b-cell-recovery", "cart-loss"]


class Scales(Part):
    """Grading scales."""

    crs: CrsScale = Field(default="astct-2019", description="CRS.")
    icans: IcansScale = Field(default="astct-2019", description="Neurotoxicity.")


class Clock(Part):
    """What a time-to-event endpoint counts: its start, its events, and what ends the observation."""

    start: Literal["enrolment", "infusion", "remission", "transplant", "relapse"] = Field(
        default="infusion", alias="from", description="Zero of the clock."
    )
    events: tuple[Event, ...] = Field(
        default=("relapse", "death"), min_length=1, description="What ends the endpoint; the first of them counts."
    )
    nonresponse: Interval | None = Field(
        default=None, description="Day on which non-response counts; none: it does not."
    )
    hsct: Literal["censor", "ignore", "event"] = Field(default="ignore", description="What a transplant does.")
    new_therapy: Literal["censor", "ignore", "event"] = Field(default="ignore", description="What a new therapy does.")
    landmark: Interval | None = Field(
        default=None, description="Only patients without event at this time count, and their clock starts there."
    )
    seen: Literal["visits", "continuously"] = Field(
        default="visits", description="Whether an event counts when it happens or at the visit that sees it."
    )

    @field_validator("events", mode="after")
    @classmethod
    def _each_once(cls, events: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((event for event in events if events.count(event) > 1), None)
        if twice:
            raise refuse(f"`{twice}` twice", "each event once, for example [relapse, death]")
        return events


class Clocks(Part):
    """Clock records by endpoint."""

    EFS: Clock = Field(default=Clock(), description="Event-free survival.")
    RFS: Clock = Field(default=Clock.model_validate({"from": "remission"}), description="Relapse-free survival.")
    DOR: Clock = Field(
        default=Clock.model_validate({"from": "remission", "events": ("relapse",)}),
        description="Duration of remission.",
    )
    OS: Clock = Field(default=Clock.model_validate({"events": ("death",)}), description="Overall survival.")


class Arm(Part):
    """One arm of a trial: the scenario with some values set."""

    name: Name = Field(description="Name in the results.")
    n: Annotated[int, Field(ge=1)] | None = Field(
        default=None, description="Patients; as many as the cohort if not given."
    )
    changes: dict[DottedPath, Any] = Field(alias="set", default_factory=dict, description="Values by dotted path.")


_YES: Final = ("yes", "no")
ANSWERS: Final = ("remission", "CR", "CRi", "NR", "MRD-negative CR", "MRD-positive CR", "not evaluable")
_BEFORE: Final = ("remission", "CR", "CRi", "NR", "not evaluable")  # of treatment before the product
PHENOTYPES: Final = (
    "none",
    "CD19-positive",
    "CD19-dim",
    "CD19-negative",
    "CD22-negative",
    "double-negative",
    "lineage-switch",
)
SITES: Final = ("none", "marrow", "blood", "CNS", "extramedullary")

# What groups of patients may be told apart by: its unit ("" for a pure number) or the words it takes.
GROUPED_BY: Final[dict[str, str | tuple[str, ...]]] = {
    **{
        name: next(item.unit for item in Patient.model_fields[name].metadata if isinstance(item, Quantity))
        for name in COVARIATES
    },
    **dict.fromkeys(get_args(History), _YES),
    "cns_disease": _YES,
    "extramedullary_disease": _YES,
    "dose": "cells/kg",
    "fludarabine_auc": "mg*h/L",
    "response_day28": ANSWERS,
    "best_response": ANSWERS,
    "mrd_day28": "",
    "blinatumomab_response": _BEFORE,
    "bridging_response": _BEFORE,
    "bridging_cycles": "",
    "bcell_recovery_day": "d",
    "cart_persistence_day": "d",
    "crs_grade_max": "",
    "crs_onset_day": "d",
    "icans_grade_max": "",
    "relapse_phenotype": PHENOTYPES,
    "relapse_site": SITES,
}
_COMPARED: Final = ("at_least", "below")


class Group(Part):
    """Patients reported apart: those whose value lies in a range, is a word, or who were given an entry."""

    name: Name = Field(description="Name in the results.")
    variable: str | None = Field(
        default=None, description="Value that tells them apart: " + ", ".join(GROUPED_BY) + "."
    )
    equals: str | None = Field(default=None, alias="is", description="Word that the value must be.")
    at_least: float | None = Field(default=None, description="The value is at least this.")
    below: float | None = Field(default=None, description="The value is below this.")
    given: Name | None = Field(default=None, description="Name of a treatment entry that they were given.")
    not_given: Name | None = Field(default=None, description="Name of a treatment entry that they were not given.")

    @field_validator("variable", mode="after")
    @classmethod
    def _known(cls, variable: str | None) -> str | None:
        if variable is not None and variable not in GROUPED_BY:
            meant = nearest(variable, GROUPED_BY)
            expected = "a covariate, an item of history or an endpoint, for example marrow_blasts"
            raise refuse(f"`{variable}`", expected, f"`{meant}`" if meant else None)
        return variable

    @field_validator("equals", mode="after")
    @classmethod
    def _word(cls, word: str | None, info: Any) -> str | None:
        return word_of(word, info.data.get("variable") or "", GROUPED_BY, "`at_least` or `below`")

    @field_validator(*_COMPARED, mode="before")
    @classmethod
    def _value(cls, given: Any, info: Any) -> Any:
        return value_of(given, info.data.get("variable") or "", GROUPED_BY)

    @field_serializer(*_COMPARED, when_used="json")
    def _text(self, value: float | None) -> Any:
        return text_of(value, self.variable or "", GROUPED_BY)

    @model_validator(mode="after")
    def _one_criterion(self) -> Group:
        stated = [key for key in ("variable", "given", "not_given") if getattr(self, key) is not None]
        if len(stated) != 1:
            got = " and ".join(f"`{key}`" for key in stated) or "a group without criterion"
            raise refuse(got, "one of `variable`, `given` and `not_given`, for example given: transplant")
        compared = [key for key in ("equals", *_COMPARED) if getattr(self, key) is not None]
        if self.variable is not None and not compared:
            raise refuse(f"`{self.variable}` without comparison", "`is`, `at_least` or `below`")
        if self.variable is None and compared:
            raise refuse(
                "a comparison without `variable`", "the value it compares, for example variable: marrow_blasts"
            )
        return self


class Trial(Part):
    """Virtual trial."""

    visits: tuple[Days, ...] = Field(
        default=(28.0, 91.3125, 182.625, 365.25), min_length=1, description="Days on which patients are seen."
    )
    scales: Scales = Field(default=Scales(), description="Scales on which toxicity is graded.")
    clocks: Clocks = Field(default=Clocks(), description="Clock records.")
    counted: Literal["enrolled", "infused"] = Field(
        default="infused", description="Who is counted: all enrolled, or those who were infused."
    )
    eligible: tuple[Group, ...] = Field(
        default=(), description="Only patients of all these groups are counted, for example those MRD-negative."
    )
    response_by: Days | None = Field(
        default=None, description="Last day on which a response counts as best response; none: any visit."
    )
    report: tuple[Duration, ...] = Field(
        default=(182.625, 365.25), min_length=1, description="Times after each clock's zero at which to estimate."
    )
    arms: tuple[Arm, ...] = Field(default=(), description="Arms; without any, the scenario as it is.")
    groups: tuple[Group, ...] = Field(default=(), description="Patients reported apart, within each arm.")

    @model_validator(mode="after")
    def _in_order(self) -> Trial:
        for key, example in (("visits", "[28 d, 3 months]"), ("report", "[6 months, 12 months]")):
            days = getattr(self, key)
            if any(later <= earlier for earlier, later in pairwise(days)):
                raise refuse(f"{key} out of order", f"{key} in increasing order, each once, for example {example}")
        return self
