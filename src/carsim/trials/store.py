"""A trial in a NetCDF4 file, one group for each arm; written whole or not at all, by the rules of `dataset.store`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from carsim.dataset.store import check_writable, write_atomically
from carsim.errors import CarsimError

if TYPE_CHECKING:
    import xarray as xr

    from carsim.spec.trial import Trial

_COMPRESSION_LEVEL = 4


class NoTrial(CarsimError):  # noqa: N818  (a refusal, not a failure)
    """A file is no stored trial."""

    exit_status = 2


def write_trial(tree: xr.DataTree, path: Path | str, *, force: bool = False) -> Path:
    """Write a trial; raises OutputRefused as `check_writable` does."""
    path = Path(path)
    check_writable(path, {str(name): value for name, value in tree.attrs.items()}, force=force)
    encoding: dict[str, Any] = {
        node.path: {
            str(name): {"zlib": True, "complevel": _COMPRESSION_LEVEL, "shuffle": True}
            for name, array in node.data_vars.items()
            if array.dtype.kind in "fiu" and array.size > 1000
        }
        for node in tree.subtree
    }
    return write_atomically(
        path, lambda temporary: tree.to_netcdf(temporary, engine="netcdf4", format="NETCDF4", encoding=encoding)
    )


def read_trial(path: Path | str) -> xr.DataTree:
    """Read a trial back into memory; the file is closed. Raises NoTrial for any other file."""
    import xarray as xr

    path = Path(path)
    if not path.is_file():
        raise NoTrial(f"{path} is not there; a trial is written by `carsim trial SCENARIO`")
    try:
        with xr.open_datatree(path, engine="netcdf4", decode_timedelta=False) as tree:
            found = tree.load()
    except OSError as error:
        raise NoTrial(f"{path} is no NetCDF file; a trial is written by `carsim trial SCENARIO`") from error
    if "trial" not in found.attrs or "arms" not in found.children:
        raise NoTrial(f"{path} is no trial; one is written by `carsim trial SCENARIO`, what `carsim run` writes is not")
    return found


def part_of(tree: xr.DataTree) -> Trial:
    """The part `trial:` of the scenario that a tree was evaluated by."""
    from carsim.spec.trial import Trial as Part

    return Part.model_validate_json(tree.attrs["trial"])


def arms_in(tree: xr.DataTree) -> dict[str, xr.Dataset]:
    """The arms of a trial by name."""
    return {str(name): node.to_dataset() for name, node in tree["arms"].children.items()}
