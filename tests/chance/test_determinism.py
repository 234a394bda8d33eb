"""Bitwise: a number depends on seed, patient and replicate alone, not on threads, company, grid, horizon or outputs."""

import numpy as np
import pytest

from carsim.engines.protocol import Options, Status
from carsim.engines.run import simulate
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

from .networks import linear
from .rules import seed_of
from .systems import ENGINES, SYSTEMS, System

T = np.arange(0.0, 9.0)
THROUGH = System(  # so many cells that leaps are taken, and the hybrid's threshold is crossed both ways
    "through the threshold",
    lambda: linear("through the threshold", 400.0, birth=0.9, death=0.4),
    lambda: {},
    {},
    (),
    ("cells",),
    ("birth rate", 0.0),
    schedule=Schedule.of([(2.5, "add", "cells", 150.0, "cells"), (4.5, "set", "death rate", 2.4, "drug")]),
)
COURSES = {
    name: SYSTEMS[name] for name in ("birth-death", "kill", "triggers", "doses", "hazard in time", "two types")
} | {THROUGH.name: THROUGH}


def run(name, engine, *, t=T, replicates=6, outputs=None, patients=None, **options):
    """Some courses of a system."""
    system = COURSES[name]
    schedule = system.schedule
    if schedule is not None and patients is not None:
        schedule = schedule.repeated(patients.n)
    result = simulate(
        system.network(),
        t=t,
        engine=engine,
        schedule=schedule,
        patients=patients,
        replicates=replicates,
        seed=seed_of(f"determinism/{name}"),
        outputs=system.outputs if outputs is None else outputs,
        options=Options(**options),
    )
    assert (result.status == Status.OK).all(), result.problem(int(np.argmax(result.status)))
    return result


def same(first, second):
    """Whether two arrays hold the same bits."""
    return first.shape == second.shape and first.tobytes() == second.tobytes()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", COURSES)
class TestBits:
    def test_threads_change_nothing(self, name, engine):
        one, two = (run(name, engine, replicates=40, threads=threads) for threads in (1, 2))
        assert same(one.values, two.values)
        assert one.events == two.events
        assert {k: v.tolist() for k, v in one.statistics.items()} == {k: v.tolist() for k, v in two.statistics.items()}

    def test_a_run_can_be_repeated_and_replicates_differ(self, name, engine):
        first, second = run(name, engine), run(name, engine)
        assert same(first.values, second.values)
        courses = {course.tobytes() for course in first.values}
        assert len(courses) == 6  # the control: equality would be empty if all were the same

    def test_more_replicates_change_no_ones_numbers(self, name, engine):
        few, many = run(name, engine, replicates=3), run(name, engine, replicates=9)
        assert same(few.values, many.values[:3])
        assert few.events == tuple(event for event in many.events if event.patient < 3)

    def test_a_finer_grid_agrees_where_both_show(self, name, engine):
        """Outputs end leaps, so where leaps are taken other outputs mean other draws."""
        coarse, fine = run(name, engine), run(name, engine, t=np.arange(0.0, 8.125, 0.125))
        if engine == "leap" and name == THROUGH.name:
            assert not same(coarse.values, fine.values[:, ::8].copy())
            return
        assert same(coarse.values, fine.values[:, ::8].copy())
        assert coarse.events == fine.events

    def test_a_longer_horizon_begins_the_same(self, name, engine):
        short, long = run(name, engine), run(name, engine, t=np.arange(0.0, 13.0))
        assert same(short.values, long.values[:, : T.size].copy())

    def test_more_outputs_change_no_number(self, name, engine):
        rows = COURSES[name].network().rows
        first = COURSES[name].outputs[0]
        few, all_rows = run(name, engine, outputs=(first,)), run(name, engine, outputs=tuple(rows))
        assert same(few.of(first).copy(), all_rows.of(first).copy())

    def test_more_patients_change_no_ones_numbers(self, name, engine):
        few, many = (run(name, engine, patients=Patients.of(COURSES[name].network(), n), replicates=2) for n in (2, 5))
        assert same(few.values, many.values[:4])
        alone = run(name, engine, replicates=2)
        assert same(alone.values, many.values[:2])
        assert len({course.tobytes() for course in many.values}) == 10

    def test_counts_are_whole_and_never_negative(self, name, engine):
        result = run(name, engine, replicates=40)
        assert (result.values >= 0.0).all()
        abundant = engine == "hybrid" and name == THROUGH.name
        whole = result.values == np.floor(result.values)
        assert (whole | (abundant & (result.values >= 500.0))).all()  # half the threshold, as far as a step may fall


