"""When a treatment is given: comparisons of observables and states, and the days on which they are looked at."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, field_serializer, field_validator, model_validator

from carsim.errors import nearest
from carsim.quantity import Days, Interval, Part, Quantity, refuse
from carsim.units import to_text

Count = Annotated[int, Field(ge=1, le=10_000)]

# What a condition may look at: its unit ("" for a pure number) or the words it takes.
VARIABLES: Final[dict[str, str | tuple[str, ...]]] = {
    "response": ("remission", "CR", "CRi", "NR", "MRD-negative CR", "MRD-positive CR"),
    "relapse": (
        "any",
        "CD19-positive",
        "CD19-dim",
        "CD19-negative",
        "CD22-negative",
        "double-negative",
        "lineage-switch",
    ),
    "marrow_blasts": "",
    "mrd": "",
    "cart_cells": "cells/uL",
    "cart_copies": "copies/ug",
    "bcells": "cells/uL",
    "host_t_cells": "cells/uL",
    "neutrophils": "cells/uL",
    "platelets": "cells/uL",
    "csf_blasts": "cells/uL",
    "il6": "pg/mL",
    "temperature_rise": "",
    "fever": "d",
    "crs_grade": "",
    "icans_grade": "",
    "igg": "g/L",
}

# The row of the network that shows each number; states are compared by several rows (see treatment.compared).
ROWS: Final[dict[str, str]] = {
    "marrow_blasts": "blasts_marrow_fraction",
    "mrd": "blasts_marrow_fraction",
    "cart_cells": "cart_cells",
    "cart_copies": "cart_copies",
    "bcells": "bcells_blood",
    "host_t_cells": "host_t_blood",
    "neutrophils": "neutrophils.blood",
    "platelets": "platelets.blood",
    "csf_blasts": "csf_blasts",
    "il6": "il6",
    "temperature_rise": "temperature_rise",
    "fever": "temperature_rise",
    "crs_grade": "crs_grade",
    "icans_grade": "icans_grade",
    "igg": "igg",
}
FEVER: Final = 1.0  # K above normal body temperature: 38 degrees Celsius
MOST: Final = {"marrow_blasts": 1.0, "mrd": 1.0, "crs_grade": 5.0, "icans_grade": 5.0}  # what a variable can reach
_COMPARED: Final = ("at_least", "at_most", "above", "below")


Table = Mapping[str, str | tuple[str, ...]]  # of variables: unit of a number, or the words of a state


def word_of(word: str | None, variable: str, table: Table, comparisons: str) -> str | None:
    """The word if the variable takes it; `comparisons` says what to write for a number."""
    words = table.get(variable)
    if isinstance(words, str):
        raise refuse(f"`{word}`", f"{comparisons}: {variable} is a number")
    if words and word not in words:
        meant = nearest(word or "", words)
        raise refuse(f"`{word}`", f"one of {', '.join(words)}", f"`{meant}`" if meant else None)
    return word


def value_of(
    given: Any, variable: str, table: Table, at_least: float | None = None, at_most: float | None = None
) -> float | None:
    """The value in the variable's unit; None where nothing is given or the variable is not known."""
    unit = table.get(variable)
    if isinstance(unit, tuple):
        raise refuse(f"`{given}`", f"`is` with one of {', '.join(unit)}: {variable} is not a number")
    return None if unit is None or given is None else Quantity(unit, at_least=at_least, at_most=at_most).read(given)


def text_of(value: float | None, variable: str, table: Table) -> Any:
    """The value as it is written, with its unit where it has one."""
    unit = table.get(variable)
    return to_text(value, str(unit)) if value is not None and unit else value


class Threshold(Part):
    """One comparison: an observable against a value, or a state against a word."""

    variable: str = Field(description="Observable or state: " + ", ".join(VARIABLES) + ".")
    equals: str | None = Field(default=None, alias="is", description="Word that a state must show.")
    at_least: float | None = Field(default=None, description="Holds at this value and above.")
    at_most: float | None = Field(default=None, description="Holds at this value and below.")
    above: float | None = Field(default=None, description="Holds above this value.")
    below: float | None = Field(default=None, description="Holds below this value.")

    @field_validator("variable", mode="after")
    @classmethod
    def _known(cls, variable: str) -> str:
        if variable not in VARIABLES:
            meant = nearest(variable, VARIABLES)
            raise refuse(f"`{variable}`", f"one of {', '.join(VARIABLES)}", f"`{meant}`" if meant else None)
        return variable

    @field_validator("equals", mode="after")
    @classmethod
    def _word(cls, word: str | None, info: Any) -> str | None:
        return word_of(word, info.data.get("variable", ""), VARIABLES, "a comparison such as `at_least`")

    @field_validator(*_COMPARED, mode="before")
    @classmethod
    def _value(cls, given: Any, info: Any) -> Any:
        variable = info.data.get("variable", "")
        return value_of(given, variable, VARIABLES, at_least=0.0, at_most=MOST.get(variable))

    @field_serializer(*_COMPARED, when_used="json")
    def _text(self, value: float | None) -> Any:
        return text_of(value, self.variable, VARIABLES)

    @model_validator(mode="after")
    def _fever_lasts(self) -> Threshold:
        if self.variable == "fever" and (self.below is not None or self.at_most is not None):
            raise refuse("an upper limit on fever", "how long it has lasted, for example at_least: 24 h")
        return self

    @model_validator(mode="after")
    def _can_hold(self) -> Threshold:
        least = max((value for value in (self.at_least, self.above) if value is not None), default=-math.inf)
        most = min((value for value in (self.at_most, self.below) if value is not None), default=math.inf)
        if least > most:
            raise refuse("a lower limit above the upper one, which never holds", "one of the two, or limits in order")
        return self

    @model_validator(mode="after")
    def _one_comparison(self) -> Threshold:
        if self.equals is None and all(getattr(self, name) is None for name in _COMPARED):
            words = VARIABLES[self.variable]
            example = f"is: {words[0]}" if isinstance(words, tuple) else f"at_least: {to_text(3.0, words)}"
            raise refuse("no comparison", f"`is`, `at_least`, `at_most`, `above` or `below`, for example {example}")
        return self


class Condition(Threshold):
    """When an entry is given: a comparison, the days on which it is looked at, and how often it may act."""

    also: tuple[Threshold, ...] = Field(default=(), description="Further comparisons that must hold at the same time.")
    visit: Days | None = Field(default=None, description="Look only on this day; without it at every moment.")
    after: Days | None = Field(default=None, description="Look only from this day on.")
    before: Days | None = Field(default=None, description="Look only before this day.")
    lasting: Interval = Field(default=0.0, description="How long the comparison must have held without a break.")
    once: bool = Field(default=True, description="Whether it acts once only; written false when `repeat` is above 1.")
    repeat: Count = Field(default=1, description="How often it may act at most.")
    apart: Interval = Field(default=0.0, description="Least time between two actions.")

    @model_validator(mode="before")
    @classmethod
    def _repeat_means_not_once(cls, given: Any) -> Any:
        if isinstance(given, dict) and "repeat" in given and "once" not in given and given["repeat"] != 1:
            return given | {"once": False}
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Condition:
        if self.once and self.repeat > 1:
            raise refuse(f"`once: true` with `repeat: {self.repeat}`", "one of the two")
        if not self.once and self.repeat == 1:
            raise refuse("`once: false` without `repeat`", "how often it may act at most, for example repeat: 4")
        if self.after is not None and self.before is not None and self.after >= self.before:
            raise refuse("`after` at or later than `before`", "`after` earlier than `before`")
        return self
