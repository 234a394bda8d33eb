"""`carsim trial`: conduct the trial of a scenario, write it and its figures, print what a trial paper prints.

Files: results/<name of the scenario file>_trial.nc, and beside it one figure for each kind (survival, incidence,
swimmer, waterfall, kinetics). `--from` evaluates a stored trial again, without simulating, by other clocks or groups
where `--set` says so; it writes only where `--out` or `--plot` asks for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.cohort import left_to_the_table, save_cohort
from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.failures import tell_failures
from carsim.cli.output import print_json, print_notes, progress
from carsim.cli.run import places, without_effect

if TYPE_CHECKING:
    import xarray as xr

    from carsim.catalog.draws import Draws
    from carsim.dataset.measured import Measured
    from carsim.spec import Scenario
    from carsim.trials.evaluate import Evaluation

CHECK = "predictive_check"  # the node of a tree, and the key of `--json`


@click.command("trial")
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.option(
    "--from",
    "stored",
    type=click.Path(path_type=Path),
    metavar="RESULT",
    help="Evaluate a stored trial again, without simulating.",
)
@options.settings
@options.trial_engine
@options.seed
@click.option("--patients", type=click.IntRange(min=1), metavar="N", help="Patients of each arm.")
@options.result
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Figures (.png, .pdf or .svg), the kind is added to the name; default: beside the result.",
)
@options.uncertain
@options.check
@options.save_patients
@options.force
@options.as_json
@options.told
def command(
    scenario: Path | None,
    stored: Path | None,
    assignments: tuple[str, ...],
    engine: str | None,
    seed: int | None,
    patients: int | None,
    out: Path | None,
    plot: Path | None,
    draws: int | None,
    prior: bool,
    draws_from: Path | None,
    measurements: Path | None,
    save_patients: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Conduct the virtual trial of SCENARIO: its arms on the same virtual patients, seen and timed as `trial:` says.

    Prints response, survival, relapse and toxicity with 95 % intervals for each arm and group, and how they compare;
    writes the trial and its figures into results/ (or where --out says).

    With --draws N the same patients are simulated under N draws of the parameters, and each estimate has a second
    interval, of what is not known of the parameters: carsim trial SCENARIO --draws 50 --prior

    With --vpc FILE percentiles of a table of measurements are set beside those that virtual patients would have had.

    With --from RESULT a stored trial is evaluated again, with other clocks, groups or times where --set says so:
    carsim trial --from results/eliana_trial.nc --set trial.clocks.EFS.hsct=ignore
    """
    begun = time.perf_counter()
    if (scenario is None) == (stored is None):
        raise click.UsageError(
            "got "
            + ("a scenario and --from" if scenario else "neither a scenario nor --from")
            + "; expected one of them."
        )
    if stored is not None:
        asked: dict[str, Any] = {
            "--engine": engine,
            "--seed": seed,
            "--patients": patients,
            "--draws": draws,
            "--prior": prior or None,
        }
        asked |= {"--draws-from": draws_from, "--vpc": measurements, "--save-patients": save_patients}
        if given := [option for option, value in asked.items() if value is not None]:
            raise click.UsageError(f"{', '.join(given)}: belongs to a simulation; --from simulates nothing.")
        tree, files = _again(stored, assignments, out, plot, force=force, quiet=quiet)
    else:
        assert scenario is not None  # one of the two is given
        read = _read(scenario, assignments, engine, seed, patients)
        save_cohort(read, save_patients, force=force)
        more = _More(_draws(read, draws, prior, draws_from), _table(measurements, read))
        named = Path(f"{scenario.stem}_trial{more.suffix}")
        tree, files = _anew(read, more, *places(named, out, plot), force=force, quiet=quiet)
    failed = _tell(tree, files, as_json=as_json, quiet=quiet)
    if verbose:
        for name in ("engine", "tolerances", "status_counts", "scenario_sha256", "carsim_version"):
            click.echo(f"{name}: {tree.attrs[name]}", err=True)
        click.echo(f"all in {time.perf_counter() - begun:.2f} s", err=True)
    return SOME_FAILED if failed else DONE


def _read(
    path: Path, assignments: tuple[str, ...], engine: str | None, seed: int | None, patients: int | None
) -> Scenario:
    """The scenario with the options set over it; the number of patients is that of every arm."""
    read = options.read(path, assignments, engine=engine, seed=seed, patients=patients)
    if patients is None or read.trial is None:
        return read
    sized = tuple(f"trial.arms.{arm.name}.n={patients}" for arm in read.trial.arms if arm.n is not None)
    return options.read(path, (*assignments, *sized), engine=engine, seed=seed, patients=patients) if sized else read


@dataclass(frozen=True)
class _More:
    """What is asked for beside the trial: draws of the parameters, and a table of measurements to check it by."""

    draws: Draws | None
    table: Measured | None

    @property
    def suffix(self) -> str:
        """What the name of a result says of it."""
        return ("_draws" if self.draws else "") + ("_vpc" if self.table else "")

    @property
    def keys(self) -> dict[str, str]:
        """The digests by which a result is known."""
        found = {"draws_sha256": self.draws.sha256} if self.draws else {}
        return found | ({"table_sha256": self.table.sha256} if self.table else {})


