"""The exported file is sound SBML, and a simulator that knows nothing of carsim finds the same numbers in it."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pytest

import carsim
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.interchange.individual import Individual
from carsim.interchange.refusals import CannotExport
from carsim.interchange.sbml import document
from carsim.interchange.scenario import export
from carsim.model.handle import Ref
from carsim.model.network import Condition, Network, Transition
from carsim.model.processes.kinetics import constant, first_order
from carsim.population.patients import Patients
from carsim.spec.prepare import prepare
from carsim.treatment.schedule import Schedule

from .readers import findings, gone, model_of, values

SCENARIOS = Path(__file__).parents[2] / "scenarios"
TIGHT = Options(rtol=1e-10, atol_scale=1e-4)


def decay(start: float, rate: float) -> tuple[Network, Ref]:
    net = Network("decay")
    cells = net.species("cells", unit="cells", initial=start, tolerance=1e-6)
    death = net.parameter("death", rate, unit="1/d")
    net.reaction("death", consumes={cells: 1}, rate=first_order(rate_constant=death, amount=cells))
    return net, cells


def of_network(network: Network, schedule: Schedule | None = None, start: float = 0.0) -> str:
    schedule = Schedule.none(1) if schedule is None else schedule
    return document(network, Individual.of(network, Patients.of(network), schedule, 0, start))


def test_a_clone_is_gone_on_the_same_day() -> None:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml")
    made = prepare(scenario, SCENARIOS)
    own = simulate(
        made.network, t=made.times[[0, -1]], schedule=made.schedule, patients=made.patients, outputs=[], options=TIGHT
    )
    extinct = [item for item in own.events if item.kind == "extinction"]
    assert "CD19-positive" in {item.name for item in extinct}
    text, start = export(scenario).text, made.times[0]
    for clone in made.network.extinctions:
        times = gone(text, made.times[-1] - start, [ref.name for ref in clone.species])
        days = [item.time for item in extinct if item.name == clone.name]
        # CVODE's day moves by 5e-4, 1e-5 and 1e-6 d at 1e-10, 1e-12 and 1e-13, towards carsim's, which stands
        assert np.array(times) + start == pytest.approx(days, abs=5e-5)


def test_each_law_is_stated_once() -> None:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml")
    model = model_of(export(scenario).text)
    names = [model.getFunctionDefinition(k).getName() for k in range(model.getNumFunctionDefinitions())]
    assert len(names) == len(set(names))
    assert {"kill_pressure", "first_order", "stimulation"} <= set(names)
    laws = [model.getReaction(k).getKineticLaw().getFormula() for k in range(model.getNumReactions())]
    assert len(laws) == len(prepare(scenario, SCENARIOS).network.reactions)
    assert all(law.startswith("_law_") for law in laws)


def test_names_meanings_units_and_values_are_kept() -> None:
    scenario = carsim.load(SCENARIOS / "antigen_escape.yaml")
    made, model = prepare(scenario, SCENARIOS), model_of(export(scenario).text)
    for row in made.network.parameters:
        found = next(p for p in model.getListOfParameters() if p.getName() == row.name)
        assert found.getValue() == made.patients.parameters[row.name][0]
        assert escape(row.source) in found.getNotesString()
    cells = model.getSpecies("cart__tisagenlecleucel__effector__blood")
    assert (cells.getName(), cells.getSubstanceUnits()) == ("cart.tisagenlecleucel.effector.blood", "cells")
    assert "effector tisagenlecleucel CAR T cells in blood" in cells.getNotesString()
    unit = model.getUnitDefinition(model.getParameter("leucocytes").getUnits())
    assert unit.getName() == "cells/uL"
    assert scenario.digest in model.getAnnotationString()
    assert "not for the treatment of any patient" in model.getNotesString()


def test_a_changed_parameter_changes_its_line_and_nothing_else() -> None:
    texts = [
        export(carsim.load(SCENARIOS / "antigen_escape.yaml", overrides)).text.splitlines()
        for overrides in ([], ["parameters.kill_half=1e5 cells/mL"], [])
    ]
    assert texts[0] == texts[2]
    changed = [(one, other) for one, other in zip(texts[0], texts[1], strict=True) if one != other]
    assert len(changed) == 3  # the digest of the scenario, the parameter, its source
    assert 'id="kill_half"' in changed[1][0]
    assert "override" in changed[2][1]


def test_doses_come_in_their_order_at_their_time_and_the_day_is_counted() -> None:
    network = Network("a drug in blood and tissue")
    central, tissue = (network.species(name, unit="mg", kind="continuous") for name in ("central", "tissue"))
    inflow, ke, out = (
        network.parameter(name, value, unit=unit)
        for name, value, unit in (("input", 0.0, "mg/d"), ("ke", 3.1, "1/d"), ("out", 1.7, "1/d"))
    )
    network.reaction("infusion", produces={central: 1}, rate=constant(rate=inflow, scale=1.0))
    network.reaction("elimination", consumes={central: 1}, rate=first_order(rate_constant=ke, amount=central))
    network.reaction(
        "out", consumes={central: 1}, produces={tissue: 1}, rate=first_order(rate_constant=out, amount=central)
    )
    changes = [
        (-2.0, "set", "input", 40.0, "infusion"),
        (-1.5, "set", "input", 0.0, ""),
        (1.0, "add", "central", 5.0, "dose"),
        (1.0, "scale", "central", 2.0, "double"),
        (1.0, "add", "tissue", 3.0, "dose"),
        (2.25, "set", "ke", 0.4, "switch"),
    ]
    schedule, times = Schedule.of(changes), np.array([-2.0, -1.75, -1.5, 0.0, 0.999, 1.0, 1.001, 2.25, 4.0])
    own = simulate(network, t=times, schedule=schedule, options=Options(rtol=1e-11))
    text = of_network(network, schedule, -2.0)
    assert set(findings(text)) == set()
    assert values(text, times, ["central", "tissue"]) == pytest.approx(own.values[0], rel=1e-6)
    model = model_of(text)
    assert [model.getEvent(k).getName() for k in range(model.getNumEvents())][:2] == [
        "day -2: infusion",
        "day -1.5: set input",
    ]
    priorities = [model.getEvent(k).getPriority().getMath().getValue() for k in range(model.getNumEvents())]
    assert priorities == sorted(priorities, reverse=True)


def test_what_cannot_be_said_is_refused_by_name() -> None:
    network, cells = decay(1e4, 0.5)
    odd = network.quantity("odd", abs(cells._sympy_()), unit="cells")
    strange = network.parameter("strange", 1.0, unit="furlong")
    network.mode("level", ("low", "high"), [Transition("low", "low", Condition(odd, "above", 3.0))])
    schedule = Schedule.none(1)
    one = Individual.of(network, Patients.of(network, values={"cells": -1.0, "death": np.nan}), schedule, 0, 0.0)
    with pytest.raises(CannotExport) as refused:
        document(network, one)
    assert strange.name in refused.value.problems[0]
    assert "furlong" in refused.value.problems[0]
    for problem, words in zip(
        refused.value.problems[1:],
        ["cannot derive Abs", "'low' to itself", "'death': got nan", "'cells': got -1.0"],
        strict=True,
    ):
        assert words in problem
