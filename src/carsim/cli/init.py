"""`carsim init`: write a commented scenario to start from; a file that is there stays as it is."""

from __future__ import annotations

from pathlib import Path

import click

from carsim.cli import options
from carsim.cli.exits import DONE


@click.command("init")
@click.argument("file", type=click.Path(path_type=Path))
@options.told
def command(file: Path, quiet: bool, verbose: bool, debug: bool) -> int:
    """Write a commented scenario into FILE."""
    from carsim import spec

    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(spec.starter())
    except FileExistsError as error:
        raise click.UsageError(f"{file} exists and stays as it is; choose another name.") from error
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from error
    if not quiet:
        click.echo(f"Wrote {file}. Try: carsim run {file}")
    return DONE