def _table(path: Path | None, read: Scenario) -> Measured | None:
    if path is None:
        return None
    from carsim.dataset.measured import read_measured
    from carsim.spec.prepare import start_of

    return read_measured(path, lambda: start_of(read))


def _draws(read: Scenario, n: int | None, prior: bool, table: Path | None) -> Draws | None:
    """The draws that are asked for, if any."""
    if n is None and table is None and not prior:
        return None
    if prior and table is not None:
        raise click.UsageError("got --prior and --draws-from; expected one of them.")
    from carsim.trials.uncertain import draws_of

    return draws_of(read, n, "prior" if prior else table or "posterior")


def _anew(
    read: Scenario, more: _More, result: Path, figure: Path, *, force: bool, quiet: bool
) -> tuple[xr.DataTree, list[Path]]:
    """Simulate a trial and write it with its figures."""
    from carsim.dataset.provenance import version
    from carsim.dataset.store import check_writable

    run = {
        "scenario_sha256": read.digest,
        "seed": read.run.seed,
        "engine": read.run.engine,
        "carsim_version": version(),
        **more.keys,
    }
    for path in (result, *_figures(figure, checked=more.table is not None).values()):
        check_writable(path, run, force=force)
    if not quiet:
        print_notes([*read.implausible(), *without_effect(read), *left_to_the_table(read), *_not_made(read)])
    with progress("Simulating", quiet=quiet) as say:
        from carsim.trials import conduct

        tree = conduct.trial(read, draws=more.draws, against=more.table, notify=say)
    return tree, _write(tree, result, figure, force=force)


def _again(
    stored: Path, assignments: tuple[str, ...], out: Path | None, plot: Path | None, *, force: bool, quiet: bool
) -> tuple[xr.DataTree, list[Path]]:
    """Evaluate a stored trial; write where that is asked for."""
    from carsim.trials import conduct
    from carsim.trials.store import read_trial

    tree = read_trial(stored)
    if assignments and {"uncertainty", CHECK} & {*tree.children} and not quiet:
        print_notes(["draws of the parameters and predictive checks are left out: they are not evaluated again"])
    tree = conduct.reevaluate(tree, assignments) if assignments else tree
    result, figure = places(stored, out, plot)
    return tree, _write(tree, result if out else None, figure if out or plot else None, force=force)


def _not_made(read: Scenario) -> list[str]:
    """Visits of the grid that come after the follow-up."""
    late = [day for day in (read.trial.visits if read.trial else ()) if day > read.run.until]
    return [f"{len(late)} of the visits come after the end of the follow-up and are not made"] if late else []


def _figures(figure: Path, *, checked: bool) -> dict[str, Path]:
    """Where the figure of each kind goes."""
    from carsim.plot.trials import CHECKED, KINDS

    return {kind: figure.with_stem(f"{figure.stem}_{kind}") for kind in (*KINDS, *(CHECKED if checked else ()))}


def _write(tree: xr.DataTree, result: Path | None, figure: Path | None, *, force: bool) -> list[Path]:
    from carsim.plot.trials import write_figures
    from carsim.trials.store import write_trial

    files = [write_trial(tree, result, force=force)] if result else []
    kinds = _figures(figure, checked=CHECK in tree.children) if figure else {}
    return files + write_figures(tree, kinds, force=force)


def _tell(tree: xr.DataTree, files: list[Path], *, as_json: bool, quiet: bool) -> int:
    """Say what came out, where it is and what failed; how many patients failed."""
    from carsim.trials.evaluate import evaluate
    from carsim.trials.store import arms_in

    evaluation = evaluate(tree)
    failed = sum(arm.failed for arm in evaluation.arms.values())
    if as_json:
        print_json(_object(tree, evaluation, failed, files))
    elif not quiet:
        from carsim.cli.trial_table import tables

        click.echo(tables(tree, evaluation))
        if CHECK in tree.children:
            from carsim.cli.check_table import check_lines

            click.echo("\n".join(["", *check_lines(tree[CHECK].to_dataset())]))
        if files:
            names = [str(file) for file in files]
            click.echo(f"\nWrote {', '.join(names[:-1])}{' and ' if names[:-1] else ''}{names[-1]}")
    for name, data in arms_in(tree).items() if failed else ():
        if data["status"].values.any():
            tell_failures(data, arm=name)
    return failed


def _object(tree: xr.DataTree, evaluation: Evaluation, failed: int, files: list[Path]) -> dict[str, Any]:
    """What `--json` prints; missing numbers are NaN here."""
    from carsim.trials.evaluate import as_object
    from carsim.trials.uncertain import into_object, node_of

    found = as_object(evaluation)
    node = node_of(tree)
    if node is not None:
        into_object(found, evaluation, node)
    if CHECK in tree.children:
        from carsim.cli.check_table import check_object

        found[CHECK] = check_object(tree[CHECK].to_dataset())
    return {
        "status": "some patients failed" if failed else "done",
        "scenario": {"title": tree.attrs["title"], "digest": tree.attrs["scenario_sha256"]},
        "engine": tree.attrs["engine"],
        "seed": int(tree.attrs["seed"]),
        "patients": sum(arm.enrolled for arm in evaluation.arms.values()),
        "failed": failed,
        **found,
        "files": [str(file) for file in files],
    }
