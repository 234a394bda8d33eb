"""`carsim run --literature NAME --engine hybrid`: the part of a published model that chance decides.

The user's own run (replicates, or virtual patients with --patients, with what --set changes) is summed up first; the
comparison below it is simulated with the published numbers, in virtual patients as the authors' are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.output import print_json, print_table, progress

if TYPE_CHECKING:
    import xarray as xr

    from carsim.reproduce import ShareOutcome

Share = tuple[float, float, float]

WORDS = {"cure_day": "day of cure", "progression_day": "day of progression"}


def run(
    name: str,
    parameter_set: str | None,
    assignments: Sequence[str],
    until: float | None,
    result: Path,
    figure: Path,
    *,
    patients: int | None,
    replicates: int,
    seed: int,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Simulate, write the result and the figure, and print the summary; the exit status."""
    from carsim import reproduce
    from carsim.cli.literature import overrides
    from carsim.dataset.store import check_writable, write_netcdf
    from carsim.literature import find
    from carsim.plot.courses import draw_courses
    from carsim.plot.figure import write_figure

    values = overrides(name, assignments)
    chance, sets = reproduce.chance_of(name), find(name).data.sets
    chosen = next(iter(sets)) if parameter_set is None else parameter_set
    with progress(f"Simulating {name}", quiet=quiet) as say:
        try:
            data = reproduce.run_chance(
                name, chosen, values, until, patients=patients, replicates=replicates, seed=seed, notify=say
            )
        except (ValueError, ZeroDivisionError) as error:
            if not values:
                raise
            raise click.UsageError(f"--set {' '.join(assignments)}: {error}") from None
        outcomes = [] if quiet and not as_json else reproduce.compare_chance(name, notify=say)
    for path in (result, figure):
        check_writable(path, data.attrs, force=force)
    draw = partial(draw_courses, marks={})
    files = [write_netcdf(data, result, force=force), write_figure(data, figure, force=force, draw=draw)]
    windows = [check for check in chance.checks if check.days and check.case.parameter_set == next(iter(sets))]
    found = summed_up(data, [(check.what, check.days) for check in windows])
    if as_json:
        print_json(as_object(data, name, chosen, values, found, outcomes, files))
    elif not quiet:
        _print_summary(data, chosen, sets[chosen], found, outcomes)
        click.echo(f"\nWrote {files[0]} and {files[1]}")
    failed = int((data["status"].values != 0).sum())
    if failed:
        click.echo(f"carsim: {failed:,} of {data['status'].size:,} courses failed", err=True)
    return SOME_FAILED if failed else DONE


def summed_up(data: xr.Dataset, windows: Sequence[tuple[str, Sequence[float]]]) -> dict[str, Any]:
    """Shares with their intervals, and the spread of the days of cure and of progression, over all courses."""
    from carsim.endpoints.probabilities import wilson
    from carsim.reproduce import share_of

    known = data["status"].values.ravel() == 0
    cure, progress = (data[name].values.ravel()[known] for name in ("cure_day", "progression_day"))

    def of(hits: int) -> Share:
        low, high = wilson(hits, cure.size)
        return hits / cure.size if cure.size else float("nan"), float(low), float(high)

    cured, progressed = int(np.isfinite(cure).sum()), int(np.isfinite(progress).sum())
    found: dict[str, Any] = {
        "courses": int(cure.size),
        "cured": of(cured),
        "progressed": of(progressed),
        "neither": of(cure.size - cured - progressed),
    }
    for what, days in (("cure_day", cure), ("progression_day", progress)):
        days = days[np.isfinite(days)]
        found[what] = tuple(np.percentile(days, (50.0, 5.0, 95.0)).tolist()) if days.size else None
    found["within"] = [(what, tuple(days), share_of(what, days, cure, progress)) for what, days in windows]
    return found


