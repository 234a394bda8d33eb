"""`carsim compare`: the same patients under several strategies, each a scenario file; the first is compared with.

Files: results/<names of the strategies>_compared.nc, a tree as `carsim trial` writes it with an arm for each file, and
beside it one figure with all strategies over one another.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from carsim.cli import options
from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.failures import tell_failures
from carsim.cli.output import print_json, print_notes, progress
from carsim.cli.run import places, without_effect

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario

NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
NAMED: Final = 3  # strategies that the name of a result tells
SUFFIX: Final = "compared"


@click.command("compare")
@click.argument("scenarios", nargs=-1, metavar="SCENARIO SCENARIO...")
@options.settings
@options.trial_engine
@options.seed
@click.option("--patients", type=click.IntRange(min=1), metavar="N", help="Patients, the same under each strategy.")
@options.result
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Figure (.png, .pdf or .svg); default: beside the result.",
)
@options.force
@options.as_json
@options.told
def command(
    scenarios: tuple[str, ...],
    assignments: tuple[str, ...],
    engine: str | None,
    seed: int | None,
    patients: int | None,
    out: Path | None,
    plot: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Simulate the same patients under each SCENARIO, and say how the others differ from the first.

    Prints differences in the same patients with 95 % intervals, hazard ratios, and who relapses under one strategy and
    not under the other; writes the result and a figure into results/ (or where --out says).

    A strategy has the name of its file, or another one that stands before it: carsim compare one.yaml both=two.yaml

    --set, --seed, --patients and --engine hold for every scenario. Patients, their leukaemia, the run and what is
    counted must be the same in all.
    """
    from carsim.trials.strategies import check_comparable, differing_parameters

    files = _named(scenarios)
    read = {
        name: options.read(path, assignments, engine=engine, seed=seed, patients=patients)
        for name, path in files.items()
    }
    check_comparable(read)
    result, figure = places(_stem(list(read)), out, plot)
    _check_places((result, figure), read, force=force)
    if not quiet:
        notes = [note for scenario in read.values() for note in (*scenario.implausible(), *without_effect(scenario))]
        if differing := differing_parameters(read):
            notes.append(f"parameters that differ beside the treatment: {', '.join(differing)}")
        print_notes(list(dict.fromkeys(notes)))
    with progress("Simulating", quiet=quiet) as say:
        from carsim.trials import strategies

        tree = strategies.compare(read, notify=say)
    return _tell(tree, _write(tree, result, figure, force=force), as_json=as_json, quiet=quiet, verbose=verbose)


def _named(stated: tuple[str, ...]) -> dict[str, Path]:
    """The files by the names of their strategies; UsageError for names that are no names, or twice the same."""
    if len(stated) < 2:
        raise click.UsageError(
            f"got {len(stated)} scenario{'s' * (len(stated) != 1)}; expected two or more, for example carsim compare "
            "single.yaml tandem.yaml; the first is the one that others are compared with."
        )
    found: dict[str, Path] = {}
    for text in stated:
        name, equals, path = text.partition("=")
        named = bool(equals) and NAME.fullmatch(name) is not None and not Path(text).exists()
        name, file = (name, Path(path)) if named else (Path(text).stem, Path(text))
        if NAME.fullmatch(name) is None:
            raise click.UsageError(
                f"{text}: got the name `{name}`; expected letters, digits, - and _, for example first={text}."
            )
        if name in found:
            raise click.UsageError(
                f"{text}: got the strategy `{name}` twice; expected another name for one, for example {name}2={file}."
            )
        found[name] = file
    return found


def _stem(names: list[str]) -> Path:
    """What the result is called."""
    more = [f"and_{len(names) - NAMED}_more"] if len(names) > NAMED else []
    return Path("_".join([*names[:NAMED], *more, SUFFIX]))


def _check_places(paths: tuple[Path, Path], read: dict[str, Scenario], *, force: bool) -> None:
    """Refuse before the simulation, not after it."""
    from carsim.dataset.provenance import version
    from carsim.dataset.store import check_writable
    from carsim.trials.conduct import digest_of

    first = next(iter(read.values()))
    run = {
        "scenario_sha256": digest_of(read),
        "seed": first.run.seed,
        "engine": first.run.engine,
        "carsim_version": version(),
    }
    for path in paths:
        check_writable(path, run, force=force)


def _write(tree: xr.DataTree, result: Path, figure: Path, *, force: bool) -> list[Path]:
    from carsim.plot import trials
    from carsim.trials.store import write_trial

    return [write_trial(tree, result, force=force), *trials.write_figures(tree, {"overlay": figure}, force=force)]


def _tell(tree: xr.DataTree, files: list[Path], *, as_json: bool, quiet: bool, verbose: bool) -> int:
    """Say what came out, where it is and what failed; the exit status."""
    from carsim.trials.changes import as_rows, changes
    from carsim.trials.evaluate import as_object, evaluate
    from carsim.trials.store import arms_in

    evaluation, relapses = evaluate(tree), changes(tree)
    failed = sum(arm.failed for arm in evaluation.arms.values())
    if as_json:
        titles, digests = (json.loads(tree.attrs[key]) for key in ("titles", "digests"))
        found: dict[str, Any] = {
            "status": "some patients failed" if failed else "done",
            "scenarios": {name: {"title": titles[name], "digest": digests[name]} for name in titles},
            "engine": tree.attrs["engine"],
            "seed": int(tree.attrs["seed"]),
            "patients": max(arm.enrolled for arm in evaluation.arms.values()),
            "failed": failed,
            **as_object(evaluation),
            "relapses": list(as_rows(relapses)),
            "files": [str(file) for file in files],
        }
        print_json(found)
    elif not quiet:
        from carsim.cli.compare_table import differences

        click.echo(differences(tree, evaluation, relapses))
        click.echo(f"\nWrote {' and '.join(str(file) for file in files)}")
    for name, data in arms_in(tree).items() if failed else ():
        if data["status"].values.any():
            tell_failures(data, arm=name)
    if verbose:
        for key in ("engine", "tolerances", "status_counts", "scenario_sha256", "carsim_version"):
            click.echo(f"{key}: {tree.attrs[key]}", err=True)
    return SOME_FAILED if failed else DONE
