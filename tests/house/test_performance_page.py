"""The page of measured performance has a place for each question of the benchmarks, and its goals are put together."""

import pytest
from benchmarks.__main__ import QUESTIONS
from benchmarks.measure import Gate, Ratio
from benchmarks.page import PAGE, SUMMARY, cells, goals_of, replaced, write

EMPTY = "before\n<!-- measured: {0} -->\nold\n<!-- end: {0} -->\nafter\n"


def test_each_question_has_its_place_in_the_page():
    text = PAGE.read_text(encoding="utf-8")
    for name in (*QUESTIONS, SUMMARY):
        assert f"<!-- measured: {name} -->" in text
        assert f"<!-- end: {name} -->" in text


def test_what_was_printed_takes_the_place_of_what_stood_there():
    text = replaced(EMPTY.format("ssa"), "ssa", "new\n")
    assert text == "before\n<!-- measured: ssa -->\n\nnew\n\n<!-- end: ssa -->\nafter\n"
    with pytest.raises(KeyError, match="agents"):
        replaced(text, "agents", "new")


def test_goals_of_all_questions_stand_in_one_table(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("".join(EMPTY.format(name) for name in ("goals", "ssa", "agents")), encoding="utf-8")
    head = "### Goals\n\n| goal | gate | stretch | measured | verdict  |\n| --- | --- | --- | --- | --- |\n"
    write("ssa", f"### Times\n\n| a |\n| --- |\n| 1 |\n{head}| speed | >= 2 x |  | 3 x (2 to 4) | holds    |\n", page)
    write("agents", f"{head}| size | <= 1 MB |  | 2 MB | missed: large |\n", page)
    text = page.read_text(encoding="utf-8")
    rows = [cells(line) for line in goals_of(text).splitlines() if line.startswith("|")][2:]
    assert rows == [
        ["`ssa`", "speed", ">= 2 x", "", "3 x (2 to 4)", "holds"],
        ["`agents`", "size", "<= 1 MB", "", "2 MB", "missed: large"],
    ]
    assert "1 of 2 gates hold" in text.split("<!-- end: goals -->")[0]


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (Ratio(9.0, 7.0, 12.0), "missed: memory"),
        (Ratio(10.0, 7.0, 12.0), "holds"),
        (Ratio(20.0, 7.0, 30.0), "holds, and the stretch goal"),
        (float("nan"), "missed: memory"),
    ],
)
def test_a_gate_says_how_it_was_met(measured, verdict):
    gate = Gate("agents", measured, 10.0, at_least=True, unit="x", stretch=20.0, why="memory")
    assert gate.verdict == verdict
    assert gate.row()[:3] == ["agents", ">= 10 x", ">= 20 x"]
