"""`carsim show`: the model of a scenario as text: species, quantities, reactions, equations, parameters, sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import number, print_json, print_table

if TYPE_CHECKING:
    from carsim.model.network import Network
    from carsim.spec import Scenario


@click.command("show")
@options.scenario_file
@options.settings
@click.option("--latex", is_flag=True, help="Print the equations as LaTeX.")
@options.as_json
@options.told
def command(
    scenario: Path,
    assignments: tuple[str, ...],
    latex: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Print the model of SCENARIO as text."""
    from carsim.errors import UnsupportedMechanism

    read = options.read(scenario, assignments)
    if missing := read.unsupported():
        raise UnsupportedMechanism(f"{path}: {mechanism}" for path, mechanism in missing)
    network = network_of(read)
    if as_json:
        print_json(as_object(network))
    elif latex:
        _print_latex(network)
    else:
        _print_text(network)
    return DONE


def network_of(scenario: Scenario) -> Network:
    """The network that a run of the scenario simulates."""
    from carsim.spec.prepare import cast_of

    return cast_of(scenario).network(scenario.title)


def as_object(network: Network) -> dict[str, Any]:
    """The network as plain data."""
    from carsim.cli import model_text

    return {
        "title": network.title,
        "species": [{"name": row.name, "unit": row.unit, "meaning": row.meaning} for row in network.all_species],
        "quantities": [
            {"name": row.name, "unit": row.unit, "formula": model_text.quantity(row), "meaning": row.meaning}
            for row in network.quantities
        ],
        "reactions": [
            {
                "name": row.name,
                "process": row.process,
                "reaction": model_text.reaction(row),
                "rate": model_text.formula(row.rate),
                "unit": row.unit,
            }
            for row in network.reactions
        ],
        "equations": dict(model_text.equations(network)),
        "parameters": [
            {
                "name": row.name,
                "value": row.value,
                "unit": row.unit,
                "grade": grade(row.name),
                "source": row.source,
                "meaning": row.meaning,
            }
            for row in network.parameters
        ],
        "extinctions": [
            {"name": row.name, "species": [ref.name for ref in row.species], "below": row.below}
            for row in network.extinctions
        ],
    }


def grade(path: str) -> str:
    """How well a parameter of the catalogue is known; empty for one that comes from elsewhere."""
    from carsim import catalog

    name, _, key = path.partition(".")
    record = catalog.parameters().get(name)
    value = record.values.get(key or "all") if record else None
    return value.grade if value else ""


def _print_text(network: Network) -> None:
    shown = as_object(network)
    click.echo(network.title)
    for heading in ("species", "parameters", "quantities", "reactions"):
        rows = shown[heading]
        click.echo(f"\n{heading.capitalize()} ({len(rows)})\n")
        print_table(list(rows[0]) if rows else [], [[_cell(value) for value in row.values()] for row in rows])
    click.echo("\nEquations: r[...] is the rate of the reaction of that name\n")
    for name, right in shown["equations"].items():
        click.echo(f"d {name} / dt = {right}")
    click.echo("\nExtinction: what falls below this many cells in total is set to zero\n")
    for row in shown["extinctions"]:
        click.echo(f"{row['name']}: {' + '.join(row['species'])} < {row['below']:g}")
    _print_sources({row["source"] for row in shown["parameters"]})


def _print_sources(keys: set[str]) -> None:
    from carsim import catalog

    known = catalog.sources()
    click.echo("\nSources\n")
    for key in sorted(keys & set(known)):
        doi = f" https://doi.org/{known[key].doi}" if known[key].doi else ""
        click.echo(f"{key}: {known[key].citation}{doi}")


def _print_latex(network: Network) -> None:
    from carsim.cli import model_text

    click.echo(r"\begin{align*}")
    for row in network.quantities:
        click.echo(rf"{model_text.name_in_latex(row.name)} &= {model_text.quantity(row, latex=True)} \\")
    for reaction in network.reactions:
        rate = model_text.formula(reaction.rate, latex=True)
        click.echo(rf"{model_text.rate_in_latex(reaction.name)} &= {rate} \\")
    for name, right in model_text.equations(network, latex=True):
        click.echo(rf"\frac{{d}}{{dt}} {model_text.name_in_latex(name)} &= {right} \\")
    click.echo(r"\end{align*}")


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)
