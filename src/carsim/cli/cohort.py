"""Saving the patients of a cohort as a table, and what a scenario of such a table leaves to it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from carsim.spec import Scenario

LIKE_OURS = "id,age [years],"  # how the tables begin that are written here


def save_cohort(scenario: Scenario, path: Path | None, *, force: bool) -> None:
    """Write the cohort of a scenario to a table, before anything is simulated; nothing without a path.

    Another file is replaced only with `force`, and only a table of patients.
    """
    if path is None:
        return
    from carsim.dataset.store import OutputRefused, write_atomically
    from carsim.pipeline import patients_table

    if path.suffix.lower() != ".csv":
        raise click.UsageError(f"--save-patients: got {path}; expected a table, for example {path.stem}.csv.")
    if scenario.cohort is None:
        raise click.UsageError("--save-patients needs a scenario with `cohort:`; this one has one patient.")
    text = patients_table(scenario)
    if path.is_symlink() or path.is_dir():
        raise OutputRefused(f"{path} is a link or a folder; name another file with --save-patients")
    if path.is_file():
        found = path.read_bytes()
        if found == text.encode():
            return
        if not found.startswith(LIKE_OURS.encode()):
            raise OutputRefused(f"{path} exists and is no table that carsim wrote; choose another --save-patients")
        if not force:
            raise OutputRefused(f"{path} holds other patients; choose another --save-patients, or replace with --force")
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def left_to_the_table(scenario: Scenario) -> list[str]:
    """What arms set of the cohort although a table holds the patients."""
    if scenario.cohort is None or scenario.cohort.table is None or scenario.trial is None:
        return []
    set_by = sorted({path for arm in scenario.trial.arms for path in arm.changes if path.startswith("cohort.")})
    return [f"{', '.join(set_by)}: arms change this only where {scenario.cohort.table} has no column of it"] * bool(
        set_by
    )
