"""Mass balance: what reactions made less what they took, plus doses, is the change of every compartment."""

import numpy as np

from carsim.engines.run import simulate
from carsim.model.fluxes import PREFIX, with_fluxes
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule


def balance(network, patients, schedule, times):
    """Largest difference between change and fluxes, per species relative to its largest value."""
    copy = with_fluxes(network)
    n = len(network.all_species)
    zeros = np.zeros((patients.n, len(copy.all_species) - n))
    start = np.concatenate([patients.initial, zeros], axis=1)
    people = Patients(patients.identifiers, patients.parameters, start, patients.covariates)
    result = simulate(copy, t=times, schedule=schedule, patients=people)
    assert (result.status == 0).all(), result.problem(0)
    made = {name: np.zeros(len(times)) for name in (species.name for species in network.all_species)}
    for reaction in network.reactions:
        flux = result.of(PREFIX + reaction.name)[0]
        for ref, number in reaction.produces:
            made[ref.name] += number * flux
        for ref, number in reaction.consumes:
            made[ref.name] -= number * flux
    for time, target, amount in zip(schedule.times[0], schedule.targets[0], schedule.amounts[0], strict=True):
        if schedule.rows[target] in made:
            made[schedule.rows[target]] += amount * (times >= time)
    worst = {}
    for k, (name, change) in enumerate(made.items()):
        values = result.of(name)[0]
        worst[name] = np.abs(values - patients.initial[0, k] - change).max() / values.max()
    return worst


def test_the_copy_has_the_same_solution_and_the_original_is_untouched():
    net = Network("turnover")
    cells = net.species("cells", initial=10.0)
    net.reaction("birth", produces={cells: 1}, rate=0.3 * cells)
    net.reaction("death", consumes={cells: 2}, rate=0.01 * cells**2)
    schedule = Schedule.of([(2.0, "add", "cells", 5.0, "dose")])
    worst = balance(net, Patients.of(net), schedule, np.linspace(0.0, 20.0, 41))
    assert worst["cells"] <= 1e-12
    assert [species.name for species in net.all_species] == ["cells"]
