"""The mrgsolve file of a patient, run with the exported table of doses, gives carsim's numbers elsewhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import carsim
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.interchange.events import events_table
from carsim.interchange.individual import Individual
from carsim.interchange.mrgsolve import document
from carsim.interchange.refusals import CannotExport, refuse_read
from carsim.interchange.scenario import export_mrgsolve
from carsim.interchange.sedml import Course
from carsim.literature.models import MODELS
from carsim.literature.models import Model as Published
from carsim.model.network import Network
from carsim.model.processes.kinetics import constant, first_order, threefold
from carsim.model.processes.recognition import share_seen
from carsim.population.patients import Patients
from carsim.spec.prepare import numbers, prepare
from carsim.treatment.schedule import Schedule

from .readers import tolerances
from .readers_mrgsolve import Model, doses
from .test_happenings import CASES
from .test_happenings import TIGHT as TIGHTER
from .test_sbml import decay
from .test_solvers import AGREED, DETERMINISTIC, QUICK, SCENARIOS, TIGHT, largest_difference

STILL = 1e-9  # absolute tolerance of what only happenings change


def of_network(network: Network, schedule: Schedule | None = None) -> str:
    """The file with its scheduled changes in it: no table."""
    one = Individual.of(network, Patients.of(network), schedule or Schedule.none(1), 0, 0.0)
    return document(network, one, Course.of(10.0, 1.0))


def absolute(model: Model, network: Network) -> np.ndarray:
    own = list(tolerances(network).values())
    return np.array([*own, *[STILL] * (len(model.compartments) - len(own))])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.full) for name in DETERMINISTIC]
)
def test_a_scenario_runs_to_the_same_numbers_with_its_table_of_doses(name: str, tmp_path: Path) -> None:
    scenario = carsim.load(SCENARIOS / f"{name}.yaml")
    made = prepare(scenario, SCENARIOS)
    model = Model(export_mrgsolve(scenario).text, tmp_path)
    rows = [row for row in made.network.rows if row in {model.called.get(name) for name in model.names}]
    own = simulate(
        made.network, t=made.times, schedule=made.schedule, patients=made.patients, outputs=rows, options=TIGHT
    )
    table, _, _ = events_table(scenario)
    found = model.run(doses(table), made.times - made.times[0], absolute(model, made.network))
    assert own.status[0] == 0
    assert {row.name for row in (*made.network.all_species, *made.network.modes)} <= set(rows)
    assert largest_difference(found[:, model.columns(rows)], own.values[0]) < AGREED
    assert found[:, model.names.index("day")] == pytest.approx(made.times, rel=0, abs=1e-12)


@pytest.mark.parametrize("name", CASES)
def test_it_happens_at_the_same_moments(name: str, tmp_path: Path) -> None:
    network, schedule = CASES[name]()
    times = np.linspace(0.0, 31.7, 419)
    model = Model(of_network(network, schedule), tmp_path)
    rows = [row for row in network.rows if row in {model.called.get(name) for name in model.names}]
    own = simulate(network, t=times, schedule=schedule, outputs=rows, options=TIGHTER)
    found = model.run([], times, 1e-13)
    assert own.status[0] == 0
    assert len(rows) >= len(network.all_species)
    assert found[:, model.columns(rows)] == pytest.approx(own.values[0], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("published", MODELS, ids=lambda model: model.name)
def test_a_published_model_runs_to_the_same_numbers(published: Published, tmp_path: Path) -> None:
    network, times = published.network(), np.concatenate([[0.0], np.geomspace(1e-3, 60.0, 121)])
    given = Schedule.of(published.changes(published.values()))
    model = Model(of_network(network, given), tmp_path)
    rows = [row for row in network.rows if row in {model.called.get(name) for name in model.names}]
    own = simulate(network, t=times, schedule=given, outputs=rows, options=TIGHT)
    found = model.run([], times, absolute(model, network))
    assert own.status[0] == 0
    assert largest_difference(found[:, model.columns(rows)], own.values[0]) < AGREED


def test_a_mean_over_a_trait_follows_a_parameter_that_changes(tmp_path: Path) -> None:
    network, cells = decay(1e4, 0.0)
    median, half = (
        network.parameter(name, value, unit="molecules") for name, value in (("median", 900.0), ("half", 2e3))
    )
    seen = share_seen(density_median=median, density_log_sd=0.8, half_density=half, steepness=1.3)
    share = network.quantity("share", seen)
    network.reaction("killed", consumes={cells: 1}, rate=threefold(first=0.3, second=share, third=cells))
    switch = Schedule.of([(3.0, "set", "half", 150.0, "better binder")])
    times = np.linspace(0.0, 8.0, 41)
    own = simulate(network, t=times, schedule=switch, outputs=["cells", "share"], options=Options(rtol=1e-11))
    model = Model(of_network(network, switch), tmp_path)
    assert own.of("share")[0, 0] != own.of("share")[0, -1]
    assert model.run([], times)[:, model.columns(["cells", "share"])] == pytest.approx(own.values[0], rel=1e-8)


def test_compartments_have_the_numbers_of_tables_and_descriptions_say_what_they_are(tmp_path: Path) -> None:
    scenario = carsim.load(SCENARIOS / "sequential_cd19_cd22.yaml")
    made, text = prepare(scenario, SCENARIOS), export_mrgsolve(scenario).text
    model = Model(text, tmp_path)
    species = numbers(made.network).values()
    assert [model.called[name] for name in model.compartments][: len(species)] == list(species)
    for row in made.network.parameters:
        name = next(name for name, called in model.called.items() if called == row.name)
        value, description = (model.parameters | model.compartments)[name]
        assert value == made.patients.parameters[row.name][0]
        assert description.endswith(f"({row.unit})")
        assert row.source in description
    assert "not for the treatment of any patient" in model.blocks["PROB"]
    assert scenario.digest in model.blocks["PROB"]
    assert "cart_cd22_bbz_memory_blood" in model.compartments
    assert text == export_mrgsolve(scenario).text


def test_texts_that_mrgsolve_would_read_as_its_own_are_taken_apart(tmp_path: Path) -> None:
    network = Network("A title\n$ODE\nof // two lines")
    cells = network.species(
        "cells", unit="cells", initial=3.0, meaning="some [kind] of cells (in all), see https://x.org"
    )
    rate = network.parameter("double", 0.5, unit="1/d", meaning="ends with \\", source="a: b ## c")
    network.reaction("int = 3", consumes={cells: 1}, rate=first_order(rate_constant=rate, amount=cells))
    text = of_network(network)
    model = Model(text, tmp_path)
    assert list(model.blocks) == ["PROB", "PLUGIN", "SET", "PARAM", "INIT", "GLOBAL", "ODE", "TABLE", "CAPTURE"]
    described = "".join(model.blocks[name] for name in ("PROB", "PARAM", "INIT"))
    assert [part for part in ("//", "##", "[", "\\") if part in described] == []
    assert model.parameters["double_2"] == (0.5, "double; ends with ; source a: b # # c (1/d)")
    assert model.run([], np.array([0.0, 2.0]))[1, 0] == pytest.approx(3.0 * np.exp(-1.0), rel=1e-9)


def test_a_solver_that_tries_states_far_below_zero_is_sent_back(tmp_path: Path) -> None:
    """With mrgsolve 1.8 the courses of two scenarios ended in NaN where its LSODA had tried such states."""
    model = Model(export_mrgsolve(carsim.load(SCENARIOS / "early_tocilizumab.yaml")).text, tmp_path)
    start = np.array([value for value, _ in model.compartments.values()])
    model.main(start, 0)
    slopes = [model.slopes(state, np.zeros_like(start)) for state in (start, np.full_like(start, -1e22))]
    assert all(np.isfinite(slope).all() for slope in slopes)
    assert [(slope == 1e30).any() for slope in slopes] == [False, True]


def test_what_happens_for_ever_stops_the_simulation(tmp_path: Path) -> None:
    network, cells = decay(1e4, 0.0)
    network.reaction(
        "birth", produces={cells: 1}, rate=constant(rate=network.parameter("b", 1.0, unit="cells/d"), scale=1.0)
    )
    text = of_network(network, Schedule.of([(1.0, "add", "cells", 1.0, "dose")]))
    looped = text.replace("watch.holds[0] = watch.from(1.0);", "watch.holds[0] = watch.from(1.0); watch.held[0] = 0;")
    assert looped != text
    with pytest.raises(RuntimeError, match="stopped at time 1"):
        Model(looped, tmp_path).run([], np.array([0.0, 2.0]))


def test_a_change_on_a_fixed_day_that_no_table_holds_is_refused(tmp_path: Path) -> None:
    scenario = tmp_path / "graft.yaml"
    graft = "treatment:\n  - {name: t, give: hsct, at: 60 d}\n"
    text = (SCENARIOS / "tisagenlecleucel_child.yaml").read_text(encoding="utf-8").replace("treatment:\n", graft)
    scenario.write_text(text, encoding="utf-8")
    with pytest.raises(CannotExport, match="got hsct, which switches a parameter and is no dose into a species"):
        export_mrgsolve(carsim.load(scenario))


def test_a_rate_of_infusion_that_more_than_the_inflow_reads_is_refused() -> None:
    network = Network("drug")
    drug = network.species("drug", unit="mg", kind="continuous")
    inflow, loss = network.parameter("drug.input", 0.0, unit="mg/d"), network.parameter("loss", 1.0, unit="1/d")
    network.reaction("infusion", produces={drug: 1}, rate=constant(rate=inflow, scale=1.0))
    network.reaction("loss", consumes={drug: 1}, rate=first_order(rate_constant=loss, amount=drug))
    refuse_read(network, ["drug.input"])
    network.quantity("shown", constant(rate=inflow, scale=2.0), unit="mg/d")
    with pytest.raises(CannotExport, match=r"quantity 'shown': reads 'drug\.input', the rate of an infusion"):
        refuse_read(network, ["drug.input"])
