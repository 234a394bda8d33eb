"""`carsim export csv` and `parquet`: rows, units and missing values of each kind of result; what is refused."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.dataset.store import write_netcdf
from carsim.report.tables import NoParquet, write_csv, write_parquet
from carsim.spec import loads
from carsim.trials.conduct import assembled
from carsim.trials.store import write_trial
from tests.sweeps.small import driven
from tests.trial.hand_made import HEAD, NONE, arm

Printed = pytest.CaptureFixture[str]


def read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The comments of a table, and its rows."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("#")], list(csv.DictReader(x for x in lines if x[0] != "#"))


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    scenario = loads(f"{HEAD}trial: {{arms: [{{name: one}}, {{name: two}}]}}\n")
    one = arm(3, relapse_day=[NONE, 100.5, NONE], cart_persistence_ongoing=np.array([1, -1, 0], dtype=np.int8))
    one["relapse_day"].attrs = {"units": "d", "long_name": "Day of relapse"}
    one["relapse_day_reason"] = ("patient", ["none", "", "none"])
    tree = assembled(scenario, {"one": one, "two": arm(2, extra=[1.0, 2.0])})
    return write_trial(tree, tmp_path / "trial.nc")


def test_a_trial_has_a_row_for_each_arm_and_patient(trial: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "trial.csv"
    assert main(["export", "csv", str(trial), str(out)]) == 0
    assert "5 rows" in capsys.readouterr().err
    comments, rows = read(out)
    assert "# relapse_day [d]: Day of relapse" in comments
    assert any("not for the treatment of any patient" in line for line in comments)
    assert [(row["arm"], row["patient"]) for row in rows] == [
        *(("one", str(number)) for number in (1, 2, 3)),
        *(("two", str(number)) for number in (1, 2)),
    ]
    assert [row["relapse_day"] for row in rows] == ["", "100.5", "", "", ""]
    assert [row["cart_persistence_ongoing"] for row in rows] == ["1", "", "0", "1", "1"]
    assert [row["extra"] for row in rows] == ["", "", "", "1.0", "2.0"]
    assert rows[0]["entry_day.car"] == "0.0"
    assert not {"relapse_day_reason", "mrd", "cart_copies"} & set(rows[0])


def test_the_same_run_is_written_again_and_another_file_stays(trial: Path, tmp_path: Path, capsys: Printed) -> None:
    out = tmp_path / "trial.csv"
    assert main(["export", "csv", str(trial), str(out), "--quiet"]) == 0
    first = out.read_bytes()
    assert main(["export", "csv", str(trial), str(out), "--quiet"]) == 0
    assert out.read_bytes() == first
    out.write_text("mine\n", encoding="utf-8")
    assert main(["export", "csv", str(trial), str(out), "--force"]) == 2
    assert "not a result of carsim" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "mine\n"


def run_of_replicates() -> xr.Dataset:
    day = np.array([[1.0, NONE], [3.0, 4.0]])
    data = xr.Dataset(
        {"relapse_day": (("patient", "replicate"), day, {"units": "d"}), "age": ("patient", [5.0, 6.0])},
        coords={"patient": ["A", "B"]},
    )
    data["blasts_blood"] = (("patient", "time"), np.zeros((2, 3)))
    keys = {"scenario_sha256": "00" * 32, "seed": 1, "engine": "hybrid", "carsim_version": "0.1.0", "title": "Two"}
    return data.assign_attrs(keys)


def test_a_run_has_a_row_for_each_replicate(tmp_path: Path) -> None:
    write_netcdf(run_of_replicates(), tmp_path / "run.nc")
    assert write_csv(tmp_path / "run.nc", tmp_path / "run.csv") == 4
    rows = read(tmp_path / "run.csv")[1]
    assert [(row["patient"], row["replicate"], row["relapse_day"], row["age"]) for row in rows] == [
        ("A", "1", "1.0", "5.0"),
        ("A", "2", "", "5.0"),
        ("B", "1", "3.0", "6.0"),
        ("B", "2", "4.0", "6.0"),
    ]


def test_a_sweep_has_a_row_for_each_point_and_patient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driven(tmp_path / "small.zarr")
    whole = write_csv(tmp_path / "small.zarr", tmp_path / "small.csv")
    comments, rows = read(tmp_path / "small.csv")
    assert whole == len(rows) == 12
    assert [row["point"] for row in rows] == [str(point) for point in range(6) for _ in range(2)]
    assert [row["patient"] for row in rows[:4]] == ["1", "2", "1", "2"]
    assert len({row["dose"] for row in rows}) == 3
    assert {row["response_day28"] for row in rows} <= {"CR", "CRi", "NR", "not evaluable", ""}
    assert any(line.startswith("# dose [cells/kg]") for line in comments)
    monkeypatch.setattr("carsim.report.tidy.ROWS", 2)  # a piece for each point
    write_csv(tmp_path / "small.zarr", tmp_path / "pieces.csv")
    assert (tmp_path / "pieces.csv").read_bytes() == (tmp_path / "small.csv").read_bytes()


def test_parquet_has_the_same_rows_and_units_in_its_schema(trial: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "trial.parquet"
    assert write_parquet(trial, out) == 5
    assert write_parquet(trial, out) == 5  # known as carsim's own by its foot
    table = parquet.read_table(out)
    assert table.column("relapse_day").to_pylist() == [None, 100.5, None, None, None]
    assert table.column("arm").to_pylist() == ["one"] * 3 + ["two"] * 2
    assert table.column("cart_persistence_ongoing").to_pylist() == [1, None, 0, 1, 1]
    assert table.schema.field("relapse_day").metadata[b"unit"] == b"d"
    assert b"scenario_sha256" in table.schema.metadata


def test_parquet_without_its_package_says_what_to_install(
    trial: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(NoParquet, match=r"carsim\[parquet\]"):
        write_parquet(trial, tmp_path / "trial.parquet")


@pytest.mark.parametrize(
    ("name", "out", "words"),
    [
        ("trial.nc", "x.txt", "expected a file that ends in .csv"),
        ("nothing.nc", "x.csv", "is not there"),
        ("text.nc", "x.csv", "is no NetCDF file"),
        ("foreign.nc", "x.csv", "was not written by carsim"),
    ],
)
def test_what_has_no_table_is_refused(
    trial: Path, tmp_path: Path, capsys: Printed, name: str, out: str, words: str
) -> None:
    (tmp_path / "text.nc").write_text("text", encoding="utf-8")
    xr.Dataset({"a": 1}).to_netcdf(tmp_path / "foreign.nc", engine="netcdf4")
    assert main(["export", "csv", str(tmp_path / name), str(tmp_path / out)]) == 2
    assert words in capsys.readouterr().err
    assert not (tmp_path / out).exists()
