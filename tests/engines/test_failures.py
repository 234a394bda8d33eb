"""A patient that cannot be simulated ends with a status, a time, a row and advice; the others are untouched."""

import numpy as np
import pytest

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

from .problems import decay


def explosion() -> Network:
    """y' = k y^2 from 1: infinite at 1 / k."""
    net = Network("explosion")
    y = net.species("y", kind="continuous", initial=1.0)
    k = net.parameter("k", 1.0)
    net.reaction("growth", produces={y: 1}, rate=k * y**2)
    return net


def test_the_patient_that_explodes_is_recorded_and_the_others_are_not_touched():
    net, t = explosion(), np.linspace(0.0, 2.0, 21)
    options = Options(rtol=1e-7)  # the moment is as exact as the course, which is off by a few tolerances
    mixed = simulate(net, t=t, patients=Patients.of(net, 3, k=np.array([0.1, 1.0, 0.2])), options=options)
    assert mixed.status.tolist()[::2] == [Status.OK, Status.OK]
    assert mixed.status[1] in (Status.NOT_FINITE, Status.STEP_TOO_SMALL)
    assert mixed.status_time[1] == pytest.approx(1.0, rel=1e-6)
    assert mixed.status_row[1] == "y"
    assert np.isfinite(mixed.of("y")[1, :10]).all()
    assert np.isnan(mixed.of("y")[1, 11:]).all()
    alone = simulate(net, t=t, patients=Patients.of(net, 1, k=0.2), options=options)
    assert mixed.values[2].tobytes() == alone.values[0].tobytes()
    assert "day 1" in mixed.problem(1)
    assert mixed.problem(0) == ""


def test_a_rate_whose_slope_is_infinite_is_not_a_silent_standstill():
    """a' = 1 - sqrt(a) from 0: the slope of the rate is infinite there, so that no implicit step exists."""
    net = Network("root")
    a = net.species("a", kind="continuous")
    net.reaction("inflow", produces={a: 1}, rate=1.0)
    net.reaction("outflow", consumes={a: 1}, rate=a**0.5)
    result = simulate(net, t=[0.0, 1.0])
    assert result.status[0] == Status.NOT_FINITE
    assert result.status_row[0] == "a"
    assert np.isnan(result.of("a")[0, 1])


def test_an_output_that_is_undefined_is_told():
    """The share a / (a + b) of what is all gone: states are sound, the output is 0 / 0 from day 1 on."""
    net, a = decay(1.0, 0.0)
    b = net.species("b")
    net.quantity("share", a / (a + b))
    gone = Schedule.of([(1.0, "set", "cells", 0.0, "removal")])
    result = simulate(net, t=[0.0, 0.5, 1.0, 2.0], schedule=gone, outputs=["cells", "share"])
    assert (result.status[0], result.status_time[0], result.status_row[0]) == (Status.NOT_FINITE, 1.0, "share")
    assert "in share" in result.problem(0)
    assert result.of("share")[0, :2].tolist() == [1.0, 1.0]
    assert result.of("cells")[0].tolist() == [1.0, 1.0, 0.0, 0.0]
    assert simulate(net, t=[0.0, 2.0], schedule=gone, outputs=["cells"]).status[0] == Status.OK


def test_consuming_what_is_not_there_is_a_negative_state_not_a_silent_repair():
    net = Network("leak")
    cells = net.species("cells", initial=3.0)
    net.reaction("leak", consumes={cells: 1}, rate=1.0)
    result = simulate(net, t=[0.0, 2.0, 5.0])
    assert result.status[0] == Status.NEGATIVE_STATE
    assert result.status_time[0] == pytest.approx(3.0, abs=1e-6)
    assert result.status_row[0] == "cells"
    assert result.of("cells")[0, 1] == pytest.approx(1.0)
    assert result.statistics["steps"][0] < 200


def test_a_change_below_zero_is_refused():
    net, _ = decay(10.0)
    result = simulate(net, t=[0.0, 1.0, 2.0], schedule=Schedule.of([(1.0, "add", "cells", -50.0, "harvest")]))
    assert result.status[0] == Status.NEGATIVE_STATE
    assert result.status_time[0] == 1.0
    assert np.isnan(result.values[0, 1:]).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_parameter_or_start_that_is_no_number_is_refused_by_name(value):
    net, _ = decay()
    result = simulate(net, t=[0.0, 1.0], patients=Patients.of(net, 2, death=np.array([0.5, value])))
    assert result.status.tolist() == [Status.OK, Status.BAD_PARAMETER]
    assert result.status_row[1] == "death"
    assert np.isnan(result.values[1]).all()
    result = simulate(net, t=[0.0, 1.0], patients=Patients.of(net, 2, cells=np.array([value, 1.0])))
    assert result.status.tolist() == [Status.BAD_INITIAL, Status.OK]
    assert result.status_row[0] == "cells"


def test_a_negative_start_is_refused():
    net, _ = decay()
    assert simulate(net, t=[0.0, 1.0], patients=Patients.of(net, 1, cells=-1.0)).status[0] == Status.BAD_INITIAL


def test_steps_are_capped():
    net, _ = decay()
    result = simulate(net, t=[0.0, 100.0], options=Options(rtol=1e-12, max_steps=20))
    assert result.status[0] == Status.TOO_MANY_STEPS
    assert result.statistics["steps"][0] == 21


def test_every_status_has_advice():
    assert all(len(status.advice) > 3 for status in Status)


def test_an_engine_that_is_not_there_is_told_with_those_that_are():
    net, _ = decay()
    with pytest.raises(ValueError, match="'ode', 'exact', 'leap', 'hybrid', 'agent'; did you mean 'hybrid'"):
        simulate(net, t=[0.0, 1.0], engine="hybird")


def test_what_cannot_be_asked_is_refused():
    net, _ = decay()
    with pytest.raises(ValueError, match="ascending"):
        simulate(net, t=[0.0, 2.0, 1.0])
    with pytest.raises(ValueError, match="did you mean 'cells'"):
        simulate(net, t=[0.0, 1.0], outputs=["cell"])
    with pytest.raises(ValueError, match="rtol"):
        Options(rtol=0.0)


def test_patients_of_another_network_are_refused():
    def chain(n):
        net = Network(f"chain of {n}")
        rate = net.parameter("rate", 1.0, unit="1/d")
        for k in range(n):
            cells = net.species(f"s{k}", initial=1.0)
            net.reaction(f"decay{k}", consumes={cells: 1}, rate=rate * cells)
        return net

    with pytest.raises(ValueError, match=r"got initial states of shape \(2, 1\); expected \(2, 3\)"):
        simulate(chain(3), t=[0.0, 1.0], patients=Patients.of(chain(1), 2))
    missing = Patients(("1",), {}, np.ones((1, 1)))
    with pytest.raises(ValueError, match="parameter 'rate': got none"):
        simulate(chain(1), t=[0.0, 1.0], patients=missing)
