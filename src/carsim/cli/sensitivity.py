"""`carsim sensitivity`: which axes of a scenario's sweep decide on an endpoint, by Sobol's or Morris' indices."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from carsim.cli import options
from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.output import print_json, print_table, progress
from carsim.errors import ScenarioError

if TYPE_CHECKING:
    from carsim.spec import Scenario
    from carsim.sweeps.sensitivity import Sensitivity

DESIGNS: Final = {"sobol": "saltelli", "morris": "morris"}
BASE_POINTS: Final = 64


@click.command("sensitivity")
@options.scenario_file
@click.option("--on", "what", required=True, metavar="ENDPOINT", help="Endpoint, or ENDPOINT=WORD for the share of it.")
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="STORE", help="Folder of the store.")
@click.option("--method", type=click.Choice(list(DESIGNS)), help="Which indices; default: the file's, else sobol.")
@click.option(
    "--n",
    type=click.IntRange(min=2),
    metavar="N",
    help=f"Base points, or trajectories; default: the file's, else {BASE_POINTS}.",
)
@options.simulated
@click.option("--workers", type=click.IntRange(min=0), metavar="N", help="Processes; 0: this one.")
@click.option("--resume", is_flag=True, help="Go on with a store, or only work out indices of a finished one.")
@options.force
@options.as_json
@options.told
def command(
    scenario: Path,
    what: str,
    out: Path,
    method: str | None,
    n: int | None,
    assignments: tuple[str, ...],
    engine: str | None,
    seed: int | None,
    patients: int | None,
    replicates: int | None,
    workers: int | None,
    resume: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Indices of sensitivity of an endpoint over the axes of SCENARIO's `sweep` that have two ends and no `n`.

    Simulates the points into the store --out as `carsim sweep` does, then prints the indices with 95 % intervals:
    carsim sensitivity FILE --on relapse_phenotype=CD19-negative --out my_sweep.zarr

    The endpoint is kept beside those of the file. With --resume any other one that the store keeps needs no simulation.
    """
    reading = partial(options.read, scenario, engine=engine, seed=seed, patients=patients, replicates=replicates)
    read = _keeping(_designed(reading, assignments, method, n), what, out if resume else None)
    from carsim.sweeps.asked import asked, kept_by
    from carsim.sweeps.conduct import conduct
    from carsim.sweeps.plan import plan
    from carsim.sweeps.read import open_sweep
    from carsim.sweeps.sensitivity import sensitivity

    with progress("Preparing", quiet=quiet) as say:
        made = plan(read)
        try:
            asked(what, kept_by(made))  # before anything is simulated or written
        except ValueError as error:
            raise click.UsageError(f"{out if resume else scenario}: --on: {error}.") from error
        outcome = conduct(made, out, workers=workers, resume=resume, force=force, notify=say)
    try:
        found = sensitivity(open_sweep(out), what, made.points)
    except ValueError as error:
        raise click.UsageError(f"{scenario}: {error}.") from error
    _tell(found, what, out, as_json=as_json, quiet=quiet)
    return SOME_FAILED if outcome.failed or outcome.set_aside else DONE


def _designed(
    reading: Callable[[tuple[str, ...]], Scenario], assignments: tuple[str, ...], method: str | None, n: int | None
) -> Scenario:
    """The scenario with a sample for indices: its own, with what the options set in it; or all of one."""
    try:
        sweep = reading(assignments).sweep
    except ScenarioError:  # axes to be sampled and no `sample`; whatever else is wrong is told below
        sweep = None
    own = sweep.sample if sweep is not None else None
    design = DESIGNS[method] if method else own.method if own and own.method in DESIGNS.values() else DESIGNS["sobol"]
    if own is None:
        return reading((*assignments, f"sweep.sample={{method: {design}, n: {n or BASE_POINTS}}}"))
    changed = [f"sweep.sample.method={design}"] if design != own.method else []
    changed += [f"sweep.sample.n={n}"] if n not in (None, own.n) else []
    return reading((*assignments, *changed))


def _keeping(scenario: Scenario, what: str, begun: Path | None) -> Scenario:
    """The scenario with the endpoint among what is kept; of a store that is gone on with, with what that one keeps.

    A store keeps what its first call asked for beside what the file says, and nothing can be added to it.
    """
    from carsim.sweeps.asked import is_known
    from carsim.sweeps.store import is_begun, open_store

    if scenario.sweep is None:
        return scenario
    own, name = scenario.sweep.keep, what.partition("=")[0]
    kept = (*own, name) if is_known(name) and name not in own else own
    if begun is not None and is_begun(begun):
        stored = open_store(begun).plan.scenario.sweep
        if stored is not None and stored.keep[: len(own)] == own and len(stored.keep) <= len(own) + 1:
            kept = stored.keep  # of any other store it is told that it is another sweep's
    return scenario if kept == own else scenario.with_(**{"sweep.keep": list(kept)})


def _tell(found: Sensitivity, what: str, out: Path, *, as_json: bool, quiet: bool) -> None:
    if as_json:
        told = {
            name: {
                axis: {
                    "estimate": float(index.estimate[at]),
                    "low": float(index.low[at]),
                    "high": float(index.high[at]),
                }
                for at, axis in enumerate(found.axes)
            }
            for name, index in found.indices.items()
        }
        print_json({"store": str(out), "on": what, "method": found.method, "used": found.used, "indices": told})
    elif not quiet:
        main = next(iter(found.indices.values())) if found.method == "morris" else found.indices["total"]
        rows = [
            [
                found.axes[at],
                *(f"{i.estimate[at]:.3f} ({i.low[at]:.3f} to {i.high[at]:.3f})" for i in found.indices.values()),
            ]
            for at in sorted(range(len(found.axes)), key=lambda at: -main.estimate[at])
        ]
        print_table(["axis", *found.indices], rows, title=what)
        click.echo(f"\nOf {found.used} of {found.made} base points, the same virtual patients at each: {out}")
