"""What happens on the way to a store leaves it as it would have been: no cell is lost or altered.

Each injection lets something happen at one place, goes on with the sweep as a user would, and compares the whole store,
every byte of every file, with one that was written undisturbed. Blocks are those of the real block function, simulated
once. A few injections run always, spread over all of them, all in the full suite.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from carsim.errors import CarsimError, ResourceRefused
from carsim.sweeps import files
from carsim.sweeps.check import check
from carsim.sweeps.files import content_sha256
from carsim.sweeps.store import StoreInconsistent
from tests.sweeps.small import driven, known, small

WRITES = 3 * 7  # files of three blocks: five columns, the status, the record


class KilledError(BaseException):
    """Stands for a signal that no program hears: nothing after it is done but what the system does."""


def spread(cases: list[tuple[object, ...]], always: int) -> list[ParameterSet]:
    """All cases; those beyond so many, evenly spread, only in the full suite."""
    chosen = {round(at * (len(cases) - 1) / max(always - 1, 1)) for at in range(always)}
    return [pytest.param(*case, marks=() if at in chosen else pytest.mark.full) for at, case in enumerate(cases)]


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)


def before(path: Path, data: bytes) -> None:
    """Killed before anything is written."""
    raise KilledError


def torn(path: Path, data: bytes) -> None:
    """Killed while the file is written beside its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_name(f"{files.LEFT}torn").write_bytes(data[: len(data) // 2])
    raise KilledError


def after(path: Path, data: bytes) -> None:
    """Killed when the file is in its place."""
    WRITE(path, data)
    raise KilledError


def full(path: Path, data: bytes) -> None:
    """No space left."""
    raise OSError(errno.ENOSPC, "No space left on device", str(path))


def forbidden(path: Path, data: bytes) -> None:
    """The folder may not be written any more."""
    raise OSError(errno.EROFS, "Read-only file system", str(path))


WRITE = files.write
Fault = Callable[[Path, bytes], None]
RAISED: dict[Fault, type[BaseException]] = {
    before: KilledError,
    torn: KilledError,
    after: KilledError,
    full: ResourceRefused,
    forbidden: StoreInconsistent,
}


def with_fault(monkeypatch: pytest.MonkeyPatch, fault: Fault, number: int, path: Path, *, resume: bool) -> None:
    """Drive the sweep until a write of a block meets its fault; then nothing is wrong any more."""
    count = [0]

    def write(place: Path, data: bytes) -> None:
        if "store.json" not in place.name:
            count[0] += 1
            if count[0] == number + 1:
                fault(place, data)
        WRITE(place, data)

    with monkeypatch.context() as patch:
        patch.setattr("carsim.sweeps.files.write", write)
        with pytest.raises(RAISED[fault]):
            driven(path, resume=resume)


@pytest.mark.parametrize(("fault", "number"), spread(list(product(RAISED, range(WRITES))), 6))
def test_a_sweep_ended_at_any_write_goes_on(
    fault: Fault, number: int, tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store"
    with_fault(monkeypatch, fault, number, path, resume=False)
    outcome = driven(path, resume=True)
    assert (outcome.done, outcome.failed) == (6, 0)
    assert outcome.resumed == 2 * ((number + (fault is after)) // 7)  # a block counts from its record on
    assert content_sha256(path) == content_sha256(undisturbed)


def test_a_sweep_ended_again_and_again_goes_on(
    tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store"
    for number in range(7):  # each drive ends one write later, and writes the rest of its first block again
        with_fault(monkeypatch, torn, number, path, resume=number > 0)
    driven(path, resume=True)
    assert content_sha256(path) == content_sha256(undisturbed)


def flipped(path: Path) -> None:
    """One bit of a file is another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0b100
    path.write_bytes(data)


def truncated(path: Path) -> None:
    """A file ends early."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def deleted(path: Path) -> None:
    """A file is gone."""
    path.unlink()


def all_files() -> list[str]:
    """Every file of a finished store, by name: data and records of three blocks, metadata, coordinates."""
    names = ("cart_peak_copies", "response_day28", "remission_ongoing", "age", "cart_copies", "status")
    chunks = [f"{name}/c/{block}/0{'/0' if name == 'cart_copies' else ''}" for name in names for block in range(3)]
    coordinates = ("dose", "leukaemia.clones.CD19-negative.fraction", "patient", "time")
    metadata = [
        "zarr.json",
        *(f"{name}/zarr.json" for name in (*names, *coordinates)),
        *(f"{n}/c/0" for n in coordinates),
    ]
    return [*chunks, *(f"status/records/{block}.json" for block in range(3)), *metadata, "status/store.json"]


@pytest.mark.parametrize(("damage", "name"), spread(list(product((flipped, truncated, deleted), all_files())), 9))
def test_a_damaged_file_is_seen_and_mended(
    damage: Callable[[Path], None], name: str, tmp_path: Path, undisturbed: Path
) -> None:
    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    damage(path / name)
    seen = check(path)
    assert not seen.sound or (damage is deleted and "records" in name and len(seen.missing) == 1)
    if name.endswith("store.json") or "records" in name or "/c/" in name:
        assert len(seen.damaged) + len(seen.metadata) + len(seen.missing) == 1
    check(path, repair=True)
    driven(path, resume=True)
    assert check(path).sound
    assert content_sha256(path) == content_sha256(undisturbed)


@pytest.mark.parametrize("name", ["age/c/1/0", "status/c/0/0", "status/records/2.json"])
def test_damaged_data_are_simulated_again_without_repair(name: str, tmp_path: Path, undisturbed: Path) -> None:
    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    flipped(path / name)
    assert driven(path, resume=True).resumed == 4
    assert content_sha256(path) == content_sha256(undisturbed)


def test_damaged_metadata_stop_a_sweep(tmp_path: Path, undisturbed: Path) -> None:
    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    flipped(path / "dose" / "c" / "0")
    with pytest.raises(StoreInconsistent, match=r"dose/c/0 was altered; mend it with `carsim sweep check") as refused:
        driven(path, resume=True)
    assert refused.value.exit_status == 5


def test_a_whole_store_is_sound(undisturbed: Path) -> None:
    report = check(undisturbed)
    assert report.sound
    assert (report.blocks, report.missing, report.left_over) == (3, (), ())


def test_the_list_of_files_is_complete(undisturbed: Path) -> None:
    found = {str(path.relative_to(undisturbed)) for path in undisturbed.rglob("*") if path.is_file()}
    assert found == {*all_files(), "status/lock"}


def test_a_block_written_twice_is_the_same(tmp_path: Path, undisturbed: Path) -> None:
    from carsim.sweeps.store import open_store
    from carsim.sweeps.worker import work

    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    assert work(open_store(path), 1) == {"block": 1}
    assert content_sha256(path) == content_sha256(undisturbed)


def test_no_injection_is_vacuous(tmp_path: Path, undisturbed: Path) -> None:
    """The comparison sees one other bit."""
    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    flipped(path / "cart_copies" / "c" / "1" / "0" / "0")
    assert content_sha256(path) != content_sha256(undisturbed)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"run.seed": 4}, "another seed"),
        ({"run.engine": "leap"}, "another engine"),
        ({"run.until": "31 d"}, "the scenario, an override or the catalogue differs"),
        ({"sweep.keep": ["age"]}, "the scenario, an override or the catalogue differs"),
    ],
)
def test_another_sweep_is_not_gone_on_with(
    changes: dict[str, object], said: str, tmp_path: Path, undisturbed: Path
) -> None:
    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    with pytest.raises(CarsimError, match=said) as refused:
        driven(path, resume=True, made=small(**changes))
    assert refused.value.exit_status == 2
    assert content_sha256(path) == content_sha256(undisturbed)


def test_another_version_does_not_go_on(tmp_path: Path, undisturbed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from carsim.sweeps.store import open_store

    path = tmp_path / "store"
    shutil.copytree(undisturbed, path)
    monkeypatch.setattr("carsim.sweeps.plan.version", lambda: "99.0")
    with pytest.raises(CarsimError, match="another version of carsim"):
        driven(path, resume=True)
    with pytest.raises(CarsimError, match="another version of carsim"):  # as a worker does
        open_store(path)
    assert content_sha256(path) == content_sha256(undisturbed)
