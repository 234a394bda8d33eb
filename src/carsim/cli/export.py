"""`carsim export`: a scenario, or its result, in the form of other tools."""

from __future__ import annotations

from pathlib import Path

import click

from carsim.cli import options
from carsim.cli.exits import DONE

SUFFIXES = (".xml", ".sbml")
LATER = ("omex",)


class Formats(click.Group):
    """A group that names what comes later."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this format; a usage error for one that is not there yet."""
        if cmd_name in LATER:
            has = ", ".join(self.list_commands(ctx))
            raise click.UsageError(f"this version of carsim does not export `{cmd_name}` yet; it exports {has}.")
        return super().get_command(ctx, cmd_name)


@click.group("export", cls=Formats, no_args_is_help=True)
def command() -> None:
    """Write a scenario, or the table of a result, in the form of other tools."""


@command.command("sbml")
@options.scenario_file
@click.argument("out", type=click.Path(path_type=Path))
@options.settings
@click.option("--patient", metavar="ID", help="Patient of a cohort; default: the first.")
@options.force
@options.told
def sbml(
    scenario: Path,
    out: Path,
    assignments: tuple[str, ...],
    patient: str | None,
    force: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Write one patient of SCENARIO to OUT.xml as SBML Level 3 Version 2.

    libRoadRunner, COPASI, Tellurium and other simulators run the file to the same numbers. An export of the same
    patient is written again; any other file stays, or is replaced with --force if it is an export of carsim.
    """
    from carsim.dataset.store import check_writable, write_atomically
    from carsim.interchange.scenario import export, run_of

    if out.suffix.lower() not in SUFFIXES:
        raise click.UsageError(
            f"OUT: got {out}; expected a file that ends in {' or '.join(SUFFIXES)}, for example {scenario.stem}.xml."
        )
    read = options.read(scenario, assignments)
    check_writable(out, run_of(read), force=force)
    made = export(read, patient)
    refuse_another(out, made.text, force=force)
    write_atomically(out, lambda path: path.write_text(made.text, encoding="utf-8"))
    if not quiet:
        click.echo(f"Wrote {out}: SBML Level 3 Version 2, patient {made.patient}", err=True)
        for line in made.holds:
            click.echo(f"  {line}", err=True)
        click.echo("Not in the file:", err=True)
        for line in made.leaves_out:
            click.echo(f"  {line}", err=True)
    return DONE


result_file = click.argument("result", type=click.Path(path_type=Path))


@command.command("csv")
@result_file
@click.argument("out", type=click.Path(path_type=Path))
@options.force
@options.told
def csv(result: Path, out: Path, force: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """Write the table of RESULT to OUT.csv: one row for each patient, arm, replicate and point.

    RESULT is what `carsim run`, `trial` or `compare` wrote, or the store of a sweep. Lines that begin with # say what
    each column is, with its unit. A table of the same run is written again, another one replaced with --force.
    """
    from carsim.report.tables import write_csv

    _check_suffix(out, ".csv", result)
    _told(write_csv(result, out, force=force), out, quiet=quiet)
    return DONE


@command.command("parquet")
@result_file
@click.argument("out", type=click.Path(path_type=Path))
@options.force
@options.told
def parquet(result: Path, out: Path, force: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """Write the same table as `carsim export csv` to OUT.parquet; units and meanings stand in its schema.

    Needs pyarrow: python -m pip install 'carsim[parquet]'
    """
    from carsim.report.tables import write_parquet

    _check_suffix(out, ".parquet", result)
    _told(write_parquet(result, out, force=force), out, quiet=quiet)
    return DONE


def _check_suffix(out: Path, suffix: str, result: Path) -> None:
    if out.suffix.lower() != suffix:
        raise click.UsageError(
            f"OUT: got {out}; expected a file that ends in {suffix}, for example {result.stem}{suffix}."
        )


def _told(rows: int, out: Path, *, quiet: bool) -> None:
    if not quiet:
        click.echo(f"Wrote {out}: {rows:,} rows", err=True)


def refuse_another(out: Path, text: str, *, force: bool) -> None:
    """Raise OutputRefused where an export of the same scenario holds another patient or was edited."""
    from carsim.dataset.store import OutputRefused

    if out.exists() and not force and out.read_text(encoding="utf-8") != text:
        raise OutputRefused(f"{out} holds another export; choose another OUT, or replace it with --force")
