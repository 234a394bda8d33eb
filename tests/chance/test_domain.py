"""What engines of chance refuse, and how they say so; what fails in one course leaves the others as they are."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.errors import ResourceRefused, UnsupportedMechanism
from carsim.model.network import Network
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

from .networks import linear
from .rules import seed_of
from .systems import ENGINES

ROOT = Path(__file__).parents[2]


def test_the_exact_engine_refuses_what_would_take_it_years_and_says_how_much_it_is():
    """2e11 cells at 0.4 reactions a day for a year: 2.9e13 reactions, refused before anything is compiled."""
    net, start = linear("whole patient", 2e11, birth=0.3, death=0.1), time.perf_counter()
    with pytest.raises(ResourceRefused, match=r"2e\+11 cells would take about 2\.9e\+13 reactions.*hybrid engine"):
        simulate(net, t=[0.0, 365.0], engine="exact")
    assert time.perf_counter() - start < 1.0


def test_the_exact_engine_refuses_a_dose_that_it_could_not_simulate():
    net, dose = linear("infusion", 10.0, death=0.2), [(3.0, "add", "cells", 1e9, "infusion")]
    with pytest.raises(ResourceRefused, match=r"1e\+09 cells would take about 6\.0e\+09 reactions"):
        simulate(net, t=[0.0, 30.0], engine="exact", schedule=Schedule.of(dose))
    fewer = [(3.0, "add", "cells", 1e3, "infusion")]
    assert simulate(net, t=[0.0, 30.0], engine="exact", schedule=Schedule.of(fewer)).status.tolist() == [Status.OK]


@pytest.mark.parametrize("engine", ENGINES)
def test_reactions_that_cannot_fire_one_by_one_are_refused_each_by_its_name(engine):
    net = Network("uncountable")
    cells = net.species("cells", unit="cell", initial=5.0)
    net.reaction("net growth", produces={cells: 1}, rate=0.1 * cells, net=True)
    net.reaction("half a cell", consumes={cells: 0.5}, rate=0.1 * cells)
    net.reaction("death", consumes={cells: 1}, rate=0.1 * cells)
    with pytest.raises(UnsupportedMechanism) as refused:
        simulate(net, t=[0.0, 1.0], engine=engine)
    text = str(refused.value)
    assert f"reaction 'net growth' is declared net, and the {engine} engine counts 'cells'" in text
    assert f"reaction 'half a cell' changes 'cells' by 0.5: the {engine} engine counts whole cells" in text
    assert "'death'" not in text
    assert simulate(net, t=[0.0, 1.0]).status.tolist() == [Status.OK]  # the ode engine does


@pytest.mark.parametrize(("engine", "rate"), [("exact", 1e-15), ("leap", 1e-15), ("leap", 0.01)])
def test_more_cells_than_can_be_counted_fail_their_patient_and_no_other(engine, rate):
    """Beyond 2^53 adding one changes nothing. The patient between two others starts just below, and there are 9 births
    a day one by one, or 9e13 by leaps.
    """
    net = linear("many", 8.0, birth=0.3)
    rates = {"birth rate": np.array([0.3, rate, 0.3])}
    starts = Patients.of(net, 3, {"cells": np.array([8.0, 2.0**53 - 2.0, 8.0]), **rates})
    plain = Patients.of(net, 3, rates | {"birth rate": np.array([0.3, 1e-15, 0.3])})
    seed, t = seed_of("too many to count"), [0.0, 1.0, 5.0]
    options = Options(max_events=10**18)  # so that not their number is what ends a leaping course
    found = simulate(net, t=t, engine=engine, patients=starts, seed=seed, options=options)
    assert found.status.tolist() == [Status.OK, Status.COUNT_TOO_LARGE, Status.OK]
    assert "hybrid" in found.problem(1)
    others = simulate(net, t=t, engine=engine, patients=plain, seed=seed)
    assert found.values[[0, 2]].tobytes() == others.values[[0, 2]].tobytes()


@pytest.mark.parametrize("engine", ENGINES)
def test_a_course_that_reaches_the_limit_on_reactions_is_told_and_the_others_go_on(engine):
    """30 courses, of which some grow beyond what 60 reactions allow; a larger limit changes none of the rest."""
    net, seed, t = linear("limit", 5.0, birth=0.5, death=0.3), seed_of("limit on reactions"), [0.0, 4.0, 8.0]
    full = simulate(net, t=t, engine=engine, replicates=30, seed=seed)
    few = simulate(net, t=t, engine=engine, replicates=30, seed=seed, options=Options(max_events=60))
    stopped = full.statistics["events"] > 60
    assert 3 <= stopped.sum() <= 27
    assert (few.status == np.where(stopped, Status.TOO_MANY_EVENTS, Status.OK)).all()
    assert few.values[~stopped].tobytes() == full.values[~stopped].tobytes()
    assert np.isnan(few.values[stopped][:, -1]).all()
    assert "limit on reactions" in few.problem(int(np.argmax(stopped)))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_negative_propensity_fails_its_patient_by_name_and_no_other(engine):
    """A loss of cells at a rate of 0.5 - 0.05 cells is no propensity above 10 cells."""
    net = Network("negative propensity")
    cells, level = net.species("cells", unit="cell", initial=4.0), net.parameter("level", 0.5)
    net.reaction("immigration", produces={cells: 1}, rate=net.parameter("arrival", 0.1))
    net.reaction("loss", consumes={cells: 1}, rate=cells * (level - 0.05 * cells))
    patients = Patients.of(net, 3, {"cells": np.array([4.0, 15.0, 4.0]), "level": np.array([9.0, 0.5, 9.0])})
    found = simulate(net, t=[0.0, 2.0], engine=engine, patients=patients, seed=seed_of("negative propensity"))
    assert found.status.tolist() == [Status.OK, Status.NEGATIVE_RATE, Status.OK]
    assert found.status_row[1] == "loss"
    assert np.isfinite(found.values[[0, 2]]).all()


INTERRUPTED = """
import itertools, os, signal, sys
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from carsim.engines import blocks
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from tests.chance.networks import linear
finished = itertools.count(1)

class Pool(ThreadPoolExecutor):
    def submit(self, work, *block):
        def then():
            work(*block)
            if next(finished) == 3:
                os.kill(os.getpid(), signal.SIGINT)
        return super().submit(then)

signal.signal(signal.SIGINT, signal.default_int_handler)
blocks.ThreadPoolExecutor = Pool
net = linear("interrupted", 3e4, birth=0.5, death=0.5)
options = Options(threads=2, threshold=1e9)
found = simulate(net, t=[0.0, 1.0, 2.0], engine=sys.argv[1], replicates=4_000, seed=3, options=options)
np.savez(sys.argv[2], status=found.status, values=found.values)
"""


@pytest.mark.parametrize("engine", ["hybrid", pytest.param("exact", marks=pytest.mark.full)])
def test_an_interrupted_run_keeps_what_is_finished(engine, tmp_path):
    """Ctrl-C once three blocks of 250 courses, of some milliseconds each, are finished: these are whole, others say so.

    Blocks that are being simulated end with their present course.
    """
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", INTERRUPTED, engine, str(tmp_path / "found.npz")]
    run = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    found = np.load(tmp_path / "found.npz")
    finished = found["status"] == Status.OK
    assert 3 * 250 <= finished.sum() < 4_000
    assert (found["status"][~finished] == Status.INTERRUPTED).all()
    assert np.isfinite(found["values"][finished]).all()
    assert np.isnan(found["values"][~finished]).all()
