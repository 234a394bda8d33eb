"""The Scenario: what a file means, complete, frozen, in canonical units.

Equal digest if and only if equal meaning. `with_` sets values by dotted path on the tree that the scenario was made
from and resolves again, so that what follows from a value (a population's medians, a product's arms) follows anew.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    Field,
    PlainSerializer,
    PlainValidator,
    PrivateAttr,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
)
from pydantic_core import InitErrorDetails

from carsim.catalog import parameters as catalogue_parameters
from carsim.errors import nearest
from carsim.model.parts import Leukaemia, Product
from carsim.population.parts import Cohort, Patient
from carsim.quantity import Part, Quantity, refuse
from carsim.spec.plain import Run
from carsim.spec.sweep import Sweep
from carsim.spec.trial import Trial
from carsim.treatment.entries import Treatment
from carsim.units import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import PydanticCustomError

    from carsim.catalog import Value
    from carsim.spec.tree import Origin, Table


def catalogue_values() -> dict[str, Value]:
    """Return the catalogue's parameter values by scenario path (`memory_death.4-1BB`)."""
    return {path: value for record in catalogue_parameters().values() for path, value in record.paths().items()}


def _read_parameters(given: Any) -> dict[str, float]:
    if not isinstance(given, dict):
        raise refuse(f"`{given}`", "parameters by name, for example {memory_death.4-1BB: 0.0032 1/d}")
    known = catalogue_values()
    read: dict[str, float] = {}
    errors: list[InitErrorDetails] = []
    for path, text in given.items():
        try:
            if path not in known:
                raise _unknown_parameter(path, known)
            read[path] = Quantity(known[path].unit, at_least=0).read(text)
        except ValueError as error:
            kind: PydanticCustomError = error  # type: ignore[assignment]  # both refusals above are of that class
            errors.append(InitErrorDetails(type=kind, loc=(path,), input=text))
    if errors:
        raise ValidationError.from_exception_data("parameters", errors)
    return dict(sorted(read.items()))


def _unknown_parameter(path: str, known: Mapping[str, Value]) -> PydanticCustomError:
    meant = nearest(path, known, cutoff=0.5)
    of_class = sorted(name for name in known if name.startswith(f"{path}."))
    if of_class:
        return refuse(
            f"`{path}`, which has one value for each class", f"one of: {', '.join(of_class)}", f"`{of_class[0]}`"
        )
    expected = "a parameter of the model (`carsim list parameters`), for example memory_death.4-1BB"
    return refuse(f"`{path}`", expected, f"`{meant}`" if meant else None)


def _write_parameters(values: dict[str, float]) -> dict[str, Any]:
    known = catalogue_values()
    return {
        path: to_text(value, known[path].unit) if known[path].unit != "1" else value for path, value in values.items()
    }


