"""`carsim run` around a hand-made result: files, summary, JSON, exit status; the engine is not called."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from carsim.cli import main
from carsim.cli.summary import figures, summary
from carsim.dataset import provenance
from carsim.dataset.store import read_netcdf
from carsim.endpoints import REGISTRY, compute
from carsim.errors import ResourceRefused
from carsim.spec import Scenario
from tests.plot.sample import year

CHILD = str(Path(__file__).parents[2] / "scenarios" / "tisagenlecleucel_child.yaml")
Printed = pytest.CaptureFixture[str]


def result(scenario: Scenario, patients: int = 1, failed: int = 0) -> xr.Dataset:
    """What the pipeline would give: the sample year with endpoints and provenance."""
    data = year(patients)
    data["status"].values[:failed] = 2
    data["status_day"] = ("patient", np.full(patients, 12.0))
    data["status_row"] = ("patient", np.full(patients, "bcells.blood"))
    data = data.merge(compute(data))
    data.attrs = provenance.attributes(
        title=scenario.title,
        scenario_text="",
        scenario_sha256=scenario.digest,
        overrides=[],
        seed=scenario.run.seed,
        engine=scenario.run.engine,
        tolerances={"rtol": 1e-8},
        status_counts={"ok": patients - failed},
        started=provenance.now(),
    )
    return data


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, int]:
    size = {"patients": 1, "failed": 0}
    monkeypatch.setattr("carsim.pipeline.run", lambda scenario, events=None, notify=None: result(scenario, **size))
    monkeypatch.chdir(tmp_path)
    return size


def test_a_run_writes_two_files_and_a_summary(capsys: Printed) -> None:
    assert main(["run", CHILD]) == 0
    shown = capsys.readouterr().out
    for words in (
        *("Response at day 28", "complete remission", "copies/µg", "B-cell aplasia", "CD19-negative, marrow first"),
        *("Wrote results/tisagenlecleucel_child.nc and results/tisagenlecleucel_child.png", "not for the treatment"),
    ):
        assert words in shown
    assert sorted(path.name for path in Path("results").iterdir()) == [
        "tisagenlecleucel_child.nc",
        "tisagenlecleucel_child.png",
    ]


def test_the_same_run_again_replaces_its_own_files(capsys: Printed) -> None:
    assert main(["run", CHILD]) == 0
    assert main(["run", CHILD]) == 0
    assert main(["run", CHILD, "--seed", "7"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert main(["run", CHILD, "--seed", "7", "--force"]) == 0
    assert int(read_netcdf(Path("results/tisagenlecleucel_child.nc")).attrs["seed"]) == 7


def test_a_foreign_file_stops_the_run_before_it_begins(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("simulated although the result cannot be written")

    monkeypatch.setattr("carsim.pipeline.run", never)
    Path("mine.nc").write_text("mine")
    assert main(["run", CHILD, "--out", "mine.nc", "--force"]) == 2
    assert "not a result of carsim" in capsys.readouterr().err
    assert Path("mine.nc").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--out", "a/b.nc"], ["a/b.nc", "a/b.png"]),
        (["--out", "folder"], ["folder/tisagenlecleucel_child.nc", "folder/tisagenlecleucel_child.png"]),
        (["--out", "b.nc", "--plot", "pictures/c.png"], ["b.nc", "pictures/c.png"]),
        (["--out", "b.nc", "--plot", "c.svg"], ["b.nc", "c.svg"]),
    ],
)
def test_files_lie_where_the_user_said(capsys: Printed, arguments: list[str], expected: list[str]) -> None:
    assert main(["run", CHILD, "--json", *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["files"] == expected
    assert all(Path(file).is_file() for file in expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "bar.png"], "--out: got bar.png; expected a result file that ends in .nc"),
        (["--out", "result.csv"], "tisagenlecleucel_child.nc"),
        (["--out", "x", "--plot", "x"], "--plot: got x; expected a file that ends in .png, .pdf, .svg"),
        (["--out", "x.nc", "--plot", "x.nc"], "--plot: got x.nc"),
        (["--out", "x.png", "--plot", "x.png"], "--out: got x.png"),
    ],
)
def test_wrong_names_are_refused_before_simulating(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("simulated although the result cannot be written")

    monkeypatch.setattr("carsim.pipeline.run", never)
    assert main(["run", CHILD, *arguments]) == 2
    assert words in " ".join(capsys.readouterr().err.split())
    assert list(Path().iterdir()) == []


def test_json_has_the_stable_keys_and_no_nan(capsys: Printed) -> None:
    assert main(["run", CHILD, "--json"]) == 0
    text = capsys.readouterr().out
    shown = json.loads(text)
    assert set(shown) == {"status", "scenario", "engine", "seed", "patients", "failed", "endpoints", "files"}
    assert set(shown["scenario"]) == {"title", "digest"}
    assert set(shown["endpoints"]) == set(REGISTRY)
    assert all(len(values) == 1 for values in shown["endpoints"].values())
    assert shown["endpoints"]["bcell_recovery_day"] == [None]
    assert shown["endpoints"]["relapse_phenotype"] == ["CD19-negative"]
    assert "NaN" not in text


def test_failed_patients_are_exit_status_three(capsys: Printed, stub: dict[str, int]) -> None:
    stub.update(patients=4, failed=1)
    assert main(["run", CHILD, "--json"]) == 3
    shown = capsys.readouterr()
    found = json.loads(shown.out)
    assert (found["patients"], found["failed"], found["status"]) == (4, 1, "some patients failed")
    assert found["endpoints"]["cart_peak_day"][0] is None
    assert "1 of 4 patients failed" in shown.err
    assert "day 12, in bcells.blood" in shown.err


def test_quiet_says_nothing(capsys: Printed) -> None:
    assert main(["run", CHILD, "--quiet"]) == 0
    shown = capsys.readouterr()
    assert shown.out + shown.err == ""


def test_a_refusal_is_exit_status_four(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ResourceRefused("needs 10 GB")

    monkeypatch.setattr("carsim.pipeline.run", refuse)
    assert main(["run", CHILD]) == 4
    assert "needs 10 GB" in capsys.readouterr().err
    assert not Path("results").exists()


def test_a_cohort_is_summed_up_in_medians(capsys: Printed, stub: dict[str, int]) -> None:
    stub.update(patients=9)
    assert main(["run", CHILD]) == 0
    shown = capsys.readouterr().out
    for words in ("9 patients", "CR: ", "median", "5–95 %", "9 of 9 patients", "CD19-negative: 9"):
        assert words in shown


def test_a_summary_without_any_answer_gives_reasons() -> None:
    data = year(end=20.0)
    data = data.merge(compute(data))
    shown = summary(data)
    assert "followed for 20 days, needs 28" in shown
    assert "nan" not in shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (27_634.0, "27,600"),
        (37.04, "37.0"),
        (8.889, "8.89"),
        (0.0123, "0.0123"),
        (2.1e-5, "2.1e-05"),
        (9.9999, "10.0"),
    ],
)
def test_numbers_are_said_with_three_figures(value: float, text: str) -> None:
    assert figures(value) == text


def test_the_cell_peak_has_a_day_of_its_own() -> None:
    data = year()
    data["cart_cells"].values[0, :, 0] = np.exp(5.0 - 0.02 * (data["time"].values - 13.0) ** 2)
    shown = summary(data.merge(compute(data)))
    assert "copies/µg on day 10.0; " in shown
    assert "148 cells/µL on day 13.0" in shown


def test_only_patients_who_relapsed_have_a_phenotype() -> None:
    data = year(6)
    data["marrow_blast_fraction"].values[:2, data["time"].values > 20] = 0.001
    data["blasts_blood"].values[:2, data["time"].values > 20] = 0.0
    shown = summary(data.merge(compute(data)))
    assert "4 of 6 patients" in shown
    assert "CD19-negative: 4\n" in shown
    assert "not known" not in shown


def test_what_outlasts_the_simulation_is_said_as_or_more() -> None:
    data = year(9)
    shown = summary(data.merge(compute(data)))
    assert "median 365 d or more, 5–95 %: 365 or more to 365 d or more; ongoing at the end in 9" in shown
    data["cart_copies"].values[:6, data["time"].values > 100] = 0.0
    assert "median 101 d, 5–95 %: 101 to 365 d or more; ongoing at the end in 3" in summary(data.merge(compute(data)))


def test_without_a_product_the_summary_says_so() -> None:
    for patients in (1, 4):
        data = year(patients).drop_dims("product")
        shown = summary(data.merge(compute(data)))
        assert shown.count("no CAR T product was given") == 1
        assert "needs cart" not in shown


def test_aplasia_that_has_ended_is_not_so_far() -> None:
    data = year(end=100.0)
    days = data["time"].values
    data["bcells"].values[0] = np.where((days > 90.0) & (days < 91.2), 1.0, 200.0)
    assert "1 day; B cells back above the limit" in summary(data.merge(compute(data)))


def test_what_has_no_effect_is_said() -> None:
    from carsim import spec
    from carsim.cli.run import without_effect

    text = (
        "format: carsim/1\ntitle: t\npatient: {population: paediatric-rr-ball, history: [HISTORY]}\nleukaemia: SITES\n"
        "treatment:\n  - {name: it, give: intrathecal, at: 5 d}\n"
    )
    said = without_effect(spec.loads(text.replace("HISTORY", "prior-hsct").replace("SITES", "{}")))
    assert ["prior-hsct" in said[0], "leukaemia.sites.CNS" in said[1], len(said)] == [True, True, 2]
    site = "{sites: {CNS: {csf: 40 cells/uL}}}"
    assert without_effect(spec.loads(text.replace("HISTORY", "prior-cd19-car-t").replace("SITES", site))) == []


OBSERVED = "id,day,variable,value,censored\nA,10,cart_copies,2e4,\nA,180,cart_copies,,yes\n"


def test_observations_give_the_patient_its_most_probable_parameters(
    capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from carsim.individual.fit import Effect, MostProbable

    def found(scenario: Scenario, table: object, notify: object = None) -> MostProbable:
        effects = (
            Effect("kill_max", -1.0, 0.5, 0.67, 0.45, 0.99, 0.25),
            Effect("engraftment", 0.1, 0.99, 1.1, 0.2, 7.0, 0.98),
        )
        fitted = scenario.with_(**{"parameters.kill_max": "0.8 1/d"})
        level = np.array([1.9e4, 8.0])
        return MostProbable(fitted, table, effects, ("il6_release",), 3.0, (3.0, 5.0), level, level)  # type: ignore[arg-type]

    monkeypatch.setattr("carsim.individual.fit.most_probable", found)
    Path("data.csv").write_text(OBSERVED, encoding="utf-8")
    assert main(["run", CHILD, "--observations", "data.csv"]) == 0
    shown = capsys.readouterr().out
    for words in (
        "Most probable parameters of A, from 2 measurements of cart_copies, 1 of them below a limit",
        "0.670 (0.450 to 0.990)",
        "-1.00 ± 0.50",
        "Hardly anything of 2 more: engraftment, il6_release",
        "No other start found the same",
        "results/tisagenlecleucel_child_fitted_observed.png",
    ):
        assert words in shown
    stored = json.loads(read_netcdf("results/tisagenlecleucel_child_fitted.nc").attrs["most_probable"])
    assert stored["effects"][0]["parameter"] == "kill_max"
    assert main(["run", CHILD, "--observations", "data.csv", "--json"]) == 0
    again = json.loads(capsys.readouterr().out)["most_probable"]
    assert again["measurements"][1] == {
        "variable": "cart_copies", "day": 180.0, "value": 10.0, "below_limit": True, "expected": 8.0, "usual": 8.0
    }  # fmt: skip


def test_observations_of_nothing_are_refused(capsys: Printed) -> None:
    assert main(["run", CHILD, "--observations", "nothing.csv"]) == 2
    assert "no such file" in capsys.readouterr().err
    assert main(["run", "--literature", "stein2019", "--observations", "nothing.csv"]) == 2
