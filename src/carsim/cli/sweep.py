"""`carsim sweep`: every point of a scenario's `sweep` into a store; `carsim sweep check`: whether a store is whole."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE, INTERRUPTED, SOME_FAILED
from carsim.cli.output import print_json, print_notes, progress
from carsim.cli.sweep_check import check_command
from carsim.cli.sweep_map import map_command
from carsim.cli.sweep_optimum import optimum_command

if TYPE_CHECKING:
    from carsim.sweeps.conduct import Outcome
    from carsim.sweeps.plan import Plan

EVERY = 10.0  # s between lines of progress where no terminal shows them


OF_A_STORE = {"check": check_command, "map": map_command, "optimum": optimum_command}


class _Sweep(click.Command):
    """`carsim sweep check STORE`, `map` and `optimum` are commands; a scenario called `check` is `./check`."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args and args[0] in OF_A_STORE:
            return OF_A_STORE[args[0]].make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("sweep", cls=_Sweep)
@options.scenario_file
@click.option("--out", type=click.Path(path_type=Path), metavar="STORE", help="Folder of the store (Zarr).")
@options.simulated
@click.option(
    "--executor",
    type=click.Choice(["local", "slurm", "dask"]),
    default="local",
    show_default=True,
    help="Where blocks are simulated: processes here, a Slurm job array, or a Dask cluster.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    metavar="N",
    help="Processes (none stated: one for each processor; 0: this one), or jobs side by side (32).",
)
@click.option(
    "--threads", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Threads of each of them."
)
@click.option("--patience", type=click.FloatRange(min=0.1), metavar="MINUTES", help="Longest time of a block (local).")
@click.option("--scheduler", metavar="ADDRESS", help="Dask: address of its scheduler, or `slurm` to start one there.")
@click.option("--trust-network", is_flag=True, help="Dask: allow a scheduler elsewhere that does not encrypt.")
@click.option("--sbatch", "directives", multiple=True, metavar="OPTION", help="Slurm: option of sbatch; repeatable.")
@click.option("--no-wait", is_flag=True, help="Slurm: submit and leave; --resume later goes on with what is missing.")
@click.option("--resume", is_flag=True, help="Go on with a store: only what is missing or damaged is simulated.")
@click.option(
    "--dry-run", is_flag=True, help="Print points, blocks, memory, disk and time, and simulate a few patients."
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Most points that are not refused; 10,000,000.")
@options.force
@options.as_json
@options.told
def command(
    scenario: Path,
    out: Path | None,
    assignments: tuple[str, ...],
    engine: str | None,
    seed: int | None,
    patients: int | None,
    replicates: int | None,
    limit: int | None,
    dry_run: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
    **driving: Any,
) -> int:
    """Simulate every point of the `sweep:` of SCENARIO into the store --out, in blocks of whole patients.

    Interrupted or killed at any time, it goes on with --resume; the store is the same to the byte whoever writes it.
    `carsim sweep check STORE` says whether a store is whole, `carsim sweep map STORE` draws what
    rules where, `carsim sweep optimum STORE` tells the best point.
    """
    read = options.read(scenario, assignments, engine=engine, seed=seed, patients=patients, replicates=replicates)
    from carsim.sweeps.plan import LIMIT, plan

    made = plan(read, limit=limit or LIMIT)
    if dry_run:
        _foretell(made, driving["workers"], as_json=as_json, quiet=quiet)
        return DONE
    if out is None:
        raise click.UsageError("expected --out STORE, the folder of the store, for example --out results/sweep.zarr")
    if not quiet:
        print_notes(read.implausible())
    again = f"carsim sweep {shlex.quote(str(scenario))} --out {shlex.quote(str(out))} --resume"
    try:
        with progress("Preparing", quiet=quiet) as say:
            outcome = _driven(made, out, force, _seldom(say), driving)
    except KeyboardInterrupt:
        click.echo(
            f"carsim: interrupted; finished blocks are kept. Go on with the same options and --resume:\n  {again}",
            err=True,
        )
        return INTERRUPTED
    return _tell(outcome, again, as_json=as_json, quiet=quiet)


def _driven(made: Plan, out: Path, force: bool, say: Callable[[str], None], driving: dict[str, Any]) -> Outcome:
    """Drive the plan with the settings of its executor."""
    from carsim.sweeps.conduct import conduct

    executor, settings = driving["executor"], {}
    if executor == "local":
        settings = {"patience": None if driving["patience"] is None else 60.0 * driving["patience"]}
    elif executor == "slurm":
        settings = {"directives": driving["directives"], "wait": not driving["no_wait"]}
    elif executor == "dask":
        settings = {"scheduler": driving["scheduler"], "trust_network": driving["trust_network"]}
    return conduct(
        made,
        out,
        executor=executor,
        workers=driving["workers"],
        threads=driving["threads"],
        resume=driving["resume"],
        force=force,
        notify=say,
        **settings,
    )


def _seldom(say: Callable[[str], None]) -> Callable[[str], None]:
    """Say what is new, but where every line stays (no terminal) not more often than a reader cares for."""
    import sys

    last = [-EVERY]

    def told(text: str) -> None:
        now = time.monotonic()
        if sys.stderr.isatty() or now - last[0] >= EVERY or not text[:1].isdigit():
            last[0] = now
            say(text)

    return told


def _foretell(made: Plan, workers: int | None, *, as_json: bool, quiet: bool) -> None:
    """Print what a sweep will take."""
    from carsim.engines.blocks import processors
    from carsim.sweeps.estimate import estimate
    from carsim.sweeps.progress import duration, size

    side_by_side = max(1, min(made.blocks, processors() if workers is None else workers))
    with progress("Simulating a few patients to estimate the time", quiet=quiet):
        known = estimate(made)
    seconds = known.seconds(made) / side_by_side
    told = {
        "points": made.points.n,
        "axes": made.points.shape,
        "patients": made.patients,
        "replicates": made.replicates,
        "courses": made.points.n * made.patients * made.replicates,
        "blocks": made.blocks,
        "block": {"points": made.block[0], "patients": made.block[1]},
        "files": made.files,
        "disk_bytes": made.bytes,
        "memory_bytes": side_by_side * made.memory,
        "workers": side_by_side,
        "seconds": seconds,
    }
    if as_json:
        print_json(told)
        return
    axes = " x ".join(f"{steps:,} {name}" for name, steps in made.points.shape.items())
    who = f"{made.patients:,} patients" + (f" x {made.replicates:,} replicates" if made.replicates > 1 else "")
    rows = (
        ("points", f"{made.points.n:,} ({axes})"),
        ("courses", f"{told['courses']:,} ({who} at each point)"),
        ("blocks", f"{made.blocks:,} of {made.block[0]:,} points and {made.block[1]:,} patients"),
        ("memory", f"about {size(side_by_side * made.memory)} for {side_by_side} at a time"),
        ("disk", f"at most {size(made.bytes)} in {made.files:,} files"),
        ("time", f"about {duration(seconds)} with {side_by_side} at a time, as a few patients took here"),
    )
    for name, text in rows:
        click.echo(f"{name:<8} {text}")


def _tell(outcome: Outcome, again: str, *, as_json: bool, quiet: bool) -> int:
    """Say what came of a sweep; the exit status."""
    if as_json:
        keys = ("points", "done", "failed", "resumed", "seconds", "refused", "set_aside", "left")
        print_json({"store": str(outcome.store), **{key: getattr(outcome, key) for key in keys}})
    elif not quiet:
        before = f", {outcome.resumed:,} of them before" if outcome.resumed else ""
        click.echo(f"{outcome.done:,} of {outcome.points:,} points are done{before}: {outcome.store}")
    if outcome.left and not quiet:
        click.echo(f"{outcome.left} See what is missing, and go on when it is over, with\n  {again}", err=True)
    for point, reason in list(outcome.refused.items())[:5]:
        click.echo(f"carsim: point {point} has no result: {reason}", err=True)
    for block, reason in list(outcome.set_aside.items())[:5]:
        click.echo(f"carsim: block {block} was set aside: {reason}", err=True)
    if outcome.failed:
        click.echo(f"carsim: {outcome.failed:,} points with failures; `status` of the store says which", err=True)
    missing = outcome.done < outcome.points and not outcome.left
    return SOME_FAILED if outcome.failed or outcome.set_aside or missing else DONE
