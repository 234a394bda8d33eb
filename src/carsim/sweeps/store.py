"""The store of a sweep: a Zarr 3 group that any reader of Zarr opens, and records that say what of it may be trusted.

    zarr.json                         provenance, the scenario as stated, the shape of a block
    <name>/                           (point, patient[, replicate][, time]), a chunk for each block
    status/                           the same; -1 where nothing was simulated yet
    status/records/<block>.json       written last: checksums of the block's chunks, points without a result
    status/store.json                 checksums of all metadata and coordinates, written before the store is there
    status/cohorts/                   tables of patients

A block's chunks are written, then its status, then its record. Whoever resumes trusts only records; whoever reads
trusts a status of 0. Two that write the same block write the same bytes. Nothing in a store is a time, a machine or a
person, so that stores of one sweep are equal to the byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from carsim.engines import locks
from carsim.errors import CarsimError
from carsim.spec import loads
from carsim.sweeps import files
from carsim.sweeps.block import Computed
from carsim.sweeps.columns import STATUS, Column
from carsim.sweeps.plan import Block, Plan, plan

if TYPE_CHECKING:
    import zarr

FORMAT: Final = "carsim-sweep/1"
RECORDS, COHORTS, MANIFEST = f"{STATUS}/records", f"{STATUS}/cohorts", f"{STATUS}/store.json"
_UNLIMITED: Final = 2**62
_IDENTITY: Final = {"scenario", "block", "sweep_sha256", "sweep_identity"}  # attributes that say which sweep it is


class SweepRefused(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A store is not that of this sweep, or is not to be written."""

    exit_status = 2


class StoreInconsistent(CarsimError):  # noqa: N818  (a state, not a failure)
    """A store does not hold what its records say, or another writes it."""

    exit_status = 5


@dataclass(frozen=True)
class Store:
    """A store that is there, and the plan that it was made by."""

    path: Path
    plan: Plan

    def record_path(self, number: int) -> Path:
        """Where the record of a block is."""
        return self.path / RECORDS / f"{number}.json"

    def record(self, number: int) -> dict[str, Any] | None:
        """The record of a block; None where the block is not committed by this very sweep."""
        found = files.read_record(self.record_path(number))
        return found if found is not None and found.get("sweep_sha256") == self.plan.sha256 else None

    def missing(self) -> list[int]:
        """Numbers of the blocks that are not committed."""
        return [number for number in range(self.plan.blocks) if self.record(number) is None]

    def chunk_path(self, column: Column, block: Block) -> Path:
        """Where the chunk of a column for a block is."""
        row, place = divmod(block.number, self.plan.grid[1])
        rest = ["0"] * (len(self.sizes(column)) - 2)
        return self.path.joinpath(column.name, "c", str(row), str(place), *rest)

    def sizes(self, column: Column) -> list[int]:
        """Shape of the array of a column."""
        return [*self.plan.dims.values(), *([self.plan.times.size] if column.course else [])]

    def chunk_shape(self, column: Column) -> tuple[int, ...]:
        """Shape of a chunk: whole blocks, every replicate and time."""
        return (*self.plan.block, *self.sizes(column)[2:])

    def commit(self, block: Block, computed: Computed) -> None:
        """Write a block: data, status, then its record. Raises SweepRefused where the store is another sweep's now.

        A task of a batch system may live on after its sweep was replaced by `--force`.
        """
        if attributes_at(self.path).get("sweep_sha256") != self.plan.sha256:
            raise SweepRefused(f"{self.path} is another sweep's by now")
        data = [*self.plan.columns, next(c for c in self.plan.all_columns if c.name == STATUS)]
        checksums = {}
        for column in data:
            encoded = self._encoded(column, computed.arrays[column.name])
            files.write(self.chunk_path(column, block), encoded)
            checksums[column.name] = files.sha256(encoded)
        status, counts = np.unique(computed.arrays[STATUS], return_counts=True)
        record = {
            "sweep_sha256": self.plan.sha256,
            "points": list(block.points),
            "patients": list(block.patients),
            "chunks": checksums,
            "status_counts": {str(int(s)): int(n) for s, n in zip(status, counts, strict=True)},
            "failed": [int(point) for point in np.array(range(*block.points))[_failed(computed.arrays[STATUS])]],
            "refused": {str(point): reason for point, reason in computed.refused.items()},
        }
        files.write_record(self.record_path(block.number), record)

    def _encoded(self, column: Column, values: NDArray[Any]) -> bytes:
        """Bytes of a chunk, as Zarr encodes them, made in memory: the checksum is of what was meant."""
        shape = self.chunk_shape(column)
        if values.ndim != len(shape) or any(a > b for a, b in zip(values.shape, shape, strict=True)):
            raise ValueError(f"{column.name}: got values of shape {values.shape}; expected a block of {shape} at most")
        whole = np.full(shape, column.fill, dtype=column.dtype)
        whole[tuple(slice(size) for size in values.shape)] = values
        return encoded(whole, column)


def _failed(status: NDArray[Any]) -> NDArray[np.bool_]:
    """Which points have a patient whose simulation failed."""
    return np.array([bool((of_point > 0).any()) for of_point in status], dtype=np.bool_)


def encoded(values: NDArray[Any], column: Column) -> bytes:
    """Bytes of one chunk that holds an array."""
    memory, array = _encoder(str(values.dtype), repr(column.fill), values.shape)
    array[...] = values
    return bytes(memory["/".join(["x", "c", *["0"] * values.ndim])].to_bytes())


