"""The catalogue: every record complete, lookups by alias, misses that name the nearest record."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator
from typing import get_args

import pytest
from pint import UndefinedUnitError

from carsim import catalog
from carsim.catalog.load import _value
from carsim.model.processes.fludarabine import F_ARA_A_PER_PHOSPHATE
from carsim.population.parts import History
from carsim.units import in_registry


def every_value() -> Iterator[tuple[str, catalog.Value]]:
    """Every number of the catalogue with where it stands."""
    for parameter in catalog.parameters().values():
        yield from parameter.paths().items()
    for assay in catalog.assays().values():
        yield f"{assay.name}.limit", assay.limit
        yield f"{assay.name}.log_sd", assay.log_sd
    for antigen in catalog.antigens().values():
        for cells, density in antigen.densities.items():
            yield f"{antigen.name}.{cells}.median", density.median
            yield f"{antigen.name}.{cells}.log_sd", density.log_sd
    for product in catalog.products().values():
        yield f"{product.name}.vector_copies", product.vector_copies
        yield f"{product.name}.memory_share", product.memory_share
        yield from ((f"{product.name}.dose.{kind}", value) for kind, value in product.dose.items())
        for arm in product.arms.values():
            for name in ("half_density", "steepness", "efficiency"):
                yield f"{product.name}.{arm.antigen}.{name}", getattr(arm, name)
    for population in catalog.populations().values():
        yield from ((f"{population.name}.{key}", value.median) for key, value in population.covariates.items())
        yield from ((f"{population.name}.{key}", value) for key, value in population.parameters.items())
        yield from ((f"{population.name}.{key}.log_sd", value) for key, value in population.variability.items())
        yield from ((f"{population.name}.{pair.first}-{pair.second}", pair.value) for pair in population.correlations)


VALUES = dict(every_value())


def test_catalogue_is_not_empty() -> None:
    assert len(VALUES) > 150


@pytest.mark.parametrize("place", VALUES)
def test_value_is_complete(place: str) -> None:
    value = VALUES[place]
    assert value.unit.strip()
    assert all(math.isfinite(number) for number in (value.low, value.value, value.high))
    assert value.low <= value.value <= value.high
    assert value.grade in catalog.GRADES
    assert value.source in catalog.sources()
    assert len(value.reason.split()) >= 2


@pytest.mark.parametrize("place", VALUES)
def test_unit_is_one_the_scenario_files_know(place: str) -> None:
    """Known to the registry: what a scenario writes in the unit asked for is not looked up there."""
    assert in_registry(VALUES[place].unit).magnitude == 1.0


def test_an_invented_unit_is_not_known() -> None:
    with pytest.raises(UndefinedUnitError):
        in_registry("furlong-like")


def test_every_source_is_used_or_an_origin_of_models() -> None:
    used = {value.source for value in VALUES.values()}
    assert {"carsim-calibration", "carsim-assumption", "stein-2019"} <= used <= set(catalog.sources())


@pytest.mark.parametrize("source", catalog.sources().values(), ids=lambda source: source.key)
def test_source_is_complete(source: catalog.Source) -> None:
    assert source.citation.strip()
    assert source.licence.strip()
    assert source.kind in {"article", "model", "abstract", "label", "calibration", "assumption"}
    assert not source.doi or source.doi.startswith("10.")


@pytest.mark.parametrize("population", catalog.populations().values(), ids=lambda population: population.name)
def test_variability_names_parameters(population: catalog.Population) -> None:
    assert set(population.variability) <= set(catalog.parameters())
    assert set(population.parameters) <= set(catalog.parameters())


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("tisagenlecleucel", "tisagenlecleucel"),
        ("CTL019", "tisagenlecleucel"),
        ("19-BBz", "tisagenlecleucel"),
        ("KTE-X19", "brexucabtagene-autoleucel"),
        ("kte x19", "brexucabtagene-autoleucel"),
        ("SJ25C1-28z", "cd19-28z-mskcc"),
    ],
)
def test_product_by_name_and_alias(name: str, found: str) -> None:
    assert catalog.find_product(name).name == found


def test_aliases_are_unique() -> None:
    for records in (catalog.products(), catalog.populations()):
        names = [name for record in records.values() for name in (record.name, *record.aliases)]
        assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("find", "name", "nearest"),
    [
        (catalog.find_product, "tisagenlecleucell", "tisagenlecleucel"),
        (catalog.find_population, "pediatric-rr-ball", "paediatric-rr-ball"),
        (catalog.find_parameter, "memory_deth", "memory_death"),
        (catalog.find_value, "memory_death.4-1B", "memory_death.4-1BB"),
        (catalog.find_antigen, "CD91", "CD19"),
        (catalog.find_source, "stein-2018", "stein-2019"),
    ],
)
def test_miss_names_the_nearest(find, name: str, nearest: str) -> None:
    with pytest.raises(catalog.Unknown, match=f"did you mean `{nearest}`") as caught:
        find(name)
    assert caught.value.suggestion == nearest
    assert caught.value.exit_status == 2


def test_miss_without_a_near_name_lists_what_there_is() -> None:
    with pytest.raises(catalog.Unknown, match=r"known: .*tisagenlecleucel"):
        catalog.find_product("zzzz")


def test_value_by_path() -> None:
    assert catalog.find_value("cart_homing.marrow").value == 10.0
    assert catalog.find_value("memory_death.4-1BB").value < catalog.find_value("memory_death.CD28").value


def test_records_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        catalog.find_value("cart_homing.marrow").value = 1.0
    with pytest.raises(TypeError):
        catalog.parameters()["new"] = catalog.find_parameter("cart_homing")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"value": 3.0}, "outside its range"),
        ({"grade": "guessed"}, "grade `guessed`"),
        ({"source": "nobody-1900"}, "not in sources.toml"),
        ({"reason": " "}, "reason is empty"),
        ({"range": None}, "lacks range"),
        ({"unit": None}, "lacks unit"),
    ],
)
def test_incomplete_record_is_refused(change: dict, message: str) -> None:
    item = {
        "value": 1.0,
        "unit": "1/d",
        "range": [0.5, 2.0],
        "grade": "assumed",
        "source": "stein-2019",
        "reason": "why",
    }
    item = {key: value for key, value in (item | change).items() if value is not None}
    with pytest.raises(catalog.CatalogError, match=message):
        _value("here", item)


@pytest.mark.parametrize(
    ("population", "target"), [("paediatric-rr-ball", 21.0), ("adult-rr-ball", 26.0)]
)  # mg*h/L, Langenhorst 2019
def test_typical_fludarabine_exposure(population: str, target: float) -> None:
    kind = catalog.find_population(population)
    number = {name: catalog.find_parameter(name).values["all"].value for name in FLUDARABINE}
    egfr, size = (
        kind.covariates["egfr"].median.value,
        kind.covariates["weight"].median.value / number["reference_weight"],
    )
    clearance = number["fludarabine_clearance_base"] + number["fludarabine_clearance_egfr"] * egfr
    clearance *= size ** number["allometric_exponent"] * kind.parameters["fludarabine_clearance_offset"].value
    dose = 160.0 * kind.covariates["body_surface"].median.value * F_ARA_A_PER_PHOSPHATE
    assert 24.0 * dose / clearance == pytest.approx(target, rel=0.1)


FLUDARABINE = (
    "reference_weight",
    "allometric_exponent",
    "fludarabine_clearance_base",
    "fludarabine_clearance_egfr",
)


def test_host_t_cells_rest_at_the_median_baseline() -> None:
    value = {name: catalog.find_value(name).value for name in HOST}
    for population in catalog.populations().values():
        cells = population.covariates["host_t_cells"].median.value
        cytokine = 1.0 / (1.0 + cells / value["cytokine_half"])
        change = value["thymic_output"] + (value["host_division"] * cytokine - value["host_death"]) * cells
        assert change == pytest.approx(0.0, abs=1e-3 * value["host_death"] * cells)


HOST = ("cytokine_half", "thymic_output", "host_division", "host_death")


def test_history_changes_parameters_of_the_model() -> None:
    paths = {path for record in catalog.parameters().values() for path in (record.name, *record.paths())}
    for item, factors in catalog.history().items():
        assert item in get_args(History)
        assert set(factors) <= paths


@pytest.mark.parametrize("scale", catalog.scales().values(), ids=lambda scale: scale.name)
def test_scale_is_complete(scale: catalog.Scale) -> None:
    assert scale.source in catalog.sources()
    assert len(scale.reason.split()) >= 2
    stages = {"crs": {"fever": 1, "vascular": 3, "respiratory": 3}, "icans": {"neurological": 5}}
    for toxicity, axes in scale.grades.items():
        assert {axis: len(grades) for axis, grades in axes.items()} == stages[toxicity]


def test_scenarios_may_name_exactly_the_scales_of_the_catalogue() -> None:
    from typing import get_args

    from carsim.spec.trial import Scales

    for toxicity in ("crs", "icans"):
        named = {name for name, scale in catalog.scales().items() if toxicity in scale.grades}
        assert set(get_args(Scales.model_fields[toxicity].annotation)) == named


def test_grades_that_fall_with_the_stage_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from carsim.catalog import load

    table = {"title": "t", "source": "lee-2014", "reason": "no reason", "grades": {"crs": {"vascular": [3, 2]}}}
    monkeypatch.setattr(load, "_tables", lambda where: [("scales.toml", "odd", table)] if "scales" in where else [])
    monkeypatch.setattr(load, "sources", catalog.sources)
    with pytest.raises(catalog.CatalogError, match=r"odd\.crs\.vascular: got \[3, 2\]; expected grades 0 to 4"):
        load.scales.__wrapped__()
