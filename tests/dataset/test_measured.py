"""Tables of measurements: units, limits, what is below them, and every problem with its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carsim.dataset.measured import COUNT_LOG_SD, MEASURABLE, OTHER_LOG_SD, Measured, read_measured
from carsim.errors import ScenarioError


def read(folder: Path, text: str) -> Measured:
    (folder / "data.csv").write_text(text, encoding="utf-8")
    return read_measured(folder / "data.csv")


def test_a_table(tmp_path: Path) -> None:
    table = read(
        tmp_path,
        "id,day,variable,value,unit,limit,censored,log_sd\n"
        "A,7,cart_copies,5.2,copies/ng,,,\n"
        "\n"
        "A,180,cart_qpcr,,,25,yes,\n"
        "B,28,mrd_sequencing,0,,,,\n"
        "B,28,bcells,3e3,cells/mL,,no,0.5\n"
        "B,28,haemoglobin,9,,,,\n"
        "B,30,il6,2,,5,,\n"
        "B,31,il6,2,,5,no,\n"
        "B,32,il6,4,,,yes,\n",
    )
    assert table.patients == ("A", "B")
    assert table.courses == ("cart_copies", "mrd", "bcells", "haemoglobin", "il6")
    np.testing.assert_allclose(table.value, [5200.0, 25.0, 1e-6, 3.0, 9.0, 5.0, 2.0, 4.0])
    np.testing.assert_allclose(table.limit, [10.0, 25.0, 1e-6, np.nan, np.nan, 5.0, 5.0, 4.0])
    assert table.below.tolist() == [False, True, True, False, False, True, False, True]
    np.testing.assert_allclose(table.log_sd, [0.3, 0.3, 0.3, 0.5, COUNT_LOG_SD, *[OTHER_LOG_SD] * 3])
    assert table.of("il6").tolist() == [5, 6, 7]
    assert read(tmp_path, "id,day,variable,value\nA,1,mrd,0.1\n").sha256 != table.sha256
    assert {"cart_copies", "mrd", "neutrophils"} < {*MEASURABLE}
    assert not {"infection_rate", "crs_grade", "hazard_new_therapy"} & {*MEASURABLE}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,day,variable,value\n", "data.csv:1:1: got no measurements"),
        ("", "got no column `id`"),
        ("id,day,variable,valu\nA,1,mrd,1\n", "data.csv:1:4: got column `valu`; expected one of id, day"),
        ("id,day,variable,value,value\nA,1,mrd,1,1\n", "a second column `value`"),
        ("id,day,variable,value\n\nA,1,mrd\n", "data.csv:3:1: got 3 values; expected 4"),
        ("id,day,variable,value\nA,x,mrd,1\n", "data.csv:2:2: day: got `x d`"),
        ("id,day,variable,value\nA,1,cart_copy,1\n", "data.csv:2:3: variable: got `cart_copy`"),
        ("id,day,variable,value\nA,1,crs_grade,1\n", "a course of the results or an assay"),
        ("id,day,variable,value\nA,1,bcells,0\n", "data.csv:2:4: value: got `0`; expected a value above 0"),
        ("id,day,variable,value\n,1,bcells,1\n", "data.csv:2:1: id: got nothing"),
        ("id,day,variable,value,censored\nA,1,bcells,,yes\n", "the limit below which it lay"),
        ("id,day,variable,value,censored\nA,1,mrd,0,no\n", "value: got `0`"),
        ("id,day,variable,value,censored\nA,1,mrd,1,maybe\n", "censored: got `maybe`"),
        ("id,day,variable,value,limit\nA,1,mrd,1,-1\n", "limit: got `-1`; expected a limit above 0"),
        ("id,day,variable,value,unit\nA,1,bcells,1,mg/L\n", "data.csv:2:5: unit: got"),
        ("id,day,variable,value,log_sd\nA,1,bcells,1,0\n", "log_sd: got `0`"),
    ],
)
def test_a_bad_table_is_refused_with_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text)
    assert said in str(caught.value)


def test_no_table(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such file; expected a CSV file with the columns id, day, variable"):
        read_measured(tmp_path / "nothing.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScenarioError, match="no text in UTF-8"):
        read_measured(tmp_path / "binary.csv")
