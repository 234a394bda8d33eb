"""Read the data files into records, once per process, refusing what is incomplete.

A number is a table {value, unit, range, grade, source, reason}; `unit` may stand once in the table around it. Files are
read in order of name, so the order of records is deterministic. Returned mappings are read-only.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from carsim.catalog.calibrated import PARAMETER, SPREAD, calibration
from carsim.catalog.records import (
    GRADES,
    Antigen,
    Arm,
    Assay,
    CellRatio,
    Correlation,
    Covariate,
    Density,
    Parameter,
    Population,
    Product,
    Scale,
    Source,
    Value,
)
from carsim.errors import CarsimError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Table = dict[str, Any]


class CatalogError(CarsimError):
    """A data file of the catalogue is incomplete or wrong; the text names file and record."""


@lru_cache(maxsize=1)
def sources() -> Mapping[str, Source]:
    """Return every source by key."""
    return MappingProxyType({key: Source(key=key, **table) for _, key, table in _tables("sources.toml")})


@lru_cache(maxsize=1)
def parameters() -> Mapping[str, Parameter]:
    """Return every parameter of the model by name, with its calibrated values where it has any."""
    found: dict[str, Parameter] = {}
    known = {PARAMETER + path for path in as_stated()}
    unknown = [path for path in calibration().values if path.startswith(PARAMETER) and path not in known]
    if unknown:
        raise CatalogError(f"posterior.toml: `{unknown[0]}` is no parameter")
    for name, parameter in _as_stated().items():
        paths = dict(zip(parameter.values, parameter.paths(), strict=True))
        values = {
            key: _plausible(paths[key], calibration().over(PARAMETER + paths[key], value))
            for key, value in parameter.values.items()
        }
        found[name] = replace(parameter, values=MappingProxyType(values))
    return MappingProxyType(found)


def as_stated() -> Mapping[str, Value]:
    """Return the value of every parameter by scenario path as the data files state it, before any calibration."""
    return {path: value for parameter in _as_stated().values() for path, value in parameter.paths().items()}


@lru_cache(maxsize=1)
def _as_stated() -> Mapping[str, Parameter]:
    found: dict[str, Parameter] = {}
    for file, name, table in _tables("parameters"):
        if name in found:
            raise CatalogError(f"{file}: {name}: stated twice")
        place = f"{file}: {name}"
        values = {key: _value(f"{place}.{key}", item, table["unit"]) for key, item in table["values"].items()}
        texts = {key: table[key] for key in ("symbol", "unit", "process", "meaning", "per")}
        if (set(values) == {"all"}) != (texts["per"] == ""):
            raise CatalogError(f"{place}: values must be `all` where `per` is empty, else one per {texts['per']}")
        found[name] = Parameter(name=name, values=MappingProxyType(_of_each_antigen(values)), **texts)
    return MappingProxyType(found)


def _of_each_antigen(values: dict[str, Value]) -> dict[str, Value]:
    """The value `each` holds for every antigen of the catalogue that has none of its own."""
    each = values.pop("each", None)
    return values if each is None else dict.fromkeys(antigens(), each) | values


@lru_cache(maxsize=1)
def antigens() -> Mapping[str, Antigen]:
    """Return every target antigen by name."""
    found = {}
    for file, name, table in _tables("antigens.toml"):
        densities = {
            cells: Density(
                median=_value(f"{file}: {name}.{cells}.median", item["median"], "molecules"),
                log_sd=_value(f"{file}: {name}.{cells}.log_sd", item["log_sd"], "1"),
            )
            for cells, item in table["densities"].items()
        }
        found[name] = Antigen(name=name, meaning=table["meaning"], densities=MappingProxyType(densities))
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def history() -> Mapping[str, Mapping[str, Value]]:
    """Return for each item of a patient's history the factors on parameters, by name with or without class."""
    return MappingProxyType(
        {
            item: MappingProxyType(
                {name: _value(f"{file}: {item}.{name}", factor, "1") for name, factor in table.items()}
            )
            for file, item, table in _tables("history.toml")
        }
    )


@lru_cache(maxsize=1)
def assays() -> Mapping[str, Assay]:
    """Return every assay by name."""
    return MappingProxyType(
        {
            name: Assay(
                name=name,
                course=table["course"],
                meaning=table["meaning"],
                limit=_value(f"{file}: {name}.limit", table["limit"]),
                log_sd=_value(f"{file}: {name}.log_sd", table["log_sd"], "1"),
            )
            for file, name, table in _tables("assays.toml")
        }
    )


@lru_cache(maxsize=1)
def scales() -> Mapping[str, Scale]:
    """Return every scale of toxicity by name; grades are whole, from 0 to 4, and do not fall with the stage."""
    found = {}
    for file, name, table in _tables("scales.toml"):
        texts = {key: table[key] for key in ("title", "source", "reason")}
        if texts["source"] not in sources():
            raise CatalogError(f"{file}: {name}: source `{texts['source']}` is not in sources.toml")
        grades: dict[str, Mapping[str, tuple[int, ...]]] = {}
        for toxicity, axes in table["grades"].items():
            for axis, stages in axes.items():
                if sorted(stages) != stages or not set(stages) <= set(range(5)):
                    raise CatalogError(
                        f"{file}: {name}.{toxicity}.{axis}: got {stages}; expected grades 0 to 4 in rising order"
                    )
            grades[toxicity] = MappingProxyType({axis: tuple(stages) for axis, stages in axes.items()})
        found[name] = Scale(name=name, grades=MappingProxyType(grades), **texts)
    return MappingProxyType(found)


