"""`carsim run`: simulate a scenario, write its result and its figure, say what a clinician asks first.

Files: results/<name of the scenario file>.nc and .png, below the folder the command is called in. Running the same
scenario again replaces them, since it gives the same numbers; results of another run are replaced with --force only.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE, SOME_FAILED
from carsim.cli.output import print_json, print_notes, progress

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec import Scenario

RESULTS = Path("results")


@click.command("run")
@click.argument("scenario", required=False, type=click.Path(path_type=Path))
@click.option("--literature", metavar="NAME", help="Simulate a published model: carsim list literature.")
@click.option("--parameter-set", metavar="NAME", help="Parameter set of a published model; default: its first.")
@click.option("--until", type=click.FloatRange(min=0, min_open=True), metavar="DAYS", help="Its last day.")
@options.simulated
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH", help="Result file (.nc), or a folder for it.")
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
    scenario: Path | None,
    literature: str | None,
    parameter_set: str | None,
    until: float | None,
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
    """Simulate SCENARIO, one patient or a cohort; or a published model with --literature.

    Writes a NetCDF result and a figure into results/ (or where --out says), and prints a summary. Running the same
    scenario again replaces its own files; results of another run stay unless --force is given.
    """
    begun = time.perf_counter()
    if literature is not None:
        _refuse_beside_literature(scenario, engine, seed, patients)
        from carsim.cli import literature as published

        stem = literature if parameter_set is None else f"{literature}-{parameter_set}"
        paths = places(Path(stem), out, plot)
        return published.run(
            literature, parameter_set, assignments, until, *paths, force=force, as_json=as_json, quiet=quiet
        )
    if scenario is None:
        raise click.UsageError("Missing argument 'SCENARIO': a scenario file, or a published model with --literature.")
    if parameter_set is not None or until is not None:
        raise click.UsageError("--parameter-set and --until belong to --literature; a scenario takes --set run.until=.")
    read = options.read(scenario, assignments, engine=engine, seed=seed, patients=patients)
    result, figure = places(scenario, out, plot)
    _check_places((result, figure), read, force=force)
    if not quiet:
        print_notes([*read.implausible(), *_left_to_trial(read), *_without_effect(read)])
    with progress("Simulating", quiet=quiet) as say:
        from carsim import pipeline

        data = pipeline.run(read, notify=say)
        simulated = time.perf_counter()
    files = _write(data, result, figure, force=force)
    if as_json:
        print_json(as_object(data, read, files))
    elif not quiet:
        from carsim.cli.summary import summary

        click.echo(summary(data))
        click.echo(f"\nWrote {files[0]} and {files[1]}")
    if verbose:
        _tell_more(data, simulated - begun, time.perf_counter() - begun)
    failed = int((data["status"].values != 0).sum())
    if failed:
        _tell_failures(data)
    return SOME_FAILED if failed else DONE


def _left_to_trial(scenario: Scenario) -> list[str]:
    """What of a scenario a run does not simulate."""
    arms = scenario.trial.arms if scenario.trial else ()
    named = ", ".join(arm.name for arm in arms)
    return [f"simulates the cohort as it stands, not the arms of `trial` ({named})"] if arms else []


def _without_effect(scenario: Scenario) -> list[str]:
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


def _refuse_beside_literature(
    scenario: Path | None, engine: str | None, seed: int | None, patients: int | None
) -> None:
    """A published model is one deterministic course; refuse what would be ignored."""
    if scenario is not None:
        raise click.UsageError(f"got a scenario, {scenario}, and --literature; expected one of them.")
    for option, value in (("--seed", seed), ("--patients", patients)):
        if value is not None:
            raise click.UsageError(f"{option} does not apply to --literature, which is one course without chance.")
    if engine not in (None, "ode"):
        raise click.UsageError(f"--engine: got {engine}; published models run on ode.")


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


def as_object(data: xr.Dataset, scenario: Scenario, files: list[Path]) -> dict[str, Any]:
    """What `--json` prints; missing numbers are NaN here, missing texts None."""
    from carsim.endpoints import REGISTRY

    failed = int((data["status"].values != 0).sum())
    return {
        "status": "some patients failed" if failed else "done",
        "scenario": {"title": scenario.title, "digest": scenario.digest},
        "engine": scenario.run.engine,
        "seed": scenario.run.seed,
        "patients": data.sizes["patient"],
        "failed": failed,
        "endpoints": {
            name: [_plain(value) for value in data[name].values] if name in data else [None] * data.sizes["patient"]
            for name in REGISTRY
        },
        "files": [str(file) for file in files],
    }


def _plain(value: Any) -> Any:
    """A number, or text, or None where a text or a whole number is missing."""
    if hasattr(value, "item"):
        value = value.item()
    return None if value == "" or (isinstance(value, int) and value < 0) else value


def _check_places(paths: tuple[Path, Path], scenario: Scenario, *, force: bool) -> None:
    """Refuse before the simulation, not after it."""
    from carsim.dataset.provenance import version
    from carsim.dataset.store import check_writable

    run = {
        "scenario_sha256": scenario.digest,
        "seed": scenario.run.seed,
        "engine": scenario.run.engine,
        "carsim_version": version(),
    }
    for path in paths:
        check_writable(path, run, force=force)


def _write(data: xr.Dataset, result: Path, figure: Path, *, force: bool) -> list[Path]:
    from carsim.dataset.store import write_netcdf
    from carsim.plot.figure import write_figure

    return [write_netcdf(data, result, force=force), write_figure(data, figure, force=force)]


def _tell_more(data: xr.Dataset, simulated: float, whole: float) -> None:
    for name in ("engine", "tolerances", "status_counts", "scenario_sha256", "carsim_version"):
        click.echo(f"{name}: {data.attrs[name]}", err=True)
    click.echo(f"simulated in {simulated:.2f} s, all in {whole:.2f} s", err=True)


def _tell_failures(data: xr.Dataset, most: int = 5) -> None:
    """Name the first patients that failed, with the day, the row and what to do."""
    from carsim.engines.protocol import Status

    failed = [index for index, status in enumerate(data["status"].values) if status != 0]
    click.echo(f"carsim: {len(failed)} of {data.sizes['patient']} patients failed:", err=True)
    for index in failed[:most]:
        status = Status(int(data["status"].values[index]))
        row = f", in {data['status_row'].values[index]}" if data["status_row"].values[index] else ""
        day = f"{data['status_day'].values[index]:.4g}"
        click.echo(f"  patient {data['patient'].values[index]}, day {day}{row}: {status.advice}", err=True)
    if len(failed) > most:
        click.echo(f"  and {len(failed) - most} more; variable `status` of the result names them all", err=True)
