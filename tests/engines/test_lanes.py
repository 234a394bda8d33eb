"""A patient's result does not depend on how many lanes, blocks and threads there are, nor on who is in the others."""

from dataclasses import replace

import numpy as np
import pytest

from carsim.engines import deterministic
from carsim.engines.deterministic import WIDTH, solve_patients
from carsim.engines.protocol import Options
from carsim.engines.run import simulate
from carsim.model.law import exp, law
from carsim.model.network import Change, Condition, Event, Network, Transition
from carsim.population.patients import Patients
from carsim.treatment.schedule import Schedule

N = 21


@law(trait="density")
def seen(density, half, steepness):
    return 1.0 / (1.0 + (half / density) ** steepness)


@law
def warmed(rate, cells, heat):
    return rate * cells * (1.0 - exp(-heat))


def network() -> Network:
    """Something of everything: a trait, exp and pow, an aggregate, an event, a mode, an extinction."""
    net = Network("everything")
    prey = net.species("prey", unit="cells", initial=500.0, tolerance=1e-6)
    hunter = net.species("hunter", unit="cells", initial=40.0, tolerance=1e-6)
    median, half = net.parameter("median", 5000.0), net.parameter("half", 2000.0)
    share = net.quantity("share", seen(density_median=median, density_log_sd=0.6, half=half, steepness=1.4))
    growth, kill = net.parameter("growth", 0.6), net.parameter("kill", 0.02)
    both = net.total("both", [prey, (2.0, hunter)])
    mode = net.mode("mood", ("calm", "busy"), (Transition("calm", "busy", Condition(both, "above", 900.0)),))
    net.reaction("birth", produces={prey: 1}, rate=warmed(rate=growth, cells=prey, heat=share))
    net.reaction("hunt", consumes={prey: 1}, produces={hunter: 1}, rate=kill * prey * hunter / (1 + both / 1000))
    net.reaction("death", consumes={hunter: 1}, rate=0.4 * hunter * (1 + mode))
    net.event(Event("feed", (Condition(hunter, "below", 5.0),), (Change(hunter, "add", 20.0),), count=3, apart=2.0))
    net.extinction("prey", (prey,))
    return net


def patients_of(net: Network) -> Patients:
    rng = np.random.default_rng(5)
    return Patients.of(net, N, growth=0.6 * np.exp(0.3 * rng.normal(size=N)), median=5000 * np.exp(rng.normal(size=N)))


def solve(net: Network, patients: Patients, width: int, threads: int = 1):
    dose = Schedule.of([(3.0, "scale", "hunter", 2.0, ""), (8.0, "set", "half", 4000.0, "")], patients.n)
    names = ("prey", "hunter", "both", "mood", "share")
    return solve_patients(net, np.linspace(0.0, 40.0, 81), patients, dose, names, Options(threads=threads), width=width)


def some(patients: Patients, which: list[int]) -> Patients:
    return replace(
        patients,
        identifiers=tuple(patients.identifiers[i] for i in which),
        parameters={name: values[which] for name, values in patients.parameters.items()},
        initial=patients.initial[which],
    )


@pytest.mark.parametrize("width", [1, 8])
def test_width_changes_no_bit(width):
    net = network()
    patients = patients_of(net)
    usual, other = solve(net, patients, WIDTH), solve(net, patients, width)
    assert (usual.status == 0).all()
    assert len(usual.events) > N
    assert usual.values.tobytes() == other.values.tobytes()
    assert usual.events == other.events


def test_neighbours_change_no_bit():
    net = network()
    patients = patients_of(net)
    together = solve(net, patients, WIDTH)
    order = list(range(N))[::-1]
    assert solve(net, some(patients, order), WIDTH).values[::-1].tobytes() == together.values.tobytes()
    assert solve(net, some(patients, [13]), WIDTH).values.tobytes() == together.values[13:14].tobytes()


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("block", [1, 5, 512])
def test_threads_and_blocks_change_no_bit(monkeypatch, threads, block):
    net = network()
    patients = patients_of(net)
    together = solve(net, patients, WIDTH)
    monkeypatch.setattr(deterministic, "FULL", 1)
    monkeypatch.setattr(deterministic, "BLOCK", block)
    apart = solve(net, patients, 1, threads)
    assert apart.values.tobytes() == together.values.tobytes()
    assert apart.events == together.events
    assert all((apart.statistics[name] == counts).all() for name, counts in together.statistics.items())


def test_values_are_written_into_memory_that_is_given():
    net = network()
    patients = patients_of(net)
    usual = simulate(net, t=np.linspace(0.0, 40.0, 81), patients=patients)
    room = np.zeros_like(usual.values)
    for _ in range(2):
        assert simulate(net, t=usual.times, patients=patients, out=room).values is room
        assert room.tobytes() == usual.values.tobytes()


def test_single_precision_is_that_of_the_output_alone():
    net = network()
    patients, days, none = patients_of(net), np.linspace(0.0, 40.0, 81), Schedule.none(N)
    usual = simulate(net, t=days, patients=patients)
    room = np.empty(usual.values.shape, dtype=np.float32)
    solve_patients(net, days, patients, none, usual.outputs, Options(), width=1, out=room)
    assert (room == usual.values.astype(np.float32)).all()


@pytest.mark.parametrize(
    "room",
    [
        np.empty((N, 3, 3)),
        np.empty((N, 3, 2), dtype=np.float16),
        np.empty((N, 2, 3)).swapaxes(1, 2),
        np.empty((N, 3, 2), dtype=np.int64),
        [[[0.0]]],
    ],
)
@pytest.mark.parametrize("engine", ["ode", "hybrid"])
def test_memory_that_does_not_fit_is_refused(room, engine):
    net = network()
    with pytest.raises(ValueError, match=r"out: got .*expected a writeable array .* of shape \(21, 3, 2\)"):
        simulate(net, t=[0.0, 1.0, 2.0], patients=patients_of(net), out=room, engine=engine)
