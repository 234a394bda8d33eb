"""`carsim selftest`: whether this installation computes what it should, with a dated report.

Files, where --out FOLDER asks for them: selftest-<date>.json and selftest-<date>.md.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from carsim.cli import options
from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.output import finite, number, print_json, print_table, progress

if TYPE_CHECKING:
    from carsim.selftest import Report


@click.command("selftest")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the report there too, as JSON and as Markdown, with the date in the names.",
)
@options.as_json
@options.told
def command(out: Path | None, as_json: bool, quiet: bool, verbose: bool, debug: bool) -> int:
    """Check this installation: versions, random numbers, sixty checks in five groups, three example trials.

    Each check has a name, what it compares, the value that was found and the most it may be. Takes about two minutes
    once kernels are compiled. The exit status is 0 where all passed and 3 where one did not; -v prints all of them.
    """
    from carsim import selftest

    with progress("Checking", quiet=quiet) as say:
        report = selftest.conduct(say)
    files = [] if out is None else _written(report, out)
    if as_json:
        print_json(selftest.as_object(report) | {"files": [str(file) for file in files]})
    elif not quiet:
        _print(report, verbose=verbose)
        if files:
            click.echo(f"\nWrote {' and '.join(map(str, files))}")
    if report.failed and not as_json:
        names = ", ".join(f"{result.group}: {result.check.name}" for result in report.failed)
        click.echo(f"carsim: {len(report.failed)} checks failed: {names}", err=True)
    return SOME_FAILED if report.failed else DONE


def _print(report: Report, *, verbose: bool) -> None:
    from carsim.dataset.provenance import NOT_FOR_TREATMENT
    from carsim.selftest.text import headline

    click.echo(f"carsim {report.carsim}, Python {report.python}, {report.system}")
    click.echo(", ".join(f"{name} {version}" for name, version in report.packages.items()) + "\n")
    groups = dict.fromkeys(result.group for result in report.results)
    of_group = {group: [result for result in report.results if result.group == group] for group in groups}
    rows = [[group, str(len(of)), str(sum(result.passed for result in of))] for group, of in of_group.items()]
    print_table(["group", "checks", "passed"], rows)
    shown = report.results if verbose else report.failed
    if shown:
        click.echo()
        print_table(
            ["check", "compares", "value", "limit", "passed"],
            [
                [
                    f"{result.group}: {result.check.name}",
                    result.check.compares,
                    result.problem or number(result.value),
                    number(result.check.limit),
                    "yes" if result.passed else "NO",
                ]
                for result in shown
            ],
        )
    click.echo(f"\n{headline(report)}. {NOT_FOR_TREATMENT}")


def _written(report: Report, folder: Path) -> list[Path]:
    """Both files of the report; the date makes their names, so no report replaces another."""
    from carsim import selftest
    from carsim.dataset.store import write_atomically

    stem = f"selftest-{report.date.replace(':', '')}"
    found = json.dumps(finite(selftest.as_object(report)), indent=2, ensure_ascii=False, allow_nan=False)
    texts = {folder / f"{stem}.json": found + "\n", folder / f"{stem}.md": selftest.as_markdown(report)}
    return [write_atomically(path, partial(_write, text)) for path, text in texts.items()]


def _write(text: str, path: Path) -> None:
    path.write_text(text, encoding="utf-8")
