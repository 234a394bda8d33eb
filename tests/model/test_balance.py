"""Mass balance of the whole model, its units, and the limits of its rates.

Every reaction's flux is integrated by the engine's own method (`with_fluxes`); in each compartment
initial + doses + sum of (made - taken) x flux must be the state at every output, to 1e-8 of its largest value (and to
less than one cell for each recorded extinction of a clone, which is no reaction).
"""

from pathlib import Path

import numpy as np
import pytest

from carsim import spec
from carsim.engines.run import simulate
from carsim.model.build import build
from carsim.model.check import check
from carsim.model.fluxes import PREFIX, with_fluxes
from carsim.population.patients import Patients
from carsim.spec.prepare import cast_of, prepare

FOLDER = Path(__file__).parents[2] / "scenarios"
SCENARIOS = sorted(path.name for path in FOLDER.glob("*.yaml"))


def doses_until(schedule, name, days):
    """What was added to a species by each day."""
    total = np.zeros(days.size)
    for time, target, operation, amount in zip(
        schedule.times[0], schedule.targets[0], schedule.operations[0], schedule.amounts[0], strict=True
    ):
        if schedule.rows[target] == name:
            assert operation == 0
            total += np.where(days >= time, amount, 0.0)
    return total


@pytest.mark.parametrize("extinction", [False, True])
@pytest.mark.parametrize("name", ["antigen_escape.yaml", "kte_x19_adult.yaml", "isolated_cns_relapse.yaml"])
def test_births_less_deaths_and_doses_make_the_change_in_every_compartment(name, extinction):
    made = prepare(spec.load(str(FOLDER / name)))
    network = with_fluxes(made.network)
    if not extinction:  # then every change is a reaction or a dose, and the limit has no exception
        network.extinctions.clear()
    n_fluxes = len(network.all_species) - len(made.network.all_species)
    assert n_fluxes == len(made.network.reactions)
    patients = Patients(
        made.patients.identifiers,
        made.patients.parameters,
        np.concatenate([made.patients.initial, np.zeros((1, n_fluxes))], axis=1),
    )
    found = simulate(network, t=made.times, schedule=made.schedule, patients=patients)
    assert found.status[0] == 0
    values = dict(zip(found.outputs, found.values[0].T, strict=True))
    for species, initial in zip(made.network.all_species, made.patients.initial[0], strict=True):
        balance = initial + doses_until(made.schedule, species.name, made.times)
        for reaction in made.network.reactions:
            change = sum(number for ref, number in reaction.produces if ref.name == species.name)
            change -= sum(number for ref, number in reaction.consumes if ref.name == species.name)
            if change:
                balance = balance + change * values[PREFIX + reaction.name]
        state = values[species.name]
        gone = sum(event.kind == "extinction" and f".{event.name}." in species.name for event in found.events)
        np.testing.assert_allclose(state, balance, rtol=0, atol=1e-8 * state.max() + gone, err_msg=species.name)


@pytest.mark.parametrize("name", SCENARIOS)
def test_units_of_every_formula_balance(name):
    assert check(build(name, cast_of(spec.load(str(FOLDER / name))))) == []


def test_every_rate_is_a_loss_or_a_gain_and_never_net():
    network = build("signs", cast_of(spec.load(str(FOLDER / "antigen_escape.yaml"))))
    assert not any(reaction.net for reaction in network.reactions)
    made = prepare(spec.load(str(FOLDER / "antigen_escape.yaml")))
    fluxes = with_fluxes(made.network)
    initial = np.concatenate([made.patients.initial, np.zeros((1, len(network.reactions)))], axis=1)
    patients = Patients(made.patients.identifiers, made.patients.parameters, initial)
    outputs = [PREFIX + reaction.name for reaction in network.reactions]
    found = simulate(fluxes, t=made.times, schedule=made.schedule, patients=patients, outputs=outputs)
    totals = found.values[0]
    assert (np.diff(totals, axis=0) >= -1e-9 * totals.max(axis=0)).all()
