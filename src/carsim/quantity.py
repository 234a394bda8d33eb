"""The pydantic side of quantities: `Annotated[float, Quantity("cells/kg", above=0)]` reads text with a unit.

A field so declared takes `3e6 cells/kg` (a pure number or `60 %` where the unit is ""), holds a float in the declared
unit, is written back as text in that unit, and tells editors its form and range through the JSON Schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError, core_schema

from carsim.units import QuantityError, normal, quantity, to_text

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True, slots=True)
class Quantity:
    """Unit and range of a field; the limits are in that unit, `above` and `below` exclusive."""

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
