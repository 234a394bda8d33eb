"""`carsim calibrate STUDY`: free parameters fitted to published facts, with draws of what remains uncertain.

Files, in results/calibration/<study> or where --out says: wave-<k>/ and check/, which an interrupted calibration takes
up again; posterior.toml and posterior.csv, the values and draws as the catalogue reads them; calibration.json,
calibration.md and its figures.
"""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.output import finite, print_json, print_table, progress

if TYPE_CHECKING:
    from carsim.calibrate.conduct import Calibrated


@click.command("calibrate")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--patients", type=click.IntRange(min=24), metavar="N", help="Patients of each arm, for the study's own.")
@click.option("--waves", type=click.IntRange(min=1, max=5), metavar="N", help="Rounds of trials, for the study's own.")
@click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed, for the study's own.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER", help="Folder of the results."
)
@options.as_json
@options.told
def command(
    study: Path,
    patients: int | None,
    waves: int | None,
    seed: int | None,
    out: Path | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Fit the free parameters of STUDY to the published facts it names.

    Trials of every system are simulated with a point of the parameters for each patient; an emulator learned from them
    gives the most probable values and draws. Each stage is kept, and the same command goes on where it was stopped.

    Research and teaching only: not for the treatment of any patient.
    """
    from carsim.calibrate.conduct import calibrate
    from carsim.calibrate.result import as_object
    from carsim.calibrate.study import load
    from carsim.cli.scorecard import make_folder
    from carsim.dataset.provenance import NOT_FOR_TREATMENT
    from carsim.report.calibration import GROUPS, PARAMETERS, group_rows, parameter_rows, sentences
    from carsim.spec.shipped import SHIPPED

    asked = {"patients": patients, "waves": waves, "seed": seed}
    stated = load(study).model_copy(update={key: value for key, value in asked.items() if value is not None})
    folder = out or Path("results") / "calibration" / study.stem
    make_folder(folder)
    scenarios = next((each for each in SHIPPED if each.is_dir()), SHIPPED[0]) / "systems"
    begun = time.monotonic()
    try:
        with progress("Calibrating", quiet=quiet) as say:
            found = calibrate(stated, scenarios, folder, lambda now: say(f"{_elapsed(begun)}: {now}"))
    except KeyboardInterrupt:
        click.echo(f"carsim: finished trials are kept in {folder}; the same command goes on from there.", err=True)
        raise
    result = as_object(found)
    files = _write(found, result, folder)
    if as_json:
        print_json(result)
    elif not quiet:
        print_table(PARAMETERS, parameter_rows(result))
        click.echo()
        print_table(GROUPS, group_rows(result["validation"]))
        click.echo()
        for sentence in sentences(result):
            click.echo(sentence)
        click.echo("\nWritten: " + ", ".join(map(str, files)))
        click.echo(NOT_FOR_TREATMENT)
    return DONE


def _elapsed(begun: float) -> str:
    minutes, seconds = divmod(round(time.monotonic() - begun), 60)
    return f"{minutes} min {seconds:02d} s"


def _write(found: Calibrated, result: dict[str, Any], folder: Path) -> list[Path]:
    """The values and draws, everything as JSON, the page and its figures."""
    from carsim.calibrate.result import draws_file, values_file
    from carsim.catalog.calibrated import ABOUT, TABLE
    from carsim.dataset.store import write_atomically
    from carsim.plot.calibration import draw
    from carsim.report.calibration import page

    figures = {}
    for name, figure in draw(found).items():
        figures[name] = folder / f"calibration_{name}.png"
        write_atomically(figures[name], partial(figure.savefig, format="png"))
    texts = {
        ABOUT: values_file(found),
        TABLE: draws_file(found),
        "calibration.json": json.dumps(finite(result), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
        "calibration.md": page(result, {name: path.name for name, path in figures.items()}),
    }
    written = []
    for name, text in texts.items():
        write_atomically(folder / name, partial(Path.write_text, data=text, encoding="utf-8"))
        written.append(folder / name)
    return [*written, *figures.values()]
