"""`carsim run --literature` and `carsim list literature`: files, summary, JSON, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from carsim import reproduce
from carsim.cli import main
from carsim.dataset.assemble import treatments
from carsim.dataset.store import read_netcdf, run_of
from carsim.plot.courses import draw_courses

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_names_every_model_with_its_sets_and_states(capsys: Printed) -> None:
    assert main(["list", "literature", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(listed) == [
        "stein2019",
        "leon-triana2021",
        "barros2021",
        "kimmel2021",
        "hardiansyah2019",
        "kirouac2023",
        "muellerschoell2021",
    ]
    assert listed["barros2021"]["states"] == ["effector", "memory", "tumour"]
    assert len(listed["muellerschoell2021"]["parameter_sets"]) == 20


def test_a_run_writes_its_files_and_compares_with_the_paper(capsys: Printed, folder: Path) -> None:
    assert main(["run", "--literature", "stein2019"]) == 0
    shown = capsys.readouterr().out
    for words in ("transgene\tcopies/ug\t24000\t9.3", "18 of 18 check values", "doubling time, d\t0.78\t0.7796"):
        assert words in shown
    data = read_netcdf(folder / "results" / "stein2019.nc")
    assert float(data["transgene"].sel(time=28.0)[0]) == pytest.approx(1373.6, abs=0.05)
    assert data["transgene"].attrs["units"] == "copies/ug"
    assert treatments(data) == [(0.0, "CAR_T_cells")]
    figure, result = (run_of(folder / "results" / f"stein2019{suffix}") for suffix in (".png", ".nc"))
    assert figure is not None
    assert result is not None
    assert figure["scenario_sha256"] == result["scenario_sha256"]


def test_json_holds_peak_values_and_checks(capsys: Printed) -> None:
    arguments = ["run", "--literature", "barros2021", "--set", "dose=1.5e6", "--until", "100", "--json", "--quiet"]
    assert main(arguments) == 0
    shown = json.loads(capsys.readouterr().out)
    memory = shown["observables"]["memory"]
    assert shown["set"] == {"dose": 1.5e6}
    assert list(memory["values"]) == ["14", "28", "90"]
    assert memory["peak"] < 2.662e6
    assert all(check["agrees"] for check in shown["checks"])
    peak = next(check for check in shown["checks"] if check["check"] == "HDLM-2: peak of memory cells")
    assert peak["simulated"] == pytest.approx(2.662e6, rel=1e-3)  # of the published dose, whatever --set says


def test_the_same_run_may_replace_its_files_and_another_may_not(capsys: Printed) -> None:
    same = ["run", "--literature", "kimmel2021", "--quiet"]
    assert main(same) == 0
    assert main(same) == 0
    assert main([*same, "--set", "growth=0.1"]) == 2
    assert "holds another run" in capsys.readouterr().err
    assert main([*same, "--set", "growth=0.1", "--force"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "a published model with --literature"),
        (["--parameter-set", "Raji", "file.yaml"], "belong to --literature"),
        (["file.yaml", "--literature", "stein2019"], "expected one of them"),
        (["--literature", "stein2019", "--patients", "3"], "--patients does not apply"),
        (["--literature", "stein2019", "--engine", "exact"], "run on ode"),
        (["--literature", "stein2019", "--engine", "hybrid"], "kimmel2021 on hybrid too"),
        (["--literature", "kimmel2021", "--engine", "ode", "--seed", "1"], "--seed does not apply"),
        (["--literature", "stien2019", "--engine", "ode"], "did you mean stein2019"),
        (["--literature", "kimmel2021", "--engine", "hybrid", "--set", "growth=much"], "expected a number in 1/d"),
        (["--literature", "stien2019"], "did you mean stein2019"),
        (["--literature", "barros2021", "--parameter-set", "raij"], "expected one of HDLM-2, Raji"),
        (["--literature", "stein2019", "--set", "fold=much"], "expected a number in 1"),
        (["--literature", "stein2019", "--set", "fold"], "got fold; expected a number"),
        (["--literature", "stein2019", "--set", "fast_decline=0.2 1/h"], "expected a number in 1/d"),
        (["--literature", "barros2021", "--set", "dose_day=-1"], "lies before the start"),
        (["--literature", "stein2019", "--set", "fold=0"], "--set fold=0: "),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], words: str, capsys: Printed) -> None:
    assert main(["run", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_a_model_that_cannot_be_simulated_says_so(capsys: Printed) -> None:
    assert main(["run", "--literature", "leon-triana2021", "--set", "leukaemia=-1"]) == 3
    assert "failed on day 0, in leukaemia" in capsys.readouterr().err


def test_what_chance_decides_is_summed_up_and_compared(capsys: Printed, folder: Path) -> None:
    assert main(["run", "--literature", "kimmel2021", "--engine", "hybrid", "--replicates", "200"]) == 0
    shown = capsys.readouterr().out
    for words in ("200 replicates of the numbers as they stand, hybrid engine, seed 0, to day 700", "Cured       in "):
        assert words in shown
    for words in (" of 200 courses", "days 20 to 80: ", "8 of 8 statements of the paper agree", "rarely up to day 140"):
        assert words in shown
    data = read_netcdf(folder / "results" / "kimmel2021-chance.nc")
    assert data.attrs["engine"] == "hybrid"
    cured = int(np.isfinite(data["cure_day"].values).sum())
    assert cured + int(np.isfinite(data["progression_day"].values).sum()) == 200
    assert (folder / "results" / "kimmel2021-chance.png").exists()


def test_virtual_patients_as_json(capsys: Printed) -> None:
    arguments = [
        "run",
        "--literature",
        "kimmel2021",
        "--patients",
        "40",
        "--set",
        "cart_limit=200",
        "--json",
        "--quiet",
    ]
    assert main([*arguments, "--parameter-set", "table", "--until", "150", "--seed", "5"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["engine"], shown["patients"], shown["replicates"]) == ("hybrid", 40, 1)
    assert shown["cured"]["share"] == 1.0  # with that much room for CAR T cells 40 of 40, or one set in 1e6 has fewer
    assert shown["progressed"]["share"] == 0.0
    assert shown["progression_day"] is None
    assert 20.0 < shown["cure_day"]["median"] < 80.0
    assert all(check["agrees"] for check in shown["checks"])


@pytest.mark.parametrize(
    ("share", "words"),
    [
        ((0.4, 0.37, 0.43), "40 % (95 % CI 37 to 43 %)"),
        ((0.0, 0.0, 0.0094), "0 % (95 % CI 0 to 0.9 %)"),
        ((-0.63, -0.662, -0.5946), "-63 % (95 % CI -66 to -59 %)"),
        ((float("nan"),) * 3, "not known"),
    ],
)
def test_a_share_is_said_in_per_cent(share: tuple[float, float, float], words: str) -> None:
    from carsim.cli.chance import per_cent

    assert per_cent(share) == words


def test_a_unit_may_stand_behind_a_number() -> None:
    from carsim.cli.literature import overrides

    assert overrides("stein2019", ["fast_decline=0.2 1/d", "fold = 100"]) == {"fast_decline": 0.2, "fold": 100.0}


def test_the_figure_shows_every_observable_and_marks_what_the_paper_prints() -> None:
    data = reproduce.run_literature("kimmel2021")
    marks = reproduce.published_levels("kimmel2021", "code")
    assert [day for day, _ in marks["cart"]] == [7.0, 14.0, 28.0, 90.0]
    figure = draw_courses(data, marks)
    shown = [text.get_text() for axes in figure.axes for text in axes.texts]
    for name in ("CAR T cells", "normal T cells", "tumour cells"):
        assert name in shown
    crosses = [
        line for axes in figure.axes for line in axes.lines if line.get_marker() == "X" and len(line.get_xdata())
    ]
    assert sorted(len(line.get_xdata()) for line in crosses) == [4, 4]
    assert "published" in " ".join(text.get_text() for text in figure.texts)


def test_a_figure_without_levels_can_be_drawn() -> None:
    data = reproduce.run_literature("stein2019", values={"peak_level": 0.0}, until=5.0)
    assert float(np.nanmax(data["transgene"].values)) == 0.0
    assert len(draw_courses(data, {}).axes) == 1
