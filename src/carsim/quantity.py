"""The pydantic side of quantities, and the base class of every part of a scenario.

`Annotated[float, Quantity("cells/kg", above=0)]` declares a field that takes `3e6 cells/kg` (a pure number or `60 %`
where the unit is ""), holds a float in the declared unit, is written back as text in that unit, and tells editors its
form and range through the JSON Schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError, core_schema

from carsim.units import QuantityError, normal, quantity, to_text

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True, slots=True)
class Quantity:
    """Unit and range of a field; the limits are in that unit, `above` exclusive."""

    unit: str
    above: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    example: str | None = None

    def read(self, given: Any) -> float:
        """Return the value of a text in the declared unit; raises the error that a report turns into a problem."""
        try:
            value = quantity(given, self.unit, self.example)
        except QuantityError as error:
            raise refuse(error.got, error.expected, error.suggestion) from None
        if not self._holds(value):
            raise refuse(f"`{given}`", self._range())
        return value

    def _holds(self, value: float) -> bool:
        return (
            (self.above is None or value > self.above)
            and (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
        )

    def _range(self) -> str:
        limits = [
            f"{words} {to_text(limit, self.unit)}"
            for words, limit in (("above", self.above), ("at least", self.at_least), ("at most", self.at_most))
            if limit is not None
        ]
        kind = "a value" if normal(self.unit) else "a number"
        return f"{kind} {' and '.join(limits)}" + (f", for example {self.example}" if self.example else "")

    def _write(self, value: float) -> Any:
        if normal(self.unit) == "d" and 0 < value < 1:
            hours = to_text(round(value * 24), "h")
            if quantity(hours, "d") == value:
                return hours
        return to_text(value, self.unit) if normal(self.unit) else value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Read text, hold a float, write text in JSON mode."""
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(self._write, when_used="json"),
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Tell an editor what may be typed."""
        if normal(self.unit):
            pattern = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*\S+.*$"
            example = self.example or to_text(1.0, self.unit)
            return {"type": "string", "pattern": pattern, "examples": [example], "x-unit": self.unit}
        return {
            "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[-+]?[\d.]+([eE][-+]?\d+)?\s*%\s*$"}],
            "examples": [self.example or "60 %"],
        }


def refuse(got: str, expected: str, suggestion: str | None = None) -> PydanticCustomError:
    """Return the error that a validator of any part raises; the loader adds place and path."""
    return PydanticCustomError(
        "carsim",
        "got {got}; expected {expected}",
        {"got": got, "expected": expected, "suggestion": suggestion or ""},
    )


class Part(BaseModel):
    """Base of every part of a scenario: frozen, unknown keys refused, no silent conversion between types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_by_name=False, validate_by_alias=True)


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$", max_length=64)]
Share = Annotated[float, Quantity("", at_least=0, at_most=1, example="60 %")]
Number = Annotated[float, Quantity("")]
Positive = Annotated[float, Quantity("", above=0)]
Days = Annotated[float, Quantity("d", example="28 d")]
Duration = Annotated[float, Quantity("d", above=0, example="28 d")]
Interval = Annotated[float, Quantity("d", at_least=0, example="8 h")]

Value = TypeVar("Value")


class Spread(Part, Generic[Value]):
    """A value that differs between patients: log-normal around a median, cut at `min` and `max`."""

    median: Value = Field(description="Median over the patients.")
    log_sd: Annotated[float, Quantity("", at_least=0, at_most=5)] = Field(
        default=0.0, description="Standard deviation of the natural logarithm; 0: all patients have the median."
    )
    min: Value | None = Field(default=None, description="Smallest value; draws below are drawn again.")
    max: Value | None = Field(default=None, description="Largest value; draws above are drawn again.")
    at: Literal["enrolment", "lymphodepletion"] = Field(
        default="lymphodepletion",
        description="When the value holds: at enrolment (before bridging) or at lymphodepletion.",
    )

    @model_validator(mode="before")
    @classmethod
    def _from_one_value(cls, given: Any) -> Any:
        return given if isinstance(given, dict | Spread) else {"median": given}

    @model_validator(mode="after")
    def _ordered(self) -> Spread[Value]:
        low, high, middle = cast("tuple[float | None, float | None, float]", (self.min, self.max, self.median))
        if low is not None and high is not None and low > high:
            raise refuse(f"min {low!r} above max {high!r}", "min at most max")
        if (low is not None and middle < low) or (high is not None and middle > high):
            raise refuse(f"median {middle!r} outside min and max", "a median between min and max")
        return self
