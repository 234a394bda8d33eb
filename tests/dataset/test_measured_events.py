"""Measurements in a table of events, as NONMEM, Monolix and nlmixr2 have them."""

from __future__ import annotations

from pathlib import Path

import pytest

import carsim
from carsim.dataset.measured import Measured, read_measured
from carsim.errors import ScenarioError
from carsim.spec.prepare import start_of

HEAD = "ID,TIME,DV,DVID,MDV,CENS,LIMIT,EVID,WEIGHT\n"


def read(folder: Path, lines: str, head: str = HEAD) -> Measured:
    path = folder / "data.csv"
    path.write_text(head + lines, encoding="utf-8")
    return read_measured(path, lambda: -6.0)


def test_records_are_the_measurements_of_the_plain_table(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "P01,0,.,.,1,0,.,1,39\n"  # a dose
        "P01,13,5200,cart_copies,0,0,.,0,39\n"
        "P01,20,77,cart_copies,1,0,.,0,39\n"  # missing
        "P01,186,10,cart_copies,0,1,0,0,39\n"
        "P02,34,2e-5,mrd_flow,0,.,.,0,41\n",
    )
    plain = tmp_path / "plain.csv"
    plain.write_text(
        "id,day,variable,value,limit,censored\n"
        "P01,7,cart_copies,5200,,no\nP01,180,cart_copies,10,,yes\nP02,28,mrd_flow,2e-5,,\n",
        encoding="utf-8",
    )
    expected = read_measured(plain)
    for name in ("who", "day", "course", "value", "below", "log_sd"):
        assert getattr(found, name).tolist() == getattr(expected, name).tolist()
    assert found.below.tolist() == [False, True, True]  # 2e-5 lies below the limit of flow cytometry


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("P01,13,10,cart_copies,0,-1,.,0,39", "2:6: CENS: got `-1`; expected one of 0, 1"),
        ("P01,13,10,cart_copies,0,1,5,0,39", "2:7: LIMIT: got `5`; expected 0 or nothing where CENS is 1"),
        ("P01,13,10,cart_copy,0,0,.,0,39", "2:4: DVID: got `cart_copy`; expected a course"),
        ("P01,13,-3,cart_copies,0,0,.,0,39", "2:3: DV: got `-3`"),
        ("P01,noon,3,cart_copies,0,0,.,0,39", "2:2: TIME: got"),
        ("P01,13,3,cart_copies,7,0,.,0,39", "2:5: MDV: got `7`"),
        (",13,3,cart_copies,0,0,.,0,39", "2:1: ID: got nothing"),
    ],
)
def test_what_is_no_measurement_is_refused_where_it_stands(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(tmp_path, line + "\n")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("head", "said"), [("ID,TIME,DV\n", "no column `DVID or YTYPE`"), ("ID,TIME,DV,DVID,DV\n", "a second column `DV`")]
)
def test_a_header_that_lacks_a_column_is_refused(head: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(tmp_path, "", head)
    assert said in str(refused.value)


def test_time_needs_a_scenario_whose_start_it_counts_from(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("ID,TIME,DV,DVID\nP01,13,5200,cart_copies\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match="column `TIME`, of no scenario"):
        read_measured(path)
    scenario = carsim.load(Path(__file__).parents[2] / "scenarios" / "tisagenlecleucel_child.yaml")
    assert read_measured(path, lambda: start_of(scenario)).day.tolist() == [7.0]
