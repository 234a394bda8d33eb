"""From the parts of a scenario to the cast of a model: products, clones, sites, and every number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from carsim import catalog
from carsim.model import parts
from carsim.model.body import (
    BLOOD_AND_MARROW,
    GRADED_ON,
    HEALTHY,
    Arm,
    Cast,
    Composition,
    Density,
    Lineage,
    Number,
    Product,
)
from carsim.model.lineage import clones_of, main_name, targeted

RATE_COVARIATES = {  # covariates that rates depend on, with their units: rows of the network like any parameter
    "weight": "kg",
    "body_surface": "m^2",
    "egfr": "mL/min/1.73m^2",
    "neutrophil_base": "cells/uL",
    "platelet_base": "cells/uL",
    "haemoglobin_base": "g/dL",
}


def cast(
    products: Sequence[parts.Product],
    leukaemia: parts.Leukaemia,
    overrides: Mapping[str, float],
    population: str,
    covariates: Mapping[str, float],
    origins: Mapping[str, str],
    *,
    given: frozenset[str] = frozenset(),
    history: frozenset[str] = frozenset(),
    scales: Mapping[str, str] = GRADED_ON,
) -> Cast:
    """The cast of a scenario: complete products, leukaemia, and its parameters over those of the catalogue.

    `covariates` are the typical patient's (canonical units); `origins` says where each value comes from, by path;
    `given` names the drugs and procedures of the treatment, `history` what any of the patients may have had; `scales`
    those on which toxicity is graded.
    """
    numbers = _numbers(overrides, population, covariates, origins)
    targets = targeted(products, given)
    may_switch = "kmt2a-rearranged" in history or "lineage_switch" in overrides
    main, (clones, lineage) = main_name(leukaemia), clones_of(leukaemia, targets, numbers, may_switch=may_switch)
    listed = {main: leukaemia.main} | {clone.name: clone for clone in leukaemia.clones}
    for clone in clones:
        _own_rates(clone.name, listed[lineage.founders.get(clone.name, clone.name)], numbers)
    fractions = {clone.name: clone.fraction for clone in leukaemia.clones}
    fractions[main] = 1.0 - sum(fractions.values())
    return Cast(
        products=tuple(_product(product) for product in products),
        clones=clones,
        fractions={clone.name: 0.0 for clone in clones} | fractions,
        lineage=lineage,
        healthy=_healthy(),
        numbers=numbers,
        sources=_sources(products, listed, main, lineage, origins),
        targets=targets,
        sites=(*BLOOD_AND_MARROW, *elsewhere(leukaemia.sites)),
        given=given,
        scales=scales,
    )


def elsewhere(sites: parts.Sites) -> dict[str, float]:
    """Blasts at each site outside marrow and blood that the scenario states: CNS in cells/uL of fluid, else cells."""
    found = {} if sites.CNS is None else {"CNS": sites.CNS.csf}
    return found if sites.extramedullary is None else found | {"extramedullary": sites.extramedullary.cells}


def _own_rates(name: str, stated: parts.MainClone, numbers: dict[str, Number]) -> None:
    """Rates of a clone that a scenario states, of it or of the one from which it arises."""
    for kind, rate in (("birth", stated.birth), ("death", stated.death)):
        if rate is not None:
            numbers[f"blast_{kind}.{name}"] = Number(rate, "1/d", f"{kind} rate of {name} cells", "scenario")


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
    products: Sequence[parts.Product],
    listed: Mapping[str, parts.MainClone],
    main: str,
    lineage: Lineage,
    origins: Mapping[str, str],
) -> dict[str, str]:
    """Source of each row that belongs to one product or clone, from the scenario's origins and the catalogue."""
    found = {}
    for product in products:
        path = f"products.{product.name}"
        for name in ("memory_share", "vector_copies"):
            found[f"{name}.{product.name}"] = origins.get(f"{path}.{name}", "")
        found[f"cd4_to_cd8.{product.name}"] = origins.get(f"{path}.cd4_to_cd8.median", "")
        for target in product.arms:
            for name in ("half_density", "steepness", "efficiency", "dwell"):
                row = f"{name}.{product.name}.{target}"
                found[row] = origins.get(f"{path}.arms.{target}.{name}", "")
    for antigen in catalog.antigens():
        for step in (step for step in lineage.dimming if step.antigen == antigen and step.target not in listed):
            found |= _density_sources(step.target, antigen, "dim-blasts")
        found |= _density_sources(HEALTHY, antigen, "healthy-b-cells")
        for clone in (*listed, *lineage.founders):
            founder = lineage.founders.get(clone, clone)
            path = f"leukaemia.{'main' if founder == main else f'clones.{founder}'}.{antigen.lower()}"
            for row, part in (("density", "median"), ("density_log_sd", "log_sd")):
                origin = origins.get(f"{path}.{part}", origins.get(path, ""))
                found.setdefault(f"{row}.{clone}.{antigen}", origin)
    return found


def _density_sources(population: str, antigen: str, cells: str) -> dict[str, str]:
    density = catalog.find_antigen(antigen).densities.get(cells)
    rows = (("density", density.median), ("density_log_sd", density.log_sd)) if density else ()
    return {f"{row}.{population}.{antigen}": value.source for row, value in rows}


def _healthy() -> dict[str, Density]:
    found = {name: record.densities.get("healthy-b-cells") for name, record in catalog.antigens().items()}
    return {name: Density(d.median.value, d.log_sd.value) for name, d in found.items() if d is not None}


def _product(product: parts.Product) -> Product:
    arms = tuple(
        Arm(name, arm.half_density, arm.steepness, arm.efficiency, arm.dwell, arm.costimulation)
        for name, arm in product.arms.items()
    )
    return Product(
        product.name,
        product.costimulation,
        arms,
        product.vector_copies,
        product.memory_share,
        product.binder_origin,
        product.donor,
        Composition(product.cd4_to_cd8.median, product.cd4_to_cd8.log_sd),
    )
