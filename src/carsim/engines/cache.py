"""Where compiled code is kept: one folder per user, per carsim sources, per numba and per processor.

The folder's name is a digest of everything that compiled code depends on, so stale code is never found. `is_warm` says
whether a compilation is still to come, for the notice before it; a marker file is written after each.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

VARIABLE = "CARSIM_CACHE_DIR"


def root() -> Path:
    """The folder of all compiled code of this user; the environment variable CARSIM_CACHE_DIR chooses another."""
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
    """Remove the compiled code of all versions."""
    shutil.rmtree(root(), ignore_errors=True)


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
