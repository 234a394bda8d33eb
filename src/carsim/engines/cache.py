"""Where compiled code is kept: one folder per user, per carsim sources, per numba and per processor.

The folder's name is a digest of everything that compiled code depends on, so stale code is never found. `is_warm` says
whether a compilation is still to come, for the notice before it; a marker file is written after each.
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
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from carsim.errors import CarsimError

VARIABLE = "CARSIM_CACHE_DIR"
_OURS = re.compile(r".+-[0-9a-f]{16}")  # names that `path` gives


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


def size() -> int:
    """Bytes in the cache of all versions."""
    return sum(file.stat().st_size for file in root().rglob("*") if file.is_file())


def clear() -> None:
    """Remove the compiled code of all versions, and nothing else that may lie in that folder."""
    for folder in root().iterdir():
        if folder.is_dir() and _OURS.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)


def is_warm(what: str) -> bool:
    """Whether this piece has been compiled into the cache."""
    return _marker(what).exists()


def mark_warm(what: str) -> None:
    """Note that this piece is now in the cache."""
    path().mkdir(parents=True, exist_ok=True)
    _marker(what).touch()


@contextmanager
def in_use(part: str) -> Iterator[None]:
    """Let numba keep what is decorated inside here in this part of our folder; its own setting is restored after."""
    from numba import config

    if config.DISABLE_JIT:
        raise CarsimError("NUMBA_DISABLE_JIT is set, and carsim's kernels only run compiled; unset it")
    before = config.CACHE_DIR
    folder = path() / part
    folder.mkdir(parents=True, exist_ok=True)
    config.CACHE_DIR = str(folder)
    try:
        yield
    finally:
        config.CACHE_DIR = before


@lru_cache(maxsize=1)
def sources_digest() -> str:
    """Digest of the sources of all kernels but the generated laws, which have a part of their own."""
    digest = hashlib.sha256()
    for file in sorted((Path(__file__).parent / "kernels").glob("*.py")):
        if file.name != "generated_laws.py":
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _marker(what: str) -> Path:
    return path() / f"compiled-{what}"


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
