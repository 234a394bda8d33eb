"""Options that several commands share, and what they mean for a scenario."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from carsim.spec import Scenario

ENGINES = ("ode", "hybrid", "exact", "leap", "agent")
Command = Callable[..., Any]

scenario_file = click.argument("scenario", type=click.Path(path_type=Path))

settings = click.option(
    "--set", "assignments", multiple=True, metavar="PATH=VALUE", help="Set a value of the scenario; repeatable."
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
check = click.option(
    "--vpc",
    "measurements",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Visual predictive check against a table of measurements: id, day, variable, value, limit, censored.",
)
save_patients = click.option(
    "--save-patients",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the cohort as a table (.csv) that `cohort: {from: FILE}` reads back as the same patients.",
)
seed = click.option("--seed", type=click.IntRange(min=0), metavar="N", help="Seed of all random streams.")
trial_engine = click.option("--engine", type=click.Choice(ENGINES), help="Simulation method; default: hybrid.")
result = click.option(
    "--out", type=click.Path(path_type=Path), metavar="PATH", help="Result file (.nc), or a folder for it."
)
force = click.option("--force", is_flag=True, help="Replace results of carsim that come from another run.")


def told(command: Command) -> Command:
    """Options on how much is said: `--quiet`, `-v` and `--debug`."""
    for option in (
        click.option("--debug", is_flag=True, help="Show the traceback of an error."),
        click.option("-v", "--verbose", is_flag=True, help="Say more: times, tolerances, steps."),
        click.option("--quiet", is_flag=True, help="Say nothing but errors."),
    ):
        command = option(command)
    return command


def simulated(command: Command) -> Command:
    """Options that change what is simulated."""
    for option in (
        click.option(
            "--replicates", type=click.IntRange(min=1), metavar="N", help="Courses of each patient, by other chances."
        ),
        click.option("--patients", type=click.IntRange(min=1), metavar="N", help="Number of patients of a cohort."),
        seed,
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            help="Simulation method; with several replicates and none stated: hybrid.",
        ),
        settings,
    ):
        command = option(command)
    return command


def uncertain(command: Command) -> Command:
    """Options on the uncertainty of parameters."""
    for option in (
        click.option(
            "--draws-from",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="Take the draws from a table: paths of the scenario in its header, one draw a line.",
        ),
        click.option("--prior", is_flag=True, help="Draw from the ranges that the catalogue states, before any fit."),
        click.option(
            "--draws",
            type=click.IntRange(min=1),
            metavar="N",
            help="The same patients under N draws of the parameters: a second interval of each estimate.",
        ),
    ):
        command = option(command)
    return command


def read(
    path: Path,
    assignments: tuple[str, ...] = (),
    *,
    engine: str | None = None,
    seed: int | None = None,
    patients: int | None = None,
    replicates: int | None = None,
) -> Scenario:
    """The scenario of a file with the options set over it; raises ScenarioError or UsageError."""
    from carsim import spec

    overrides = list(assignments)
    overrides += [] if engine is None else [f"run.engine={engine}"]
    overrides += [] if seed is None else [f"run.seed={seed}"]
    overrides += [] if replicates is None else [f"run.replicates={replicates}"]
    if patients is None:
        return spec.load(path, overrides)
    if spec.load(path, overrides).cohort is None:
        raise click.UsageError(f"--patients needs a scenario with `cohort:`; {path} has one patient.")
    return spec.load(path, [*overrides, f"cohort.n={patients}"])
