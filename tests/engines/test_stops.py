"""Scheduled changes: at their exact time, in their stated order, with the output of that time after them."""

from dataclasses import replace

import numpy as np
import pytest

from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.law import law
from carsim.model.network import Change, Condition, Event, Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

from .problems import decay, logistic


@law
def product(first, second):
    return first * second


def still() -> Network:
    """A species that nothing changes, so that what doses do to it is exact."""
    net = Network("still")
    cells = net.species("cells", unit="cells", initial=100.0)
    net.parameter("unused", 1.0)
    net.reaction("nothing", produces={cells: 1}, rate=0.0)
    return net


def test_output_at_a_dose_shows_the_state_after_it():
    doses = [(1.0, "add", "cells", 5.0, "dose"), (2.5, "scale", "cells", 2.0, "double")]
    result = simulate(still(), t=[0.0, 0.999, 1.0, 2.5, 3.0], schedule=Schedule.of(doses))
    assert result.of("cells")[0].tolist() == [100.0, 100.0, 105.0, 210.0, 210.0]


def test_changes_at_one_time_happen_in_stated_order():
    forward = [(1.0, "add", "cells", 50.0, ""), (1.0, "scale", "cells", 2.0, "")]
    values = [
        simulate(still(), t=[0.0, 1.0], schedule=Schedule.of(order)).of("cells")[0, -1]
        for order in (forward, forward[::-1])
    ]
    assert values == [300.0, 250.0]


def test_a_dose_at_the_start_shows_at_the_start():
    result = simulate(still(), t=[-3.0, 0.0], schedule=Schedule.of([(-3.0, "set", "cells", 7.0, "")]))
    assert result.of("cells")[0].tolist() == [7.0, 7.0]


def test_a_switched_parameter_reaches_derived_parameters_and_rates():
    """Growth at twice a parameter: the derived parameter follows its switch from 0.1 to 0.2 at day 5 exactly."""
    net = Network("switch")
    cells = net.species("cells", unit="cells", initial=10.0)
    base = net.parameter("base", 0.1, unit="1/d")
    rate = net.quantity("rate", product(first=base, second=2.0), unit="1/d")
    net.reaction("birth", produces={cells: 1}, rate=product(first=rate, second=cells))
    switch = Schedule.of([(5.0, "set", "base", 0.2, "")])
    result = simulate(
        net, t=[0.0, 4.0, 5.0, 9.0], schedule=switch, outputs=["cells", "rate"], options=Options(rtol=1e-11)
    )
    assert result.of("rate")[0].tolist() == [0.2, 0.2, 0.4, 0.4]
    assert result.of("cells")[0] == pytest.approx(10.0 * np.exp([0.0, 0.8, 1.0, 2.6]), rel=1e-9)


def test_each_patient_has_its_own_times_and_amounts():
    net, _ = decay(100.0, 0.0)
    schedule = Schedule(
        times=np.array([[1.0, 2.0], [0.5, np.nan]]),
        targets=np.zeros((2, 2), dtype=np.int64),
        operations=np.zeros((2, 2), dtype=np.int8),
        amounts=np.array([[1.0, 2.0], [4.0, 9.0]]),
        rows=("cells",),
        labels=np.full((2, 2), "dose"),
    )
    result = simulate(net, t=[0.0, 0.7, 1.5, 3.0], schedule=schedule, patients=Patients.of(net, 2))
    assert result.of("cells").tolist() == [[100.0, 100.0, 101.0, 103.0], [100.0, 104.0, 104.0, 104.0]]
    assert [(e.patient, e.time, e.name) for e in result.events] == [
        (0, 1.0, "dose"),
        (0, 2.0, "dose"),
        (1, 0.5, "dose"),
    ]


def test_more_outputs_and_a_longer_horizon_change_no_bit():
    dose = Schedule.of([(7.3, "scale", "cells", 0.1, "")])
    coarse = simulate(logistic(), t=np.arange(0.0, 41.0, 10.0), schedule=dose).of("cells")[0]
    fine = simulate(logistic(), t=np.arange(0.0, 61.0, 1.0), schedule=dose).of("cells")[0]
    assert coarse.tolist() == fine[:41:10].tolist()


def test_a_dose_of_zero_changes_nothing_to_rounding():
    dose = Schedule.of([(7.3, "add", "cells", 0.0, "")])
    t, tight = np.arange(0.0, 41.0), Options(rtol=1e-10)
    plain, dosed = (simulate(logistic(), t=t, schedule=s, options=tight).of("cells") for s in (None, dose))
    assert dosed == pytest.approx(plain, rel=1e-8)


def test_schedules_that_cannot_be_meant_are_refused():
    with pytest.raises(ValueError, match="before the start"):
        simulate(still(), t=[0.0, 1.0], schedule=Schedule.of([(-1.0, "add", "cells", 1.0, "")]))
    with pytest.raises(ValueError, match="no species or parameter"):
        simulate(still(), t=[0.0, 1.0], schedule=Schedule.of([(0.5, "add", "cell", 1.0, "")]))
    with pytest.raises(ValueError, match="order of time"):
        Schedule(
            times=np.array([[2.0, 1.0]]),
            targets=np.zeros((1, 2), dtype=np.int64),
            operations=np.zeros((1, 2), dtype=np.int8),
            amounts=np.ones((1, 2)),
            rows=("cells",),
            labels=np.full((1, 2), ""),
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amounts": np.array([[np.nan]])}, r"patient 0, change 1 \(drug\): got amount nan; expected a finite number"),
        ({"amounts": np.array([[np.inf]])}, "got amount inf"),
        ({"operations": np.array([[3]], dtype=np.int8)}, "got operation 3; expected 0 .add., 1 .set., 2 .scale."),
        ({"targets": np.array([[1]])}, "got target 1; expected the index of one of 1 rows"),
        ({"targets": np.array([[-1]])}, "got target -1"),
        ({"amounts": np.ones((2, 1))}, r"got amounts of shape \(2, 1\); expected \(1, 1\)"),
    ],
)
def test_changes_that_no_engine_can_make_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(Schedule.of([(0.5, "add", "cells", 1.0, "drug")]), **changes)


def test_an_unknown_operation_is_refused_with_those_that_are_known():
    with pytest.raises(ValueError, match="got operation 'sett'; expected one of add, set, scale; did you mean 'set'"):
        Schedule.of([(0.5, "sett", "cells", 1.0, "drug")])


def test_treatments_are_named_once_and_before_what_they_cause():
    net = still()
    cells = net.rows["cells"]
    net.event(Event("high", (Condition(cells, "above", 150.0),), (Change(cells, "set", 10.0),)))
    changes = [
        (1.0, "set", "unused", 2.0, "drug"),
        (1.0, "add", "cells", 60.0, "drug"),
        (2.0, "set", "unused", 0.0, ""),
    ]
    patients = Patients.of(net, 2, cells=np.array([100.0, -1.0]))
    result = simulate(net, t=[0.0, 3.0], schedule=Schedule.of(changes, 2), patients=patients)
    assert [(e.patient, e.time, e.kind, e.name) for e in result.events] == [
        (0, 1.0, "dose", "drug"),
        (0, 1.0, "event", "high"),
    ]


def test_a_refused_patient_has_no_treatment():
    dose = Schedule.of([(0.0, "add", "cells", 1.0, "drug")])
    net = still()
    assert simulate(net, t=[0.0, 1.0], schedule=dose, patients=Patients.of(net, 1, cells=-1.0)).events == ()
