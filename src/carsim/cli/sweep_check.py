"""`carsim sweep check`: whether a store holds what its records say, and its repair."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from carsim.cli import options
from carsim.cli.exits import DONE, INCONSISTENT
from carsim.cli.output import print_json

if TYPE_CHECKING:
    from carsim.sweeps.check import Report


@click.command("check")
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--repair", is_flag=True, help="Mend metadata, and take damaged blocks away for --resume to simulate again."
)
@options.as_json
@options.told
def check_command(store: Path, repair: bool, as_json: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """Check every file of STORE against its checksum; exit status 5 where one was altered or is gone.

    Blocks that are only missing are no damage: `carsim sweep … --resume` simulates them.
    """
    from carsim.sweeps.check import check

    report = check(store, repair=repair)
    if as_json:
        print_json(
            {
                "store": str(store),
                "blocks": report.blocks,
                "missing": list(report.missing),
                "damaged": {str(number): what for number, what in report.damaged.items()},
                "metadata": report.metadata,
                "left_over": list(report.left_over),
                "repaired": report.repaired,
            }
        )
    elif not quiet:
        for line in _lines(store, report):
            click.echo(line)
    return DONE if report.sound or repair else INCONSISTENT


def _lines(store: Path, report: Report) -> list[str]:
    lines = [f"{name} {what}" for name, what in report.metadata.items()]
    lines += [f"block {number}: {what}" for number, what in report.damaged.items()]
    if report.blocks:
        done = report.blocks - len(report.missing) - len(report.damaged)
        lines.append(f"{done:,} of {report.blocks:,} blocks are whole, {len(report.missing):,} are missing")
    if not report.sound and report.repaired:
        lines.append("Mended; what was damaged is simulated again by `carsim sweep SCENARIO --out STORE --resume`.")
    elif not report.sound:
        lines.append(f"Mend it with `carsim sweep check {store} --repair`.")
    return lines
