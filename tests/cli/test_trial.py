"""`carsim trial` around a hand-made trial: files, tables, JSON, exit status; the engine is not called."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.spec import Scenario
from carsim.trials.conduct import arms_of, assembled
from tests.trial.hand_made import HEAD, arm

Printed = pytest.CaptureFixture[str]
PART = """trial:
  report: [6 months, 12 months]
  arms: [{name: plain}, {name: other, n: 4}]
  groups: [{name: transplanted, given: transplant}]
"""


def conducted(scenario: Scenario, failed: int = 0) -> xr.DataTree:
    """What the trial would give: arms by hand, some patients relapsed, transplanted or failed."""
    arms = {}
    for number, (name, own) in enumerate(arms_of(scenario).items()):
        n = own.cohort.n or 1 if own.cohort else 1
        status = np.zeros(n, dtype=np.int8)
        status[:failed] = 2
        cause = ["relapse", *([""] * (n - 1))]
        arms[name] = arm(
            n,
            status=status,
            status_day=np.full(n, 12.0),
            status_row=np.full(n, "bcells.blood"),
            efs_day=np.linspace(100.0, 400.0, n),
            efs_cause=["death" if number else "relapse", *cause[1:]],
            rfs_cause=cause,
            rfs_day=np.linspace(72.0, 372.0, n),
            relapse_phenotype=["CD19-negative", *([""] * (n - 1))],
            relapse_site=["marrow", *([""] * (n - 1))],
            relapse_day=[100.0, *([np.nan] * (n - 1))],
            given_transplant=[np.nan, 60.0, *([np.nan] * (n - 2))],
        )
    return assembled(scenario, arms)


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, int]:
    state = {"failed": 0}
    monkeypatch.setattr(
        "carsim.trials.conduct.trial",
        lambda scenario, draws=None, against=None, notify=None: conducted(scenario, **state),
    )
    monkeypatch.chdir(tmp_path)
    Path("two.yaml").write_text(HEAD + PART, encoding="utf-8")
    return state


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are named and not drawn, which takes seconds."""
    monkeypatch.setattr("carsim.plot.trials.write_figures", lambda tree, places, force=False: list(places.values()))


def test_a_trial_writes_its_files_and_tables(capsys: Printed) -> None:
    assert main(["trial", "two.yaml"]) == 0
    shown = capsys.readouterr().out
    for words in (
        *("Two arms by hand", "10 patients in 2 arms", "plain", "other", "Patients counted", "Remission (CR or CRi)"),
        *("Event-free survival *", "at 6 months", "Overall survival *", "CD19-negative", "first in marrow"),
        *("Groups of plain", "transplanted", "Comparisons", "other and plain, as different patients", "p = "),
        *("Wrote results/two_trial.nc", "not for the treatment of any patient", "empirical hazards"),
    ):
        assert words in shown
    names = sorted(path.name for path in Path("results").iterdir())
    kinds = ("groups", "incidence", "kinetics", "survival", "swimmer", "waterfall")
    assert names == sorted(["two_trial.nc", *(f"two_trial_{kind}.png" for kind in kinds)])


