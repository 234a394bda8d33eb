"""Treatment on a condition in a network: begun when worked out by hand, doses in their order, withheld, never again."""

from types import SimpleNamespace

import numpy as np
import pytest

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.errors import ScenarioError
from carsim.model.body import Body
from carsim.model.network import Network
from carsim.model.processes import triggers
from carsim.model.trigger import Comparison, Trigger, TriggeredDose

START, RATE, DOSE = 1e4, 0.5, 50.0
FALL = Comparison("cells", "cells", "below", 100.0)
CROSSING = np.log(START / 100.0) / RATE  # cells(t) = START exp(-RATE t)


def dose(**settings):
    return TriggeredDose(
        **{"name": "e.0", "label": "drug", "row": "drug", "delay": 0.0, "amount": "dose.e.0"} | settings
    )


def run(trigger, until=30.0, **parameters):
    """Cells that decay, and a drug that does not: what the trigger gives, by the day."""
    net = Network("decay")
    cells = net.species("cells", unit="cells", initial=START)
    drug = net.species("drug", unit="mg", kind="continuous")
    decay = net.parameter("decay", RATE, unit="1/d")
    net.reaction("decay", consumes={cells: 1}, rate=decay * cells)
    clearance = net.parameter("clearance", 0.0, unit="1/d")
    net.reaction("clearance", consumes={drug: 1}, rate=clearance * drug)
    triggers.add(Body(net, SimpleNamespace(triggers=(trigger,))))
    from carsim.population.patients import Patients

    patients = Patients.of(net, values={"dose.e.0": DOSE} | parameters)
    tight = Options(rtol=1e-10, atol=1e-10)
    found = simulate(net, t=np.linspace(0.0, until, 301), patients=patients, outputs=["drug"], options=tight)
    happened = [(event.time, event.name) for event in found.events if event.name.startswith("treatment.")]
    return [time for time, _ in happened], found.of("drug")[0]


def test_a_dose_comes_when_the_condition_holds_to_a_millionth_of_a_day():
    days, drug = run(Trigger("e", (FALL,), (dose(),)))
    assert days == pytest.approx([CROSSING], abs=1e-6)
    assert drug[0] == 0.0
    assert drug[-1] == DOSE


def test_a_dose_later_by_its_delay_and_each_as_often_as_it_may():
    days, drug = run(Trigger("e", (FALL,), (dose(delay=0.25),), apart=2.0, count=3))
    assert days == pytest.approx([CROSSING + 0.25 + k * 2.0 for k in range(3)], abs=1e-6)
    assert drug[-1] == 3 * DOSE


def test_an_infusion_gives_its_amount_over_its_duration_and_then_nothing():
    infusion = dose(row="drug.input.e", into="drug", duration=0.5)
    days, drug = run(Trigger("e", (FALL,), (infusion,)), **{"dose.e.0": DOSE / 0.5})
    assert days == pytest.approx([CROSSING], abs=1e-6)
    np.testing.assert_allclose(drug[-100:], DOSE, rtol=1e-9)


def test_a_condition_that_must_last_begins_that_much_later():
    days, _ = run(Trigger("e", (FALL,), (dose(),), lasting=1.5))
    assert days == pytest.approx([CROSSING + 1.5], abs=1e-6)
    flagged = Comparison("cells", "cells", "below", 100.0, lasting=1.5)
    days, _ = run(Trigger("e", (flagged,), (dose(),)))
    assert days == pytest.approx([CROSSING + 1.5], abs=1e-6)


def test_it_is_looked_at_on_the_day_of_a_visit_only():
    assert run(Trigger("e", (FALL,), (dose(),), visits=(5.0,)))[0] == []
    assert run(Trigger("e", (FALL,), (dose(),), visits=(12.0,)))[0] == [12.0]


def test_a_patient_outside_the_share_is_given_nothing():
    assert run(Trigger("e", (FALL,), (dose(),)), **{"open.e": 0.0})[0] == []
    part = dose(share="share.e.0")
    assert run(Trigger("e", (FALL,), (part,)), **{"share.e.0": 0.0})[0] == []
    assert len(run(Trigger("e", (FALL,), (part,)))[0]) == 1


def test_a_dose_is_withheld_by_what_holds_when_it_is_due():
    """100 cells are left at the crossing, and 100 exp(-0.5 * 2) = 37 two days later."""
    for limit, given in ((36.0, True), (38.0, False)):
        held = dose(delay=2.0, withheld=(Comparison("cells", "cells", "below", limit),))
        days, drug = run(Trigger("e", (FALL,), (held,)))
        assert days == pytest.approx([CROSSING + 2.0] if given else [], abs=1e-6)
        assert drug[-1] == (DOSE if given else 0.0)


def test_a_trigger_that_never_fires_gives_nothing():
    days, drug = run(Trigger("e", (Comparison("cells", "cells", "above", 2 * START),), (dose(),)))
    assert days == []
    assert (drug == 0.0).all()


def test_a_row_that_the_network_lacks_is_named():
    with pytest.raises(ScenarioError, match=r"treatment\.e\.when: got a condition on platelets, which nothing"):
        run(Trigger("e", (Comparison("platelets", "platelets.blood", "below", 1.0),), (dose(),)))
