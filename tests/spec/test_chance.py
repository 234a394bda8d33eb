"""The engine of a run: which one where none is stated, and what replicates need."""

from __future__ import annotations

import pytest

from carsim.engines.agent import THRESHOLD
from carsim.errors import ScenarioError
from carsim.spec import Scenario, dump, json_schema, loads
from carsim.spec.plain import CELLS_ONE_BY_ONE

TEXT = "format: carsim/1\ntitle: t\npatient: {population: paediatric-rr-ball}\nleukaemia: {}\n"


def scenario(run: str = "{}", *overrides: str) -> Scenario:
    return loads(TEXT + f"run: {run}\n", overrides)


@pytest.mark.parametrize(
    ("run", "engine", "origin"),
    [
        ("{}", "ode", "default"),
        ("{replicates: 1}", "ode", "default"),
        ("{replicates: 20}", "hybrid", "default: with several replicates"),
        ("{replicates: 20, engine: exact}", "exact", "file: text:5"),
        ("{engine: leap}", "leap", "file: text:5"),
    ],
)
def test_engine_where_none_is_stated(run: str, engine: str, origin: str) -> None:
    found = scenario(run)
    assert found.run.engine == engine
    assert str(found.origins["run.engine"]) == origin
    assert found.unsupported() == []


def test_replicates_from_outside_ask_for_chance_too() -> None:
    assert scenario("{}", "run.replicates=5").run.engine == "hybrid"
    assert scenario().with_(**{"run.replicates": 5}).run.engine == "hybrid"
    assert scenario("{replicates: 5}", "run.replicates=1").run.engine == "ode"


COHORT = "format: carsim/1\ntitle: t\ncohort: {population: paediatric-rr-ball, n: 5}\nleukaemia: {}\nrun: "


@pytest.mark.parametrize(
    ("run", "engine", "origin", "rtol"),
    [
        ("{}", "hybrid", "default: of a cohort", 1e-4),
        ("{replicates: 20}", "hybrid", "default: with several replicates", 1e-4),
        ("{engine: ode}", "ode", "file: text:5", 1e-8),
        ("{engine: exact}", "exact", "file: text:5", 1e-8),
        ("{rtol: 1e-9}", "hybrid", "default: of a cohort", 1e-9),
    ],
)
def test_chance_decides_in_a_cohort_that_states_no_engine(run: str, engine: str, origin: str, rtol: float) -> None:
    found = loads(COHORT + run + "\n")
    assert (found.run.engine, found.run.rtol) == (engine, rtol)
    assert str(found.origins["run.engine"]) == origin


def test_a_tolerance_that_the_engine_brings_says_so() -> None:
    assert str(loads(COHORT + "{}\n").origins["run.rtol"]) == "default: of the engine hybrid"
    assert str(loads(COHORT + "{engine: ode}\n").origins["run.rtol"]) == "default"


def test_the_resolved_form_states_the_engine() -> None:
    found = scenario("{replicates: 5}")
    assert "engine: hybrid" in dump(found)
    assert loads(dump(found)).digest == found.digest == scenario("{replicates: 5, engine: hybrid}").digest
    assert scenario().digest != found.digest


@pytest.mark.parametrize("run", ["{replicates: 5, engine: ode}", "{engine: ode, replicates: 2}"])
def test_replicates_without_chance_are_refused(run: str) -> None:
    with pytest.raises(ScenarioError, match=r"text:5:6: run: got \d replicates with the engine `ode`.*engine: hybrid"):
        scenario(run)


@pytest.mark.parametrize("value", ["0", "2.5", "many", "01", "1e99", "[2]"])
def test_a_wrong_number_is_told_once(value: str) -> None:
    with pytest.raises(ScenarioError, match=r"run\.replicates") as caught:
        scenario(f"{{replicates: {value}}}")
    assert len(caught.value.problems) == 1


def test_the_schema_says_the_rule() -> None:
    said = json_schema()["$defs"]["Run"]["properties"]["engine"]["description"]
    assert "`hybrid` for a `cohort` and with more than one of `replicates`, else `ode`" in said


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("{weight: 10 cells}", r"`weight` with the engine `ode`, which has no single cells; expected engine: agent"),
        ("{engine: leap, lineages: true}", r"`lineages` with the engine `leap`.*lineages: false"),
        ("{engine: exact, threshold: 100 cells}", r"a `threshold` with the engine `exact`.*engine: hybrid or agent"),
        ("{engine: agent, weight: 1e6 cells}", r"stand for 1000000 each, of populations below 100000: there would be"),
        ("{engine: agent, threshold: 0.5 cells}", r"run\.threshold: got `0\.5 cells`; expected a value at least"),
        ("{engine: agent, weight: 10}", r"a number without a unit.*did you mean `10 cells`"),
    ],
)
def test_settings_of_single_cells_that_can_only_be_a_mistake_are_refused(run: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        scenario(run)


def test_settings_of_single_cells_are_kept_and_change_the_digest() -> None:
    plain = scenario("{engine: agent}")
    assert (plain.run.threshold, plain.run.weight, plain.run.lineages) == (None, 1.0, False)
    set_ = scenario("{engine: agent, threshold: 1e6 cells, weight: 10 cells, lineages: true}")
    assert (set_.run.threshold, set_.run.weight, set_.run.lineages) == (1e6, 10.0, True)
    assert loads(dump(set_)) == set_
    assert set_.digest != plain.digest
    assert str(set_.origins["run.weight"]) == "file: text:5"
    assert str(plain.origins["run.weight"]) == "default"
    assert scenario("{engine: hybrid}", "run.threshold=500 cells").run.threshold == 500.0


def test_the_threshold_told_is_that_of_the_engine() -> None:
    assert CELLS_ONE_BY_ONE == THRESHOLD
