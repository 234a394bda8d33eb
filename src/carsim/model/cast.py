"""From the parts of a scenario to the cast of a model: products, clones, their lineage, and every number.

Beside the clones that a scenario lists, the model holds the one that others can turn into: the clone without CD19 as
long as `cd19_loss` is above zero, and the CD19-dim state as long as `cd19_dimming` is. Both start empty unless listed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from carsim import catalog
from carsim.model import parts
from carsim.model.body import Arm, Clone, Density, Lineage, Number, Product
from carsim.model.build import build
from carsim.model.network import Network

MAIN, NEGATIVE, DIM = "CD19-positive", "CD19-negative", "CD19-dim"
Difference = Callable[[parts.MainClone, parts.MainClone], bool]
RATE_COVARIATES = {  # covariates that rates depend on, with their units: rows of the network like any parameter
    "weight": "kg",
    "body_surface": "m^2",
    "egfr": "mL/min/1.73m^2",
    "neutrophil_base": "cells/uL",
}


@dataclass(frozen=True)
class Cast:
    """Who is in a model; `fractions` gives each clone's share of all blasts at the start."""

    products: tuple[Product, ...]
    clones: tuple[Clone, ...]
    fractions: Mapping[str, float]
    lineage: Lineage
    healthy: Mapping[str, Density]
    numbers: Mapping[str, Number]

    def network(self, title: str) -> Network:
        """The network of this cast."""
        return build(title, self.products, self.clones, self.lineage, self.healthy, self.numbers)


def cast(
    products: Sequence[parts.Product],
    leukaemia: parts.Leukaemia,
    overrides: Mapping[str, float],
    population: str,
) -> Cast:
    """The cast of a scenario: its complete products, its leukaemia, and its parameters over those of the catalogue."""
    numbers = _numbers(overrides, population)
    clones = {MAIN: leukaemia.main} | {clone.name: clone for clone in leukaemia.clones}
    fractions = {clone.name: clone.fraction for clone in leukaemia.clones}
    fractions = {MAIN: 1.0 - sum(fractions.values())} | fractions
    states = {name: Clone(name, _antigens(clone)) for name, clone in clones.items()}
    negative, dim = _counterpart(clones, _lacks_cd19), _counterpart(clones, _shows_less_cd19)
    if dim is None and numbers["cd19_dimming"].value > 0.0:
        dim = DIM
        states[DIM] = Clone(DIM, {**states[MAIN].antigens, "CD19": _catalogued("CD19", "dim-blasts")})
    if negative is None and numbers["cd19_loss"].value > 0.0:
        negative = NEGATIVE
        rest = {antigen: density for antigen, density in states[MAIN].antigens.items() if antigen != "CD19"}
        states[NEGATIVE] = Clone(NEGATIVE, rest)
    for name, clone in clones.items():
        for kind, rate in (("birth", clone.birth), ("death", clone.death)):
            if rate is not None:
                numbers[f"blast_{kind}.{name}"] = Number(rate, "1/d", f"{kind} rate of {name} cells", "scenario")
    healthy = {name: _catalogued(name, "healthy-b-cells") for name in catalog.antigens()}
    return Cast(
        products=tuple(_product(product) for product in products),
        clones=tuple(states.values()),
        fractions=dict.fromkeys(states, 0.0) | fractions,
        lineage=_lineage(negative, dim),
        healthy=healthy,
        numbers=numbers,
    )


def _numbers(overrides: Mapping[str, float], population: str) -> dict[str, Number]:
    numbers = {
        path: Number(value.value, value.unit, parameter.meaning, value.source)
        for parameter in catalog.parameters().values()
        for path, value in parameter.paths().items()
    }
    kind = catalog.find_population(population)
    for path, value in kind.parameters.items():
        numbers[path] = Number(value.value, value.unit, numbers[path].meaning if path in numbers else "", value.source)
    for name, unit in RATE_COVARIATES.items():
        covariate = kind.covariates[name]
        numbers[name] = Number(covariate.median.value, unit, covariate.meaning, covariate.median.source)
    for path, given in overrides.items():
        numbers[path] = Number(given, numbers[path].unit, numbers[path].meaning, "scenario")
    return numbers


def _lineage(negative: str | None, dim: str | None) -> Lineage:
    sources = [MAIN] if dim is None else [MAIN, dim]
    loss = tuple((source, negative) for source in sources if negative is not None)
    return Lineage(loss=loss, dimming=() if dim is None else ((MAIN, dim),))


def _counterpart(clones: Mapping[str, parts.MainClone], differs: Difference) -> str | None:
    """The first listed clone that differs from the main one as `differs` says and shows the same other antigens."""
    main = clones[MAIN]
    if main.cd19.absent:
        return None
    for name, clone in clones.items():
        if name != MAIN and clone.cd22 == main.cd22 and differs(clone, main):
            return name
    return None


def _lacks_cd19(clone: parts.MainClone, main: parts.MainClone) -> bool:
    return clone.cd19.absent and not main.cd19.absent


def _shows_less_cd19(clone: parts.MainClone, main: parts.MainClone) -> bool:
    return 0.0 < clone.cd19.median < main.cd19.median


def _antigens(clone: parts.MainClone) -> dict[str, Density]:
    densities = {"CD19": clone.cd19, "CD22": clone.cd22}
    return {name: Density(d.median, d.log_sd) for name, d in densities.items() if not d.absent}


def _catalogued(antigen: str, cells: str) -> Density:
    density = catalog.find_antigen(antigen).densities[cells]
    return Density(density.median.value, density.log_sd.value)


def _product(product: parts.Product) -> Product:
    arms = tuple(Arm(name, arm.half_density, arm.steepness, arm.efficiency) for name, arm in product.arms.items())
    return Product(product.name, product.costimulation, arms, product.vector_copies, product.memory_share)
