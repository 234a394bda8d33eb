"""`carsim compare` around hand-made arms: files, table, JSON, refusals; the engine is not called."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.spec import Scenario
from tests.trial.hand_made import HEAD, NONE, arm

Printed = pytest.CaptureFixture[str]
TRIAL = "trial: {report: [6 months, 12 months]}\n"


def by_hand(scenarios: Mapping[str, Scenario], failed: int) -> dict[str, xr.Dataset]:
    """Two of six relapse under the first strategy, nobody under the others."""
    found = {}
    for at, name in enumerate(scenarios):
        status = np.zeros(6, dtype=np.int8)
        status[:failed] = 2
        own: dict[str, object] = {"status": status, "status_day": np.full(6, 9.0), "status_row": np.full(6, "bcells")}
        if at == 0:
            own |= {
                "relapse_day": [NONE] * 4 + [100.0, 200.0],
                "relapse_phenotype": [""] * 4 + ["CD19-negative"] * 2,
                "efs_cause": [""] * 4 + ["relapse"] * 2,
                "efs_day": [730.0] * 4 + [100.0, 200.0],
                "rfs_cause": [""] * 4 + ["relapse"] * 2,
                "rfs_day": [702.0] * 4 + [72.0, 172.0],
            }
        found[name] = arm(**own)  # type: ignore[arg-type]
    return found


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, int]:
    state = {"failed": 0}
    monkeypatch.setattr("carsim.trials.strategies.simulated", lambda arms, keep=(), notify=None: by_hand(arms, **state))
    monkeypatch.chdir(tmp_path)
    Path("usual.yaml").write_text(HEAD + TRIAL, encoding="utf-8")
    Path("half.yaml").write_text(
        HEAD.replace("1e6 cells/kg", "5e5 cells/kg").replace("by hand", "of half") + TRIAL, encoding="utf-8"
    )
    return state


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The figure is named and not drawn, which takes a second."""
    monkeypatch.setattr("carsim.plot.trials.write_figures", lambda tree, places, force=False: list(places.values()))


def test_a_comparison_writes_its_files_and_table(capsys: Printed) -> None:
    assert main(["compare", "usual.yaml", "half.yaml"]) == 0
    shown = capsys.readouterr().out
    for words in (
        *("The same 6 patients under 2 strategies", "usual: Two arms by hand", "half: Two arms of half"),
        *("half and usual, in the same 6 patients", "Remission (CR or CRi)", "Without event * at 12 months"),
        *("Relapse", "33 %", "0 %", "-33 (", "Hazard ratio, Event-free survival *"),
        *("With a CD19-negative relapse under both 0, and", "2 under usual only; under half: 2 in remission"),
        *("Wrote results/usual_half_compared.nc and results/usual_half_compared.png", "not for the treatment"),
    ):
        assert words in shown
    assert sorted(path.name for path in Path("results").iterdir()) == [
        "usual_half_compared.nc",
        "usual_half_compared.png",
    ]
    assert main(["trial", "--from", "results/usual_half_compared.nc"]) == 0
    assert "12 patients in 2 arms" in capsys.readouterr().out


@pytest.mark.usefixtures("undrawn")
def test_json_has_the_contract(capsys: Printed) -> None:
    assert main(["compare", "usual.yaml", "low=half.yaml", "third=half.yaml", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["status"], found["patients"], found["failed"]) == ("done", 6, 0)
    assert list(found["scenarios"]) == list(found["arms"]) == ["usual", "low", "third"]
    assert {(one["first"], one["second"]) for one in found["contrasts"]} == {("low", "usual"), ("third", "usual")}
    change = next(one for one in found["relapses"] if one["phenotype"] == "CD19-negative" and one["first"] == "low")
    assert (change["both"], change["first_only"], change["second_only"]) == (0, 0, 2)
    assert change["estimate"] == pytest.approx(-1 / 3)
    assert change["instead_under_first"] == {"in remission": 2}
    assert found["files"][0] == "results/usual_low_third_compared.nc"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "got 0 scenarios; expected two or more"),
        (["usual.yaml"], "got 1 scenario; expected two or more"),
        (["usual.yaml", "usual.yaml"], "got the strategy `usual` twice"),
        (["usual.yaml", "half.yaml", "--set", "trial.counted=some"], "one of"),
        (["usual.yaml", "half.yaml", "--out", "x.png"], "--out: got x.png"),
        (["usual.yaml", "other.yaml"], "cohort.n: got 7; expected 6 as in usual.yaml"),
    ],
)
def test_wrong_use_is_exit_status_two(capsys: Printed, arguments: list[str], words: str) -> None:
    Path("other.yaml").write_text(HEAD.replace("n: 6", "n: 7") + TRIAL, encoding="utf-8")
    assert main(["compare", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not Path("results").exists()


@pytest.mark.usefixtures("undrawn")
def test_options_hold_for_all_and_another_run_is_not_replaced(capsys: Printed) -> None:
    assert main(["compare", "usual.yaml", "half.yaml", "--seed", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seed"] == 1  # the arms by hand say so; the run is another
    assert main(["compare", "half.yaml", "usual.yaml", "--out", "results/usual_half_compared.nc"]) == 2
    assert "the scenario, an override or the catalogue differs" in capsys.readouterr().err
    assert main(["compare", "usual.yaml", "half.yaml", "--set", "parameters.kill_max=8 1/d", "--force", "--quiet"]) == 0


@pytest.mark.usefixtures("undrawn")
def test_failed_patients_are_exit_status_three(capsys: Printed, state: dict[str, int]) -> None:
    state["failed"] = 1
    assert main(["compare", "usual.yaml", "half.yaml"]) == 3
    told = capsys.readouterr()
    assert "2 simulations failed and are left out" in told.out
    assert "1 of 6 patients of arm half failed" in told.err