@pytest.mark.usefixtures("undrawn")
def test_json_has_the_contract(capsys: Printed) -> None:
    assert main(["trial", "two.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == "done"
    assert set(found["arms"]) == {"plain", "other"}
    assert found["arms"]["other"]["n"] == 4
    assert found["arms"]["plain"]["endpoints"]["CR"] == {
        "estimate": 1.0,
        "low": pytest.approx(0.6097, abs=1e-4),
        "high": 1.0,
        "unit": "1",
    }
    assert found["arms"]["plain"]["endpoints"]["OS_median"]["estimate"] is None
    assert {contrast["kind"] for contrast in found["contrasts"]} == {"parallel", "paired", "time-dependent"}
    assert len(found["files"]) == 7


@pytest.mark.usefixtures("undrawn")
def test_failed_patients_are_exit_status_three(capsys: Printed, stub: dict[str, int]) -> None:
    stub["failed"] = 2
    assert main(["trial", "two.yaml", "--json"]) == 3
    printed = capsys.readouterr()
    found = json.loads(printed.out)
    assert (found["failed"], found["arms"]["plain"]["failed"], found["arms"]["plain"]["n"]) == (4, 2, 4)
    assert "2 of 6 patients of arm plain failed:" in printed.err
    assert "patient 1, day 12, in bcells.blood" in printed.err


@pytest.mark.usefixtures("undrawn")
def test_patients_is_the_size_of_every_arm(capsys: Printed) -> None:
    assert main(["trial", "two.yaml", "--patients", "3", "--json"]) == 0
    assert [arm["n"] for arm in json.loads(capsys.readouterr().out)["arms"].values()] == [3, 3]


def test_a_stored_trial_is_evaluated_again(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["trial", "two.yaml", "--quiet"]) == 0

    def never(*_: object, **__: object) -> None:
        raise AssertionError("simulated")

    monkeypatch.setattr("carsim.trials.conduct.trial", never)
    before = sorted(Path("results").iterdir())
    assert main(["trial", "--from", "results/two_trial.nc"]) == 0
    assert "10 patients in 2 arms" in capsys.readouterr().out
    assert sorted(Path("results").iterdir()) == before
    assert main(["trial", "--from", "results/two_trial.nc", "--plot", "again.svg", "--quiet"]) == 0
    assert Path("again_survival.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "neither a scenario nor --from"),
        (["two.yaml", "--from", "x.nc"], "a scenario and --from"),
        (["--from", "x.nc", "--seed", "2"], "--from simulates nothing"),
        (["--from", "x.nc"], "x.nc is not there"),
        (["two.yaml", "--out", "x.png"], "--out: got x.png"),
        (["two.yaml", "--set", "trial.clocks.EFS.hsct=maybe"], "one of: censor, ignore, event"),
    ],
)
def test_wrong_use_is_exit_status_two(capsys: Printed, arguments: list[str], words: str) -> None:
    assert main(["trial", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.usefixtures("undrawn")
def test_what_needs_a_simulation_is_refused_of_a_stored_trial(capsys: Printed) -> None:
    assert main(["trial", "two.yaml", "--quiet"]) == 0
    assert main(["trial", "--from", "results/two_trial.nc", "--set", "run.until=12 months"]) == 2
    assert "run.until: got a value that changes what is simulated" in capsys.readouterr().err


def test_a_foreign_file_stops_the_trial_before_it_begins(capsys: Printed) -> None:
    Path("results").mkdir()
    Path("results/two_trial_swimmer.png").write_text("mine", encoding="utf-8")
    assert main(["trial", "two.yaml", "--force"]) == 2
    assert "not a result of carsim" in capsys.readouterr().err
    assert not Path("results/two_trial.nc").exists()


@pytest.mark.usefixtures("undrawn")
def test_quiet_says_nothing_and_verbose_more(capsys: Printed) -> None:
    assert main(["trial", "two.yaml", "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["trial", "two.yaml", "-v"]) == 0
    assert "scenario_sha256" in capsys.readouterr().err


def test_patients_are_saved_before_the_trial_and_replaced_only_when_asked(undrawn: None, capsys: Printed) -> None:
    assert main(["trial", "two.yaml", "--save-patients", "who.csv"]) == 0
    first = Path("who.csv").read_text(encoding="utf-8")
    assert len(first.splitlines()) == 7
    assert first.startswith("id,age [years],weight [kg]")
    assert main(["trial", "two.yaml", "--save-patients", "who.csv"]) == 0
    assert main(["trial", "two.yaml", "--seed", "5", "--out", "other.nc", "--save-patients", "who.csv"]) == 2
    assert "holds other patients" in capsys.readouterr().err
    assert Path("who.csv").read_text(encoding="utf-8") == first
    assert main(["trial", "two.yaml", "--seed", "5", "--force", "--save-patients", "who.csv"]) == 0
    assert Path("who.csv").read_text(encoding="utf-8") != first
    Path("mine.csv").write_text("my own\n", encoding="utf-8")
    assert main(["trial", "two.yaml", "--force", "--save-patients", "mine.csv"]) == 2
    assert main(["trial", "two.yaml", "--save-patients", "who.nc"]) == 2


def test_arms_that_change_what_a_table_holds_are_told(undrawn: None, capsys: Printed) -> None:
    assert main(["trial", "two.yaml", "--save-patients", "who.csv", "--quiet"]) == 0
    text = Path("two.yaml").read_text(encoding="utf-8")
    Path("again.yaml").write_text(
        text.replace("n: 6", "n: 6, from: who.csv").replace(
            "{name: plain}", "{name: plain, set: {cohort.age: 9 years}}"
        )
    )
    assert main(["trial", "again.yaml"]) == 0
    assert "cohort.age: arms change this only where who.csv has no column of it" in capsys.readouterr().err


def test_draws_give_each_estimate_a_second_interval(
    undrawn: None, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carsim.trials import conduct

    def with_draws(
        scenario: Scenario, keep: object = (), draws: object = None, against: object = None, notify: object = None
    ) -> xr.DataTree:
        tree = conducted(scenario)
        return tree if draws is None else conduct._with_more(tree, scenario, draws, None, None)  # type: ignore[arg-type]

    monkeypatch.setattr("carsim.trials.conduct.trial", with_draws)
    Path("draws.csv").write_text("parameters.kill_max\n7\n8\n9\n", encoding="utf-8")
    assert main(["trial", "two.yaml", "--draws", "2", "--draws-from", "draws.csv"]) == 0
    shown = capsys.readouterr().out
    assert "100 % (61 to 100) [100 to 100]" in shown
    assert "the same patients under 2 draws" in shown
    assert Path("results/two_trial_draws.nc").is_file()
    assert main(["trial", "two.yaml", "--draws-from", "draws.csv", "--json"]) == 2
    assert "other draws of the parameters" in capsys.readouterr().err
    assert main(["trial", "two.yaml", "--draws-from", "draws.csv", "--json", "--force"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["uncertainty"]["draws"] == 3
    assert found["arms"]["plain"]["endpoints"]["CR"]["parameters"]["n"] == 3
    stored = ["trial", "--from", "results/two_trial_draws.nc"]
    assert main(stored) == 0
    assert "[100 to 100]" in capsys.readouterr().out
    assert main([*stored, "--set", "trial.counted=enrolled"]) == 0
    told = capsys.readouterr()
    assert "draws of the parameters and predictive checks are left out" in told.err
    assert "[100 to 100]" not in told.out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--prior", "--draws-from", "x.csv"], "expected one of them"),
        (["--draws-from", "x.csv"], "x.csv is not there"),
    ],
)
def test_draws_that_there_are_not(options: list[str], said: str, capsys: Printed) -> None:
    assert main(["trial", "two.yaml", *options]) == 2
    assert said in capsys.readouterr().err


def test_a_check_against_a_table_is_printed_written_and_drawn(
    undrawn: None, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carsim.trials import conduct

    def checked(scenario: Scenario, draws: object = None, against: object = None, notify: object = None) -> xr.DataTree:
        return conduct._with_more(conducted(scenario), scenario, None, against, None)  # type: ignore[arg-type]

    monkeypatch.setattr("carsim.trials.conduct.trial", checked)
    Path("data.csv").write_text("id,day,variable,value\nA,28,cart_copies,2e4\nB,365,mrd,0\n", encoding="utf-8")
    assert main(["trial", "two.yaml", "--vpc", "data.csv"]) == 0
    shown = capsys.readouterr().out
    assert "Predictive check against data.csv: 2 values of 2 patients beside 6 virtual ones" in shown
    assert "results/two_trial_vpc_check.png" in shown
    assert main(["trial", "two.yaml", "--vpc", "data.csv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["predictive_check"]
    assert found["variables"]["mrd"]["bins"][0]["below"] == 1.0
    assert main(["trial", "--from", "results/two_trial_vpc.nc"]) == 0
    assert "Predictive check" in capsys.readouterr().out
    Path("data.csv").write_text("id,day,variable,value\nA,28,cart_copies,3e4\n", encoding="utf-8")
    assert main(["trial", "two.yaml", "--vpc", "data.csv"]) == 2
    assert "another table of measurements" in capsys.readouterr().err
    assert main(["trial", "two.yaml", "--vpc", "nothing.csv"]) == 2
