"""What `carsim trial --vpc` prints: a line for each bin, and how many percentiles lie where they should."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from carsim.cli.summary import figures
from carsim.trials.predictive import PERCENTILES

if TYPE_CHECKING:
    import xarray as xr

WIDTHS = (14, 5, 26, 26, 26, 18)
HEADS = ("  days", "n", *(f"{percent:g}th percentile" for percent in PERCENTILES), "below the limit")


def check_lines(check: xr.Dataset) -> list[str]:
    """The text of a predictive check: observed, and in brackets the 95 % interval of simulated ones."""
    draws = "" if check.attrs["draws"] == 1 else f" under {check.attrs['draws']} draws"
    lines = [
        f"Predictive check against {check.attrs['table']}: {check.sizes['measurement']} values of "
        f"{check.attrs['patients']} patients beside {check.attrs['simulated']} virtual ones{draws}"
    ]
    for name in check["variable"].values.astype(str).tolist():
        of = check.sel(variable=name)
        unit = of["unit"].item()
        lines += ["", f"{name}" + (f", {unit}" if unit != "1" else ""), _line(HEADS)]
        lines += [_line(_bin(of.isel(bin=at))) for at in range(of.sizes["bin"]) if int(of["n"].values[at])]
    known = check["inside"].values[check["inside"].values >= 0]
    inside = int((known == 1).sum())
    lines += [
        "",
        f"{inside} of {known.size} percentiles lie in their interval; * marks what does not; <: below the limit.",
    ]
    return lines


def _bin(of: xr.Dataset) -> tuple[str, ...]:
    first, last = of["first_day"].item(), of["last_day"].item()
    days = f"{first:.4g}" if first == last else f"{first:.4g} to {last:.4g}"
    cells = [_cell(of.isel(percentile=number)) for number in range(len(PERCENTILES))]
    below = [100.0 * of[name].item() for name in ("below", "below_low", "below_high")]
    share = f"{below[0]:.0f} %"
    if math.isfinite(below[1]):
        outside = "" if below[1] <= below[0] <= below[2] else "*"
        share += f" [{below[1]:.0f} to {below[2]:.0f}]{outside}"
    return (f"  {days}", f"{of['n'].item()}", *cells, share)


def _cell(of: xr.Dataset) -> str:
    seen, low, high = (_value(of[name].item()) for name in ("observed", "simulated_low", "simulated_high"))
    return f"{seen} [{low} to {high}]{'*' if of['inside'].item() == 0 else ''}"


def _value(value: float) -> str:
    return figures(value) if math.isfinite(value) else "<"


def _line(cells: tuple[str, ...]) -> str:
    return "".join(f"{cell:<{width - 1}} " for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def check_object(check: xr.Dataset) -> dict[str, Any]:
    """The check as plain data: variables with their bins; numbers may be NaN where below the limit."""
    found: dict[str, Any] = {name: check.attrs[name] for name in ("table", "patients", "simulated", "draws")}
    found["variables"] = {
        str(name): {"unit": of["unit"].item(), "bins": [_plain(of.isel(bin=at)) for at in range(of.sizes["bin"])]}
        for name in check["variable"].values
        for of in (check.sel(variable=name),)
    }
    for variable in found["variables"].values():
        variable["bins"] = [one for one in variable["bins"] if one["n"]]
    return found


def _plain(of: xr.Dataset) -> dict[str, Any]:
    """One bin: lists go by percentile."""
    alone = ("first_day", "last_day", "day", "n", "below", "below_low", "below_median", "below_high")
    listed = ("observed", "simulated_low", "simulated_median", "simulated_high", "inside")
    return {name: of[name].item() for name in alone} | {name: of[name].values.tolist() for name in listed}
