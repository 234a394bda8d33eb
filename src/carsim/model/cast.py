"""From the parts of a scenario to the cast of a model: products, clones, their lineage, and every number.

Beside the clones that a scenario lists, the model holds those that a CD19-positive main clone can turn into: the clone
without CD19 as long as `cd19_loss` is above zero, and the CD19-dim state as long as `cd19_dimming` is. Both start empty
unless listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from carsim import catalog
from carsim.model import parts
from carsim.model.body import BLOOD_AND_MARROW, GRADED_ON, HEALTHY, Arm, Cast, Clone, Density, Lineage, Number, Product

Difference = Callable[[parts.MainClone, parts.MainClone], bool]
POSITIVE, NEGATIVE, DIM = "CD19-positive", "CD19-negative", "CD19-dim"
ANTIGENS = {"CD19": "cd19", "CD20": "cd20", "CD22": "cd22"}  # antigen -> key of a clone
RATE_COVARIATES = {  # covariates that rates depend on, with their units: rows of the network like any parameter
    "weight": "kg",
    "body_surface": "m^2",
    "egfr": "mL/min/1.73m^2",
    "neutrophil_base": "cells/uL",
}


def main_name(leukaemia: parts.Leukaemia) -> str:
    """Name of the main clone in results: by its CD19, which is what a relapse is named by."""
    return NEGATIVE if leukaemia.main.cd19.absent else POSITIVE


def cast(
    products: Sequence[parts.Product],
    leukaemia: parts.Leukaemia,
    overrides: Mapping[str, float],
    population: str,
    covariates: Mapping[str, float],
    origins: Mapping[str, str],
    *,
    given: frozenset[str] = frozenset(),
    scales: Mapping[str, str] = GRADED_ON,
) -> Cast:
    """The cast of a scenario: complete products, leukaemia, and its parameters over those of the catalogue.

    `covariates` are the typical patient's (canonical units); `origins` says where each value comes from, by path;
    `given` names the drugs and procedures of the treatment; `scales` those on which toxicity is graded.
    """
    numbers = _numbers(overrides, population, covariates, origins)
    main = main_name(leukaemia)
    listed = {main: leukaemia.main} | {clone.name: clone for clone in leukaemia.clones}
    states = {name: Clone(name, _antigens(clone)) for name, clone in listed.items()}
    lineage = Lineage(loss=(), dimming=())
    if main == POSITIVE:
        negative, dim = _descendants(listed, states, numbers)
        loss = tuple((source, negative) for source in (POSITIVE, dim) if source is not None and negative is not None)
        lineage = Lineage(loss=loss, dimming=() if dim is None else ((POSITIVE, dim),))
    for name, clone in listed.items():
        for kind, rate in (("birth", clone.birth), ("death", clone.death)):
            if rate is not None:
                numbers[f"blast_{kind}.{name}"] = Number(rate, "1/d", f"{kind} rate of {name} cells", "scenario")
    fractions = {clone.name: clone.fraction for clone in leukaemia.clones}
    fractions[main] = 1.0 - sum(fractions.values())
    return Cast(
        products=tuple(_product(product) for product in products),
        clones=tuple(states.values()),
        fractions=dict.fromkeys(states, 0.0) | fractions,
        lineage=lineage,
        healthy={name: _catalogued(name, "healthy-b-cells") for name in catalog.antigens()},
        numbers=numbers,
        sources=_sources(products, listed, main, origins),
        sites=BLOOD_AND_MARROW,
        given=given,
        scales=scales,
    )


def _descendants(
    listed: Mapping[str, parts.MainClone], states: dict[str, Clone], numbers: Mapping[str, Number]
) -> tuple[str | None, str | None]:
    """Names of the clone without CD19 and of the dim state; what is not listed and can arise is added to `states`."""
    negative, dim = _counterpart(listed, _lacks_cd19), _counterpart(listed, _shows_less_cd19)
    antigens = states[POSITIVE].antigens
    if dim is None and DIM not in listed and numbers["cd19_dimming"].value > 0.0:
        dim, states[DIM] = DIM, Clone(DIM, {**antigens, "CD19": _catalogued("CD19", "dim-blasts")})
    if negative is None and NEGATIVE not in listed and numbers["cd19_loss"].value > 0.0:
        rest = {antigen: density for antigen, density in antigens.items() if antigen != "CD19"}
        negative, states[NEGATIVE] = NEGATIVE, Clone(NEGATIVE, rest)
    return negative, dim


def _numbers(
    overrides: Mapping[str, float], population: str, covariates: Mapping[str, float], origins: Mapping[str, str]
) -> dict[str, Number]:
    numbers = {
        path: Number(value.value, value.unit, parameter.meaning, value.source)
        for parameter in catalog.parameters().values()
        for path, value in parameter.paths().items()
    }
    kind = catalog.find_population(population)
    for path, value in kind.parameters.items():
        numbers[path] = Number(value.value, value.unit, numbers[path].meaning if path in numbers else "", value.source)
    for name, unit in RATE_COVARIATES.items():
        source = origins.get(name, origins.get(f"{name}.median", ""))
        numbers[name] = Number(covariates[name], unit, kind.covariates[name].meaning, source)
    for path, given in overrides.items():
        source = origins.get(f"parameters.{path}", "scenario")
        numbers[path] = Number(given, numbers[path].unit, numbers[path].meaning, source)
    return numbers


def _sources(
    products: Sequence[parts.Product], listed: Mapping[str, parts.MainClone], main: str, origins: Mapping[str, str]
) -> dict[str, str]:
    """Source of each row that belongs to one product or clone, from the scenario's origins and the catalogue."""
    found = {}
    for product in products:
        path = f"products.{product.name}"
        for name in ("memory_share", "vector_copies"):
            found[f"{name}.{product.name}"] = origins.get(f"{path}.{name}", "")
        for target in product.arms:
            for name in ("half_density", "steepness", "efficiency"):
                row = f"{name}.{product.name}.{target}"
                found[row] = origins.get(f"{path}.arms.{target}.{name}", "")
    for clone in listed:
        path = "leukaemia.main" if clone == main else f"leukaemia.clones.{clone}"
        for antigen, key in ANTIGENS.items():
            for row, field in (("density", "median"), ("density_log_sd", "log_sd")):
                found[f"{row}.{clone}.{antigen}"] = origins.get(
                    f"{path}.{key}.{field}", origins.get(f"{path}.{key}", "")
                )
    for name, antigen_record in catalog.antigens().items():
        for population, cells in ((HEALTHY, "healthy-b-cells"), (DIM, "dim-blasts")):
            density = antigen_record.densities.get(cells)
            if density is not None:
                found.setdefault(f"density.{population}.{name}", density.median.source)
                found.setdefault(f"density_log_sd.{population}.{name}", density.log_sd.source)
    return found


