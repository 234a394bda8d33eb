"""What a store holds: the numbers of runs alone, the same whoever works on it, read lazily by any reader of Zarr."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim import pipeline
from carsim.dataset.variables import COURSES, COVARIATES, ENDPOINTS
from carsim.endpoints import compute
from carsim.errors import CarsimError
from carsim.spec import loads
from carsim.sweeps.block import Computed, compute_block
from carsim.sweeps.columns import ABSENT, OTHER, REFUSED, columns_of, decoded
from carsim.sweeps.conduct import conduct, sweep
from carsim.sweeps.estimate import Estimate
from carsim.sweeps.files import content_sha256
from carsim.sweeps.metadata import create
from carsim.sweeps.plan import Block, plan
from carsim.sweeps.read import on_grid, open_sweep, words
from carsim.sweeps.store import Store, StoreInconsistent, SweepRefused, open_store
from carsim.sweeps.worker import work
from tests.sweeps.small import HEAD, driven, known, scenario, small


@pytest.fixture
def path(undisturbed: Path) -> Path:
    return undisturbed


def test_a_point_is_a_run_of_its_own(path: Path) -> None:
    data, made = open_sweep(path), small()
    for point in (0, 3):
        alone = pipeline.courses(made.scenario_at(point))
        answers = compute(alone, ["cart_peak_copies", "response_day28", "remission_ongoing"])
        at = data.isel(point=point)
        for name in ("cart_peak_copies", "remission_ongoing"):
            np.testing.assert_array_equal(at[name].values, answers[name].values)
        np.testing.assert_array_equal(at["age"].values, alone["age"].values)
        assert words(at["response_day28"]).values.tolist() == answers["response_day28"].values.tolist()
        course = alone["cart_copies"].sum("product").interp(time=[0.0, 14.0, 28.0])
        np.testing.assert_allclose(at["cart_copies"].sel(time=[0.0, 14.0, 28.0]).values, course.values, rtol=1e-6)


def test_every_point_has_the_same_patients(path: Path) -> None:
    data = open_sweep(path)
    assert len(np.unique(data["age"].values, axis=0)) == 1
    assert len(np.unique(data["age"].values)) == 2
    assert len(np.unique(data["cart_peak_copies"].values)) == 12


def test_parts_of_a_cohort_are_the_cohort() -> None:
    made = plan(scenario().with_(**{"cohort.n": 5, "run.engine": "hybrid"}), block=(1, 2))
    assert made.blocks == 18
    whole = compute_block(made, Block(0, (0, 1), (0, 5))).arrays
    for number in range(3):
        block = made.block_of(number)
        part = compute_block(made, block).arrays
        for name, values in part.items():
            np.testing.assert_array_equal(values, whole[name][:, slice(*block.patients)], err_msg=name)


def test_the_store_is_read_lazily_and_says_what_it_is(path: Path) -> None:
    data = open_sweep(path)
    assert dict(data.sizes) == {"point": 6, "patient": 2, "time": 5}
    assert not data["cart_peak_copies"].variable._in_memory
    assert data["dose"].attrs["units"] == "cells/kg"
    assert data["cart_peak_copies"].attrs["units"] == "copies/ug"
    assert data.attrs["comment"].startswith("Research and teaching only")
    assert loads(data.attrs["scenario"]).digest == scenario().digest == data.attrs["scenario_sha256"]


def test_a_store_names_no_time_and_no_place(path: Path) -> None:
    text = b"".join(file.read_bytes() for file in sorted(path.rglob("*.json")))
    assert not any(word in text for word in (b"started", b"finished", str(path.parent).encode(), b"/home", b"host"))


def test_points_lie_on_their_grid(path: Path) -> None:
    data = open_sweep(path)
    grid = on_grid(data["cart_peak_copies"].mean("patient"), data)
    assert grid.dims == ("dose", "leukaemia.clones.CD19-negative.fraction")
    assert grid["dose"].values.tolist() == [1e5, 1e6, 1e7]
    assert float(grid.sel({"dose": 1e6, "leukaemia.clones.CD19-negative.fraction": 1e-6})) == pytest.approx(
        float(data["cart_peak_copies"][3].mean())
    )


def test_what_is_not_simulated_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    found = create(small(), tmp_path / "store")
    found.commit(found.plan.block_of(1), known(found.plan, found.plan.block_of(1)))
    assert open_sweep(tmp_path / "store")["status"].values.tolist() == [[-1, -1]] * 2 + [[0, 0]] * 2 + [[-1, -1]] * 2
    assert found.missing() == [0, 2]


def test_a_point_that_cannot_be_is_recorded_and_the_rest_goes_on(tmp_path: Path) -> None:
    axes = """sweep:
  keep: [cart_peak_copies]
  axes:
    - name: clones
      each:
        - {name: one}
        - {name: two, set: {leukaemia.clones: [{name: CD19-negative, fraction: 0.1}, {name: dim, fraction: 0.5}]}}
    - {path: leukaemia.clones.CD19-negative.fraction, values: [0.6, 0.1]}
