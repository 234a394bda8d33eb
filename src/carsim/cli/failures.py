"""Saying which courses failed: who, on which day, in which row, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import xarray as xr


def tell_failures(data: xr.Dataset, arm: str = "", most: int = 5) -> None:
    """Name the first courses that failed, with the day, the row and what to do; `arm` says of which arm they are."""
    from carsim.dataset.replicates import flat, replicates_of
    from carsim.endpoints.outcome import is_interrupted
    from carsim.engines.protocol import Status

    replicates, data = replicates_of(data), flat(data)
    ended = data["status"].values
    failed = [index for index, status in enumerate(ended) if status and not is_interrupted(int(status))]
    who = "patients" if replicates == 1 else "courses"
    of = f" of arm {arm}" if arm else ""
    click.echo(f"carsim: {len(failed)} of {data.sizes['patient']} {who}{of} failed:", err=True)
    for index in failed[:most]:
        status = Status(int(ended[index]))
        row = f", in {data['status_row'].values[index]}" if data["status_row"].values[index] else ""
        turn = f", replicate {index % replicates}" if replicates > 1 else ""
        day = f"{data['status_day'].values[index]:.4g}"
        click.echo(f"  patient {data['patient'].values[index]}{turn}, day {day}{row}: {status.advice}", err=True)
    if len(failed) > most:
        click.echo(f"  and {len(failed) - most} more; variable `status` of the result names them all", err=True)
