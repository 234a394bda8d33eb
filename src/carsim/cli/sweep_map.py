"""`carsim sweep map`: the figure of what rules where, of a finished sweep, and its numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import print_json, print_table

if TYPE_CHECKING:
    import xarray as xr


@click.command("map")
@click.argument("store", type=click.Path(path_type=Path))
@click.option(
    "--plot", type=click.Path(path_type=Path), metavar="PATH", help="Figure (.png, .pdf or .svg); default: beside it."
)
@options.force
@options.as_json
@options.told
def map_command(
    store: Path, plot: Path | None, force: bool, as_json: bool, quiet: bool, verbose: bool, debug: bool
) -> int:
    """Draw the probability of remission, cure and each kind of relapse over the two axes of STORE, and print it.

    Of a sweep with another number of axes, only the table is printed.
    """
    from carsim.sweeps.modes import probabilities
    from carsim.sweeps.read import on_grid, open_sweep

    data = open_sweep(store)
    try:
        found = probabilities(data)
    except ValueError as error:
        raise click.UsageError(f"{store}: {error}") from error
    grid = on_grid(found.assign_attrs(data.attrs), data)
    axes = list(grid["n"].dims)
    files = []
    if _is_drawable(grid, axes):
        from carsim.plot.figure import write_figure
        from carsim.plot.sweep_map import draw_map

        path = plot or store.with_name(f"{store.stem}_map.png")
        files = [write_figure(grid, path, force=force, draw=draw_map)]
    elif plot is not None:
        raise click.UsageError(f"{store}: a map needs two axes of numbers; this sweep has {', '.join(map(str, axes))}.")
    if as_json:
        print_json({"store": str(store), "modes": found["mode"].values.tolist(), "files": [str(f) for f in files]})
    elif not quiet:
        _print(data, found)
        for file in files:
            click.echo(f"\nWrote {file}")
    return DONE


def _is_drawable(grid: xr.Dataset, axes: list[object]) -> bool:
    return len(axes) == 2 and all(grid[name].dtype.kind == "f" and grid[name].size > 1 for name in axes)


def _print(data: xr.Dataset, found: xr.Dataset) -> None:
    """A row for each point: where it is, and each probability with its interval."""
    shown = texts_of_axes(data)
    rows = []
    for point in range(data.sizes["point"]):
        cells = [
            f"{float(found['probability'][at, point]):.2f} "
            f"({float(found['low'][at, point]):.2f}-{float(found['high'][at, point]):.2f})"
            for at in range(found.sizes["mode"])
        ]
        rows.append([*(texts[point] for texts in shown.values()), str(int(found["n"][point])), *cells])
    headings = [*shown, "n", *map(str, found["mode"].values)]
    print_table(headings, rows, title=str(data.attrs["title"]))


def texts_of_axes(data: xr.Dataset) -> dict[str, list[str]]:
    """What each axis of a sweep is at every point, as text, by its name."""
    names = [name for name in data.coords if data.coords[name].dims == ("point",)]
    return {str(name): _texts(data.coords[name]) for name in names}


def _texts(coordinate: xr.DataArray) -> list[str]:
    from carsim.sweeps.read import words

    if "words" in coordinate.attrs:
        return [str(word) for word in words(coordinate).values]
    return [f"{float(value):.4g}" for value in coordinate.values]
