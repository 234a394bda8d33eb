"""The closed forms: the numbers that are known, and each law against another way to it."""

import numpy as np
import pytest
from scipy import integrate

from . import closed_forms as closed
from .comparisons import moments_of
from .systems import ALL, SYSTEMS

EXACT = 1e-10


def test_extinction_of_birth_and_death_is_the_known_number():
    assert closed.extinct_by(0.3, 0.1, 5, 10.0) == pytest.approx(0.0025053574, abs=5e-11)
    assert closed.extinct_ever(0.3, 0.1, 5) == pytest.approx(0.0041152263, abs=5e-11)
    assert closed.extinct_by(0.3, 0.1, 5, 300.0) == pytest.approx(closed.extinct_ever(0.3, 0.1, 5), rel=EXACT)


def test_mutants_at_a_fixed_size_have_the_known_numbers():
    assert closed.no_mutant(1000, 1e-3) == pytest.approx(0.3680634883, abs=5e-11)
    assert closed.mean_mutants(1000, 1e-3) == pytest.approx(6.4648055374, abs=5e-11)


@pytest.mark.parametrize(("final", "mutation"), [(2, 0.3), (50, 0.02), (1000, 1e-3)])
def test_the_chain_of_divisions_has_the_formulas_of_its_zero_and_mean(final, mutation):
    law = closed.mutants(final, mutation)
    assert law[0] == pytest.approx(closed.no_mutant(final, mutation), rel=1e-9)
    assert moments_of(law).mean == pytest.approx(closed.mean_mutants(final, mutation), rel=1e-9)


@pytest.mark.parametrize("t", [0.7, 4.0])
def test_birth_and_death_satisfies_its_master_equation(t):
    size, (birth, death) = 200, (0.3, 0.1)
    system = closed.MasterEquation((size,), [((1,), lambda n: birth * n), ((-1,), lambda n: death * n)])
    assert closed.birth_death(birth, death, 5, t, size) == pytest.approx(system.after(system.start(5), t), abs=EXACT)


@pytest.mark.parametrize("name", ["pure birth", "pure death", "immigration-death"])
def test_simple_laws_satisfy_their_master_equations(name):
    values = SYSTEMS[name].values
    reactions = [
        ((1,), lambda n: values.get("birth", 0.0) * n + values.get("arrival", 0.0)),
        ((-1,), lambda n: values.get("death", 0.0) * n),
    ]
    for (_, t), law in SYSTEMS[name].laws(**values).items():
        system = closed.MasterEquation((law.size,), reactions)
        assert law == pytest.approx(system.after(system.start(int(values["start"])), t), abs=EXACT)


def test_rates_in_time_that_are_constant_give_birth_and_death():
    law = closed.birth_death_in_time(lambda _: 0.3, lambda _: 0.1, 5, 6.0, 400, ())
    assert law == pytest.approx(closed.birth_death(0.3, 0.1, 5, 6.0, 400), abs=1e-9)


def test_rates_in_time_without_birth_give_survival_by_the_integrated_hazard():
    law = closed.birth_death_in_time(lambda _: 0.0, lambda t: 0.6 * np.exp(-0.5 * t), 20, 3.0, 40, ())
    assert law[:21] == pytest.approx(closed.pure_death(0.6 * (1.0 - np.exp(-1.5)) / 0.5, 20, 1.0), abs=1e-9)


def test_rates_that_jump_give_two_laws_one_after_the_other():
    size, reactions = 120, lambda death: [((1,), lambda n: 0.2 * n), ((-1,), lambda n: death * n)]
    first, second = (closed.MasterEquation((size,), reactions(death)) for death in (0.1, 0.9))
    one_after_the_other = second.after(first.after(first.start(4), 2.0), 1.5)
    law = closed.birth_death_in_time(lambda _: 0.2, lambda t: 0.1 if t < 2.0 else 0.9, 4, 3.5, size, (2.0,))
    assert law == pytest.approx(one_after_the_other, abs=1e-9)


TYPES = closed.TwoTypes((0.3, 0.2), (0.2, 0.35), (0.05, 0.03))


@pytest.mark.parametrize("t", [1.0, 8.0])
def test_two_types_have_the_means_of_the_matrix_exponential_and_their_generating_function_at_zero(t):
    means = [moments_of(TYPES.law((kind,), (6, 2), t, 256)).mean for kind in (0, 1)]
    assert means == pytest.approx(TYPES.means((6, 2), t).tolist(), rel=1e-7)
    assert TYPES.law((0, 1), (6, 2), t, 256)[0] == pytest.approx(TYPES.extinct_by((6, 2), t), rel=1e-8)


def test_two_types_satisfy_their_master_equation():
    rates = (TYPES.birth, TYPES.death, TYPES.turn)
    (a_birth, b_birth), (a_death, b_death), (a_turn, b_turn) = rates
    reactions = [
        ((1, 0), lambda a, b: a_birth * a),
        ((0, 1), lambda a, b: b_birth * b),
        ((-1, 0), lambda a, b: a_death * a),
        ((0, -1), lambda a, b: b_death * b),
        ((-1, 1), lambda a, b: a_turn * a),
        ((1, -1), lambda a, b: b_turn * b),
    ]
    system = closed.MasterEquation((70, 40), reactions)
    law = system.after(system.start(6, 2), 2.0)
    assert closed.marginal(law, 0) == pytest.approx(TYPES.law((0,), (6, 2), 2.0, 128)[:70], abs=1e-9)
    assert closed.marginal(law, 1) == pytest.approx(TYPES.law((1,), (6, 2), 2.0, 128)[:40], abs=1e-9)


def test_equal_types_are_one_type():
    same = closed.TwoTypes((0.3, 0.3), (0.1, 0.1), (0.05, 0.05))
    assert same.law((0, 1), (3, 2), 4.0, 256) == pytest.approx(closed.birth_death(0.3, 0.1, 5, 4.0, 256), abs=1e-9)


def test_a_master_equation_solved_step_by_step_is_the_same():
    """The action of the exponential against an ordinary solver of differential equations."""
    system = closed.MasterEquation((140,), [((5,), lambda n: 1.5 + 0 * n), ((-2,), lambda n: 0.03 * n * (n - 1) / 2)])
    stepped = integrate.solve_ivp(
        lambda _, p: system.generator @ p, (0.0, 2.0), system.start(9), method="LSODA", rtol=1e-10, atol=1e-13
    ).y[:, -1]
    assert system.after(system.start(9), 2.0) == pytest.approx(stepped, abs=1e-8)


def test_a_space_that_is_too_small_is_noticed():
    system = closed.MasterEquation((12,), [((1,), lambda n: 0.3 * n)])
    with pytest.raises(AssertionError, match="the law loses"):
        system.after(system.start(5), 4.0)


@pytest.mark.parametrize("name", [system.name for system in ALL])
def test_every_law_is_one_of_whole_counts(name):
    system = SYSTEMS[name]
    for (output, time), law in system.laws(**system.values).items():
        assert output in system.outputs
        assert time in system.t
        assert law.min() >= -1e-12
        assert law.sum() == pytest.approx(1.0, abs=1e-9)
