"""Locks between processes, on a file in a folder that another process may remove.

A lock goes with its process: one that is killed leaves none behind. Where the system has no such locks (Windows, some
network file systems) nothing waits for anything: what is written whole stays whole, and at worst is made twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "lock"
TRIES = 100  # to find a folder that is not removed while it is opened


@contextmanager
def held(folder: Path, *, shared: bool) -> Iterator[None]:
    """Hold a folder, which is made where it is missing: side by side with other readers (`shared`), or alone."""
    handle = _held(folder, shared)
    try:
        yield
    finally:
        os.close(handle)  # which ends the lock


@contextmanager
def held_if_free(folder: Path) -> Iterator[bool]:
    """Hold a folder alone, unless another holds it or it is not there: whether it is held."""
    try:
        handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        yield False
        return
    try:
        yield _lock(handle, shared=False, wait=False)
    finally:
        os.close(handle)


def _held(folder: Path, shared: bool) -> int:
    """Descriptor of the locked file."""
    for _ in range(TRIES):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:  # the folder was removed in between
            continue
        _lock(handle, shared=shared, wait=True)
        if _is_in_place(handle, folder):
            return handle
        os.close(handle)
    raise OSError(f"{folder} is removed again and again by another process")


def _is_in_place(handle: int, folder: Path) -> bool:
    """Whether the folder is still where it was when its file was opened: it can be removed before it is locked."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(folder / NAME))
    except FileNotFoundError:
        return False


if sys.platform == "win32":

    def _lock(handle: int, *, shared: bool, wait: bool) -> bool:
        return True

else:
    import fcntl

    def _lock(handle: int, *, shared: bool, wait: bool) -> bool:
        """Lock an open file; False where another has it and there is no waiting."""
        how = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(handle, how if wait else how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
        return True
