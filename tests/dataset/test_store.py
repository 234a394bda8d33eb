"""Result files: whole or not at all, read back to the bit, and nothing foreign overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.dataset import provenance
from carsim.dataset.assemble import assemble
from carsim.dataset.store import OutputRefused, check_writable, read_netcdf, run_of, write_atomically, write_netcdf

from .hand_made import patients, schedule, trajectories


def result(digest: str = "a" * 64, seed: int = 1) -> xr.Dataset:
    data = assemble(trajectories(), patients=patients(), schedule=schedule())
    data.attrs = provenance.attributes(
        title="By hand",
        scenario_text="format: carsim/1\n",
        scenario_sha256=digest,
        overrides=["run.seed=1"],
        seed=seed,
        engine="ode",
        tolerances={"rtol": 1e-8},
        status_counts={"ok": 2},
        started=provenance.now(),
    )
    return data


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    data = result()
    again = read_netcdf(write_netcdf(data, tmp_path / "deep" / "result.nc"))
    xr.testing.assert_identical(data.drop_attrs(deep=True), again.drop_attrs(deep=True).astype(data.dtypes))
    assert again.attrs["scenario_sha256"] == "a" * 64
    assert again.bcells.attrs == data.bcells.attrs


def test_provenance_names_no_machine_and_no_person(tmp_path: Path) -> None:
    attributes = read_netcdf(write_netcdf(result(), tmp_path / "result.nc")).attrs
    assert set(attributes) == {
        *("title", "Conventions", "comment", "carsim_version", "scenario", "scenario_sha256", "overrides", "seed"),
        *("engine", "tolerances", "status_counts", "dependencies", "started", "finished", "observed"),
    }
    assert json.loads(attributes["overrides"]) == ["run.seed=1"]
    assert "numpy" in json.loads(attributes["dependencies"])
    assert str(tmp_path) not in json.dumps({key: str(value) for key, value in attributes.items()})
    assert all(value is not None and not isinstance(value, bool) for value in attributes.values())


def test_the_same_run_may_be_written_again(tmp_path: Path) -> None:
    path = write_netcdf(result(), tmp_path / "result.nc")
    assert write_netcdf(result(), path) == path


@pytest.mark.parametrize(("other", "words"), [(result("b" * 64), "scenario"), (result(seed=2), "another seed")])
def test_another_run_is_kept_unless_forced(tmp_path: Path, other: xr.Dataset, words: str) -> None:
    path = write_netcdf(result(), tmp_path / "result.nc")
    with pytest.raises(OutputRefused, match=words):
        write_netcdf(other, path)
    write_netcdf(other, path, force=True)
    assert run_of(path) is not None
    assert str(run_of(path)["seed"]) == str(other.attrs["seed"])  # type: ignore[index]


@pytest.mark.parametrize("name", ["notes.nc", "picture.png"])
def test_a_foreign_file_is_kept_even_when_forced(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(OutputRefused, match="not a result of carsim"):
        check_writable(path, result().attrs, force=True)
    assert path.read_text() == "mine"


def test_links_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "real.nc").write_text("mine")
    (tmp_path / "link.nc").symlink_to(tmp_path / "real.nc")
    (tmp_path / "folder.nc").mkdir()
    for name, words in (("link.nc", "is a link"), ("folder.nc", "is a folder")):
        with pytest.raises(OutputRefused, match=words):
            write_netcdf(result(), tmp_path / name, force=True)
    assert (tmp_path / "real.nc").read_text() == "mine"


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    def fail(path: Path) -> None:
        path.write_text("half")
        raise OSError("no space left")

    (tmp_path / "result.nc").write_text("before")
    with pytest.raises(OSError, match="no space left"):
        write_atomically(tmp_path / "result.nc", fail)
    assert [file.name for file in tmp_path.iterdir()] == ["result.nc"]
    assert (tmp_path / "result.nc").read_text() == "before"


def test_large_courses_are_compressed_without_loss(tmp_path: Path) -> None:
    data = result().reindex(time=np.linspace(0.0, 400.0, 2000), method="nearest")
    assert read_netcdf(write_netcdf(data, tmp_path / "r.nc")).blasts.values.tobytes() == data.blasts.values.tobytes()
