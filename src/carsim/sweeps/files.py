"""Files of a store, each written whole or not at all: beside its place, to the disk, and then renamed.

What a killed process leaves behind has a name that begins with LEFT, and is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

LEFT: Final = ".part-"
DIGEST: Final = "record_sha256"


def write(path: Path, data: bytes) -> None:
    """Write a file whole; raises OSError (no space, no permission) with nothing changed at its place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f"{LEFT}{uuid4().hex}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, path)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def sha256(data: bytes) -> str:
    """Checksum of bytes."""
    return hashlib.sha256(data).hexdigest()


def write_record(path: Path, record: dict[str, Any]) -> None:
    """Write a record as JSON with a checksum of itself."""
    write(path, json.dumps({**record, DIGEST: _digest(record)}, indent=1, sort_keys=True).encode() + b"\n")


def read_record(path: Path) -> dict[str, Any] | None:
    """A record, or None where it is not there or not as it was written."""
    try:
        record = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(record, dict):
        return None
    digest = record.pop(DIGEST, None)
    return record if digest == _digest(record) else None


def _digest(record: dict[str, Any]) -> str:
    return sha256(json.dumps(record, sort_keys=True).encode())


def left_over(folder: Path) -> Iterator[Path]:
    """What killed processes left behind in a folder and below it."""
    return folder.rglob(f"{LEFT}*")


def content_sha256(folder: Path) -> str:
    """One checksum of every file's name and bytes in a folder and below it."""
    whole = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        whole.update(f"{path.relative_to(folder)}\0{sha256(path.read_bytes())}\n".encode())
    return whole.hexdigest()
