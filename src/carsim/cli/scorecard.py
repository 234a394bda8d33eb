"""`carsim scorecard`: every published fact beside what the simulated trials say, and predictions of what is not given.

Files, in results/scorecard/ or where --out says: trials/<system>.nc, which an interrupted scorecard takes up again;
blind/<system>-<date>-<parameters>.json, written before anything is compared; scorecard.json; scorecard.html; a figure
for each group of endpoints; and systems/<system>.png, each trial as its paper printed it. With --without-mechanisms
also without/<fact>/<system>.nc, the trials with a mechanism switched off.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.failures import tell_failures
from carsim.cli.output import finite, print_json, print_table, progress

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from carsim.scorecard.score import Scored
    from carsim.scorecard.without import Compared
    from carsim.spec import Scenario

    Failing = tuple[str, xr.Dataset]  # an arm of a trial by name, and its patients


@click.command("scorecard")
@click.argument("wanted", metavar="[SYSTEM]...", nargs=-1)
@click.option("--patients", type=click.IntRange(min=2), metavar="N", help="Patients of each arm; default: 200.")
@click.option("--seed", type=click.IntRange(min=0), default=1, metavar="N", help="Seed of the samples; default: 1.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("results") / "scorecard",
    metavar="FOLDER",
    help="Folder of the results; trials that are in it are used again.",
)
@click.option(
    "--without-mechanisms",
    is_flag=True,
    help="Simulate each emergent direction again with its mechanism switched off, and tell whether it is lost.",
)
@options.as_json
@options.told
def command(
    wanted: tuple[str, ...],
    patients: int | None,
    seed: int,
    out: Path,
    without_mechanisms: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Set every published fact of SYSTEM... (of all systems if none is named) beside the simulated trials.

    Each system is simulated once with many patients. A fact agrees if the simulated estimate lies where the catalogue
    accepts it, or has the sign that was published; the interval is that of trials of the published size. Systems whose
    outcomes are left out on purpose are predicted first.

    Research and teaching only: not for the treatment of any patient.
    """
    from carsim.dataset.provenance import NOT_FOR_TREATMENT
    from carsim.scorecard.conduct import chosen, parameters_sha256
    from carsim.scorecard.score import as_object, score
    from carsim.scorecard.summary import summarise
    from carsim.scorecard.without import as_object as row
    from carsim.scorecard.without import compare, emergent, totals

    facts = chosen(wanted)
    switched = _switched(facts, patients) if without_mechanisms else {}
    make_folder(out / "trials")
    try:
        trials, blind, failed = _simulated(facts, wanted, patients, seed, out, quiet=quiet)
        off, failed_off = _simulated_without(switched, out / "without", quiet=quiet)
    except KeyboardInterrupt:
        click.echo(
            f"carsim: finished trials are kept in {out / 'trials'}; the same command goes on from there.", err=True
        )
        raise
    failed += failed_off
    for arm, data in failed:
        tell_failures(data, arm=arm)
    with progress("Comparing", quiet=quiet) as say:
        say(f"Comparing {len(facts)} facts")
        scored = [score(fact, trials, seed) for fact in facts]
        compared = [compare(fact, trials, off.get(fact.id), seed) for fact in emergent(facts) if without_mechanisms]
    summary = summarise(scored)
    found = {
        "facts": [as_object(one) for one in scored],
        "blind": [one for path in blind for one in json.loads(path.read_text(encoding="utf-8"))["blind"]],
        "summary": summary,
        "parameters_sha256": parameters_sha256(),
    }
    if without_mechanisms:
        found["without_mechanisms"] = {"directions": [row(one) for one in compared], "totals": totals(compared)}
    files = _write(found, scored, compared, trials, out)
    if as_json:
        print_json(found)
    elif not quiet:
        _tell(scored, compared, summary)
        told = [f"{out / 'blind'} ({len(blind)} systems)"] if blind else []
        click.echo("\nWritten: " + ", ".join((*told, *map(str, files))))
        click.echo(NOT_FOR_TREATMENT)
    return SOME_FAILED if failed else DONE


def _simulated(
    facts: list[Any], wanted: tuple[str, ...], patients: int | None, seed: int, out: Path, *, quiet: bool
) -> tuple[dict[str, xr.DataTree], list[Path], list[Failing]]:
    """The trials that facts are read off, by system; where predictions are written; arms in which patients failed."""
    from carsim.scorecard import conduct
    from carsim.scorecard.blind import predict_once

    folder = _systems()
    read = conduct.systems_of(facts)
    blind = [name for name in conduct.predicted_blind() if not wanted or name in (*wanted, *read)]
    names = sorted({*read, *blind})
    stated = {name: conduct.scenario_of(name, folder) for name in names}
    conduct.check_places(facts, stated)
    trials: dict[str, xr.DataTree] = {}
    predicted: list[Path] = []
    failed: list[Failing] = []
    with progress("Simulating", quiet=quiet) as say:
        for number, name in enumerate(names, start=1):
            sized = conduct.scenario_of(name, folder, patients or conduct.PATIENTS)
            sizes = conduct.sizes_of(stated[name])
            notice = _notice(say, f"{number} of {len(names)}, {name}")
            tree = conduct.conduct(name, sized, sizes, out / "trials", notify=notice)
            failed += _failed(tree, name)
            if name in blind:
                predicted.append(predict_once(name, tree, sizes, seed, out / "blind"))
            if name in read:
                trials[name] = tree
    return trials, predicted, failed


