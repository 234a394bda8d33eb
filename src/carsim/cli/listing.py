"""`carsim list`: the catalogue, the scenarios and the published models that ship with carsim."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import number, print_json, print_table
from carsim.spec.shipped import SHIPPED

if TYPE_CHECKING:
    from carsim import catalog

Row = dict[str, Any]
LISTED = (".", "trials", "strategies", "sweeps")  # folders of scenarios to start from; systems have a list of their own


@click.command("list")
@click.argument(
    "what",
    type=click.Choice(["products", "populations", "scenarios", "parameters", "literature", "systems", "facts"]),
)
@options.as_json
@options.told
def command(what: str, as_json: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """List products, populations, scenarios, parameters, published models (literature), systems or facts."""
    readers: dict[str, Callable[[], list[Row]]] = {
        "products": products,
        "populations": populations,
        "scenarios": scenarios,
        "parameters": parameters,
        "literature": literature,
        "systems": systems,
        "facts": facts,
    }
    rows = readers[what]()
    if as_json:
        print_json(rows)
    elif rows:
        print_table(list(rows[0]), [[_cell(value) for value in row.values()] for row in rows])
    return DONE


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if value is None:
        return ""
    return number(value) if isinstance(value, float) else str(value)


def products() -> list[Row]:
    """Each product: what it sees, how it signals, where cells and binders come from, its usual dose."""
    from carsim import catalog

    return [
        {
            "name": product.name,
            "also": list(product.aliases),
            "targets": list(product.arms),
            "costimulation": _domains(product),
            "origin": f"{product.donor}, {product.binder_origin}",
            "dose": [f"{kind} {number(value.value)} {value.unit}" for kind, value in product.dose.items()],
            "title": product.title,
        }
        for product in catalog.products().values()
    ]


def _domains(product: catalog.Product) -> str:
    """The domain of a product, or of each of its chains."""
    chains = {antigen: arm.costimulation for antigen, arm in product.arms.items() if arm.costimulation}
    return ", ".join(f"{domain} under {antigen}" for antigen, domain in chains.items()) or product.costimulation


def populations() -> list[Row]:
    """Each population and its medians."""
    from carsim import catalog

    return [
        {
            "name": population.name,
            "also": list(population.aliases),
            "medians": [
                f"{name} {number(covariate.median.value)} {covariate.median.unit}".removesuffix(" 1")
                for name, covariate in population.covariates.items()
            ],
            "title": population.title,
        }
        for population in catalog.populations().values()
    ]


def parameters() -> list[Row]:
    """Each number of the model by scenario path, with unit, range, grade and source."""
    from carsim import catalog

    return [
        {
            "path": f"parameters.{path}",
            "value": value.value,
            "unit": value.unit,
            "low": value.low,
            "high": value.high,
            "grade": value.grade,
            "source": value.source,
            "meaning": record.meaning,
        }
        for record in catalog.parameters().values()
        for path, value in record.paths().items()
    ]


def systems() -> list[Row]:
    """Each published system of the review: what it is, how it is built, and the scenario that states it."""
    from carsim import catalog

    folder = next((folder for folder in SHIPPED if folder.is_dir()), None)
    return [
        {
            "name": system.name,
            "title": system.label,
            "kind": system.kind,
            "targets": list(system.targets),
            "architecture": system.architecture,
            "costimulation": system.costimulation,
            "review": system.review_ref,
            "outcomes": system.outcomes,
            "file": "" if folder is None else _from_here(folder / "systems" / f"{system.name}.yaml"),
        }
        for system in catalog.systems().values()
    ]


def facts() -> list[Row]:
    """Each published fact: its number with interval or what its comparison expects, its weight, and how it is read."""
    from carsim import catalog

    return [
        {
            "id": fact.id,
            "system": fact.system,
            "endpoint": fact.endpoint,
            "value": fact.value,
            "low": fact.ci95[0] if fact.ci95 else None,
            "high": fact.ci95[1] if fact.ci95 else None,
            "unit": fact.unit,
            "n": fact.n_total,
            "accept": list(fact.accept) if fact.accept else [],
            "expects": fact.comparison.expects if fact.comparison else "",
            "mark": fact.comparison.mark if fact.comparison else "",
            "weight": fact.weight,
            "source": fact.source,
            "read": fact.reading.text() if fact.reading else f"unread: {fact.unread}",
        }
        for fact in catalog.facts().values()
    ]


def literature() -> list[Row]:
    """Each published model: its name for `carsim run --literature`, what it is, its parameter sets and its states."""
    from carsim.literature import models

    return [
        {
            "name": model.name,
            "title": model.data.title,
            "paper": f"{model.data.authors} {model.data.year}, {model.data.disease}",
            "doi": model.data.doi,
            "parameter_sets": list(model.data.sets),
            "states": [row.name for row in model.data.rows.values() if row.role == "states"],
        }
        for model in models()
    ]


def scenarios() -> list[Row]:
    """Each scenario file that ships with carsim: its path from here, and what it shows."""
    from carsim import spec

    folder = next((folder for folder in SHIPPED if folder.is_dir()), None)
    if folder is None:
        return []
    found = []
    for file in (file for part in LISTED for file in sorted((folder / part).glob("*.yaml"))):
        scenario = spec.load(file)
        found.append({"file": _from_here(file), "title": scenario.title, "about": scenario.about})
    return found


def _from_here(file: Path) -> str:
    """A path as one would type it: relative where the file lies below the present folder."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)
