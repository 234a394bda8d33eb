"""Tables of doses: what is written is read back to the bit, and what is no such table is refused where it stands."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import carsim
from carsim.cli import main
from carsim.dataset.store import read_netcdf
from carsim.errors import ScenarioError
from carsim.interchange.events import events_table
from carsim.spec.prepare import Prepared, prepare
from carsim.treatment.events_table import COLUMNS, read_events
from carsim.treatment.schedule import Schedule

SCENARIOS = Path(__file__).parents[2] / "scenarios"
CHILD = SCENARIOS / "tisagenlecleucel_child.yaml"
HEAD = "ID,TIME,AMT,RATE,II,ADDL,EVID,CMT\n"
COHORT = """
format: carsim/1
title: Three with doses of their own
cohort: {population: paediatric-rr-ball, n: 3}
treatment:
  - name: ld
    give: fludarabine-cyclophosphamide
    fludarabine: {target_auc: 14 mg*h/L, start: -6.3 d}
    cyclophosphamide: {start: -6.1 d}
  - {name: car, give: tisagenlecleucel, dose: {per_weight: 3e6 cells/kg, log_sd: 0.3}}
  - {name: igg, give: immunoglobulin, share: 60 %, start: 30.7 d, doses: 4}
"""


def changes_of(schedule: Schedule, who: int) -> list[tuple[float, str, int, float, str]]:
    """The changes of one patient in their order, whatever the order of rows and columns."""
    return [
        (time, schedule.rows[target], int(operation), amount, str(label))
        for time, target, operation, amount, label in zip(
            schedule.times[who].tolist(),
            schedule.targets[who],
            schedule.operations[who],
            schedule.amounts[who].tolist(),
            schedule.labels[who],
            strict=True,
        )
        if not np.isnan(time)
    ]


def read_back(scenario: carsim.Scenario, text: str, folder: Path) -> Prepared:
    path = folder / "doses.csv"
    path.write_text(text, encoding="utf-8")
    return prepare(scenario, SCENARIOS, events=read_events(path))


@pytest.mark.parametrize("name", ["blinatumomab_before_cart", "low_fludarabine_exposure", "no_lymphodepletion"])
def test_the_doses_of_a_scenario_come_back_to_the_bit(name: str, tmp_path: Path) -> None:
    scenario = carsim.load(SCENARIOS / f"{name}.yaml").with_(**{"run.replicates": 1})
    text, _, _ = events_table(scenario)
    made, again = prepare(scenario, SCENARIOS), read_back(scenario, text, tmp_path)
    assert changes_of(again.schedule, 0) == changes_of(made.schedule, 0)
    assert len(changes_of(made.schedule, 0)) > 1
    assert again.times.tolist() == made.times.tolist()
    for entry, days in made.entries.items():
        assert again.entries[entry] == pytest.approx(days, rel=0, abs=0, nan_ok=True)


def test_each_patient_of_a_cohort_has_its_own_doses_again(tmp_path: Path) -> None:
    scenario = carsim.loads(COHORT)
    text, holds, _ = events_table(scenario)
    made, again = prepare(scenario), read_back(scenario, text, tmp_path)
    found = [changes_of(again.schedule, who) for who in range(3)]
    assert found == [changes_of(made.schedule, who) for who in range(3)]
    assert len({str(changes) for changes in found}) == 3
    assert sum(len(changes) for changes in found) > 3 * 10
    assert "CMT" in holds[1]


def test_a_table_has_the_columns_that_the_tools_name_and_the_covariates() -> None:
    text, _, left_out = events_table(carsim.load(SCENARIOS / "consolidative_transplant.yaml"))
    rows = list(csv.DictReader(text.splitlines()))
    assert list(rows[0])[:12] == [*COLUMNS, "DV", "MDV", "CENS", "LIMIT"]
    assert (rows[0]["AGE"], rows[0]["WEIGHT"]) == ("11.0", "39.0")
    assert [float(row["TIME"]) for row in rows] == sorted(float(row["TIME"]) for row in rows)
    assert {(row["EVID"], row["MDV"], row["DV"]) for row in rows} == {("1", "1", ".")}
    assert float(rows[1]["AMT"]) == 625.0  # 500 mg/m2 of cyclophosphamide, 1.25 m2
    assert "transplant, which waits for a condition" in left_out


def test_a_run_with_its_own_table_gives_the_same_courses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, table = tmp_path / "r.nc", tmp_path / "doses.csv"
    command = ["run", str(CHILD), "--set", "run.until=20 d", "--out", str(out), "--quiet"]
    assert main(command) == 0
    usual = read_netcdf(out)
    assert main(["export", "events", str(CHILD), str(table)]) == 0
    assert "CMT" in capsys.readouterr().err
    assert main([*command, "--events", str(table)]) == 2
    assert "another table of doses" in capsys.readouterr().err
    assert main([*command, "--events", str(table), "--force"]) == 0
    again = read_netcdf(out)
    assert again.attrs["events_sha256"]
    xr.testing.assert_identical(again["cart_cells"], usual["cart_cells"])
    xr.testing.assert_identical(again["blasts"], usual["blasts"])


def test_an_infusion_by_name_and_further_doses_are_spread_over_their_days(tmp_path: Path) -> None:
    scenario = carsim.load(CHILD)
    text = HEAD + "1,0.5,48,24,1,2,1,fludarabine.central\n1,2,5e6,,.,,,cart.tisagenlecleucel.infused.blood\n"
    made = read_back(scenario, text, tmp_path)
    given = changes_of(made.schedule, 0)
    starts = [(time, amount) for time, row, _, amount, _ in given if row == "fludarabine.input"]
    # three infusions of 2 d, a day apart from day -5.5 on: they overlap
    assert starts == [(-5.5, 24.0), (-4.5, 48.0), (-3.5, 48.0), (-3.5, 48.0), (-2.5, 24.0), (-1.5, 0.0)]
    assert (-4.0, "cart.tisagenlecleucel.infused.blood", 0, 5e6, "tisagenlecleucel") in given
    assert made.times[0] == prepare(scenario, SCENARIOS).times[0] == -6.0


def test_a_number_of_a_compartment_is_that_of_the_export(tmp_path: Path) -> None:
    scenario = carsim.load(CHILD)
    _, holds, _ = events_table(scenario)
    number = next(line for line in holds if "cyclophosphamide.central" in line).split()[1].rstrip(":")
    by_number = read_back(scenario, HEAD + f"1,3,100,0,0,0,1,{number}\n", tmp_path)
    by_name = read_back(scenario, HEAD + "1,3,100,0,0,0,1,cyclophosphamide.central\n", tmp_path)
    assert changes_of(by_number.schedule, 0) == changes_of(by_name.schedule, 0) != []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (
            "1,0,1,0,0,0,1,fludarabine.centre",
            "2:8: CMT: got `fludarabine.centre`; expected what the scenario",
        ),
        ("1,0,1,0,0,0,1,fludarabine.centre", "did you mean `fludarabine.central`"),
        ("1,0,1,0,0,0,1,999", "2:8: CMT: got `999`"),
        ("1,0,1,0,0,0,1,", "2:8: CMT: got ``"),
        ("7,0,1,0,0,0,1,fludarabine.central", "2:1: ID: got `7`; expected the one patient, 1"),
        (",0,1,0,0,0,1,fludarabine.central", "2:1: ID: got nothing"),
        ("1,-1,1,0,0,0,1,fludarabine.central", "2:2: TIME: got `-1`; expected days from the start"),
        ("1,1e999999999,1,0,0,0,1,fludarabine.central", "2:2: TIME: got `1e999999999`"),
        ("1,nan,1,0,0,0,1,fludarabine.central", "2:2: TIME: got `nan`"),
        ("1,0,-3,0,0,0,1,fludarabine.central", "2:3: AMT: got `-3`"),
        ("1,0,1,-2,0,0,1,fludarabine.central", "2:4: RATE: got `-2`; expected a rate per day, 0 or more; modelled"),
        ("1,0,1,5,0,0,1,cart.tisagenlecleucel.infused.blood", "2:4: RATE: got 5; expected RATE 0: tisagenlecleucel"),
        ("1,0,1,0,0,3,1,fludarabine.central", "2:6: ADDL: got `3` with II of 0"),
        ("1,0,1,0,1,1e9,1,fludarabine.central", "2:6: ADDL: got `1e9`; expected a whole number of further doses below"),
        ("1,0,1,0,1,1.5,1,fludarabine.central", "2:6: ADDL: got `1.5`"),
        ("1,0,1,0,0,0,2,fludarabine.central", "2:7: EVID: got `2`; expected 0, an observation, or 1, a dose"),
        ("1,0,1,0,0,0,3,fludarabine.central", "2:7: EVID: got `3`"),
        ("1,0,1,0,0,0,4,fludarabine.central", "2:7: EVID: got `4`"),
        ("1,0,1,0,0,0,0,fludarabine.central", "2:3: AMT: got `1`; expected 0 in an observation"),
        ("1,5,1,0,0,0,1,fludarabine.central\n1,4,1,0,0,0,1,fludarabine.central", "3:2: TIME: got `4`; expected a time"),
        ("1,0,1,0,0,0,1", "2:1: got 7 values; expected 8 as in the header"),
    ],
)
def test_a_record_that_cannot_be_given_is_refused_where_it_stands(lines: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        read_back(carsim.load(CHILD), HEAD + lines + "\n", tmp_path)
    assert f"{tmp_path / 'doses.csv'}:" in str(refused.value)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "no column `ID`"),
        ("ID,TIME,AMT", "no column `CMT`"),
        ("ID,TIME,AMT,CMT,AMT", "1:5: got a second column `AMT`"),
        ("ID,TIME,AMT,CMT,SS", "1:5: got column `SS`"),
        ("ID,TIME,AMT,CMT,ADL", "1:5: got column `ADL`; expected another name; did you mean `ADDL`"),
        ("\x00\xff", "no column `ID`"),
    ],
)
def test_a_header_that_is_none_is_refused(head: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "doses.csv"
    path.write_text(head + "\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        read_events(path)
    assert said in str(refused.value)


def test_files_that_are_no_table_are_refused(tmp_path: Path) -> None:
    binary = tmp_path / "b.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="no text in UTF-8"):
        read_events(binary)
    with pytest.raises(ScenarioError, match="no such file"):
        read_events(tmp_path / "none.csv")


def test_observations_and_covariates_are_no_doses(tmp_path: Path) -> None:
    text = "id,time,amt,cmt,evid,dv,weight\n1,0,10,cyclophosphamide.central,1,.,39\n1,7,.,.,0,5200,39\n"
    made = read_back(carsim.load(CHILD), text, tmp_path)
    assert len(changes_of(made.schedule, 0)) == 1


def test_a_switch_is_no_dose_and_a_foreign_file_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graft = "treatment:\n  - {name: t, give: hsct, at: 60 d}\n"
    lines = CHILD.read_text(encoding="utf-8").replace("treatment:\n", graft)
    scenario, out = tmp_path / "graft.yaml", tmp_path / "doses.csv"
    scenario.write_text(lines, encoding="utf-8")
    assert main(["export", "events", str(scenario), str(out)]) == 2
    assert "treatment: got hsct, which switches a parameter" in capsys.readouterr().err
    out.write_text("a,b\n1,2\n", encoding="utf-8")
    assert main(["export", "events", str(CHILD), str(out), "--force"]) == 2
    assert out.read_text(encoding="utf-8") == "a,b\n1,2\n"