def _systems() -> Path:
    """The folder of the scenarios of the systems."""
    from carsim.spec.shipped import SHIPPED

    return next((folder for folder in SHIPPED if folder.is_dir()), SHIPPED[0]) / "systems"


def _failed(tree: xr.DataTree, trial: str) -> list[Failing]:
    """The arms of a trial in which patients failed, who are not counted."""
    from carsim.trials.store import arms_in

    return [(f"{arm} of {trial}", data) for arm, data in arms_in(tree).items() if (data["status"].values != 0).any()]


def _switched(facts: list[Any], patients: int | None) -> dict[str, tuple[str, dict[str, Scenario]]]:
    """By id of the fact its switch and the scenarios with it; a wrong path is refused before any simulation."""
    from carsim.scorecard.conduct import PATIENTS
    from carsim.scorecard.without import scenarios_without, switches

    found = switches(facts)
    of_switch = {
        switch.name: scenarios_without(switch, _systems(), patients or PATIENTS)
        for switch in {switch.name: switch for switch in found.values()}.values()
    }
    return {fact: (switch.name, of_switch[switch.name]) for fact, switch in found.items()}


def _simulated_without(
    switched: Mapping[str, tuple[str, dict[str, Scenario]]], store: Path, *, quiet: bool
) -> tuple[dict[str, dict[str, xr.DataTree]], list[Failing]]:
    """The trials with a mechanism switched off, by id of the fact and system; arms in which patients failed."""
    from carsim.scorecard import conduct

    of_switch = dict(switched.values())
    trials: dict[str, dict[str, xr.DataTree]] = {}
    with progress("Simulating without mechanisms", quiet=quiet) as say:
        for number, (switch, scenarios) in enumerate(of_switch.items(), start=1):
            make_folder(store / switch)
            notice = _notice(say, f"{number} of {len(of_switch)}, without the mechanism of {switch}")
            sizes = {name: conduct.sizes_of(conduct.scenario_of(name, _systems())) for name in scenarios}
            trials[switch] = {
                name: conduct.conduct(name, scenario, sizes[name], store / switch, notify=notice)
                for name, scenario in scenarios.items()
            }
    failed = [
        one
        for switch, trees in trials.items()
        for name, tree in trees.items()
        for one in _failed(tree, f"{name} without the mechanism of {switch}")
    ]
    return {fact: trials[switch] for fact, (switch, _) in switched.items()}, failed


def make_folder(folder: Path) -> None:
    """Make a folder before anything is simulated; raises OutputRefused where it cannot be written."""
    from carsim.dataset.store import OutputRefused

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".carsim").touch()
        (folder / ".carsim").unlink()
    except OSError as error:
        raise OutputRefused(
            f"{folder} cannot be written ({error.strerror}); choose another folder with --out"
        ) from error


def _notice(say: Any, where: str) -> Any:
    return lambda now: say(f"Trial {where}: {now}")


def _write(
    found: Mapping[str, Any],
    scored: list[Scored],
    compared: list[Compared],
    trials: Mapping[str, xr.DataTree],
    out: Path,
) -> list[Path]:
    """The scorecard as JSON, as a page and as figures."""
    from carsim.dataset.store import write_atomically
    from carsim.plot.scorecard import draw
    from carsim.plot.system import draw_system, of_system
    from carsim.report.scorecard import page

    (out / "systems").mkdir(exist_ok=True)
    for name, tree in trials.items():
        own = of_system(name, scored)
        if own:
            drawn = draw_system(tree, own)
            write_atomically(out / "systems" / f"{name}.png", partial(drawn.savefig, format="png"))
    figures = {}
    for group, figure in draw(scored).items():
        path = out / f"scorecard_{group}.png"
        write_atomically(path, partial(figure.savefig, format="png"))
        figures[group] = path
    text = json.dumps(finite(dict(found)), indent=1, ensure_ascii=False, allow_nan=False)
    table, html = out / "scorecard.json", out / "scorecard.html"
    write_atomically(table, lambda temporary: temporary.write_text(text + "\n", encoding="utf-8"))
    names = {group: path.name for group, path in figures.items()}
    shown = page(scored, found["summary"], found["parameters_sha256"], names, compared)
    write_atomically(html, lambda temporary: temporary.write_text(shown, encoding="utf-8"))
    return [html, table, *figures.values(), out / "systems"]


def _tell(scored: list[Scored], compared: list[Compared], summary: Mapping[str, Any]) -> None:
    from carsim.report import without
    from carsim.report.scorecard import cells, sentences

    print_table(("fact", "published", "accepted", "simulated", "agrees", "read"), [cells(one) for one in scored])
    click.echo()
    for sentence in sentences(summary):
        click.echo(sentence)
    if compared:
        click.echo()
        print_table(
            without.HEADS, [without.cells_of_direction(one) for one in compared], title="Without their mechanisms"
        )
        click.echo()
        click.echo(without.sentence(compared))
