"""`carsim export`: a scenario, or its result, in the form of other tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from carsim.cli import options
from carsim.cli.exits import DONE
from carsim.cli.export_table import check_suffix, csv, parquet

if TYPE_CHECKING:
    from carsim.interchange.scenario import Export
    from carsim.spec import Scenario


@click.group("export", no_args_is_help=True)
def command() -> None:
    """Write a scenario, or the table of a result, in the form of other tools."""


def _of_one_patient(written: Callable[..., int]) -> Callable[..., int]:
    """The argument and options of a format that holds the model of one patient."""
    for option in (
        options.told,
        options.force,
        click.option("--patient", metavar="ID", help="Patient of a cohort; default: the first."),
        options.settings,
        click.argument("out", type=click.Path(path_type=Path)),
        options.scenario_file,
    ):
        written = option(written)
    return written


@command.command("sbml")
@_of_one_patient
def sbml(scenario: Path, out: Path, **given: Any) -> int:
    """Write one patient of SCENARIO to OUT.xml as SBML Level 3 Version 2.

    libRoadRunner, COPASI, Tellurium and other simulators run the file to the same numbers. An export of the same
    patient is written again; any other file stays, or is replaced with --force if it is an export of carsim.
    """
    from carsim.interchange.scenario import export

    return _write("SBML Level 3 Version 2", export, (".xml", ".sbml"), scenario, out, **given)


@command.command("omex")
@_of_one_patient
def omex(scenario: Path, out: Path, **given: Any) -> int:
    """Write one patient of SCENARIO to OUT.omex as a COMBINE archive.

    It holds the SBML, its simulation with plots and a report as SED-ML, and the resolved scenario. COPASI and other
    tools open it and run it as it is. What is there already is treated as by `carsim export sbml`.
    """
    from carsim.interchange.scenario import export_archive

    return _write("COMBINE archive", export_archive, (".omex",), scenario, out, **given)


@command.command("mrgsolve")
@_of_one_patient
def mrgsolve(scenario: Path, out: Path, **given: Any) -> int:
    """Write one patient of SCENARIO to OUT.cpp as an mrgsolve model file.

    Doses are records of the table that `carsim export events` writes; the model is run with both. Extinctions, modes
    and triggered events are part of the model. What is there already is treated as by `carsim export sbml`.
    """
    from carsim.interchange.scenario import export_mrgsolve

    return _write("mrgsolve model", export_mrgsolve, (".cpp",), scenario, out, **given)


@command.command("events")
@options.scenario_file
@click.argument("out", type=click.Path(path_type=Path))
@options.settings
@options.force
@options.told
def events(
    scenario: Path, out: Path, assignments: tuple[str, ...], force: bool, quiet: bool, verbose: bool, debug: bool
) -> int:
    """Write the doses of all patients of SCENARIO to OUT.csv, as NONMEM, Monolix and nlmixr2 read them.

    `carsim run SCENARIO --events OUT.csv` gives them again. Another table of doses is replaced with --force only.
    """
    from carsim.dataset.store import OutputRefused, write_atomically
    from carsim.interchange.events import events_table
    from carsim.treatment.events_table import COLUMNS

    check_suffix(out, (".csv",), scenario)
    text, holds, leaves_out = events_table(options.read(scenario, assignments))
    if out.is_symlink() or out.is_dir():
        raise OutputRefused(f"{out} is a link or a folder; name another file")
    if out.is_file() and not out.read_bytes().startswith(",".join(COLUMNS).encode()):
        raise OutputRefused(f"{out} exists and is no table that carsim wrote; it stays as it is: choose another OUT")
    refuse_another(out, text.encode(), force=force)
    write_atomically(out, lambda path: path.write_text(text, encoding="utf-8"))
    if not quiet:
        _tell(f"Wrote {out}: table of doses", holds, leaves_out)
    return DONE


@command.command("petab")
@options.scenario_file
@click.argument("measurements", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@options.settings
@options.force
@options.told
def petab(
    scenario: Path,
    measurements: Path,
    out: Path,
    assignments: tuple[str, ...],
    force: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Write the fit of one patient to MEASUREMENTS as a PEtab problem into the folder OUT.

    It is what `carsim run SCENARIO --observations MEASUREMENTS` solves, for pyPESTO, PEtab.jl, AMICI and others.
    """
    from carsim.dataset.measured import read_measured
    from carsim.dataset.store import check_writable, figure_mark, write_atomically
    from carsim.interchange.petab import problem
    from carsim.interchange.sbml import About
    from carsim.interchange.scenario import run_of
    from carsim.spec.prepare import start_of

    read = options.read(scenario, assignments)
    table = read_measured(measurements, lambda: start_of(read))
    run = {**run_of(read), "table_sha256": table.sha256}
    _check_folder(out, "model.xml")
    check_writable(out / "model.xml", run, force=force)
    made = problem(read, table, About(mark=figure_mark(run)))
    for name, text in made.files.items():
        refuse_another(out / name, text.encode(), force=force)
    for name, text in made.files.items():
        write_atomically(out / name, partial(Path.write_text, data=text, encoding="utf-8"))
    if not quiet:
        _tell(f"Wrote {out}: PEtab problem, problem.yaml first", made.holds, made.leaves_out)
    return DONE


def _check_folder(out: Path, ours: str) -> None:
    """Refuse a place that is no folder, and a folder of other things."""
    from carsim.dataset.store import OutputRefused

    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise OutputRefused(f"{out} is a link or a file; a PEtab problem needs a folder")
    if out.is_dir() and any(out.iterdir()) and not (out / ours).exists():
        raise OutputRefused(f"{out} holds other files; choose another OUT")


def _write(
    words: str,
    export: Callable[[Scenario, str | None], Export],
    suffixes: tuple[str, ...],
    scenario: Path,
    out: Path,
    *,
    assignments: tuple[str, ...],
    patient: str | None,
    force: bool,
    quiet: bool,
    verbose: bool,
    debug: bool,
) -> int:
    """Export a scenario to a file that ends in one of `suffixes`, and say what it holds and what it does not."""
    from carsim.dataset.store import check_writable, write_atomically
    from carsim.interchange.scenario import run_of

    check_suffix(out, suffixes, scenario)
    read = options.read(scenario, assignments)
    check_writable(out, run_of(read), force=force)
    made = export(read, patient)
    refuse_another(out, made.content, force=force)
    write_atomically(out, lambda path: path.write_bytes(made.content))
    if not quiet:
        _tell(f"Wrote {out}: {words}, patient {made.patient}", made.holds, made.leaves_out)
    return DONE


def _tell(wrote: str, holds: Sequence[str], leaves_out: Sequence[str]) -> None:
    """Say what was written, what it holds, and what it does not."""
    lines = [wrote, *(f"  {line}" for line in holds), "Not in the file:", *(f"  {line}" for line in leaves_out)]
    click.echo("\n".join(lines), err=True)


def refuse_another(out: Path, content: bytes, *, force: bool) -> None:
    """Raise OutputRefused where an export of the same scenario holds another patient or was edited."""
    from carsim.dataset.store import OutputRefused

    if out.exists() and not force and out.read_bytes() != content:
        raise OutputRefused(f"{out} holds another export; choose another OUT, or replace it with --force")


for of_a_result in (csv, parquet):
    command.add_command(of_a_result)