def as_object(
    data: xr.Dataset,
    name: str,
    parameter_set: str,
    values: dict[str, float],
    found: dict[str, Any],
    outcomes: Sequence[ShareOutcome],
    files: Sequence[Path],
) -> dict[str, Any]:
    """What `--json` prints."""
    failed = int((data["status"].values != 0).sum())
    days = {key: found[key] and dict(zip(("median", "p5", "p95"), found[key], strict=True)) for key in WORDS}
    return {
        "status": "some courses failed" if failed else "done",
        "literature": name,
        "title": data.attrs["title"],
        "references": data.attrs["references"],
        "parameter_set": parameter_set,
        "set": values,
        "engine": "hybrid",
        "patients": data.sizes["patient"],
        "replicates": data.sizes.get("replicate", 1),
        "failed": failed,
        **{key: _share(found[key]) for key in ("cured", "progressed", "neither")},
        **days,
        "within": [{"what": what, "days": days, **_share(share)} for what, days, share in found["within"]],
        "checks": [
            {
                "check": outcome.check.text,
                "parameter_set": outcome.check.case.parameter_set,
                "published": outcome.check.published,
                **_share((outcome.simulated, outcome.low, outcome.high)),
                "within": list(outcome.check.within),
                "why": outcome.check.why,
                "source": outcome.check.source,
                "agrees": outcome.agrees,
            }
            for outcome in outcomes
        ],
        "files": [str(file) for file in files],
    }


def _share(share: Share) -> dict[str, float]:
    return dict(zip(("share", "low", "high"), share, strict=True))


def per_cent(share: Share) -> str:
    """A share, or a difference of shares, as one says it: `40 % (95 % CI 37 to 43 %)`."""
    if not np.isfinite(share[0]):
        return "not known"
    whole, low, high = (
        f"{100.0 * value + 0.0:.{0 if 0.1 <= abs(value) <= 0.9 else 1}f}".removesuffix(".0") for value in share
    )
    return f"{whole} % (95 % CI {low} to {high} %)"


def _print_summary(
    data: xr.Dataset, chosen: str, meaning: str, found: dict[str, Any], outcomes: Sequence[ShareOutcome]
) -> None:
    from carsim.dataset.provenance import NOT_FOR_TREATMENT

    click.echo(f"{data.attrs['title']}\n{data.attrs['references']}\nparameter set {chosen}: {meaning}")
    click.echo(f"{who(data)}, hybrid engine, seed {data.attrs['seed']}, to day {float(data['time'][-1]):g}\n")
    for label, key, days in (
        ("Cured", "cured", "cure_day"),
        ("Progressed", "progressed", "progression_day"),
        ("Neither", "neither", None),
    ):
        click.echo(f"{label:<12}in {per_cent(found[key])} of {found['courses']:,} courses")
        if days and found[days]:
            middle, low, high = (f"{day:.0f}" for day in found[days])
            click.echo(f"{'  on day':<12}median {middle}, 5–95 %: {low} to {high}")
            for what, (first, last), share in found["within"]:
                if what == WORDS[days]:
                    click.echo(f"{'':<12}days {first:g} to {last:g}: {per_cent(share)} of these")
    met = sum(outcome.agrees for outcome in outcomes)
    click.echo(f"\n{met} of {len(outcomes)} statements of the paper agree (virtual patients as published):\n")
    print_table(
        ["statement", "published", "simulated", "expected", "agrees"],
        [[o.check.text, o.check.published, *cells(o)] for o in outcomes],
    )
    click.echo(f"\n{NOT_FOR_TREATMENT}")


def cells(outcome: ShareOutcome) -> list[str]:
    """The last cells of a row of the comparison: simulated, expected, whether they agree."""
    low, high = outcome.check.within
    simulated = per_cent((outcome.simulated, outcome.low, outcome.high))
    return [simulated, f"{100 * low:g} to {100 * high:g} %", "yes" if outcome.agrees else "NO"]


def who(data: xr.Dataset) -> str:
    """How many were simulated, and how they differ."""
    patients, replicates = data.sizes["patient"], data.sizes.get("replicate", 1)
    words = "replicate" if replicates == 1 else "replicates"
    if not data.attrs["virtual_patients"]:
        return f"{replicates:,} {words} of the numbers as they stand"
    people = "1 virtual patient" if patients == 1 else f"{patients:,} virtual patients"
    return people if replicates == 1 else f"{people} with {replicates:,} replicates each"
