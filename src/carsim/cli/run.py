"""`carsim run`: simulate a scenario, write its result and its figure, say what a clinician asks first.

Files: results/<name of the scenario file>.nc and .png, below the folder the command is called in, and _cells.png where
there are single cells (engine `agent`). Running the same
scenario again replaces them, since it gives the same numbers; results of another run are replaced with --force only.
Ctrl-C ends the simulation: what is finished is written and the rest named; a whole result of the same run stays.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import observed, options
from carsim.cli.cohort import save_cohort
from carsim.cli.exits import DONE, INTERRUPTED, SOME_FAILED
from carsim.cli.failures import tell_failures
from carsim.cli.output import finite, print_json, print_notes, progress

if TYPE_CHECKING:
    import xarray as xr

    from carsim.individual.fit import MostProbable
    from carsim.spec import Scenario
    from carsim.treatment.events_table import Events

RESULTS = Path("results")


@click.command("run")
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.option("--literature", metavar="NAME", help="Simulate a published model: carsim list literature.")
@click.option("--parameter-set", metavar="NAME", help="Parameter set of a published model; default: its first.")
@click.option("--until", type=click.FloatRange(min=0, min_open=True), metavar="DAYS", help="Its last day.")
@options.simulated
@options.result
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="PATH",
    help="Figure (.png, .pdf or .svg); default: beside the result.",
)
@click.option(
    "--observations",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Find the patient's most probable parameters from a table of measurements first.",
)
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Give the doses of a table (ID, TIME, AMT, RATE, II, ADDL, EVID, CMT) in place of those at fixed times.",
)
@options.save_patients
@options.force
@options.as_json
@options.told
def command(
    scenario: Path | None,
    literature: str | None,
    parameter_set: str | None,
    until: float | None,
    assignments: tuple[str, ...],
    engine: str | None,
    seed: int | None,
    patients: int | None,
    replicates: int | None,
    out: Path | None,
    plot: Path | None,
    observations: Path | None,
    events: Path | None,
    save_patients: Path | None,
    force: bool,
    as_json: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Simulate SCENARIO, one patient or a cohort; or a published model with --literature.

    Writes a NetCDF result and a figure into results/ (or where --out says), and prints a summary. Running the same
    scenario again replaces its own files; results of another run stay unless --force is given.

    With --observations FILE the patient has the parameters that are most probable from what was measured: a table with
    the columns id, day, variable, value and, where needed, unit, limit and censored.

    With --events FILE the doses of a table, as NONMEM, Monolix and nlmixr2 read it, take the place of those that the
    treatment gives at fixed times; `carsim export events` writes such a table.

    With --replicates N each patient is simulated N times, each time with other chances: the summary says with what
    probability the patient is cured or relapses.
    """
    begun = time.perf_counter()
    if literature is not None:
        if save_patients is not None or observations is not None or events is not None:
            raise click.UsageError("--save-patients, --observations and --events need a scenario, not --literature.")
        given = {"--seed": seed, "--patients": patients, "--replicates": replicates}
        by_chance = _literature_by_chance(literature, scenario, engine, given)
        said = {"force": force, "as_json": as_json, "quiet": quiet}
        return _literature(literature, parameter_set, assignments, until, (out, plot), given, by_chance, said)
    if scenario is None:
        raise click.UsageError("Missing argument 'SCENARIO': a scenario file, or a published model with --literature.")
    if parameter_set is not None or until is not None:
        raise click.UsageError("--parameter-set and --until belong to --literature; a scenario takes --set run.until=.")
    read = options.read(scenario, assignments, engine=engine, seed=seed, patients=patients, replicates=replicates)
    doses = _doses_of(events, observations)
    found, usual = None, read
    if observations is not None:
        found = observed.found_in(read, observations, quiet=quiet)
        scenario, read = scenario.with_stem(f"{scenario.stem}_fitted"), found.scenario
    result, figure = places(scenario, out, plot)
    _check_places((result, figure), read, {"events_sha256": doses.sha256} if doses else {}, force=force)
    save_cohort(read, save_patients, force=force)
    if not quiet:
        print_notes([*read.implausible(), *_left_to_trial(read), *without_effect(read)])
    with progress("Simulating", quiet=quiet) as say:
        from carsim import pipeline

        data = pipeline.run(read, events=doses, notify=say)
        if found is not None:
            data.attrs["most_probable"] = json.dumps(finite(observed.as_plain(found)))
        simulated = time.perf_counter()
    failed, missing = _failed_and_missing(data)
    if missing and is_whole(result, data):
        click.echo(f"carsim: interrupted; {result} is left as it is, the whole result of this run", err=True)
        return INTERRUPTED
    files = _write(data, result, figure, force=force)
    if found is not None:
        place = figure.with_stem(f"{figure.stem}_observed")
        files.append(observed.write_observed(data, pipeline.run(usual), found, place, force=force))
    _tell(data, read, files, found, as_json=as_json, quiet=quiet)
    if verbose:
        _tell_more(data, simulated - begun, time.perf_counter() - begun)
    return INTERRUPTED if missing else SOME_FAILED if failed else DONE


