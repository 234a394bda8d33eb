"""Result files: NetCDF4 written whole or not at all, and the rule of what may be overwritten.

A file is written beside its place and then renamed, so a reader never sees half of one. A file that is there already is
replaced only when it is carsim's own result of the very same run (same scenario digest, seed, engine and version: the
numbers would be the same), or, with `force`, when it is any result of carsim. Links and foreign files stay untouched.
"""

from __future__ import annotations

import os
import re
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from carsim.dataset.provenance import BESIDE, same_run
from carsim.errors import CarsimError

if TYPE_CHECKING:
    import xarray as xr

FIGURE_KEYS = ("scenario_sha256", "seed", "engine", "carsim_version", *BESIDE)
FIGURE_SUFFIXES = (".png", ".pdf", ".svg")
_PNG = b"\x89PNG\r\n\x1a\n"
_END = 1 << 20  # bytes
_COMPRESSION_LEVEL = 4  # a year of one patient: 0.3 MB instead of 1.5 MB, at no cost that can be measured


class OutputRefused(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A result may not be written where it was asked for."""

    exit_status: ClassVar[int] = 2


def check_writable(path: Path, run: Mapping[str, Any], *, force: bool = False) -> None:
    """Raise OutputRefused unless `path` is free or holds what this run (provenance attributes) may replace."""
    if path.is_symlink():
        raise OutputRefused(f"{path} is a link; name the file itself, or another one with --out")
    if path.is_dir():
        raise OutputRefused(f"{path} is a folder; a result needs the name of a file")
    if not path.exists():
        return
    found = run_of(path)
    if found is None:
        raise OutputRefused(f"{path} exists and is not a result of carsim; it stays as it is: choose another --out")
    if not force and not same_run(found, run):
        raise OutputRefused(
            f"{path} holds another run ({_differences(found, run)}); choose another --out, or replace it with --force"
        )


def write_netcdf(data: xr.Dataset, path: Path | str, *, force: bool = False) -> Path:
    """Write a dataset to NetCDF4, atomically; raises OutputRefused as `check_writable` does."""
    path = Path(path)
    check_writable(path, data.attrs, force=force)
    encoding = {
        str(name): {"zlib": True, "complevel": _COMPRESSION_LEVEL, "shuffle": True}
        for name, array in data.data_vars.items()
        if array.dtype.kind in "fiu" and array.size > 1000
    }
    return write_atomically(
        path, lambda temporary: data.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)
    )


def read_netcdf(path: Path | str) -> xr.Dataset:
    """Read a result back into memory; the file is closed."""
    import xarray as xr

    with xr.open_dataset(path, engine="netcdf4", decode_timedelta=False) as data:
        return data.load()


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Call `write` on a new file in the same folder, then move it to `path`; nothing is left behind if it fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o666 & ~_umask())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def run_of(path: Path) -> dict[str, Any] | None:
    """The run that a result file or figure comes from; None when carsim did not write it."""
    try:
        readers: dict[str, Callable[[Path], dict[str, Any]]] = {".png": _png_text, ".pdf": _marked, ".svg": _marked}
        readers |= dict.fromkeys((".xml", ".sbml", ".omex", ".cpp"), _marked)
        readers |= {".csv": _marked_at_an_end, ".parquet": _marked_at_an_end}
        found = readers.get(path.suffix.lower(), _netcdf_attributes)(path)
    except (OSError, ValueError, struct.error):
        return None
    return found if "carsim_version" in found and "scenario_sha256" in found else None


def _netcdf_attributes(path: Path) -> dict[str, Any]:
    import netCDF4

    with netCDF4.Dataset(path, "r") as file:
        wanted = (*FIGURE_KEYS, "title", "status_counts")
        return {name: file.getncattr(name) for name in file.ncattrs() if name in wanted}


def _png_text(path: Path) -> dict[str, Any]:
    """Text chunks (keyword, Latin-1 value) that stand before the image data of a PNG."""
    found: dict[str, Any] = {}
    with path.open("rb") as file:
        if file.read(8) != _PNG:
            return found
        while header := file.read(8):
            length, kind = struct.unpack(">I4s", header)
            if kind == b"IDAT" or length > 1 << 20:
                break
            body = file.read(length)
            file.read(4)
            if kind == b"tEXt":
                key, _, value = body.partition(b"\0")
                found[key.decode("latin-1")] = value.decode("latin-1")
    return found


def figure_mark(run: Mapping[str, Any]) -> str:
    """The run as the words `carsim:<key>=<value>` that a PDF or SVG carries among its keywords, SBML in a note."""
    return " ".join(f"carsim:{key}={run[key]}" for key in FIGURE_KEYS if key in run)


def _marked(path: Path) -> dict[str, Any]:
    """The words of `figure_mark` in figures, SBML, archives and models of others; all hold them as plain text."""
    return _marks(path.read_bytes())


def _marked_at_an_end(path: Path) -> dict[str, Any]:
    """The same of a table, which may be large: a CSV file has them in its head, a Parquet file in its foot."""
    with path.open("rb") as file:
        if path.suffix.lower() == ".parquet":
            file.seek(max(0, path.stat().st_size - _END))
        return _marks(file.read(_END))


def _marks(text: bytes) -> dict[str, Any]:
    found = re.findall(rb"carsim:(\w+)=([\w.+-]+)", text)
    return {key.decode("ascii"): value.decode("ascii") for key, value in found if key.decode("ascii") in FIGURE_KEYS}


def _differences(found: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    words = {
        "scenario_sha256": "the scenario, an override or the catalogue differs",
        "seed": "another seed",
        "engine": "another engine",
        "carsim_version": "another version of carsim",
        "draws_sha256": "other draws of the parameters",
        "table_sha256": "another table of measurements",
        "events_sha256": "another table of doses",
    }
    return ", ".join(text for key, text in words.items() if str(found.get(key, "")) != str(run.get(key, "")))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