Parameters = Annotated[
    dict[str, float],
    PlainValidator(_read_parameters),
    PlainSerializer(_write_parameters, when_used="json"),
    WithJsonSchema({"type": "object", "additionalProperties": {"type": ["string", "number"]}}),
]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Scenario(Part):
    """Patients, disease, products, treatment and how to simulate them."""

    format: Literal["carsim/1"] = Field(description="Version of the format; first key of every file.")
    title: Title = Field(description="What the scenario is, in one line.")
    about: str = Field(default="", max_length=2000, description="What it shows, in a sentence.")
    patient: Patient | None = Field(default=None, description="One patient with explicit values.")
    cohort: Cohort | None = Field(default=None, description="Many patients.")
    products: tuple[Product, ...] = Field(default=(), description="CAR T products: variants of catalogue products.")
    leukaemia: Leukaemia = Field(description="Clones, antigens and sites at the start.")
    parameters: Parameters = Field(default_factory=dict, description="Parameters that differ from the catalogue.")
    treatment: tuple[Treatment, ...] = Field(
        default=(), description="What is given, in order of listing at equal times."
    )
    run: Run = Field(default=Run(), description="How it is simulated.")
    trial: Trial | None = Field(default=None, description="Virtual trial.")
    sweep: Sweep | None = Field(default=None, description="Parameter sweep.")

    _source: Table | None = PrivateAttr(default=None)
    _file: str = PrivateAttr(default="")
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)
    _changed: Callable[[Scenario, Mapping[str, Any]], Scenario] | None = PrivateAttr(default=None)
    _meant: list[list[dict[str, Any]]] = PrivateAttr(default_factory=list)

    def __eq__(self, other: object) -> bool:
        """Equal values, wherever they were written."""
        return isinstance(other, Scenario) and self.model_dump() == other.model_dump()

    def __hash__(self) -> int:
        """Hash of the meaning."""
        return hash(self.digest)

    @property
    def origins(self) -> Mapping[str, Origin]:
        """Where each value comes from, by dotted path: file and line, catalogue, default or override."""
        return self._origins

    @property
    def file(self) -> str:
        """File the scenario was read from, as named by the user; "" for text."""
        return self._file

    @property
    def digest(self) -> str:
        """SHA-256 of the meaning: equal for scenarios that mean the same, however they are written."""
        return hashlib.sha256(json.dumps(self.meaning(), sort_keys=True, allow_nan=False).encode()).hexdigest()

    def meaning(self) -> dict[str, Any]:
        """Return all that decides the results, as plain data: values in canonical units, every parameter, no titles."""
        plain = self.model_dump(mode="python", by_alias=True, exclude={"title", "about", "parameters"})
        population = self.patient.population if self.patient else self.cohort.population if self.cohort else None
        plain["parameters"] = _all_parameters(population) | self.parameters
        for product in plain["products"]:
            del product["extends"]
        if self.sweep:
            from carsim.spec.varied import meaning

            plain["sweep"] = meaning(self.sweep, self._meant)
        tidy: dict[str, Any] = _tidy(plain)
        return tidy

    def with_(self, **changes: Any) -> Scenario:
        """Return the scenario with values set by dotted path: `with_(**{"treatment.car.dose": "1e6 cells/kg"})`.

        Quantities are text with a unit, as in a file. Raises ScenarioError for an unknown path or a wrong value.
        """
        assert self._changed is not None  # set by the loader, which makes every scenario
        return self._changed(self, changes)

    def arm(self, name: str) -> Scenario:
        """Return the scenario of one arm of its trial: with the arm's values set and its number of patients.

        Raises ValueError for a name that is no arm.
        """
        arms = {arm.name: arm for arm in (self.trial.arms if self.trial else ())}
        if name not in arms:
            meant = nearest(name, arms)
            hint = f"; did you mean {meant!r}" if meant else ""
            raise ValueError(
                f"got the arm {name!r}; expected one of {', '.join(arms) or 'none: no arms are stated'}{hint}"
            )
        changes = dict(arms[name].changes)
        if arms[name].n is not None:
            changes["cohort.n"] = arms[name].n
        return self.with_(**changes)

    def implausible(self) -> list[str]:
        """Return a sentence for each stated parameter outside its plausible range; zero switches a process off."""
        known = catalogue_values()
        return [
            f"parameters.{path}: {to_text(value, known[path].unit)} is outside the plausible range, "
            f"{to_text(known[path].low, known[path].unit)} to {to_text(known[path].high, known[path].unit)}"
            for path, value in self.parameters.items()
            if value != 0.0 and not known[path].low <= value <= known[path].high
        ]

    def unsupported(self) -> list[tuple[str, str]]:
        """Return path and name of every mechanism asked for that this version cannot run with `carsim run`."""
        from carsim.spec.supported import unsupported

        return unsupported(self)


def _all_parameters(population: str | None) -> dict[str, float]:
    from carsim.catalog import find_population

    values = {path: value.value for path, value in catalogue_values().items()}
    if population:
        values |= {path: value.value for path, value in find_population(population).parameters.items()}
    return values


def _tidy(value: Any) -> Any:
    """Whole floats and ints, -0.0 and 0.0, tuples and lists become one form each."""
    if isinstance(value, dict):
        return {str(key): _tidy(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tidy(item) for item in value]
    if isinstance(value, float):
        return value + 0.0
    return float(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53 else value
