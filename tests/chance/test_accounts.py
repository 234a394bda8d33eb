"""Every cell is accounted for, and where nothing is rare the hybrid is the equations."""

import numpy as np
import pytest

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.model.fluxes import PREFIX, with_fluxes
from carsim.model.network import Network
from carsim.treatment.schedule import Schedule

from .networks import saturating
from .rules import seed_of
from .test_hybrid import CASES

SWITCHES = 6.0  # of one species from abundant to rare in one course, each less than one cell off


def patients_of_many() -> Network:
    """Predators and prey, all of them abundant, and a drug."""
    net = Network("abundant")
    prey, eaters = net.species("prey", unit="cell", initial=4e9), net.species("eaters", unit="cell", initial=1e8)
    drug = net.species("drug", unit="mg", kind="continuous", initial=3.0)
    eaten = saturating(rate=5.0, eaters=eaters, food=prey, half=1e9)
    net.reaction("growth", produces={prey: 1}, rate=net.parameter("grow", 0.5, unit="1/d") * prey)
    net.reaction("eaten", consumes={prey: 1}, rate=eaten)
    net.reaction("fed", produces={eaters: 1}, rate=saturating(rate=0.8, eaters=eaters, food=prey, half=1e9))
    net.reaction("tiring", consumes={eaters: 1}, rate=0.4 * eaters)
    net.reaction("poisoned", consumes={prey: 1}, rate=0.05 * drug * prey)
    net.reaction("clearance", consumes={drug: 1}, rate=0.7 * drug)
    return net


CHANGES = ((2.0, "add", "drug", 3.0, "drug"), (5.0, "scale", "eaters", 2.0, "infusion"))
DOSES = Schedule.of(CHANGES)


def test_where_nothing_is_rare_the_bits_are_those_of_the_equations():
    t = np.linspace(0.0, 8.0, 33)
    equations = simulate(patients_of_many(), t=t, schedule=DOSES)
    assert equations.values[:, :, :2].min() > 1e6
    found = simulate(patients_of_many(), t=t, schedule=DOSES, engine="hybrid", replicates=2)
    assert found.values[0].tobytes() == found.values[1].tobytes() == equations.values[0].tobytes()
    assert found.statistics["events"].tolist() == [0, 0]
    few = Schedule.of([*CHANGES, (6.0, "scale", "eaters", 1e-7, "apheresis")])  # the control: 260 are left, counted
    controls = [simulate(patients_of_many(), t=t, schedule=few, engine=engine) for engine in ("ode", "hybrid")]
    assert controls[0].values[:, :24].tobytes() == controls[1].values[:, :24].tobytes()
    assert controls[0].values[:, 24:].tobytes() != controls[1].values[:, 24:].tobytes()


def test_where_a_few_cells_do_not_matter_the_course_is_that_of_the_equations():
    """With as many as 1e7 cells counted one by one, chance is 1e-3.5 of them, and 1e-4.8 of the many."""
    t = np.linspace(0.0, 4.0, 17)
    equations = simulate(patients_of_many(), t=t, options=Options(rtol=1e-9)).of("prey")[0]
    found = simulate(patients_of_many(), t=t, engine="hybrid", seed=seed_of("few do not matter"))
    assert np.abs(found.of("prey")[0] / equations - 1.0).max() <= 1e-3


@pytest.mark.parametrize("engine", ["exact", "hybrid"])
@pytest.mark.parametrize("name", CASES)
def test_no_cell_is_lost_or_made(name, engine):
    """What reactions make less what they take, plus doses, is the change of each species.

    Each reaction's flux is counted by a species of its own. The exact engine keeps the balance to rounding of the
    equations' steps; the hybrid makes a whole number of a population whenever it becomes rare, at most one cell off.
    """
    case, n = CASES[name], 20
    net = with_fluxes(case.build(**case.right))
    schedule = Schedule.of(list(case.changes)) if case.changes else None
    seed = seed_of(f"balance/{name}/{engine}")
    run = simulate(net, t=case.t, engine=engine, replicates=n, schedule=schedule, seed=seed)
    assert (run.status == Status.OK).all()
    for species in case.build(**case.right).all_species:
        change = run.of(species.name) - run.of(species.name)[:, :1]
        assert np.abs(change).max() >= 5.0
        made = sum(
            number * sign * run.of(PREFIX + reaction.name)
            for reaction in case.build(**case.right).reactions
            for sign, terms in ((1.0, reaction.produces), (-1.0, reaction.consumes))
            for ref, number in terms
            if ref.name == species.name
        )
        scale = run.of(PREFIX + case.build(**case.right).reactions[0].name).max()
        allowed = 1e-9 * scale if engine == "exact" else SWITCHES + 1e-6 * scale
        assert np.abs(change - made).max() <= allowed, species.name
