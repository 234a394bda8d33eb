"""`carsim sweep map`: the figure of what rules where, or of endpoints, of a finished sweep, and its numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import print_json, print_notes, print_table

if TYPE_CHECKING:
    import xarray as xr

    from carsim.sweeps.averages import Average


@click.command("map")
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--on",
    "asked",
    multiple=True,
    metavar="ENDPOINT",
    help="Endpoint, or ENDPOINT=WORD for the share of it; repeatable, a panel each. Default: how courses end.",
)
@click.option("--median", is_flag=True, help="Of endpoints that are numbers the median; default: the mean.")
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="PATH", help="Figure (.png, .pdf or .svg); default: beside it."
)
@options.force
@options.as_json
@options.told
def map_command(
    store: Path,
    asked: tuple[str, ...],
    median: bool,
    plot: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Draw the probability of remission, cure and each kind of relapse over the two axes of STORE, and print it.

    With --on endpoints instead: shares of patients, or means of those who have one, with the share that has one.
    Of a sweep with another number of axes, only the table is printed.
    """
    from carsim.plot.sweep_map import draw_averages, draw_map
    from carsim.sweeps.averages import as_grid, average
    from carsim.sweeps.modes import probabilities
    from carsim.sweeps.read import on_grid, open_sweep

    if median and not asked:
        raise click.UsageError("got --median without --on; expected --on ENDPOINT too, for example --on relapse_day")
    data = open_sweep(store)
    try:
        averages = [average(data, what, median=median) for what in dict.fromkeys(asked)]
        modes = None if averages else probabilities(data)
    except ValueError as error:
        raise click.UsageError(f"{store}: {error}.") from error
    if modes is None:
        grid, draw, name = (
            as_grid(averages, data),
            draw_averages,
            "_".join([*dict.fromkeys(asked), *["median"] * median]),
        )
    else:
        grid, draw, name = on_grid(modes.assign_attrs(data.attrs), data), draw_map, ""
    path = plot or store.with_name(re.sub(r"[^\w.-]+", "_", f"{store.stem}_map_{name}".rstrip("_")) + ".png")
    files = _drawn(grid, path, draw, force=force, wanted=plot is not None, store=store, quiet=quiet)
    if as_json:
        told = {"modes": modes["mode"].values.tolist()} if modes is not None else _as_object(data, averages)
        print_json({"store": str(store), **told, "files": [str(file) for file in files]})
    elif not quiet:
        _print(data, *(_modes(modes) if modes is not None else _columns(averages)))
        for file in files:
            click.echo(f"\nWrote {file}")
    return DONE


def _drawn(
    grid: xr.Dataset,
    path: Path,
    draw: Callable[[xr.Dataset], Any],
    *,
    force: bool,
    wanted: bool,
    store: Path,
    quiet: bool,
) -> list[Path]:
    """The figure, where there are two axes of numbers; none where there are not, refused where it was asked for."""
    axes = list(grid["n"].dims)
    if len(axes) == 2 and all(grid[name].dtype.kind == "f" and grid[name].size > 1 for name in axes):
        from carsim.plot.figure import write_figure

        return [write_figure(grid, path, force=force, draw=draw)]
    why = f"a map needs two axes of numbers; this sweep has {', '.join(map(str, axes))}"
    if wanted:
        raise click.UsageError(f"{store}: {why}.")
    if not quiet:
        print_notes([f"no figure: {why}"])
    return []


def _as_object(data: xr.Dataset, averages: list[Average]) -> dict[str, object]:
    """Of each point where it is and what was found, by what was asked."""
    axes = texts_of_axes(data)
    points = [
        {
            "point": point,
            "at": {name: texts[point] for name, texts in axes.items()},
            "n": int(averages[0].n[point]),
            "values": {
                each.what: {key: float(getattr(each, key)[point]) for key in ("estimate", "low", "high", "has")}
                for each in averages
            },
        }
        for point in range(data.sizes["point"])
    ]
    return {"on": {each.what: {"kind": each.kind, "unit": each.unit} for each in averages}, "points": points}


def _modes(found: xr.Dataset) -> tuple[list[str], list[list[str]]]:
    """Headings, and for each point how many patients and each probability with its interval."""
    rows = [
        [
            str(int(found["n"][point])),
            *(
                f"{float(found['probability'][at, point]):.2f} "
                f"({float(found['low'][at, point]):.2f}-{float(found['high'][at, point]):.2f})"
                for at in range(found.sizes["mode"])
            ),
        ]
        for point in range(found.sizes["point"])
    ]
    return ["n", *map(str, found["mode"].values)], rows


def _columns(averages: list[Average]) -> tuple[list[str], list[list[str]]]:
    """The same of endpoints; the share that has one where not everybody has."""
    headings, columns = ["n"], [[str(n) for n in averages[0].n]]
    for each in averages:
        unit = "" if each.unit == "1" else f", {each.unit}"
        headings.append(f"{each.what} ({each.kind}{unit})")
        columns.append(
            [
                _with_interval(estimate, low, high)
                for estimate, low, high in zip(each.estimate, each.low, each.high, strict=True)
            ]
        )
        if (each.has < 1.0).any():
            headings.append("who has one")
            columns.append([f"{share:.2f}" for share in each.has])
    return headings, [list(row) for row in zip(*columns, strict=True)]


def _print(data: xr.Dataset, headings: list[str], found: list[list[str]]) -> None:
    """A row for each point: where it is, and what was found."""
    shown = texts_of_axes(data)
    rows = [[*(texts[point] for texts in shown.values()), *cells] for point, cells in enumerate(found)]
    print_table([*shown, *headings], rows, title=str(data.attrs["title"]))


def texts_of_axes(data: xr.Dataset) -> dict[str, list[str]]:
    """What each axis of a sweep is at every point, as text, by its name."""
    names = [name for name in data.coords if data.coords[name].dims == ("point",)]
    return {str(name): _texts(data.coords[name]) for name in names}


def _texts(coordinate: xr.DataArray) -> list[str]:
    from carsim.sweeps.read import words

    if "words" in coordinate.attrs:
        return [str(word) for word in words(coordinate).values]
    return [f"{float(value):.4g}" for value in coordinate.values]


def _with_interval(estimate: float, low: float, high: float) -> str:
    """A value with its interval, or without one where too few have a value; a dash where nobody has."""
    if isnan(estimate):
        return "–"
    return f"{estimate:.3g}" if isnan(low) else f"{estimate:.3g} ({low:.3g} to {high:.3g})"
