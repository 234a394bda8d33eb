"""The folders of valid and invalid scenario files are the specification of the format."""

from pathlib import Path

import pytest

from carsim.errors import ScenarioError
from carsim.spec import dump, load, loads

HERE = Path(__file__).parent
SHIPPED = sorted((HERE.parents[1] / "scenarios").rglob("*.yaml"))
VALID = sorted((HERE / "valid").rglob("*.yaml")) + SHIPPED
INVALID = sorted((HERE / "invalid").glob("*.yaml"))


def test_the_corpus_is_complete() -> None:
    assert len(INVALID) >= 60
    assert {path.stem for path in INVALID} == {path.stem for path in (HERE / "invalid").glob("*.expected")}
    assert len(SHIPPED) >= 13


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_invalid_file_gives_exactly_the_expected_report(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(ScenarioError) as refused:
        load(path.name)
    assert str(refused.value) + "\n" == path.with_suffix(".expected").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_each_problem_has_place_and_both_halves(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    with pytest.raises(ScenarioError) as refused:
        load(path.name)
    for problem in refused.value.problems:
        assert problem.place is not None
        assert problem.got
        assert problem.expected
        assert "Traceback" not in str(problem)
        assert "pydantic" not in str(problem)


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_resolved_form_is_a_fixed_point(path: Path) -> None:
    scenario = load(path)
    text = dump(scenario)
    again = loads(text, name=path.name, folder=path.parent)
    assert again == scenario
    assert again.digest == scenario.digest
    assert dump(again) == text
    assert dump(loads(dump(scenario, origins=True), name=path.name, folder=path.parent)) == text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_scenario_says_what_it_shows(path: Path) -> None:
    scenario = load(path)
    assert scenario.about.endswith(".")
    if path.parent.name == "scenarios":
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 25
        assert scenario.unsupported() == []
