"""`carsim show`: the model of a scenario as text: species, parameters, equations, sources; and a cohort's patients."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import number, print_json, print_table
from carsim.cli.show_patients import Rows, patients_of

if TYPE_CHECKING:
    from carsim.model.network import Network
    from carsim.spec import Scenario

PATIENTS = {
    "covariates": "Covariates of the patients, log-normal",
    "variability": "Parameters that differ between patients, log-normal",
    "correlations": "Correlations between patients, of logarithms",
}


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
    patients = patients_of(read)
    if as_json:
        print_json(as_object(network) | ({"patients": patients} if patients else {}))
    elif latex:
        from carsim.derive.equations import as_latex

        click.echo(as_latex(network), nl=False)
    else:
        _print_text(network, patients)
    return DONE


def network_of(scenario: Scenario) -> Network:
    """The network that a run of the scenario simulates."""
    from carsim.model.build import build
    from carsim.spec.prepare import cast_of

    return build(scenario.title, cast_of(scenario))


def as_object(network: Network) -> dict[str, Any]:
    """The network as plain data."""
    from carsim.derive import equations

    return {
        "title": network.title,
        "species": [{"name": row.name, "unit": row.unit, "meaning": row.meaning} for row in network.all_species],
        "laws": {law.name: equations.formula_text(law) for law in equations.laws_of(network)},
        "quantities": [
            {"name": row.name, "unit": row.unit, "formula": equations.quantity_text(row), "meaning": row.meaning}
            for row in network.quantities
        ],
        "reactions": [
            {
                "name": row.name,
                "process": row.process,
                "reaction": equations.sides(row),
                "rate": equations.rate_text(row.rate),
                "unit": row.unit,
            }
            for row in network.reactions
        ],
        "equations": dict(equations.changes(network)),
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


def _print_text(network: Network, patients: dict[str, Rows]) -> None:
    from carsim.derive.equations import as_text

    shown = as_object(network)
    click.echo(network.title)
    for heading in ("species", "parameters"):
        _print_rows(heading.capitalize(), shown[heading])
    click.echo("\nEquations, by process: each law once, then what it is applied to\n")
    click.echo(as_text(network, by_species=True))
    for heading, words in PATIENTS.items():
        if heading in patients:
            _print_rows(words, patients[heading])
    # what comes from a record of a product or population reads `catalogue: record, source`
    named = [*shown["parameters"], *(row for rows in patients.values() for row in rows)]
    _print_sources({row["source"].rpartition(", ")[2] for row in named})


def _print_rows(heading: str, rows: Rows) -> None:
    click.echo(f"\n{heading} ({len(rows)})\n")
    print_table(list(rows[0]) if rows else [], [[_cell(value) for value in row.values()] for row in rows])


def _print_sources(keys: set[str]) -> None:
    from carsim import catalog

    known = catalog.sources()
    click.echo("\nSources\n")
    for key in sorted(keys & set(known)):
        doi = f" https://doi.org/{known[key].doi}" if known[key].doi else ""
        click.echo(f"{key}: {known[key].citation}{doi}")


def _cell(value: Any) -> str:
    return number(value) if isinstance(value, float) else "" if value is None else str(value)
