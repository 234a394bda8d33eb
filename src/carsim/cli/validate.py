"""`carsim validate`: check a scenario; with `--resolved`, print everything that was filled in, and from where."""

from __future__ import annotations

from pathlib import Path

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import print_json, print_notes


@click.command("validate")
@options.scenario_file
@options.simulated
@click.option("--resolved", is_flag=True, help="Print the complete resolved form, each value with its origin.")
@options.as_json
@options.told
def command(
    scenario: Path,
    assignments: tuple[str, ...],
    engine: str | None,
    seed: int | None,
    patients: int | None,
    replicates: int | None,
    resolved: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Check SCENARIO: form, names, units, and that it makes sense as a whole."""
    from carsim import spec

    read = options.read(scenario, assignments, engine=engine, seed=seed, patients=patients, replicates=replicates)
    if read.cohort is not None and read.cohort.table is not None:
        from carsim.population.table import read_table

        read_table(read.cohort.table, Path(read.file).parent, read.cohort.age.median)
    missing = [f"{path}: {mechanism}" for path, mechanism in read.unsupported()]
    if as_json:
        found = {"status": "valid", "scenario": {"title": read.title, "digest": read.digest}, "unsupported": missing}
        print_json(
            found | ({"resolved": read.model_dump(mode="json", by_alias=True, exclude_none=True)} if resolved else {})
        )
        return DONE
    if resolved:
        click.echo(spec.dump(read, origins=True), nl=False)
    elif not quiet:
        click.echo(f"{scenario}: valid ({read.title})")
    if verbose:
        click.echo(f"digest {read.digest}", err=True)
    if not quiet:
        print_notes(read.implausible())
    if missing and not quiet:
        click.echo("`carsim run` of this version cannot simulate it yet; it does not have:", err=True)
        for line in missing:
            click.echo(f"  {line}", err=True)
    return DONE