@lru_cache(maxsize=1)
def products() -> Mapping[str, Product]:
    """Return every product by its name, the international non-proprietary name where there is one."""
    loaded = tables_of_files("products")
    return MappingProxyType({name: _product(f"{file}: {name}", name, table) for file, name, table in loaded})


@lru_cache(maxsize=1)
def populations() -> Mapping[str, Population]:
    """Return every population by name."""
    loaded = tables_of_files("populations")
    return MappingProxyType({name: _population(f"{file}: {name}", name, table) for file, name, table in loaded})


def _product(place: str, name: str, table: Table) -> Product:
    arms = {
        antigen: Arm(
            antigen=antigen,
            binder=arm["binder"],
            half_density=_value(f"{place}.arms.{antigen}.half_density", arm["half_density"], "molecules"),
            steepness=_value(f"{place}.arms.{antigen}.steepness", arm["steepness"], "1"),
            efficiency=_value(f"{place}.arms.{antigen}.efficiency", arm["efficiency"], "1"),
            dwell=_value(f"{place}.arms.{antigen}.dwell", arm["dwell"], "1"),
            costimulation=arm.get("costimulation"),
        )
        for antigen, arm in table["arms"].items()
    }
    return Product(
        name=name,
        title=table["title"],
        aliases=tuple(table["aliases"]),
        costimulation=table["costimulation"],
        binder_origin=table["binder_origin"],
        donor=table["donor"],
        notes=table["notes"],
        arms=MappingProxyType(arms),
        cd4_to_cd8=CellRatio(
            median=_value(f"{place}.cd4_to_cd8.median", table["cd4_to_cd8"]["median"], "1"),
            log_sd=_value(f"{place}.cd4_to_cd8.log_sd", table["cd4_to_cd8"]["log_sd"], "1"),
        ),
        vector_copies=_value(f"{place}.vector_copies", table["vector_copies"], "copies"),
        memory_share=_value(f"{place}.memory_share", table["memory_share"], "1"),
        dose=_values(f"{place}.dose", table["dose"]),
    )


def _population(place: str, name: str, table: Table) -> Population:
    covariates = {
        key: Covariate(
            name=key,
            meaning=item["meaning"],
            median=_value(f"{place}.covariates.{key}", item),
            log_sd=float(item["log_sd"]),
        )
        for key, item in table["covariates"].items()
    }
    correlations = tuple(
        Correlation(item["between"][0], item["between"][1], _value(f"{place}.correlations", item, "1"))
        for item in table.get("correlations", [])
    )
    return Population(
        name=name,
        title=table["title"],
        aliases=tuple(table["aliases"]),
        notes=table["notes"],
        covariates=MappingProxyType(covariates),
        correlations=correlations,
        parameters=_values(f"{place}.parameters", table["parameters"]),
        variability=_spreads(f"{place}.variability", table["variability"]),
    )


def _values(place: str, table: Table) -> Mapping[str, Value]:
    return MappingProxyType({key: _value(f"{place}.{key}", item) for key, item in table.items()})


def _spreads(place: str, table: Table) -> Mapping[str, Value]:
    """Spreads between patients by parameter, calibrated where they are: those of all populations together."""
    return MappingProxyType(
        {
            key: _plausible(f"{place}.{key}", calibration().over(SPREAD + key, value))
            for key, value in _values(place, table).items()
        }
    )


def _plausible(place: str, value: Value) -> Value:
    if not value.low <= value.value <= value.high:
        raise CatalogError(f"{place}: value {value.value:g} outside its range {value.low:g} to {value.high:g}")
    return value


def _value(place: str, item: Table, unit: str | None = None) -> Value:
    item = item if unit is None else {"unit": unit, **item}
    missing = [key for key in ("value", "unit", "range", "grade", "source", "reason") if key not in item]
    if missing:
        raise CatalogError(f"{place}: lacks {', '.join(missing)}")
    low, high = (float(bound) for bound in item["range"])
    value = Value(
        value=float(item["value"]),
        unit=item["unit"],
        low=low,
        high=high,
        grade=item["grade"],
        source=item["source"],
        reason=item["reason"],
    )
    _plausible(place, value)
    if value.grade not in GRADES:
        raise CatalogError(f"{place}: grade `{value.grade}` is none of {', '.join(GRADES)}")
    if value.source not in sources():
        raise CatalogError(f"{place}: source `{value.source}` is not in sources.toml")
    if not value.reason.strip():
        raise CatalogError(f"{place}: reason is empty")
    return value


def _tables(where: str) -> Iterator[tuple[str, str, Table]]:
    """File, name and content of every top-level table of a file, or of the files of a folder in order of name."""
    folder = files("carsim.catalog") / "data" / where
    listed = [folder] if folder.is_file() else sorted(folder.iterdir(), key=lambda entry: entry.name)
    for entry in listed:
        if entry.name.endswith(".toml"):
            for name, table in tomllib.loads(entry.read_text(encoding="utf-8")).items():
                yield entry.name, name, table


def tables_of_files(where: str) -> Iterator[tuple[str, str, Table]]:
    """File, record name (the file's stem) and content of every file of a folder, in order of name."""
    folder = files("carsim.catalog") / "data" / where
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith(".toml"):
            yield entry.name, entry.name.removesuffix(".toml"), tomllib.loads(entry.read_text(encoding="utf-8"))