def _literature(
    name: str,
    parameter_set: str | None,
    assignments: tuple[str, ...],
    until: float | None,
    where: tuple[Path | None, Path | None],
    given: Mapping[str, int | None],
    by_chance: bool,
    said: Mapping[str, bool],
) -> int:
    """Simulate a published model; `given` are the options of chance by name, `said` those on what is written."""
    parts = [name, parameter_set, "chance" if by_chance else None]
    result, figure = places(Path("-".join(part for part in parts if part)), *where)
    if not by_chance:
        from carsim.cli import literature as published

        return published.run(name, parameter_set, assignments, until, result, figure, **said)
    from carsim.cli import chance

    return chance.run(
        name,
        parameter_set,
        assignments,
        until,
        result,
        figure,
        patients=given["--patients"],
        replicates=given["--replicates"] or 1,
        seed=given["--seed"] or 0,
        **said,
    )


def _tell(
    data: xr.Dataset,
    scenario: Scenario,
    files: list[Path],
    found: MostProbable | None,
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what came out, where it is, and what failed or is missing."""
    failed, missing = _failed_and_missing(data)
    if as_json:
        more = {} if found is None else {"most_probable": observed.as_plain(found)}
        print_json(as_object(data, scenario, files) | more)
    elif not quiet:
        from carsim.cli.summary import summary

        if found is not None:
            click.echo("\n".join([*observed.lines_of(found), ""]))
        click.echo(summary(data))
        click.echo(f"\nWrote {', '.join(map(str, files[:-1]))} and {files[-1]}")
    if failed:
        tell_failures(data)
    if missing:
        click.echo(
            f"carsim: interrupted: {missing:,} of {data['status'].size:,} courses are missing from {files[0]}; the "
            "same command simulates them all and replaces it",
            err=True,
        )


def _failed_and_missing(data: xr.Dataset) -> tuple[int, int]:
    """How many courses failed, and how many were not simulated because of an interruption."""
    from carsim.endpoints.outcome import is_interrupted

    ended = [int(status) for status in data["status"].values.ravel() if status]
    missing = sum(map(is_interrupted, ended))
    return len(ended) - missing, missing


def is_whole(path: Path, data: xr.Dataset) -> bool:
    """Whether a file holds the same run with nothing missing, so that half of it must not take its place."""
    from carsim.dataset.provenance import same_run
    from carsim.dataset.store import run_of

    found = run_of(path) if path.is_file() else None
    return found is not None and same_run(found, data.attrs) and "interrupted" not in found.get("status_counts", "")


def _left_to_trial(scenario: Scenario) -> list[str]:
    """What of a scenario a run does not simulate."""
    arms = scenario.trial.arms if scenario.trial else ()
    named = ", ".join(arm.name for arm in arms)
    return [f"simulates the cohort as it stands, not the arms of `trial` ({named})"] if arms else []


def without_effect(scenario: Scenario) -> list[str]:
    """What a scenario states and nothing in its model answers to."""
    from carsim.catalog import history
    from carsim.treatment.entries import names_given

    stated: set[str] = set()
    if scenario.patient is not None:
        stated |= set(scenario.patient.history)
    if scenario.cohort is not None:
        stated |= {item for item, share in scenario.cohort.shares.items() if share > 0.0}
    inert = ", ".join(sorted(stated - set(history())))
    notes = [f"{inert}: recorded, but nothing in the model depends on it"] if inert else []
    if "intrathecal" in names_given(scenario.treatment) and scenario.leukaemia.sites.CNS is None:
        notes.append("intrathecal chemotherapy has nothing to act on without leukaemia.sites.CNS")
    return notes


def _literature_by_chance(
    name: str, scenario: Path | None, engine: str | None, given: Mapping[str, int | None]
) -> bool:
    """Whether what chance decides in a published model is asked for; refuse what would be ignored.

    Whoever asks for replicates, patients or a seed asks for chance, as for a scenario.
    """
    from carsim.literature import models

    if scenario is not None:
        raise click.UsageError(f"got a scenario, {scenario}, and --literature; expected one of them.")
    asked = [option for option, value in given.items() if value is not None]
    those = [model.name for model in models() if model.data.chance is not None]
    if engine not in (None, "ode", "hybrid") or (engine == "hybrid" and name not in those):
        raise click.UsageError(
            f"--engine: got {engine}; published models run on ode, and {', '.join(those)} on hybrid too, where chance "
            "decides who is cured."
        )
    if asked and (engine == "ode" or name not in those):
        raise click.UsageError(
            f"{asked[0]} does not apply to --literature {name} on ode, which is one course without chance; expected "
            f"--literature {those[0]} --engine hybrid, where chance decides who is cured."
        )
    return engine == "hybrid" or bool(asked)


def places(scenario: Path, out: Path | None, plot: Path | None) -> tuple[Path, Path]:
    """Where the result and the figure go: named after the scenario file, in `results` or where the user said."""
    from carsim.dataset.store import FIGURE_SUFFIXES

    out = RESULTS if out is None else out
    if out.suffix.lower() != ".nc":
        if (out.suffix and not out.is_dir()) or out.is_file():
            figure = "; a figure is asked for with --plot" if out.suffix.lower() in FIGURE_SUFFIXES else ""
            raise click.UsageError(
                f"--out: got {out}; expected a result file that ends in .nc, for example {scenario.stem}.nc, or a "
                f"folder{figure}."
            )
        out = out / f"{scenario.stem}.nc"
    if plot is not None and plot.suffix.lower() not in FIGURE_SUFFIXES:
        raise click.UsageError(
            f"--plot: got {plot}; expected a file that ends in {', '.join(FIGURE_SUFFIXES)}, for example "
            f"{scenario.stem}.png; the result itself goes where --out says."
        )
    return out, plot or out.with_suffix(".png")


def place_of_cells(figure: Path) -> Path:
    """Where the figure of single cells goes: beside the usual one."""
    return figure.with_stem(f"{figure.stem}_cells")


def as_object(data: xr.Dataset, scenario: Scenario, files: list[Path]) -> dict[str, Any]:
    """What `--json` prints; missing numbers are NaN here, missing texts None.

    An endpoint is a list of one value per patient; with replicates of one list per patient, a value per replicate. An
    engine of chance adds `replicates` and `probabilities`.
    """
    from carsim.dataset.replicates import replicates_of
    from carsim.endpoints import REGISTRY
    from carsim.endpoints.probabilities import probabilities
    from carsim.spec.plain import CHANCE

    failed, missing = _failed_and_missing(data)
    words = "interrupted" if missing else "some patients failed" if failed else "done"
    found: dict[str, Any] = {
        "status": words,
        "scenario": {"title": scenario.title, "digest": scenario.digest},
        "engine": scenario.run.engine,
        "seed": scenario.run.seed,
        "patients": data.sizes["patient"],
        "failed": failed,
        "endpoints": {
            name: _plain(data[name].values.tolist()) if name in data else [None] * data.sizes["patient"]
            for name in REGISTRY
        },
        "files": [str(file) for file in files],
    }
    if missing:
        found["missing"] = missing
    if scenario.run.engine in CHANCE:
        found["replicates"] = replicates_of(data)
        found["probabilities"] = {name: asdict(known) for name, known in probabilities(data).items()}
    return found


def _plain(value: Any) -> Any:
    """A number, or text, or None where a text or a whole number is missing; of each in a list."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if value == "" or (isinstance(value, int) and value < 0) else value


def _doses_of(events: Path | None, observations: Path | None) -> Events | None:
    """The table of doses, if one is asked for."""
    if events is None:
        return None
    if observations is not None:
        raise click.UsageError("got --events and --observations; expected one of them.")
    from carsim.treatment.events_table import read_events

    return read_events(events)


def _check_places(paths: tuple[Path, Path], scenario: Scenario, beside: Mapping[str, str], *, force: bool) -> None:
    """Refuse before the simulation, not after it."""
    from carsim.dataset.provenance import version
    from carsim.dataset.store import check_writable
    from carsim.spec.plain import OF_CELLS

    of_cells = [place_of_cells(paths[1])] if scenario.run.engine == OF_CELLS else []
    run = {
        "scenario_sha256": scenario.digest,
        "seed": scenario.run.seed,
        "engine": scenario.run.engine,
        "carsim_version": version(),
        **beside,
    }
    for path in (*paths, *of_cells):
        check_writable(path, run, force=force)


def _write(data: xr.Dataset, result: Path, figure: Path, *, force: bool) -> list[Path]:
    from carsim.dataset.store import write_netcdf
    from carsim.plot.cells import draw_cells, has_cells
    from carsim.plot.figure import write_figure

    files = [write_netcdf(data, result, force=force), write_figure(data, figure, force=force)]
    if has_cells(data):
        files.append(write_figure(data, place_of_cells(figure), force=force, draw=draw_cells))
    return files


def _tell_more(data: xr.Dataset, simulated: float, whole: float) -> None:
    for name in ("engine", "tolerances", "status_counts", "scenario_sha256", "carsim_version"):
        click.echo(f"{name}: {data.attrs[name]}", err=True)
    click.echo(f"simulated in {simulated:.2f} s, all in {whole:.2f} s", err=True)