@lru_cache(maxsize=64)
def _encoder(dtype: str, fill: str, shape: tuple[int, ...]) -> tuple[dict[str, Any], zarr.Array[Any]]:
    """An array of one chunk in memory, and where its bytes are found; kept, as making it takes longer than encoding."""
    from zarr.storage import MemoryStore

    memory: dict[str, Any] = {}
    column = Column("x", dtype, float(fill) if dtype.startswith("float") else int(fill), {})
    return memory, make_array(MemoryStore(memory), column, shape, shape, [str(at) for at in range(len(shape))])


def make_array(
    store: Any, column: Column, shape: tuple[int, ...], chunks: tuple[int, ...], dims: list[str]
) -> zarr.Array[Any]:
    """An array of Zarr for a column; chunks of nothing are written too, so that a missing one is seen."""
    import zarr
    from zarr.codecs import ZstdCodec

    return zarr.create_array(
        store=store,
        name=column.name,
        shape=shape,
        chunks=chunks,
        dtype=column.dtype,
        fill_value=column.fill,
        compressors=[ZstdCodec(level=3)],
        dimension_names=dims,
        attributes=dict(column.attrs),
        config={"write_empty_chunks": True},
    )


def is_store(path: Path) -> bool:
    """Whether carsim made what is there, also where its metadata can no longer be read."""
    made = (path / MANIFEST).is_file() and (path / RECORDS).is_dir()
    return made or attributes_at(path).get("sweep_format") == FORMAT


def is_begun(path: Path) -> bool:
    """Whether there is anything at a path; an empty folder is as good as none."""
    return path.exists() and not (path.is_dir() and not any(path.iterdir()))


def attributes_of(path: Path) -> dict[str, Any]:
    """Attributes of a store; SweepRefused for what is none, StoreInconsistent where they cannot be read."""
    attrs = attributes_at(path)
    if attrs.get("sweep_format") == FORMAT and set(attrs) >= _IDENTITY:
        return attrs
    if is_store(path):
        raise StoreInconsistent(f"{path}: its zarr.json is gone or was altered; {_mended(path)}")
    raise no_store(path)


def no_store(path: Path) -> SweepRefused:
    """What is said of a path that is no store of a sweep."""
    what = "is not there" if not path.exists() else "is no store of a sweep"
    return SweepRefused(f"{path} {what}; one is made by `carsim sweep SCENARIO --out STORE`")


def _mended(path: Path) -> str:
    return f"mend it with `carsim sweep check {path} --repair`, then --resume, or start the sweep anew with --force"


def open_store(path: Path) -> Store:
    """The store at a path with its plan; SweepRefused for what is none or of another version of carsim.

    StoreInconsistent where its metadata was altered.
    """
    attrs = attributes_of(path)
    try:
        made = plan_in(path, attrs)
    except (CarsimError, OSError, ValueError, TypeError) as error:
        raise StoreInconsistent(f"{path}: its plan cannot be read ({error}); {_mended(path)}") from error
    if made.sha256 != attrs.get("sweep_sha256"):
        told = differences(json.loads(str(attrs["sweep_identity"])), made.identity)
        raise SweepRefused(f"{path} cannot be gone on with: {told or 'its metadata was altered'}")
    return Store(path, made)


def plan_in(path: Path, attrs: dict[str, Any]) -> Plan:
    """The plan that the attributes of a store state."""
    scenario = loads(str(attrs["scenario"]), name="zarr.json", folder=path / COHORTS)
    return plan(scenario, limit=_UNLIMITED, block=(int(attrs["block"][0]), int(attrs["block"][1])))


def resumed(made: Plan, path: Path) -> Store:
    """The store at a path, to go on with by this plan; SweepRefused where it is another sweep's, with what differs."""
    attrs = attributes_of(path)
    if attrs["sweep_sha256"] != made.sha256:
        told = differences(json.loads(str(attrs["sweep_identity"])), made.identity)
        raise SweepRefused(
            f"{path} holds another sweep ({told or 'its metadata was altered'}); resume it with what it was begun "
            "with, choose another --out, or replace it with --force"
        )
    return open_store(path)


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What tells two identities of sweeps apart, in words."""
    words = {
        "seed": "another seed",
        "engine": "another engine",
        "carsim_version": "another version of carsim",
        "block": "other blocks",
        "cohorts": "another table of patients",
    }
    told = [text for key, text in words.items() if found.get(key) != wanted.get(key)]
    if not told and found.get("scenario_sha256") != wanted.get("scenario_sha256"):
        told = ["the scenario, an override or the catalogue differs"]
    return ", ".join(told)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a store against a second driver; StoreInconsistent where another holds it."""
    with locks.held_if_free(path / STATUS) as free:
        if not free:
            raise StoreInconsistent(
                f"{path} is being written by another `carsim sweep`, or cannot be written; wait for it, or stop it and "
                "use --resume"
            )
        yield


def tidy(store: Store) -> None:
    """Remove what killed processes left behind; only under the lock, while nobody works on the store."""
    for path in files.left_over(store.path):
        path.unlink(missing_ok=True)


def attributes_at(path: Path) -> dict[str, Any]:
    """Attributes of the group at a path; none where there is no readable one."""
    try:
        found = json.loads((path / "zarr.json").read_bytes())["attributes"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
