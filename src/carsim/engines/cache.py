"""Where compiled code is kept: one folder per user, per carsim sources, per numba and per processor.

The folder's name is a digest of everything that compiled code depends on, so stale code is never found. In it each
kernel and each set of laws is a part, a folder of its own with a marker for each piece that has been compiled into it.

    many processes   who finds a piece compiled reads it, beside other readers; who does not compiles it alone, and
                     whoever waited for that reads it. numba by itself loses entries where two processes write one index
    bounded          after a piece is added, the parts that have not been used for the longest time are removed until
                     all versions together take less than LIMIT; never one that any process reads or writes
"""

from __future__ import annotations

import atexit
import hashlib
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from uuid import uuid4

from carsim.engines import locks
from carsim.errors import CarsimError

VARIABLE = "CARSIM_CACHE_DIR"
LIMIT = 256_000_000  # bytes; one version takes about 5 MB, a network with laws of its own about 1 MB
_OURS = re.compile(r".+-[0-9a-f]{16}")  # names that `path` gives
_MARKER = "compiled-"


@dataclass(frozen=True)
class Part:
    """A folder of compiled code: its bytes, and when it was last used (seconds of the epoch)."""

    folder: Path
    size: int
    used: float

    @property
    def version(self) -> str:
        """The version of carsim and what else it depends on."""
        return self.folder.parent.name

    @property
    def name(self) -> str:
        """The kernel, or the set of laws."""
        return self.folder.name


def root() -> Path:
    """The folder of all compiled code of this user; the environment variable CARSIM_CACHE_DIR chooses another.

    Where that folder cannot be written, as in some containers, one of this process alone that is removed at its end.
    """
    return _writable(_preferred())


@lru_cache(maxsize=8)
def _writable(preferred: Path) -> Path:
    try:
        preferred.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=preferred):
            return preferred
    except OSError as error:
        warnings.warn(
            f"compiled code cannot be kept in {preferred} ({error.strerror}); this run compiles for itself. "
            f"Set {VARIABLE} to a folder that can be written",
            stacklevel=2,
        )
    own = Path(tempfile.mkdtemp(prefix="carsim-"))
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return own


def _preferred() -> Path:
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "carsim" / "cache"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "carsim"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "carsim"


def path() -> Path:
    """The folder of this version's compiled code on this processor."""
    return root() / _folder_name()


def parts() -> list[Part]:
    """Everything that is kept, of all versions, the least recently used first."""
    found = [_part(folder) for each in _versions() for folder in each.iterdir() if folder.is_dir()]
    return sorted((part for part in found if part is not None), key=lambda part: (part.used, str(part.folder)))


def size() -> int:
    """Bytes in the cache of all versions."""
    return sum(_bytes_in(folder) for folder in _versions())


def clear() -> int:
    """Remove the compiled code of all versions that no process uses at this moment, and nothing else; bytes removed."""
    return trim(0)


def trim(limit: int | None = None) -> int:
    """Remove the least recently used parts until the rest takes `limit` bytes (LIMIT) at most; bytes removed."""
    limit = LIMIT if limit is None else limit
    kept, removed = parts(), 0
    excess = sum(part.size for part in kept) - limit
    for part in kept:
        if (limit == 0 or excess > removed) and _remove(part.folder):
            removed += part.size
    for folder in _versions():
        if not any(item.is_dir() for item in folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)
    return removed


def is_warm(part: str, what: str) -> bool:
    """Whether this piece of a part has been compiled into the cache."""
    return _marker(part, what).exists()


@contextmanager
def in_use(part: str, what: str) -> Iterator[None]:
    """Let numba keep a piece that is compiled inside here, or read back, in this part of our folder.

    Where it is not there yet, other processes wait until this one has compiled it. numba's own setting is restored.
    """
    from numba import config

    if config.DISABLE_JIT:
        raise CarsimError("NUMBA_DISABLE_JIT is set, and carsim's kernels only run compiled; unset it")
    with held(part, shared=is_warm(part, what)):
        before = config.CACHE_DIR
        config.CACHE_DIR = str(path() / part)
        new = not is_warm(part, what)
        try:
            yield
        finally:
            config.CACHE_DIR = before
        if new:
            _marker(part, what).touch()
    if new:
        trim()


@contextmanager
def held(part: str, *, shared: bool) -> Iterator[None]:
    """Keep a part from being removed, and where it is not `shared` from being written by another process."""
    folder = path() / part
    with locks.held(folder, shared=shared):
        with suppress(OSError):
            os.utime(folder / locks.NAME)  # used now
        yield


@lru_cache(maxsize=1)
def sources_digest() -> str:
    """Digest of the sources of all kernels but the generated laws, which have a part of their own."""
    digest = hashlib.sha256()
    for file in sorted((Path(__file__).parent / "kernels").glob("*.py")):
        if file.name != "generated_laws.py":
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _marker(part: str, what: str) -> Path:
    return path() / part / f"{_MARKER}{what}"


def _versions() -> list[Path]:
    """The folders of all versions."""
    return [folder for folder in root().iterdir() if folder.is_dir() and _OURS.fullmatch(folder.name)]


def _part(folder: Path) -> Part | None:
    """What is kept in a folder; nothing where another process has just removed it."""
    try:
        clock = folder / locks.NAME
        return Part(folder, _bytes_in(folder), (clock if clock.exists() else folder).stat().st_mtime)
    except FileNotFoundError:
        return None


def _bytes_in(folder: Path) -> int:
    """Bytes of all files; of what other processes are just removing, some."""
    total = 0
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError):
            total += file.stat().st_size if file.is_file() else 0
    return total


def _remove(folder: Path) -> bool:
    """Remove a part, unless a process uses it."""
    with locks.held_if_free(folder) as free:
        if not free:
            return False
        aside = folder.with_name(f"{folder.name}.{uuid4().hex}")
        try:
            folder.rename(aside)  # at once, so that nobody finds half of it
        except OSError:
            return False
    shutil.rmtree(aside, ignore_errors=True)
    return True


@lru_cache(maxsize=1)
def _folder_name() -> str:
    import llvmlite.binding
    import numba
    import numpy

    try:
        own = version("carsim")
    except PackageNotFoundError:
        own = "source"
    processor = f"{llvmlite.binding.get_host_cpu_name()} {llvmlite.binding.get_host_cpu_features().flatten()}"
    parts = (sources_digest(), numba.__version__, numpy.__version__, sys.version, processor)
    return f"{own}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:16]}"