"""
    made = plan(scenario(axes))
    outcome = conduct(made, tmp_path / "store", workers=0)
    assert (outcome.done, outcome.failed, list(outcome.refused)) == (4, 1, [2])
    assert "fractions that sum to 1.1" in outcome.refused[2]
    status = open_sweep(tmp_path / "store")["status"].values
    assert status[2].tolist() == [REFUSED, REFUSED]
    assert status[0].tolist() == [0, 0]


def test_points_with_fewer_patients_have_nobody_in_their_place() -> None:
    made = plan(scenario("sweep: {axes: [{arms: [usual, tenth]}], keep: [cart_peak_copies]}\n"))
    found = compute_block(made, Block(0, (0, 2), (0, 2)))
    assert found.arrays["status"].tolist() == [[0, 0], [0, ABSENT]]
    assert np.isnan(found.arrays["cart_peak_copies"]).tolist() == [[False, False], [False, True]]


def test_replicates_have_their_own_dimension() -> None:
    made = plan(scenario().with_(**{"run.replicates": 3, "run.engine": "hybrid", "run.until": "20 d"}))
    found = compute_block(made, Block(0, (0, 1), (0, 2)))
    assert found.arrays["cart_peak_copies"].shape == (1, 2, 3)
    assert found.arrays["cart_copies"].shape == (1, 2, 3, 3)
    alone = pipeline.run(made.scenario_at(0))["cart_peak_copies"]
    assert alone.dims == ("patient", "replicate")
    np.testing.assert_array_equal(found.arrays["cart_peak_copies"][0], alone.values)


def test_a_failed_patient_is_recorded_and_the_others_are_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(made: object, block: Block, threads: int = 1) -> Computed:
        arrays = {name: values.copy() for name, values in known(small(), block).arrays.items()}
        arrays["status"][0, 1] = 2
        return Computed(arrays, {})

    monkeypatch.setattr("carsim.sweeps.worker.compute_block", failing)
    outcome = driven(tmp_path / "store")
    assert (outcome.done, outcome.failed, outcome.refused) == (6, 3, {})
    record = json.loads((tmp_path / "store" / "status" / "records" / "1.json").read_text())
    assert (record["failed"], record["status_counts"]) == ([2], {"0": 3, "2": 1})


def test_every_word_of_an_endpoint_has_a_code() -> None:
    known_words = {column.name: column for column in columns_of([v.name for v in (*ENDPOINTS, *COVARIATES)], [])}
    column = known_words["relapse_phenotype"]
    said = ["", "CD19-negative", "CD19-positive+CD22-negative", "double-negative", "lineage-switch", "CD19-CD22-dim"]
    codes = column.encoded(np.array(said))
    assert decoded(codes, column.words).tolist() == said
    assert decoded(column.encoded(np.array(["never heard"])), column.words).tolist() == [OTHER]
    sites = known_words["relapse_site"].words
    assert sites == ("marrow", "blood", "CNS", "extramedullary", OTHER)
    assert all(column.words[-1] == OTHER for column in known_words.values() if column.words)


def test_every_course_can_be_kept() -> None:
    names = [variable.name for variable in COURSES]
    assert [column.name for column in columns_of([], names)] == names


def test_a_table_of_patients_travels_with_its_store(tmp_path: Path) -> None:
    (tmp_path / "patients.csv").write_text("id,age [year],weight [kg]\nP7,11,39\nP9,5,20\n", encoding="utf-8")
    text = HEAD.replace("n: 2}", "from: patients.csv}", 1).replace("n: 1, ", "")
    axes = "sweep: {axes: [{path: run.until, values: [10 d, 12 d]}], keep: [age]}\n"
    made = plan(loads(text + axes, folder=tmp_path))
    conduct(made, tmp_path / "store", workers=1)  # its worker finds the table in the store alone
    data = open_sweep(tmp_path / "store")
    assert data["age"].values.tolist() == [[11.0, 5.0]] * 2
    assert json.loads(data["patient"].attrs["identifiers"]) == ["P7", "P9"]
    (tmp_path / "patients.csv").write_text("id,age [year],weight [kg]\nP7,12,39\nP9,5,20\n", encoding="utf-8")
    with pytest.raises(SweepRefused, match="another table of patients"):
        conduct(plan(loads(text + axes, folder=tmp_path)), tmp_path / "store", resume=True)


def test_a_block_of_another_shape_is_refused(tmp_path: Path) -> None:
    found = create(small(), tmp_path / "store")
    larger = known(found.plan, found.plan.block_of(0))
    arrays = {name: np.concatenate([values, values]) for name, values in larger.arrays.items()}
    with pytest.raises(ValueError, match=r"expected a block of \(2, 2\) at most"):
        found.commit(found.plan.block_of(0), Computed(arrays, {}))
    assert Store(found.path, found.plan).missing() == [0, 1, 2]


@pytest.mark.parametrize("what", ["file", "folder", "link"])
def test_nothing_foreign_is_overwritten(what: str, tmp_path: Path) -> None:
    place = tmp_path / "x"
    if what == "file":
        place.write_text("mine", encoding="utf-8")
    elif what == "folder":
        (place / "mine").mkdir(parents=True)
    else:
        (tmp_path / "y").mkdir()
        place.symlink_to(tmp_path / "y")
    before = sorted(str(p) for p in tmp_path.rglob("*"))
    with pytest.raises(SweepRefused, match=r"is no sweep of carsim|is a link") as refused:
        driven(place)
    with pytest.raises(SweepRefused):
        create(small(), place, force=True)
    assert refused.value.exit_status == 2
    assert sorted(str(p) for p in tmp_path.rglob("*")) == before


def test_force_replaces_a_sweep_of_carsim(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    place = tmp_path / "store"
    create(small(**{"run.seed": 9}), place)
    with pytest.raises(CarsimError, match="go on with it by --resume, replace it with --force"):
        driven(place)
    driven(place, force=True)
    assert content_sha256(place) == content_sha256(path)


def test_an_empty_folder_is_a_new_sweep(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    (tmp_path / "store").mkdir()
    assert driven(tmp_path / "store", resume=True).done == 6
    assert content_sha256(tmp_path / "store") == content_sha256(path)


@pytest.mark.parametrize("text", ["", "{}", '{"attributes": {"sweep_format": "carsim-sweep/1"}}', None])
def test_a_store_without_readable_metadata_is_told_and_replaced(
    text: str | None, path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    place = tmp_path / "store"
    shutil.copytree(path, place)
    (place / "zarr.json").unlink()
    if text is not None:
        (place / "zarr.json").write_text(text, encoding="utf-8")
    for use in (lambda: driven(place, resume=True), lambda: open_sweep(place), lambda: open_store(place)):
        with pytest.raises(StoreInconsistent, match=r"zarr.json is gone or was altered; mend it with .*--force"):
            use()
    driven(place, force=True)
    assert content_sha256(place) == content_sha256(path)


def test_a_store_on_which_a_job_works_is_not_replaced(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, active = tmp_path / "store", ["17"]
    shutil.copytree(path, place)
    (tmp_path / "store.slurm").mkdir()
    (tmp_path / "store.slurm" / "jobs.json").write_text('["16", "17"]', encoding="utf-8")
    monkeypatch.setattr("carsim.sweeps.slurm._is_active", lambda job: job in active)
    with pytest.raises(SweepRefused, match="job 17 of Slurm works on it; end it"):
        create(small(**{"run.seed": 9}), place, force=True)
    assert content_sha256(place) == content_sha256(path)
    active.clear()
    create(small(**{"run.seed": 9}), place, force=True)
    assert content_sha256(place) != content_sha256(path)


def test_a_worker_of_a_sweep_that_was_replaced_writes_nothing(path: Path, tmp_path: Path) -> None:
    """A task of a batch system may outlive the sweep that it was of."""
    place = tmp_path / "out.zarr"
    shutil.copytree(path, place)
    old = open_store(place)
    create(small(**{"run.seed": 4}), place, force=True)
    before = {file: file.read_bytes() for file in place.rglob("*") if file.is_file()}
    assert "another sweep's by now" in work(old, 0)["reason"]
    assert {file: file.read_bytes() for file in place.rglob("*") if file.is_file()} == before


def test_the_function_of_python_gives_the_store(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carsim.sweeps.worker.compute_block", known)
    data = sweep(scenario(), tmp_path / "store", workers=0, block=(2, 2))
    xr.testing.assert_identical(data.load(), open_sweep(path).load())


def test_an_estimate_counts_points_and_courses() -> None:
    made = plan(scenario().with_(**{"cohort.n": 1000}))  # 6 points in 2 parts each
    assert Estimate(point=2.0, course=0.5).seconds(made) == 6 * 2 * 2.0 + 6 * 1000 * 0.5