@pytest.mark.parametrize("engine", ENGINES)
def test_one_patients_values_change_no_one_else(engine):
    """A patient with other values, and one whose rate is no number, beside two that stay as they were."""
    net, seed = linear("patients", 8.0, birth=0.3, death=0.25), seed_of("determinism/patients")
    plain = simulate(net, t=T, engine=engine, patients=Patients.of(net, 3), replicates=3, seed=seed)
    rates = {"birth rate": np.array([0.3, 0.9, 0.3])}
    other = simulate(net, t=T, engine=engine, patients=Patients.of(net, 3, rates), replicates=3, seed=seed)
    assert same(plain.values[[0, 1, 2, 6, 7, 8]], other.values[[0, 1, 2, 6, 7, 8]])
    assert not same(plain.values[3:6], other.values[3:6])
    broken = {"birth rate": np.array([0.3, np.nan, 0.3])}
    failed = simulate(net, t=T, engine=engine, patients=Patients.of(net, 3, broken), replicates=3, seed=seed)
    assert same(plain.values[[0, 1, 2, 6, 7, 8]], failed.values[[0, 1, 2, 6, 7, 8]])
    assert failed.status[3:6].tolist() == [Status.BAD_PARAMETER] * 3


@pytest.mark.parametrize("engine", ENGINES)
def test_seeds_make_other_courses(engine):
    net = linear("seeds", 8.0, birth=0.3, death=0.25)
    found = [simulate(net, t=T, engine=engine, replicates=4, seed=seed).values.tobytes() for seed in (1, 2, 2**40)]
    assert len(set(found)) == 3


@pytest.mark.parametrize("engine", ENGINES)
def test_a_species_out_of_reach_changes_no_bit(engine):
    """A clone without cells, whose births and deaths are stated last, is as good as not there."""
    values = []
    for more in (False, True):
        net = linear("unreachable", 8.0, birth=0.3, death=0.25)
        if more:
            clone = net.species("clone", unit="cell")
            net.reaction("clone birth", produces={clone: 1}, rate=0.3 * clone)
            net.reaction("clone death", consumes={clone: 1}, rate=0.2 * clone)
        seed = seed_of("determinism/unreachable")
        values.append(simulate(net, t=T, engine=engine, replicates=8, seed=seed, outputs=("cells",)).values)
    assert same(*values)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_dose_comes_at_its_exact_time_and_shows_there(engine):
    """Cells that nothing changes: outputs just before, at and after two doses at one time, in their stated order."""
    net = linear("still", 5.0, death=1e-12)
    doses = [(1.0, "add", "cells", 3.0, "first"), (1.0, "scale", "cells", 2.0, "second")]
    t = [0.0, np.nextafter(1.0, 0.0), 1.0, 2.0]
    result = simulate(net, t=t, engine=engine, schedule=Schedule.of(doses), replicates=3, seed=seed_of("doses"))
    assert result.of("cells").tolist() == [[5.0, 5.0, 16.0, 16.0]] * 3
    assert [(e.patient, e.time, e.name) for e in result.events if e.kind == "dose"] == [
        (course, 1.0, label) for course in range(3) for label in ("first", "second")
    ]
