"""`carsim export csv` and `carsim export parquet`: the table of a result."""

from __future__ import annotations

from pathlib import Path

import click

from carsim.cli import options
from carsim.cli.exits import DONE

result_file = click.argument("result", type=click.Path(path_type=Path))


@click.command("csv")
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

    check_suffix(out, (".csv",), result)
    _told(write_csv(result, out, force=force), out, quiet=quiet)
    return DONE


@click.command("parquet")
@result_file
@click.argument("out", type=click.Path(path_type=Path))
@options.force
@options.told
def parquet(result: Path, out: Path, force: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """Write the same table as `carsim export csv` to OUT.parquet; units and meanings stand in its schema.

    Needs pyarrow: python -m pip install 'carsim[parquet]'
    """
    from carsim.report.tables import write_parquet

    check_suffix(out, (".parquet",), result)
    _told(write_parquet(result, out, force=force), out, quiet=quiet)
    return DONE


def check_suffix(out: Path, suffixes: tuple[str, ...], named: Path) -> None:
    """Refuse a file to write that does not end as its format does; `named` is what it is made from."""
    if out.suffix.lower() not in suffixes:
        raise click.UsageError(
            f"OUT: got {out}; expected a file that ends in {' or '.join(suffixes)}, for example "
            f"{named.stem}{suffixes[0]}."
        )


def _told(rows: int, out: Path, *, quiet: bool) -> None:
    if not quiet:
        click.echo(f"Wrote {out}: {rows:,} row{'s' if rows != 1 else ''}", err=True)
