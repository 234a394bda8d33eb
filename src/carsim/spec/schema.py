"""JSON Schema of the scenario file, for editors: what may be typed, with units, ranges and descriptions."""

from __future__ import annotations

from typing import Any, Final

# Keys that the catalogue supplies where a file does not state them, by class.
_SUPPLIED: Final = {
    "Patient": "all but population",
    "Cohort": "all but population",
    "MainClone": "all",
    "Clone": "all but name fraction",
    "Product": "all but name",
    "Leukaemia": "all",
    "Scenario": "all but format title",
}
# Classes that may also be written as one value.
_SHORT: Final = {
    "CellDose": ("string", "3e6 cells/kg"),
    "DrugDose": ("string", "30 mg/m^2"),
    "Density": ("string", "absent"),
}
_TREATMENT_NAME: Final = "Entries directly under `treatment:` need a name."


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `format: carsim/1`."""
    from carsim.spec.scenario import Scenario

    schema = Scenario.model_json_schema(by_alias=True, mode="validation")
    for name, part in [*schema["$defs"].items(), ("Scenario", schema)]:
        _relax(name, part)
    schema["properties"] = {
        "format": schema["properties"].pop("format"),
        "extends": {"type": "string", "description": "One parent scenario inside the same folder or below it."},
        **schema["properties"],
    }
    schema["properties"]["treatment"]["description"] += f" {_TREATMENT_NAME}"
    for name in list(schema["$defs"]):
        short = _SHORT.get(name) or (("string", "11 years") if name.startswith("Spread") else None)
        if short:
            kind = ["string", "number"] if name.startswith("Spread") else short[0]
            schema["$defs"][name] = {"anyOf": [{"type": kind, "examples": [short[1]]}, schema["$defs"][name]]}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "carsim/1", **schema}


def _relax(name: str, part: dict[str, Any]) -> None:
    rule = _SUPPLIED.get(name)
    required = part.get("required")
    if rule is None or required is None:
        return
    kept = rule.removeprefix("all").removeprefix(" but").split()
    part["required"] = [key for key in required if key in kept]
    if not part["required"]:
        del part["required"]
