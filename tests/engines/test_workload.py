"""The deterministic engine on the workload of `benchmarks/`: right, the same whoever is beside whom, honest in failure.

The equations are those of `benchmarks.workload`, two CAR products against four clones for a year with ten changes. The
reference is made by two solvers of SciPy, a Runge-Kutta method of order 8 and LSODA (multistep, implicit where that
pays), at a relative tolerance of 1e-11, from the plain form of the equations, which owes nothing to carsim's.
"""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks import peers
from benchmarks.workload import ATOL, DAYS, RTOL, Workload, agreement, errors, treatment

from carsim.engines import deterministic
from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

N = 37  # two sets of lanes and a part of one


def solve(work, patients=None, schedule=None, threads=1):
    options = Options(rtol=RTOL, atol=ATOL, threads=threads)
    patients, schedule = patients or work.patients, schedule or work.schedule
    return simulate(work.network, t=DAYS, patients=patients, schedule=schedule, options=options)


def test_the_two_statements_of_the_equations_agree():
    assert agreement(Workload(4)) < 1e-12


@pytest.mark.timeout(1800)  # at full size the references take minutes
@pytest.mark.parametrize("n", [6, pytest.param(200, marks=pytest.mark.full)])
def test_errors_are_those_that_are_promised(n):
    """At rtol 1e-6 the median error of patients is at most 2e-5, the largest 1e-3, by 1e-3 of 1e6 cells and the value.

    The two references must be a hundred times closer to each other than that.
    """
    work = Workload(n)
    truth, other = (peers.solve_ivp(work, 1e-11, 1e-14, method)() for method in ("DOP853", "LSODA"))
    apart = errors(other, truth)
    assert np.median(apart) <= 2e-7
    assert apart.max() <= 1e-5
    off = errors(solve(work).values, truth)
    assert np.median(off) <= 2e-5
    assert off.max() <= 1e-3
    loose = simulate(
        work.network, t=DAYS, patients=work.patients, schedule=work.schedule, options=Options(rtol=1e-3, atol=1e-6)
    )
    assert np.median(errors(loose.values, truth)) > 2e-5  # a thousand times the tolerance is seen


def test_steps_are_as_long_as_the_tolerance_allows():
    """Some 440 of them a year at rtol 1e-6; with a step length that remembers the step before, it was 690."""
    done = solve(Workload(16))
    assert done.statistics["steps"].mean() < 500
    assert done.statistics["rejected"].mean() < 0.04 * done.statistics["steps"].mean()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("block", [1, 7, 16, 512])
@pytest.mark.parametrize("order", ["as they are", "backwards", "shuffled"])
def test_threads_blocks_and_order_change_no_bit(monkeypatch, threads, block, order):
    work = Workload(N)
    usual = solve(work)
    assert not usual.status.any()
    which = {"as they are": np.arange(N), "backwards": np.arange(N)[::-1]}.get(
        order, np.random.default_rng(3).permutation(N)
    )
    parameters = {name: values[which] for name, values in work.patients.parameters.items()}
    monkeypatch.setattr(deterministic, "FULL", 1)
    monkeypatch.setattr(deterministic, "BLOCK", block)
    found = solve(work, Patients.of(work.network, N, parameters), threads=threads)
    assert found.values.tobytes() == usual.values[which].tobytes()
    for name, counts in usual.statistics.items():
        assert (found.statistics[name] == counts[which]).all()


def test_patients_who_cannot_be_simulated_are_told_and_nobody_else_is_touched():
    """One patient has no number for a rate, IL-15 of one grows for ever, one loses more cells than there are."""
    work, absent, growing, robbed, day = Workload(N), 3, 20, 33, 30.0
    dose = Schedule.of([*treatment(), (day, "add", "host", 0.0, "apheresis")], N)
    usual = solve(work, schedule=dose)
    assert not usual.status.any()
    parameters = {name: values.copy() for name, values in work.patients.parameters.items()}
    parameters["division.A"][absent] = np.nan
    parameters["il15_loss"][growing] = -9.0
    amounts = dose.amounts.copy()
    amounts[robbed, dose.times[robbed] == day] = -1e6
    done = solve(work, Patients.of(work.network, N, parameters), replace(dose, amounts=amounts), threads=2)
    assert np.flatnonzero(done.status).tolist() == [absent, growing, robbed]
    told = {k: (Status(done.status[k]), done.status_row[k]) for k in (absent, robbed)}
    assert told == {absent: (Status.BAD_PARAMETER, "division.A"), robbed: (Status.NEGATIVE_STATE, "host")}
    assert (done.status_time[absent], done.status_time[robbed]) == (0.0, day)
    assert done.status[growing] in (Status.NOT_FINITE, Status.STEP_TOO_SMALL)
    assert done.status_row[growing] in {species.name for species in work.network.all_species}
    assert f"day {done.status_time[growing]:g}" in done.problem(growing)
    for k, from_day in ((absent, 0.0), (growing, done.status_time[growing]), (robbed, day)):
        assert np.isnan(done.values[k, from_day <= DAYS]).all()
        assert np.isfinite(done.values[k, from_day > DAYS]).all()
    well = done.status == Status.OK
    assert done.values[well].tobytes() == usual.values[well].tobytes()
