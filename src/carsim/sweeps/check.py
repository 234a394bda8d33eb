"""Whether a store holds what its records say, and making it so: by metadata made anew, and blocks simulated again.

metadata    every file of the manifest has its checksum; repaired by making it anew from the plan
block       committed: every chunk has the checksum of its record; repaired by taking its record away, so that the
            next `carsim sweep --resume` simulates it again
left over   what killed processes left behind; removed by repair
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from carsim.errors import CarsimError
from carsim.sweeps import files
from carsim.sweeps.metadata import write_metadata
from carsim.sweeps.plan import Plan
from carsim.sweeps.store import (
    FORMAT,
    MANIFEST,
    Store,
    StoreInconsistent,
    attributes_at,
    locked,
    no_store,
    open_store,
    plan_in,
)


@dataclass(frozen=True)
class Report:
    """What is wrong with a store; nothing, where only blocks are missing."""

    blocks: int = 0
    missing: tuple[int, ...] = ()
    damaged: dict[int, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    left_over: tuple[str, ...] = ()
    repaired: bool = False

    @property
    def sound(self) -> bool:
        """Whether everything that is there is as it was written."""
        return not self.damaged and not self.metadata


def check(path: Path, *, repair: bool = False) -> Report:
    """Check a store, and with `repair` mend what can be mended; the report says what was found before.

    Raises SweepRefused for what is no store, StoreInconsistent where another writes it or where it cannot be mended.
    """
    manifest = files.read_record(path / MANIFEST)
    if manifest is None and attributes_at(path).get("sweep_format") != FORMAT:
        raise no_store(path)
    with locked(path):
        found = _metadata(path, manifest)
        if found and repair:
            _mend_metadata(path, manifest)
        if found and not repair:
            return Report(metadata=found)
        return _blocks(open_store(path), found, repair=repair)


def refuse_damaged_metadata(found: Store) -> None:
    """Raise StoreInconsistent where metadata or coordinates are not as they were written."""
    wrong = _metadata(found.path, files.read_record(found.path / MANIFEST))
    if wrong:
        name, what = next(iter(wrong.items()))
        raise StoreInconsistent(
            f"{found.path}: {name} {what}; mend it with `carsim sweep check {found.path} --repair`, then --resume"
        )


def damage(found: Store, number: int) -> str | None:
    """What is wrong with a committed block; None where every chunk is as it was written."""
    record = found.record(number)
    if record is None:
        return None
    block = found.plan.block_of(number)
    for column in found.plan.all_columns:
        path = found.chunk_path(column, block)
        if not path.is_file():
            return f"{path.relative_to(found.path)} is gone"
        if files.sha256(path.read_bytes()) != record["chunks"].get(column.name):
            return f"{path.relative_to(found.path)} was altered"
    return None


def take_away(found: Store, number: int) -> None:
    """Make a block one that is missing: its record first, so that nobody trusts what is left of it meanwhile."""
    found.record_path(number).unlink(missing_ok=True)
    for column in found.plan.all_columns:
        found.chunk_path(column, found.plan.block_of(number)).unlink(missing_ok=True)


def _blocks(found: Store, metadata: dict[str, str], *, repair: bool) -> Report:
    missing, damaged = [], {}
    for number in range(found.plan.blocks):
        if found.record(number) is None:
            if found.record_path(number).exists():
                damaged[number] = f"{found.record_path(number).relative_to(found.path)} was altered"
            else:
                missing.append(number)
        elif (what := damage(found, number)) is not None:
            damaged[number] = what
    left = tuple(str(path.relative_to(found.path)) for path in files.left_over(found.path))
    if repair:
        for number in damaged:
            take_away(found, number)
        for name in left:
            (found.path / name).unlink(missing_ok=True)
    return Report(found.plan.blocks, tuple(missing), damaged, metadata, left, repair)


def _metadata(path: Path, manifest: dict[str, Any] | None) -> dict[str, str]:
    """What is wrong with the files of the manifest, by name."""
    if manifest is None:
        return {MANIFEST: "is gone or was altered"}
    wrong = {}
    for name, checksum in manifest["files"].items():
        if not (path / name).is_file():
            wrong[name] = "is gone"
        elif files.sha256((path / name).read_bytes()) != checksum:
            wrong[name] = "was altered"
    return wrong


def _mend_metadata(path: Path, manifest: dict[str, Any] | None) -> None:
    """Make metadata anew from the plan, which the manifest states too, and put what differs in its place."""
    attrs = manifest["attributes"] if manifest is not None else attributes_at(path)
    made = _plan(path, attrs)
    beside = path.with_name(f".{path.name}-{uuid4().hex}")
    try:
        write_metadata(made, beside)
        for file in sorted(item for item in beside.rglob("*") if item.is_file()):
            place = path / file.relative_to(beside)
            if not place.is_file() or place.read_bytes() != file.read_bytes():
                files.write(place, file.read_bytes())
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _plan(path: Path, attrs: dict[str, Any]) -> Plan:
    told = "start the sweep anew with --force"
    try:
        made = plan_in(path, attrs)
    except (CarsimError, KeyError, ValueError, TypeError) as error:
        raise StoreInconsistent(f"{path}: its plan cannot be read any more ({error}); {told}") from error
    if made.sha256 != attrs.get("sweep_sha256"):
        raise StoreInconsistent(f"{path}: its plan was altered, or is of another version of carsim; {told}")
    return made
