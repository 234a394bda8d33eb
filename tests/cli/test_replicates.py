"""`carsim run` with replicates, around a hand-made result: summary, JSON, failures, interruption; no engine runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.cli.summary import percent, summary
from carsim.dataset import provenance
from carsim.dataset.store import read_netcdf
from carsim.endpoints.probabilities import Probability
from carsim.engines.protocol import Status
from carsim.spec import Scenario
from tests.plot.sample import chances

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHILD = str(SCENARIOS / "tisagenlecleucel_child.yaml")
Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, int]:
    """What the pipeline would give for the scenario asked for; the sizes may be changed."""
    size = {"patients": 1, "failed": 0, "missing": 0}

    def run(scenario: Scenario, events: object = None, notify: object = None) -> xr.Dataset:
        data = chances(size["patients"], scenario.run.replicates, size["missing"])
        data["status"].values.ravel()[: size["failed"]] = 2
        statuses = data["status"].values.ravel().tolist()
        data.attrs |= provenance.attributes(
            title=scenario.title,
            scenario_text="",
            scenario_sha256=scenario.digest,
            overrides=[],
            seed=scenario.run.seed,
            engine=scenario.run.engine,
            tolerances={},
            status_counts={Status(kind).name.lower(): statuses.count(kind) for kind in set(statuses)},
            started=provenance.now(),
        )
        return data

    monkeypatch.setattr("carsim.pipeline.run", run)
    monkeypatch.chdir(tmp_path)
    return size


def test_the_summary_begins_with_the_probabilities(capsys: Printed) -> None:
    assert main(["run", CHILD, "--replicates", "8"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "one patient, 8 replicates, hybrid engine, to day 365",
        "Cure                  in 50 % (95 % CI 22 to 78 %) of 8 replicates",
        "  CD19-positive       in 25 % (95 % CI 7.1 to 59 %) of 8 replicates",
        "  CD19-negative       in 25 % (95 % CI 7.1 to 59 %) of 8 replicates",
        "4 of 8 replicates",
    ):
        assert words in shown
    assert shown.index("Cure") < shown.index("Response at day 28")
    assert "patients" not in shown.split("Research")[0]
    data = read_netcdf(Path("results/tisagenlecleucel_child.nc"))
    assert dict(data.sizes)["replicate"] == 8
    assert data["probability_cure"].values.tolist() == [0.5]


def test_of_a_cohort_it_is_the_mean_over_its_patients(stub: dict[str, int]) -> None:
    shown = summary(chances(patients=3, replicates=4))
    assert "3 patients with 4 replicates each, hybrid engine" in shown
    assert "in 50 % (95 % CI 13 to 87 %) of courses, mean over 3 patients" in shown
    assert "6 of 12 courses" in shown


def test_one_course_of_chance_says_whether_it_is_cured(capsys: Printed) -> None:
    assert main(["run", CHILD, "--engine", "hybrid"]) == 0
    shown = capsys.readouterr().out
    assert "one patient, hybrid engine" in shown
    assert "Cure                  not cured: leukaemic cells are left at the end" in shown
    assert "half of such patients" not in shown


def test_json_has_a_list_for_each_patient_and_the_probabilities(capsys: Printed, stub: dict[str, int]) -> None:
    stub["patients"] = 2
    assert main(["run", CHILD, "--replicates", "4", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["patients"], found["replicates"], found["engine"]) == (2, 4, "hybrid")
    assert found["endpoints"]["relapse_phenotype"] == [["CD19-negative", "CD19-positive", None, None]] * 2
    assert found["endpoints"]["cured"] == [[0, 0, 1, 1]] * 2
    assert found["endpoints"]["relapse_day"][0][2:] == [None, None]
    cure = found["probabilities"]["cure"]
    assert (cure["estimate"], cure["courses"], cure["patients"]) == (0.5, 8, 2)
    assert 0.0 < cure["low"] < 0.5 < cure["high"] < 1.0


def test_failed_courses_are_named_with_their_replicate(capsys: Printed, stub: dict[str, int]) -> None:
    stub["failed"] = 1
    assert main(["run", CHILD, "--replicates", "4"]) == 3
    shown = capsys.readouterr()
    assert "carsim: 1 of 4 courses failed:\n  patient 1, replicate 0, day nan: a value became infinite" in shown.err
    assert "4 replicates (1 failed)" in shown.out


def test_an_interrupted_run_writes_what_is_finished(capsys: Printed, stub: dict[str, int]) -> None:
    stub["missing"] = 3
    assert main(["run", CHILD, "--replicates", "8", "--json"]) == 130
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["status"], found["missing"], found["failed"]) == ("interrupted", 3, 0)
    assert found["probabilities"]["cure"]["courses"] == 5
    assert "interrupted: 3 of 8 courses are missing from results/tisagenlecleucel_child.nc" in shown.err
    data = read_netcdf(Path("results/tisagenlecleucel_child.nc"))
    assert "not simulated" in str(data["relapse_day_reason"].values[0, -1])
    assert Path("results/tisagenlecleucel_child.png").is_file()


def test_half_a_run_does_not_replace_the_whole_one(capsys: Printed, stub: dict[str, int]) -> None:
    assert main(["run", CHILD, "--replicates", "8"]) == 0
    whole = Path("results/tisagenlecleucel_child.nc").read_bytes()
    stub["missing"] = 3
    assert main(["run", CHILD, "--replicates", "8"]) == 130
    assert "is left as it is, the whole result of this run" in capsys.readouterr().err
    assert Path("results/tisagenlecleucel_child.nc").read_bytes() == whole
    assert main(["run", CHILD, "--replicates", "4"]) == 2  # another run needs --force, interrupted or not
    assert main(["run", CHILD, "--replicates", "4", "--force"]) == 130
    stub["missing"] = 0
    assert main(["run", CHILD, "--replicates", "4"]) == 0
    assert np.isfinite(read_netcdf(Path("results/tisagenlecleucel_child.nc"))["cart_peak_day"].values).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--replicates", "8", "--engine", "ode"], "got 8 replicates with the engine `ode`, which gives each of them"),
        (["--replicates", "8", "--engine", "ode"], "expected an engine of chance, for example engine: hybrid"),
        (["--replicates", "0"], "'--replicates'"),
        (["--replicates", "2.5"], "'--replicates'"),
    ],
)
def test_replicates_that_make_no_sense_are_refused(capsys: Printed, arguments: list[str], words: str) -> None:
    assert main(["run", CHILD, *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert not Path("results").exists()


def test_a_published_model_without_chance_has_no_replicates(capsys: Printed) -> None:
    assert main(["run", "--literature", "stein2019", "--replicates", "3"]) == 2
    assert "--replicates does not apply to --literature" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((0.31, 0.24, 0.39), "31 % (95 % CI 24 to 39 %)"),
        ((0.0, 0.0, 0.0188), "0 % (95 % CI 0 to 1.9 %)"),
        ((0.005, 0.0009, 0.0278), "0.5 % (95 % CI 0.1 to 2.8 %)"),
        ((1.0, 0.981, 1.0), "100 % (95 % CI 98.1 to 100 %)"),
    ],
)
def test_probabilities_are_said_in_per_cent(numbers: tuple[float, float, float], text: str) -> None:
    assert percent(Probability(*numbers, courses=200, patients=1)) == text
