"""`carsim sweep optimum`: the best point of a finished sweep, and the points that may as well be the best."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import print_json, print_table
from carsim.cli.sweep_map import texts_of_axes
from carsim.dataset.provenance import NOT_FOR_TREATMENT

if TYPE_CHECKING:
    from carsim.sweeps.optimum import Optimum

NOTE: Final = "In 95 % of samples of as many virtual patients the best point is among those that may be best."


@click.command("optimum")
@click.argument("store", type=click.Path(path_type=Path))
@click.option("--on", "what", required=True, metavar="ENDPOINT", help="Endpoint, or ENDPOINT=WORD for the share of it.")
@click.option("--lowest", is_flag=True, help="The lowest is the best; default: the highest.")
@options.as_json
@options.told
def optimum_command(
    store: Path, what: str, lowest: bool, as_json: bool, quiet: bool, verbose: bool, debug: bool
) -> int:
    """Print which point of STORE has the highest mean of an endpoint, and which points may as well have it.

    The mean over patients, with 95 % intervals by bootstrap of patients:
    carsim sweep optimum my_sweep.zarr --on remission_ongoing
    """
    from carsim.sweeps.optimum import optimum
    from carsim.sweeps.read import open_sweep

    data = open_sweep(store)
    try:
        found = optimum(data, what, lowest=lowest)
    except ValueError as error:
        raise click.UsageError(f"{store}: {error}.") from error
    axes = texts_of_axes(data)
    if as_json:
        told = [_as_object(found, axes, point) for point in range(found.estimate.size)]
        print_json(
            {"store": str(store), "on": what, "best": told[found.best], "patients": found.patients, "points": told}
        )
    elif not quiet:
        _print(found, axes, what)
    return DONE


def _as_object(found: Optimum, axes: dict[str, list[str]], point: int) -> dict[str, object]:
    numbers = {
        "estimate": found.estimate,
        "low": found.low,
        "high": found.high,
        "behind": found.behind,
        "behind_low": found.behind_low,
        "behind_high": found.behind_high,
    }
    return {
        "point": point,
        "at": {name: texts[point] for name, texts in axes.items()},
        **{name: float(values[point]) for name, values in numbers.items()},
        "may_be_best": bool(found.may_be_best[point]),
    }


def _print(found: Optimum, axes: dict[str, list[str]], what: str) -> None:
    """The points that may be best, the best one first."""
    order = sorted(
        found.may_be_best.nonzero()[0].tolist(), key=lambda point: (point != found.best, found.behind[point])
    )
    rows = [
        [
            *(texts[point] for texts in axes.values()),
            f"{found.estimate[point]:.3g} ({found.low[point]:.3g} to {found.high[point]:.3g})",
            "best"
            if point == found.best
            else f"{found.behind[point]:.3g} ({found.behind_low[point]:.3g} to {found.behind_high[point]:.3g})",
        ]
        for point in order
    ]
    print_table([*axes, "mean (95 %)", "behind the best"], rows, title=f"{what}: points that may be best")
    click.echo(f"\n{len(order)} of {found.estimate.size} points may be best, of {found.patients} patients. {NOTE}")
    click.echo(NOT_FOR_TREATMENT)
