"""Making a store: all of it but its data, written once before anyone works on it, the same for the same plan."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from carsim import pipeline
from carsim.dataset import provenance
from carsim.spec.stated import stated
from carsim.sweeps import files
from carsim.sweeps.columns import STATUS, Column
from carsim.sweeps.plan import Plan
from carsim.sweeps.points import Coordinate
from carsim.sweeps.slurm import refuse_active
from carsim.sweeps.store import (
    COHORTS,
    FORMAT,
    MANIFEST,
    RECORDS,
    Store,
    SweepRefused,
    is_store,
    locked,
    make_array,
    open_store,
)

LENGTH: Final = 2**17  # of a chunk of a coordinate


def create(made: Plan, path: Path, *, force: bool = False) -> Store:
    """Make the store of a plan, without data, where nothing is yet; with `force` in place of another store of carsim.

    Raises SweepRefused for anything else that is there, and while a job of Slurm works on the store.
    """
    if path.is_symlink():
        raise SweepRefused(f"{path} is a link; name the folder itself")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        if not is_store(path):
            raise SweepRefused(f"{path} exists and is no sweep of carsim; it stays as it is: choose another --out")
        if not force:
            raise SweepRefused(
                f"{path} holds a sweep already; go on with it by --resume, replace it with --force, or choose another "
                "--out"
            )
        refuse_active(path)
        (path / STATUS).mkdir(exist_ok=True)  # where the lock is, also of a store that lost it
        with locked(path):
            aside = path.with_name(f".{path.name}-{uuid4().hex}")
            path.rename(aside)
        shutil.rmtree(aside)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}-{uuid4().hex}")
    try:
        write_metadata(made, beside)
        os.replace(beside, path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return open_store(path)  # whose plan reads the store's own tables, whatever becomes of the user's


def write_metadata(made: Plan, folder: Path) -> None:
    """Write group, arrays without data, coordinates, tables and manifest into a folder that is not there."""
    import zarr
    from zarr.storage import LocalStore

    store = LocalStore(folder)
    coordinates = made.points.coordinates()
    attrs = attributes(made, list(coordinates))
    zarr.create_group(store=store, attributes=attrs)
    dims = list(made.dims)
    for column in made.all_columns:
        sizes = tuple(made.dims.values()) + ((made.times.size,) if column.course else ())
        chunks = (*made.block, *sizes[2:])
        make_array(store, column, sizes, chunks, [*dims, *(["time"] if column.course else [])])
    for name, coordinate in coordinates.items():
        _coordinate(store, name, "point", coordinate)
    _coordinate(store, "patient", "patient", Coordinate(np.arange(1, made.patients + 1)), _names(made))
    if made.times.size:
        _coordinate(store, "time", "time", Coordinate(made.times, "d"))
    (folder / RECORDS).mkdir(parents=True)
    (folder / STATUS / "lock").touch()
    for name, path in made.tables.items():
        (folder / COHORTS / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / COHORTS / name)
    files.write_record(folder / MANIFEST, {"attributes": attrs, "files": checksums(folder)})


def checksums(folder: Path) -> dict[str, str]:
    """Checksum of every file of metadata and coordinates, by its path in the store."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): files.sha256(path.read_bytes()) for path in found}


def attributes(made: Plan, coordinates: list[str]) -> dict[str, Any]:
    """Attributes of the group: provenance as of any result, without times, and the plan."""
    scenario = made.scenario
    options = pipeline.options_of(scenario)
    return {
        "title": scenario.title,
        "Conventions": "CF-1.11",
        "comment": provenance.NOT_FOR_TREATMENT,
        "carsim_version": provenance.version(),
        "scenario": stated(scenario),
        "scenario_sha256": scenario.digest,
        "seed": scenario.run.seed,
        "engine": scenario.run.engine,
        "tolerances": json.dumps({"rtol": options.rtol, "atol": options.atol, "atol_scale": options.atol_scale}),
        "dependencies": json.dumps(provenance.dependency_versions()),
        "observed": pipeline.observed(scenario),
        "coordinates": " ".join(coordinates),
        "axes": json.dumps(made.points.shape),
        "sweep_format": FORMAT,
        "sweep_sha256": made.sha256,
        "sweep_identity": json.dumps(made.identity, sort_keys=True),
        "block": list(made.block),
    }


def _names(made: Plan) -> dict[str, Any]:
    return {"identifiers": json.dumps(list(made.identifiers))} if made.identifiers else {}


def _coordinate(store: Any, name: str, dim: str, coordinate: Coordinate, more: dict[str, Any] | None = None) -> None:
    values: NDArray[Any] = coordinate.values
    attrs: dict[str, Any] = {"units": coordinate.unit, "long_name": f"{name} of the {dim}", **(more or {})}
    if coordinate.words:
        attrs |= {
            "flag_values": list(range(len(coordinate.words))),
            "flag_meanings": " ".join(word.replace(" ", "_") for word in coordinate.words),
            "words": json.dumps(list(coordinate.words)),
        }
    fill: float | int = np.nan if values.dtype.kind == "f" else -1
    column = Column(name, str(values.dtype), fill, attrs)
    make_array(store, column, values.shape, (min(values.size, LENGTH),), [dim])[...] = values
