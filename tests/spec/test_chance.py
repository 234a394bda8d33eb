"""The engine of a run: which one where none is stated, and what replicates need."""

from __future__ import annotations

import pytest

from carsim.errors import ScenarioError
from carsim.spec import Scenario, dump, json_schema, loads

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
    assert "`hybrid` with more than one of `replicates`, else `ode`" in said
