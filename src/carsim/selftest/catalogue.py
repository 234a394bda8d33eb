"""The catalogue is whole: each number with unit, range, grade and source; each name that is used is there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from carsim import catalog
from carsim.selftest.check import Check, measures
from carsim.spec.shipped import shipped

GROUP = "catalogue"
DOI = re.compile(r"10\.\d{4,9}/\S+")


def numbers() -> Iterator[catalog.Value]:
    """Every number of the catalogue."""
    for parameter in catalog.parameters().values():
        yield from parameter.values.values()
    for assay in catalog.assays().values():
        yield from (assay.limit, assay.log_sd)
    for antigen in catalog.antigens().values():
        for density in antigen.densities.values():
            yield from (density.median, density.log_sd)
    for product in catalog.products().values():
        yield from (product.vector_copies, product.memory_share, *product.dose.values())
        for arm in product.arms.values():
            yield from (arm.half_density, arm.steepness, arm.efficiency, arm.dwell)
    for population in catalog.populations().values():
        yield from (covariate.median for covariate in population.covariates.values())
        yield from (*population.parameters.values(), *population.variability.values())
        yield from (pair.value for pair in population.correlations)


@measures(
    GROUP,
    Check("ranges", "numbers that are not finite or lie outside their own range", 0.0, "numbers"),
    Check("grades", "numbers whose grade is none of the catalogue's", 0.0, "numbers"),
    Check("sources", "numbers whose source is not listed", 0.0, "numbers"),
    Check("reasons", "numbers without a reason", 0.0, "numbers"),
    Check("units", "numbers whose unit scenario files do not know", 0.0, "numbers"),
)
def values() -> list[float]:
    """How many numbers are incomplete; an empty catalogue is none."""
    found = list(numbers())
    if len(found) < 100:
        raise ValueError(f"got {len(found)} numbers; expected a catalogue of more than 100")
    finite = [all(math.isfinite(x) for x in (v.low, v.value, v.high)) and v.low <= v.value <= v.high for v in found]
    return [
        float(finite.count(False)),
        float(sum(value.grade not in catalog.GRADES for value in found)),
        float(sum(value.source not in catalog.sources() for value in found)),
        float(sum(not value.reason.strip() for value in found)),
        float(sum(not _is_readable(value.unit) for value in found)),
    ]


def _is_readable(unit: str) -> bool:
    """Whether the registry of units can say what dimension a unit has; 1 is a pure number."""
    from carsim.units import in_registry

    try:
        in_registry(unit if unit != "1" else "")
    except Exception:  # noqa: BLE001  (Pint has an error of its own for each way not to understand)
        return False
    return True


@measures(
    GROUP,
    Check("digital object identifiers", "sources whose identifier has not the form 10.…/…", 0.0, "sources"),
    Check("targets", "arms of products against an antigen that is not listed", 0.0, "arms"),
    Check("variability", "parameters of populations that the model does not have", 0.0, "parameters"),
)
def names() -> list[float]:
    """How many names lead nowhere."""
    known = catalog.parameters()
    own = {name for population in catalog.populations().values() for name in (*population.parameters,)}
    own |= {name for population in catalog.populations().values() for name in population.variability}
    targets = [antigen for product in catalog.products().values() for antigen in product.arms]
    return [
        float(sum(bool(source.doi) and not DOI.fullmatch(source.doi) for source in catalog.sources().values())),
        float(sum(antigen not in catalog.antigens() for antigen in targets)),
        float(len(own - set(known))),
    ]


@measures(GROUP, Check("published systems", "systems without a scenario that can be simulated", 0.0, "systems"))
def systems() -> list[float]:
    """Each system of the catalogue has its scenario, and this version has all its mechanisms."""
    from carsim.spec.load import load

    files = {name: shipped() / "systems" / f"{name}.yaml" for name in catalog.systems()}
    return [float(sum(not file.is_file() or load(file).unsupported() != [] for file in files.values()))]


@measures(GROUP, Check("units of the model", "reactions, quantities and events whose units do not balance", 0.0))
def balance() -> list[float]:
    """Of a shipped scenario: both sides of every reaction have the same unit."""
    from carsim.model.check import check
    from carsim.spec.load import load
    from carsim.spec.prepare import prepare

    return [float(len(check(prepare(load(shipped() / "sequential_cd19_cd22.yaml")).network)))]


MEASURES = (values, names, systems, balance)