def _counterpart(clones: Mapping[str, parts.MainClone], differs: Difference) -> str | None:
    """The first listed clone that differs from the main one as `differs` says and shows the same other antigens."""
    main = clones[POSITIVE]
    for name, clone in clones.items():
        if name != POSITIVE and (clone.cd20, clone.cd22) == (main.cd20, main.cd22) and differs(clone, main):
            return name
    return None


def _lacks_cd19(clone: parts.MainClone, main: parts.MainClone) -> bool:
    return clone.cd19.absent and not main.cd19.absent


def _shows_less_cd19(clone: parts.MainClone, main: parts.MainClone) -> bool:
    return 0.0 < clone.cd19.median < main.cd19.median


def _antigens(clone: parts.MainClone) -> dict[str, Density]:
    densities: dict[str, parts.Density] = {name: getattr(clone, key) for name, key in ANTIGENS.items()}
    return {name: Density(d.median, d.log_sd) for name, d in densities.items() if not d.absent}


def _catalogued(antigen: str, cells: str) -> Density:
    density = catalog.find_antigen(antigen).densities[cells]
    return Density(density.median.value, density.log_sd.value)


def _product(product: parts.Product) -> Product:
    arms = tuple(Arm(name, arm.half_density, arm.steepness, arm.efficiency) for name, arm in product.arms.items())
    return Product(product.name, product.costimulation, arms, product.vector_copies, product.memory_share)
