"""`carsim run --literature`: simulate a published model, show its course, and compare it with its paper.

Check values are simulated with the published numbers whatever `--set` changes, so the table says how well carsim has
the model, not how well the user's variant fits the paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.output import number, print_json, print_table, progress

if TYPE_CHECKING:
    import xarray as xr

    from carsim.reproduce import Course, Outcome


def run(
    name: str,
    parameter_set: str | None,
    assignments: Sequence[str],
    until: float | None,
    result: Path,
    figure: Path,
    *,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Simulate, write the result and the figure, and print the summary; the exit status."""
    from carsim import reproduce
    from carsim.literature import find

    model = find(name)
    values = overrides(name, assignments)
    chosen = next(iter(model.data.sets)) if parameter_set is None else parameter_set
    with progress(f"Simulating {name}", quiet=quiet) as say:
        try:
            data = reproduce.run_literature(name, chosen, values, until, notify=say)
        except (ValueError, ZeroDivisionError) as error:  # a dose before the start, a division by a zero that was set
            if not values:
                raise
            raise click.UsageError(f"--set {' '.join(assignments)}: {error}") from None
        failed = int(data["status"].values[0]) != 0
        outcomes = [] if quiet and not as_json else reproduce.compare(name, notify=say)
    files = _write(data, name, chosen, result, figure, force=force)
    courses = [] if failed else reproduce.courses(data)
    if as_json:
        print_json(as_object(data, name, chosen, values, courses, outcomes, files))
    elif not quiet:
        _print_summary(data, chosen, model.data.sets[chosen], courses, outcomes)
        click.echo(f"\nWrote {files[0]} and {files[1]}")
    if failed:
        _tell_failure(data)
    return SOME_FAILED if failed else DONE


def overrides(name: str, assignments: Sequence[str]) -> dict[str, float]:
    """Values by name from `NAME=VALUE` texts; a unit may stand behind the number if it is the row's own."""
    from carsim.literature import find

    rows, values = find(name).data.rows, {}
    for assignment in assignments:
        key, sign, text = (part.strip() for part in assignment.partition("="))
        unit = rows[key].unit if key in rows else ""
        try:
            values[key] = float(text.removesuffix(unit).strip() if unit else text)
        except ValueError:
            expected = f"a number in {unit}" if unit else "NAME=NUMBER"
            raise click.UsageError(f"--set {assignment}: got {text or sign or key}; expected {expected}.") from None
    find(name).values(None, values)
    return values


def as_object(
    data: xr.Dataset,
    name: str,
    parameter_set: str,
    values: dict[str, float],
    courses: Sequence[Course],
    outcomes: Sequence[Outcome],
    files: Sequence[Path],
) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "status": "failed" if int(data["status"].values[0]) else "done",
        "literature": name,
        "title": data.attrs["title"],
        "references": data.attrs["references"],
        "parameter_set": parameter_set,
        "set": values,
        "observables": {
            course.name: {
                "unit": course.unit,
                "peak": course.peak,
                "peak_day": course.peak_day,
                "values": {f"{day:g}": value for day, value in course.values.items()},
            }
            for course in courses
        },
        "checks": [
            {
                "check": outcome.check.text,
                "parameter_set": outcome.check.case.parameter_set,
                "published": outcome.check.published,
                "reference": outcome.check.reference,
                "simulated": outcome.simulated,
                "tolerance": outcome.check.tolerance,
                "why": outcome.check.why,
                "source": outcome.check.source,
                "agrees": outcome.agrees,
            }
            for outcome in outcomes
        ],
        "files": [str(file) for file in files],
    }


def _write(data: xr.Dataset, name: str, parameter_set: str, result: Path, figure: Path, *, force: bool) -> list[Path]:
    from carsim import reproduce
    from carsim.dataset.store import check_writable, write_netcdf
    from carsim.plot.courses import draw_courses
    from carsim.plot.figure import write_figure

    for path in (result, figure):
        check_writable(path, data.attrs, force=force)
    draw = partial(draw_courses, marks=reproduce.published_levels(name, parameter_set))
    return [write_netcdf(data, result, force=force), write_figure(data, figure, force=force, draw=draw)]


def _print_summary(
    data: xr.Dataset, chosen: str, meaning: str, courses: Sequence[Course], outcomes: Sequence[Outcome]
) -> None:
    from carsim.dataset.provenance import NOT_FOR_TREATMENT
    from carsim.reproduce import SUMMARY_DAYS

    click.echo(f"{data.attrs['title']}\n{data.attrs['references']}\nparameter set {chosen}: {meaning}\n")
    rows = [
        [c.name, c.unit, number(c.peak), f"{c.peak_day:.4g}"]
        + [number(c.values[day]) if day in c.values else "" for day in SUMMARY_DAYS]
        for c in courses
    ]
    print_table(["observable", "unit", "peak", "on day", *(f"day {day:g}" for day in SUMMARY_DAYS)], rows)
    met = sum(outcome.agrees for outcome in outcomes)
    click.echo(f"\n{met} of {len(outcomes)} check values of the published model agree (numbers as published):\n")
    print_table(
        ["check", "published", "reference", "simulated", "tolerance", "agrees"],
        [
            [o.check.text, o.check.published, o.check.reference, number(o.simulated), o.check.tolerance, _yes(o.agrees)]
            for o in outcomes
        ],
    )
    click.echo(f"\n{NOT_FOR_TREATMENT}")


def _yes(agrees: bool) -> str:
    return "yes" if agrees else "NO"


def _tell_failure(data: xr.Dataset) -> None:
    from carsim.engines.protocol import Status

    row = str(data["status_row"].values[0])
    day = float(data["status_day"].values[0])
    where = f"day {day:.4g}" + (f", in {row}" if row else "")
    click.echo(f"carsim: failed on {where}: {Status(int(data['status'].values[0])).advice}", err=True)
