"""`carsim run --observations`: what is said of the most probable parameters of a patient, as text and as plain data."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from carsim.cli.output import progress
from carsim.cli.summary import figures

if TYPE_CHECKING:
    import xarray as xr

    from carsim.individual.fit import Effect, MostProbable
    from carsim.spec import Scenario

HARDLY: Final = 0.9  # shrinkage above which a line says nothing that the population does not


def found_in(scenario: Scenario, path: Path, *, quiet: bool) -> MostProbable:
    """The most probable parameters of the patient of a scenario, from a table of measurements."""
    from carsim.dataset.measured import read_measured
    from carsim.spec.prepare import start_of

    table = read_measured(path, lambda: start_of(scenario))
    with progress("Looking for the patient's parameters", quiet=quiet) as say:
        from carsim.individual.fit import most_probable

        return most_probable(scenario, table, notify=say)


def lines_of(found: MostProbable) -> list[str]:
    """The text: each parameter of which the measurements say anything, and how far to trust it."""
    table = found.table
    below = int(table.below.sum())
    lines = [
        f"Most probable parameters of {table.patients[0]}, from {table.day.size} measurements of "
        f"{', '.join(table.courses)}" + (f", {below} of them below a limit" if below else ""),
        "",
        f"{'parameter':<30}{'times the usual':<24}{'score':<16}{'shrinkage':<9}",
        *(_line(effect) for effect in found.effects if effect.shrinkage <= HARDLY),
    ]
    silent = [effect.parameter for effect in found.effects if effect.shrinkage > HARDLY] + list(found.left)
    if silent:
        lines += ["", f"Hardly anything of {len(silent)} more: {', '.join(silent)}"]
    lines += [
        "",
        "Score: standard deviations from the middle of the population, ± its standard error. Shrinkage: what is left",
        "of the variance between patients; 1: nothing was learnt. "
        f"{found.agreeing} of {len(found.losses)} starts ended there.",
    ]
    if found.agreeing == 1 < len(found.losses):
        lines.append("No other start found the same: there may be other parameters as probable.")
    return lines


def _line(effect: Effect) -> str:
    factor = f"{figures(effect.factor)} ({figures(effect.low)} to {figures(effect.high)})"
    return f"{effect.parameter:<30}{factor:<24}{f'{effect.score:+.2f} ± {effect.error:.2f}':<16}{effect.shrinkage:.2f}"


def as_plain(found: MostProbable) -> dict[str, Any]:
    """The same as plain data, with what was expected of each measurement."""
    table = found.table
    rows = zip(
        table.course.tolist(),
        table.day.tolist(),
        table.value.tolist(),
        table.below.tolist(),
        found.expected.tolist(),
        found.usual.tolist(),
        strict=True,
    )
    names = ("variable", "day", "value", "below_limit", "expected", "usual")
    return {
        "table": table.name,
        "table_sha256": table.sha256,
        "effects": [asdict(effect) for effect in found.effects],
        "left": list(found.left),
        "loss": found.loss,
        "starts": list(found.losses),
        "measurements": [dict(zip(names, row, strict=True)) for row in rows],
    }


def write_observed(data: xr.Dataset, usual: xr.Dataset, found: MostProbable, path: Path, *, force: bool) -> Path:
    """Write the figure of the measurements beside the course that was found and the usual one."""
    from carsim.plot.figure import write_figure
    from carsim.plot.observed import draw_observed

    return write_figure(data, path, force=force, draw=partial(draw_observed, usual=usual, table=found.table))
